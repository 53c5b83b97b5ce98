-- Much more traffic than before.
local compare = require("podtrace.compare")
local text = require("podtrace.text")

return {
	name = "traffic-burst",
	about = "Network traffic that is a multiple of what it was.",
	wants = { "tcp.send", "tcp.recv", "udp.send", "udp.recv" },
	params = {
		times = { type = "number", default = 5, min = 1, about = "How many times the usual traffic is a burst." },
		least = { type = "size", default = "1MiB", about = "Less than this a second is no matter." },
		windows = { type = "number", default = 3, min = 1, about = "Windows there must have been to compare with." },
	},

	evaluate = function(window, params)
		local findings = {}
		local baseline = compare.baseline(window, params.windows)
		if baseline == nil then
			return findings
		end
		local function look(now, before)
			local times = now and before and compare.times(now.throughput, before.throughput)
			if not times or now.throughput < params.least or times < params.times then
				return
			end
			local evidence = {
				string.format("%s a second, %s a second before", text.bytes(now.throughput), text.bytes(before.throughput)),
			}
			for _, peer in now:top("peer", 3, "bytes") do
				table.insert(evidence, string.format("peer %s: %s", peer.key, text.bytes(peer.bytes)))
			end
			table.insert(findings, {
				severity = "info",
				title = string.format(
					"a burst of %s: %s a second, %s times what it was",
					now.kind,
					text.bytes(now.throughput),
					text.number(times)
				),
				evidence = evidence,
				kind = now.kind,
				id = now.kind,
				effect = times / params.times,
			})
		end
		look(window.tcp.send, baseline.tcp.send)
		look(window.tcp.recv, baseline.tcp.recv)
		look(window.udp.send, baseline.udp.send)
		look(window.udp.recv, baseline.udp.recv)
		return findings
	end,
}
