-- Segments that had to be sent again: loss on the way to a peer.
local text = require("podtrace.text")

return {
	name = "retransmits",
	about = "A peer on the way to which segments are lost.",
	needs = { "tcp.retransmit", "tcp.send" },
	params = {
		share = { type = "share", default = "1%", about = "Segments sent again, as a share of sends, that matter." },
		critical = { type = "share", default = "10%", about = "The same, where it is critical." },
		segments = { type = "number", default = 5, min = 1, about = "Fewer segments than this in a window say nothing." },
	},

	evaluate = function(window, params)
		local findings = {}
		for _, peer in window.tcp.retransmit:top("peer", 20) do
			local sends = window.tcp.send:key("peer", peer.key)
			local sent = if sends then sends.count else 0
			-- What was never sent in this window is all retransmission.
			local share = peer.count / math.max(sent, peer.count)
			if peer.count >= params.segments and share >= params.share then
				table.insert(findings, {
					severity = if share >= params.critical then "critical" else "warning",
					title = string.format(
						"segments to %s are lost: %s sent again, %s of its sends",
						peer.key,
						text.count(peer.count),
						text.share(share)
					),
					evidence = {
						string.format("%s segments sent again, %s sends", text.count(peer.count), text.count(sent)),
					},
					kind = "tcp.retransmit",
					figure = "count",
					dimension = "peer",
					key = peer.key,
					effect = share / params.share,
				})
			end
		end
		return findings
	end,
}
