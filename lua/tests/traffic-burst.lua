-- Tests of lua/rules/traffic-burst.lua: windows or a recording in, findings out.
return {
	rule = "traffic-burst",
	tests = {
		{
			name = "ten times the traffic, and who gets it",
			windows = {
				{ repeats = 3, ["tcp.send"] = { peer = { ["10.0.0.7:443"] = { count = 101, bytes = "10MiB" } } } },
				{ ["tcp.send"] = { peer = { ["10.0.0.7:443"] = { count = 101, bytes = "10MiB" }, ["10.0.0.9:80"] = { count = 7, bytes = "90MiB" } } } },
			},
			expect = {
				{
					severity = "info",
					title = "a burst of tcp.send: 10.0 MiB a second, 10 times what it was",
					evidence = { "10.0 MiB a second, 1.0 MiB a second before", "peer 10.0.0.9:80: 90.0 MiB" },
				},
			},
		},
		{
			name = "a little more is no burst, and the first windows are nothing to compare with",
			windows = {
				{ ["tcp.send"] = { peer = { ["10.0.0.7:443"] = { count = 7, bytes = "10MiB" } } } },
				{ repeats = 3, ["tcp.send"] = { peer = { ["10.0.0.7:443"] = { count = 101, bytes = "300MiB" } } } },
			},
			expect = {},
		},
		{
			name = "of a real recording: 10 KiB a second, then 16 MiB at once",
			recording = "recordings/traffic-burst.podtrace",
			expect = {
				{
					severity = "info",
					kind = "tcp.send",
					id = "tcp.send",
					evidence = { "peer 192.0.2.9:6379: 16.0 MiB" },
				},
			},
		},
	},
}
