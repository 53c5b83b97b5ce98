-- Tests of lua/rules/process-churn.lua: windows or a recording in, findings out.
return {
	rule = "process-churn",
	tests = {
		{
			name = "a shell that starts a program for everything",
			windows = {
				{
					["process.exec"] = { path = { ["/usr/bin/curl"] = { count = 101 }, ["/bin/sh"] = { count = 7 } } },
					["process.fork"] = { count = 113 },
				},
			},
			expect = {
				{
					severity = "warning",
					title = "10.8 programs are started a second (/usr/bin/curl)",
					evidence = { "/usr/bin/curl started 101 times", "113 forks" },
				},
			},
		},
		{
			name = "a service that starts its workers",
			windows = { { ["process.exec"] = { path = { ["/usr/bin/worker"] = { count = 23 } } } } },
			expect = {},
		},
		{
			name = "of a real recording: 43 starts of a program",
			recording = "recordings/process-churn.podtrace",
			expect = {
				{
					severity = "warning",
					kind = "process.exec",
					evidence = { "/usr/bin/true started 43 times", "44 forks" },
				},
			},
		},
	},
}
