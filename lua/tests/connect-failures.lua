-- Tests of lua/rules/connect-failures.lua: windows or a recording in, findings out.
return {
	rule = "connect-failures",
	tests = {
		{
			name = "refused connects are counted and explained",
			windows = {
				{
					["tcp.connect"] = {
						peer = {
							["10.0.0.7:5432"] = { count = 23, errors = { ECONNREFUSED = 7 } },
							["10.0.0.9:80"] = { count = 101 },
						},
					},
				},
			},
			expect = {
				{
					severity = "warning",
					title = "connects to 10.0.0.7:5432 fail: 7 of 23 (7 ECONNREFUSED)",
					kind = "tcp.connect",
					key = "10.0.0.7:5432",
					evidence = {
						"7 of 23 connects failed (7 ECONNREFUSED)",
						"ECONNREFUSED: nothing listens there, or its queue is full",
					},
				},
			},
		},
		{
			name = "where most fail it is critical",
			windows = { { ["tcp.connect"] = { peer = { ["10.0.0.7:5432"] = { errors = { ETIMEDOUT = 5, ECONNREFUSED = 2 } } } } } },
			expect = { { severity = "critical", title = "connects to 10.0.0.7:5432 fail: 7 of 7 (5 ETIMEDOUT, 2 ECONNREFUSED)" } },
		},
		{
			name = "a single failure says nothing",
			windows = { { ["tcp.connect"] = { peer = { ["10.0.0.7:5432"] = { count = 7, errors = { ECONNREFUSED = 1 } } } } } },
			expect = {},
		},
		{
			name = "of a real recording: 23 refused connects",
			recording = "recordings/connect-failures.podtrace",
			expect = {
				{
					severity = "critical",
					title = "connects to 192.0.2.7:5432 fail: 23 of 23 (23 ECONNREFUSED)",
					confidence = "high",
					key = "192.0.2.7:5432",
					evidence = { "ECONNREFUSED: nothing listens there, or its queue is full" },
				},
			},
		},
	},
}
