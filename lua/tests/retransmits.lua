-- Tests of lua/rules/retransmits.lua: windows or a recording in, findings out.
return {
	rule = "retransmits",
	tests = {
		{
			name = "loss on the way to a peer is a share of its sends",
			windows = {
				{
					["tcp.retransmit"] = { peer = { ["10.0.0.7:443"] = { count = 23 } } },
					["tcp.send"] = { peer = { ["10.0.0.7:443"] = { count = 1009 }, ["10.0.0.9:443"] = { count = 7 } } },
				},
			},
			expect = {
				{
					severity = "warning",
					title = "segments to 10.0.0.7:443 are lost: 23 sent again, 2.3 % of its sends",
					key = "10.0.0.7:443",
					evidence = { "23 segments sent again, 1,009 sends" },
				},
			},
		},
		{
			name = "a peer that gets nothing but repetitions is cut off",
			windows = { { ["tcp.retransmit"] = { peer = { ["10.0.0.7:443"] = { count = 7 } } } } },
			expect = { { severity = "critical", key = "10.0.0.7:443" } },
		},
		{
			name = "a few among many are the internet",
			windows = {
				{
					["tcp.retransmit"] = { peer = { ["10.0.0.7:443"] = { count = 7 } } },
					["tcp.send"] = { peer = { ["10.0.0.7:443"] = { count = 10007 } } },
				},
			},
			expect = {},
		},
		{
			name = "of a real recording: every fifth segment is lost",
			recording = "recordings/retransmits.podtrace",
			expect = { { severity = "critical", kind = "tcp.retransmit", dimension = "peer", key = "192.0.2.7:5432" } },
		},
	},
}
