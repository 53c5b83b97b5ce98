-- Tests of lua/rules/noisy-neighbour.lua: windows or a recording in, findings out.
return {
	rule = "noisy-neighbour",
	tests = {
		{
			name = "threads wait while the target uses little",
			windows = {
				{
					["sched.runq"] = { process = { ["web[23]"] = { durations = { ["30ms"] = 101 } } } },
					["sched.cpu"] = { process = { ["web[23]"] = { count = 10, cpu = "2s" } } },
				},
			},
			expect = {
				{
					severity = "warning",
					kind = "sched.runq",
					evidence = { "the target used 10.0 % of 2 CPUs", "process web[23] waited 3.03 s" },
				},
			},
		},
		{
			name = "a target that uses the CPUs itself is its own neighbour",
			windows = {
				{
					["sched.runq"] = { process = { ["web[23]"] = { durations = { ["30ms"] = 101 } } } },
					["sched.cpu"] = { process = { ["web[23]"] = { count = 10, cpu = "15s" } } },
				},
			},
			expect = {},
		},
		{
			name = "short waits are how a scheduler works",
			windows = {
				{
					["sched.runq"] = { process = { ["web[23]"] = { durations = { ["50us"] = 100003 } } } },
					["sched.cpu"] = { process = { ["web[23]"] = { count = 10, cpu = "2s" } } },
				},
			},
			expect = {},
		},
		{
			name = "of a real recording: seven others want the CPU of a thread",
			recording = "recordings/noisy-neighbour.podtrace",
			expect = { { severity = "warning", confidence = "medium", kind = "sched.runq", id = "machine" } },
		},
	},
}
