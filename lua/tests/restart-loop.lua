-- Tests of lua/rules/restart-loop.lua: windows or a recording in, findings out.
return {
	rule = "restart-loop",
	tests = {
		{
			name = "a worker that crashes each time it is started",
			windows = {
				{
					["process.exit"] = {
						process = {
							["worker[23]"] = { count = 1, errors = { SIGSEGV = 1 } },
							["worker[29]"] = { count = 1, errors = { SIGSEGV = 1 } },
							["worker[31]"] = { count = 1, errors = { SIGABRT = 1 } },
							["sh[7]"] = { count = 1 },
						},
					},
				},
			},
			expect = {
				{
					severity = "critical",
					title = "`worker` ends badly again and again: 3 times (2 SIGSEGV, 1 SIGABRT)",
					id = "worker",
				},
			},
		},
		{
			name = "a loop that is slower than a window, and ends with a code",
			windows = {
				{ repeats = 3, ["process.exit"] = { process = { ["worker[23]"] = { errors = { ["exit 3"] = 1 } } } } },
			},
			expect = {
				{
					severity = "warning",
					confidence = "medium",
					id = "worker",
					title = "`worker` ends badly again and again: 3 times (1 exit 3)",
					evidence = { "1 bad ends in this window (1 exit 3)", "2 in the windows before" },
				},
			},
		},
		{
			name = "a script whose helpers answer by exit codes, once",
			windows = {
				{
					["process.exit"] = {
						process = {
							["grep[23]"] = { errors = { ["exit 1"] = 7 } },
							["readlink[29]"] = { errors = { ["exit 1"] = 5 } },
						},
					},
				},
				{},
			},
			expect = {},
		},
		{
			name = "workers that were asked to end",
			windows = { { ["process.exit"] = { process = { ["worker[23]"] = { errors = { SIGTERM = 7 } } } } } },
			expect = {},
		},
		{
			name = "of a real recording: 5 crashes",
			recording = "recordings/restart-loop.podtrace",
			expect = {
				{
					severity = "critical",
					title = "`sh` ends badly again and again: 5 times (5 SIGSEGV)",
					confidence = "high",
					kind = "process.exit",
					id = "sh",
				},
			},
		},
	},
}
