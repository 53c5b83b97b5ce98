-- Tests of lua/rules/slow-disk.lua: windows or a recording in, findings out.
return {
	rule = "slow-disk",
	tests = {
		{
			name = "a file whose reads wait for the disk",
			windows = {
				{
					["file.read"] = {
						path = {
							["/var/lib/db/heap"] = { durations = { ["1ms"] = 3, ["40ms"] = 23 }, bytes = "1MiB" },
							["/etc/hosts"] = { durations = { ["2us"] = 101 }, bytes = 10007 },
						},
					},
				},
			},
			expect = {
				{
					severity = "warning",
					kind = "file.read",
					dimension = "path",
					key = "/var/lib/db/heap",
					evidence = { "23 took longer than 10.0 ms" },
				},
			},
		},
		{
			name = "writes that take most of the time are critical",
			windows = { { ["file.write"] = { path = { ["/data/log"] = { durations = { ["100ms"] = 71 }, bytes = 71 } } } } },
			expect = { { severity = "critical", kind = "file.write", key = "/data/log" } },
		},
		{
			name = "what comes from memory is not the disk",
			windows = { { ["file.read"] = { path = { ["/data/a"] = { durations = { ["5us"] = 100003 }, bytes = 100003 } } } } },
			expect = {},
		},
		{
			name = "of a real recording: reads of a disk that does 20 operations a second",
			recording = "recordings/slow-disk.podtrace",
			expect = {
				{
					severity = "critical",
					kind = "file.read",
					dimension = "path",
					key = "/mnt/podtrace-workload/journal",
				},
			},
		},
	},
}
