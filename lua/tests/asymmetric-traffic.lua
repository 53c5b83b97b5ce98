-- Tests of lua/rules/asymmetric-traffic.lua: windows or a recording in, findings out.
return {
	rule = "asymmetric-traffic",
	tests = {
		{
			name = "a peer that only gets",
			windows = {
				{
					["tcp.send"] = { peer = { ["10.0.0.7:443"] = { count = 1009, bytes = "100MiB" }, ["10.0.0.9:80"] = { count = 7, bytes = "20MiB" } } },
					["tcp.recv"] = { peer = { ["10.0.0.7:443"] = { count = 7, bytes = 1009 }, ["10.0.0.9:80"] = { count = 7, bytes = "19MiB" } } },
				},
			},
			expect = {
				{
					severity = "info",
					title = "nearly all traffic goes to 10.0.0.7:443: 100.0 MiB against 1009 B",
					key = "10.0.0.7:443",
					evidence = { "1,009 operations one way, 7 the other" },
				},
			},
		},
		{
			name = "requests and answers",
			windows = {
				{
					["tcp.send"] = { peer = { ["10.0.0.7:443"] = { count = 1009, bytes = "11MiB" } } },
					["tcp.recv"] = { peer = { ["10.0.0.7:443"] = { count = 1009, bytes = "100MiB" } } },
				},
			},
			expect = {},
		},
		{
			name = "of a real recording: 12 MiB to a peer that says nothing",
			recording = "recordings/asymmetric-traffic.podtrace",
			expect = {
				{
					severity = "info",
					title = "nearly all traffic goes to 192.0.2.9:6379: 12.0 MiB against 0 B",
					kind = "tcp.send",
					key = "192.0.2.9:6379",
				},
			},
		},
	},
}
