-- A peer that gets much and says next to nothing, or the other way round: an upload, a download, or a one-way leak.
local text = require("podtrace.text")

return {
	name = "asymmetric-traffic",
	about = "A peer with which nearly all traffic goes one way.",
	needs = { "tcp.send", "tcp.recv" },
	params = {
		times = { type = "number", default = 100, min = 1, about = "How many times more one way than the other." },
		least = { type = "size", default = "10MiB", about = "Less than this in a window is no matter." },
	},

	evaluate = function(window, params)
		local send, recv = window.tcp.send, window.tcp.recv
		local findings = {}
		local function look(heavy, light, way)
			for _, peer in heavy:top("peer", 20, "bytes") do
				local back = light:key("peer", peer.key)
				local other = if back then back.bytes else 0
				local times = peer.bytes / math.max(other, 1)
				if peer.bytes >= params.least and times >= params.times then
					table.insert(findings, {
						severity = "info",
						title = string.format(
							"nearly all traffic goes %s %s: %s against %s",
							way,
							peer.key,
							text.bytes(peer.bytes),
							text.bytes(other)
						),
						evidence = {
							string.format("%s operations one way, %s the other", text.count(peer.count), text.count(if back then back.count else 0)),
						},
						kind = heavy.kind,
						dimension = "peer",
						key = peer.key,
						effect = times / params.times,
					})
				end
			end
		end
		look(send, recv, "to")
		look(recv, send, "from")
		return findings
	end,
}
