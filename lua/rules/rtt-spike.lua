-- A round-trip time that is a multiple of what it was before.
local compare = require("podtrace.compare")
local text = require("podtrace.text")

return {
	name = "rtt-spike",
	about = "A peer whose round-trip time is a multiple of what it was.",
	needs = { "tcp.rtt" },
	params = {
		times = { type = "number", default = 3, min = 1, about = "How many times the usual round trip is a spike." },
		least = { type = "duration", default = "20ms", about = "A shorter round trip is no matter." },
		samples = { type = "number", default = 5, min = 1, about = "Fewer samples than this in a window say nothing." },
		windows = { type = "number", default = 3, min = 1, about = "Windows there must have been to compare with." },
	},

	evaluate = function(window, params)
		local findings = {}
		local baseline = compare.baseline(window, params.windows)
		if baseline == nil or baseline.tcp.rtt == nil then
			return findings
		end
		for _, peer in window.tcp.rtt:top("peer", 50) do
			local usual = baseline.tcp.rtt:key("peer", peer.key)
			local now = peer.p50 or peer.mean
			local before = usual and (usual.p50 or usual.mean)
			local times = compare.times(now, before)
			if times and peer.count >= params.samples and now >= params.least and times >= params.times then
				table.insert(findings, {
					severity = "warning",
					title = string.format(
						"the round trip to %s is %s times what it was: %s instead of %s",
						peer.key,
						text.number(times),
						text.seconds(now),
						text.seconds(before)
					),
					evidence = {
						string.format("median %s of %s samples", text.seconds(now), text.count(peer.count)),
						string.format(
							"median %s of %s samples in the %s before",
							text.seconds(before),
							text.count(usual.count),
							text.seconds(baseline.seconds)
						),
					},
					kind = "tcp.rtt",
					dimension = "peer",
					key = peer.key,
					effect = times / params.times,
				})
			end
		end
		return findings
	end,
}
