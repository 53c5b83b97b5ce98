-- Tests of lua/rules/no-answer.lua: windows or a recording in, findings out.
return {
	rule = "no-answer",
	tests = {
		{
			name = "a peer that answers nothing is named, with what was waited for",
			windows = {
				{
					["tcp.unanswered"] = {
						peer = { ["10.0.0.7:5432"] = { durations = { ["5s"] = 7 } } },
						waiting = { ["given up"] = { durations = { ["5s"] = 7 } } },
					},
					["tcp.response"] = { peer = { ["10.0.0.9:6379"] = { durations = { ["1ms"] = 1009 } } } },
				},
			},
			expect = {
				{
					severity = "critical",
					title = "10.0.0.7:5432 does not answer: 7 without an answer, the longest for 5.00 s",
					kind = "tcp.unanswered",
					dimension = "peer",
					key = "10.0.0.7:5432",
					evidence = {
						"nothing that it was asked was answered in this window",
						"waiting for: 7 given up",
					},
				},
			},
		},
		{
			name = "what is still waited for may be waited for on purpose",
			windows = {
				{
					["tcp.unanswered"] = {
						peer = { ["10.0.0.7:6379"] = { durations = { ["30s"] = 3 } } },
						waiting = { answer = { durations = { ["30s"] = 3 } } },
					},
				},
			},
			expect = {
				{
					severity = "warning",
					key = "10.0.0.7:6379",
					evidence = { "waiting for: 3 answer", "who waits on purpose looks the same: a long poll, a queue that is empty" },
				},
			},
		},
		{
			name = "one that answers others is a warning",
			windows = {
				{
					["tcp.unanswered"] = { peer = { ["10.0.0.7:80"] = { durations = { ["10s"] = 1 } } } },
					["tcp.response"] = { peer = { ["10.0.0.7:80"] = { durations = { ["1ms"] = 101 } } } },
				},
			},
			expect = {
				{
					severity = "warning",
					key = "10.0.0.7:80",
					evidence = { "101 other answers of it, half of them within 999 us" },
				},
			},
		},
		{
			name = "a request that was given up soon is no matter, unless it is told so",
			windows = { { ["tcp.unanswered"] = { peer = { ["10.0.0.7:80"] = { durations = { ["300ms"] = 41 } } } } } },
			expect = {},
		},
		{
			name = "the bound can be set",
			params = { after = "200ms" },
			windows = { { ["tcp.unanswered"] = { peer = { ["10.0.0.7:80"] = { durations = { ["300ms"] = 41 } } } } } },
			expect = { { severity = "warning", key = "10.0.0.7:80" } },
		},
		{
			name = "silent connections are told of, and more so where nothing else was answered",
			windows = {
				{
					["tcp.silent"] = {
						peer = {
							["10.0.0.7:80"] = { durations = { ["10s"] = 3 } },
							["10.0.0.9:80"] = { durations = { ["10s"] = 1 } },
						},
					},
					["tcp.response"] = { peer = { ["10.0.0.9:80"] = { durations = { ["1ms"] = 101 } } } },
				},
			},
			expect = {
				{ severity = "warning", confidence = "medium", kind = "tcp.silent", key = "10.0.0.7:80" },
				{ severity = "info", confidence = "medium", kind = "tcp.silent", key = "10.0.0.9:80" },
			},
		},
		{
			name = "of a real recording: two requests that were given up, not those that the quick peer answered",
			recording = "recordings/no-answer.podtrace",
			expect = {
				{
					severity = "critical",
					kind = "tcp.unanswered",
					dimension = "peer",
					key = "192.0.2.7:5432",
					evidence = { "waiting for: 2 given up" },
				},
			},
		},
	},
}
