-- Tests of lua/rules/cpu-starved.lua: windows or a recording in, findings out.
return {
	rule = "cpu-starved",
	tests = {
		{
			name = "four spinners on two CPUs",
			windows = {
				{
					["sched.runq"] = { process = { ["spin[23]"] = { durations = { ["4ms"] = 4999 } } } },
					["sched.cpu"] = { process = { ["spin[23]"] = { count = 10, cpu = "10s" }, ["spin[29]"] = { count = 10, cpu = "9700ms" } } },
				},
			},
			expect = {
				{
					severity = "warning",
					title = "more CPU is wanted than there is: 1.97 of 2 used, 2.00 threads waiting",
					evidence = { "it used 1.97 of 2 CPUs", "process spin[23] used 100 % of a CPU" },
				},
			},
		},
		{
			name = "busy without waiting is well used",
			windows = {
				{
					["sched.runq"] = { process = { ["spin[23]"] = { durations = { ["50us"] = 1009 } } } },
					["sched.cpu"] = { process = { ["spin[23]"] = { count = 10, cpu = "19s" } } },
				},
			},
			expect = {},
		},
		{
			name = "of a real recording: twice as many threads compute as there are CPUs",
			recording = "recordings/cpu-starved.podtrace",
			expect = { { severity = "warning", kind = "sched.runq", id = "machine" } },
		},
	},
}
