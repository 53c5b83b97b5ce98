-- Tests of lua/rules/restart-loop.lua: windows in, findings out.
return {
	rule = "restart-loop",
	tests = {
		{
			name = "a worker that ends with 1 each time it is started",
			windows = {
				{
					["process.exit"] = {
						process = {
							["worker[23]"] = { count = 1, errors = { ["exit 1"] = 1 } },
							["worker[29]"] = { count = 1, errors = { ["exit 1"] = 1 } },
							["worker[31]"] = { count = 1, errors = { SIGSEGV = 1 } },
							["sh[7]"] = { count = 1 },
						},
					},
				},
			},
			expect = {
				{
					severity = "critical",
					title = "`worker` ends badly again and again: 3 times (2 exit 1, 1 SIGSEGV)",
					id = "worker",
				},
			},
		},
		{
			name = "a loop that is slower than a window",
			windows = {
				{ repeats = 3, ["process.exit"] = { process = { ["worker[23]"] = { errors = { ["exit 3"] = 1 } } } } },
			},
			expect = { { severity = "critical", id = "worker" } },
		},
		{
			name = "a single bad end is no loop",
			windows = { { ["process.exit"] = { process = { ["worker[23]"] = { errors = { ["exit 1"] = 1 } } } } }, {} },
			expect = {},
		},
	},
}
