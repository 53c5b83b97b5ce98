-- Tests of lua/rules/slow-dependency.lua: windows or a recording in, findings out.
return {
	rule = "slow-dependency",
	tests = {
		{
			name = "a peer that takes 200 ms is named with its share of the time",
			windows = {
				{
					["tcp.response"] = {
						peer = {
							["10.0.0.7:5432"] = { durations = { ["200ms"] = 41 } },
							["10.0.0.9:6379"] = { durations = { ["1ms"] = 1009 } },
						},
					},
					["tcp.rtt"] = { peer = { ["10.0.0.7:5432"] = { durations = { ["300us"] = 41 } } } },
				},
			},
			expect = {
				{
					severity = "critical",
					title = "10.0.0.7:5432 answers slowly: p99 197 ms, 82.0 % of the time",
					confidence = "high",
					kind = "tcp.response",
					dimension = "peer",
					key = "10.0.0.7:5432",
					evidence = {
						"waiting for it took 82.0 % of the time: 8.20 s in 10.0 s",
						"the network's round trip is 300 us, 0.15 % of a typical answer: the peer itself is slow",
					},
				},
			},
		},
		{
			name = "a few slow answers among quick ones are a warning, and less sure",
			windows = {
				{ ["tcp.response"] = { peer = { ["10.0.0.7:80"] = { durations = { ["1ms"] = 101, ["1s"] = 7 } } } } },
			},
			expect = { { severity = "warning", confidence = "medium", key = "10.0.0.7:80" } },
		},
		{
			name = "a slow peer that hardly any time is spent on is no matter",
			windows = {
				{ ["tcp.response"] = { peer = { ["10.0.0.7:80"] = { durations = { ["30ms"] = 11 } } } } },
				{ ["tcp.response"] = { peer = { ["10.0.0.7:80"] = { durations = { ["150ms"] = 2 } } } } },
			},
			expect = {},
		},
		{
			name = "the bound can be set",
			params = { p99 = "20ms", share = "1%" },
			windows = {
				{ ["tcp.response"] = { peer = { ["10.0.0.7:80"] = { durations = { ["30ms"] = 11 } } } } },
			},
			expect = { { severity = "warning", key = "10.0.0.7:80" } },
		},
		{
			name = "it must go on for as long as it is told",
			["for"] = "30s",
			windows = {
				{ repeats = 2, ["tcp.response"] = { peer = { ["10.0.0.7:80"] = { durations = { ["200ms"] = 11 } } } } },
			},
			expect = {},
		},
		{
			name = "of a real recording: 11 answers that took 200 ms are found, those of the quick peer are not",
			recording = "recordings/slow-dependency.podtrace",
			expect = {
				{
					severity = "critical",
					confidence = "high",
					kind = "tcp.response",
					dimension = "peer",
					key = "192.0.2.7:5432",
				},
			},
		},
	},
}
