-- Tests of lua/rules/error-correlation.lua: windows or a recording in, findings out.
return {
	rule = "error-correlation",
	tests = {
		{
			name = "a refused database, resets and exits: the database is the root",
			windows = {
				{
					["tcp.connect"] = {
						peer = { ["10.0.0.7:5432"] = { count = 23, errors = { ECONNREFUSED = 2 } } },
						failed = {
							{ at = 4.9, process = "api[23]", object = "10.0.0.7:5432", error = "ECONNREFUSED" },
							{ at = 4.1, process = "api[23]", object = "10.0.0.7:5432", error = "ECONNREFUSED" },
						},
					},
					["process.exit"] = {
						process = { ["api[23]"] = { errors = { ["exit 3"] = 1 } } },
						failed = { { at = 5.3, process = "api[23]", error = "exit 3" } },
					},
				},
			},
			expect = {
				{
					severity = "warning",
					title = "errors of 2 sorts come together; likely root cause: tcp.connect 10.0.0.7:5432 (2 ECONNREFUSED)",
					kind = "tcp.connect",
					key = "10.0.0.7:5432",
					confidence = "medium",
					evidence = {
						"1. tcp.connect 10.0.0.7:5432: 2 failed (2 ECONNREFUSED), first at 4.1 s",
						"2. process.exit api[23]: 1 failed (1 exit 3), first at 5.3 s",
					},
				},
			},
		},
		{
			name = "of many errors only the last are kept: when they began is not known, and not guessed",
			windows = {
				{
					["tcp.connect"] = {
						peer = { ["10.0.0.7:5432"] = { count = 1009, errors = { ECONNREFUSED = 1009 } } },
						failed = { { at = 9.8, process = "api[23]", object = "10.0.0.7:5432", error = "ECONNREFUSED" } },
					},
					["tcp.recv"] = {
						peer = { ["10.0.0.9:80"] = { count = 23, errors = { ECONNRESET = 3 } } },
						failed = {
							{ at = 5.0, process = "api[23]", object = "10.0.0.9:80", error = "ECONNRESET" },
							{ at = 5.1, process = "api[23]", object = "10.0.0.9:80", error = "ECONNRESET" },
							{ at = 5.2, process = "api[23]", object = "10.0.0.9:80", error = "ECONNRESET" },
						},
					},
				},
			},
			expect = {
				{
					kind = "tcp.connect",
					confidence = "low",
					evidence = {
						"1. tcp.connect 10.0.0.7:5432: 1,009 failed (1,009 ECONNREFUSED), too many to say since when",
						"2. tcp.recv 10.0.0.9:80: 3 failed (3 ECONNRESET), first at 5.0 s",
					},
				},
			},
		},
		{
			name = "without times the lower layer is the cause: a full disk",
			windows = {
				{
					["file.write"] = { path = { ["/data/a"] = { errors = { ENOSPC = 7 } } } },
					["process.exit"] = { process = { ["api[23]"] = { errors = { SIGABRT = 1 } } } },
				},
			},
			expect = { { kind = "file.write", confidence = "low" } },
		},
		{
			name = "programs that look around make no chain",
			windows = {
				{
					["file.open"] = { path = { ["/etc/x"] = { errors = { ENOENT = 101 } } } },
					["tcp.recv"] = { peer = { ["10.0.0.7:80"] = { errors = { ECONNRESET = 7 } } } },
				},
			},
			expect = {},
		},
		{
			name = "of a real recording: a full disk, then refused connects, then a bad end",
			recording = "recordings/error-correlation.podtrace",
			expect = {
				{
					severity = "warning",
					title = "errors of 3 sorts come together; likely root cause: file.write /mnt/podtrace-workload/journal (7 ENOSPC)",
					confidence = "medium",
					kind = "file.write",
					dimension = "path",
					key = "/mnt/podtrace-workload/journal",
				},
			},
		},
	},
}
