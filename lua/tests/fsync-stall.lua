-- Tests of lua/rules/fsync-stall.lua: windows or a recording in, findings out.
return {
	rule = "fsync-stall",
	tests = {
		{
			name = "syncs that stall are named with their file",
			windows = { { ["file.fsync"] = { path = { ["/data/wal"] = { durations = { ["80ms"] = 23 } } } } } },
			expect = {
				{ severity = "warning", kind = "file.fsync", key = "/data/wal", evidence = { "23 syncs, mean 80.0 ms, longest 80.0 ms" } },
			},
		},
		{
			name = "half a second is critical",
			windows = { { ["file.fsync"] = { path = { ["/data/wal"] = { durations = { ["700ms"] = 7 } } } } } },
			expect = { { severity = "critical" } },
		},
		{
			name = "a sync that fails loses data, however quick it is",
			windows = { { ["file.fsync"] = { path = { ["/data/wal"] = { durations = { ["1ms"] = 7 }, errors = { EIO = 1 } } } } } },
			expect = {
				{
					severity = "critical",
					title = "syncs of /data/wal fail: what was written may be lost",
					evidence = { "1 of 7 failed (1 EIO)" },
				},
			},
		},
		{
			name = "a healthy disk",
			windows = { { ["file.fsync"] = { path = { ["/data/wal"] = { durations = { ["4ms"] = 101 } } } } } },
			expect = {},
		},
		{
			name = "of a real recording: syncs to a disk that does 5 operations a second",
			recording = "recordings/fsync-stall.podtrace",
			expect = {
				{
					severity = "critical",
					kind = "file.fsync",
					dimension = "path",
					key = "/mnt/podtrace-workload/journal",
				},
			},
		},
	},
}
