-- Tests of NAME: windows in, findings out. What an expected finding does not say is not compared.
return {
	rule = "NAME",
	tests = {
		{
			name = "a peer that is connected to 20 times a second",
			windows = {
				{ seconds = 10, ["tcp.connect"] = { peer = { ["10.0.0.7:5432"] = { durations = { ["1ms"] = 200 } } } } },
			},
			expect = { { severity = "warning", key = "10.0.0.7:5432", evidence = { "200 connects in 10.0 s" } } },
		},
		{
			name = "fewer are no matter, and the bound can be set",
			params = { rate = 100 },
			windows = {
				{ seconds = 10, ["tcp.connect"] = { peer = { ["10.0.0.7:5432"] = { count = 200 } } } },
			},
			expect = {},
		},
	},
}
