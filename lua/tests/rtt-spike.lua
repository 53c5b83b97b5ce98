-- Tests of lua/rules/rtt-spike.lua: windows or a recording in, findings out.
return {
	rule = "rtt-spike",
	tests = {
		{
			name = "a round trip that is ten times what it was",
			windows = {
				{ repeats = 3, ["tcp.rtt"] = { peer = { ["10.0.0.7:443"] = { durations = { ["5ms"] = 101 } } } } },
				{ ["tcp.rtt"] = { peer = { ["10.0.0.7:443"] = { durations = { ["50ms"] = 23 } } } } },
			},
			expect = {
				{ severity = "warning", key = "10.0.0.7:443", evidence = { "median 5.00 ms of 303 samples in the 30.0 s before" } },
			},
		},
		{
			name = "without enough to compare with nothing is said",
			windows = {
				{ repeats = 2, ["tcp.rtt"] = { peer = { ["10.0.0.7:443"] = { durations = { ["5ms"] = 101 } } } } },
				{ ["tcp.rtt"] = { peer = { ["10.0.0.7:443"] = { durations = { ["50ms"] = 23 } } } } },
			},
			expect = {},
		},
		{
			name = "a spike of microseconds is no matter",
			windows = {
				{ repeats = 3, ["tcp.rtt"] = { peer = { ["10.0.0.7:443"] = { durations = { ["50us"] = 101 } } } } },
				{ ["tcp.rtt"] = { peer = { ["10.0.0.7:443"] = { durations = { ["5ms"] = 23 } } } } },
			},
			expect = {},
		},
		{
			name = "of a real recording: a way that becomes 60 ms longer",
			recording = "recordings/rtt-spike.podtrace",
			expect = { { severity = "warning", kind = "tcp.rtt", dimension = "peer", key = "192.0.2.7:5432" } },
		},
	},
}
