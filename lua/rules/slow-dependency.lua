-- A peer that the target asks and that answers slowly: named, with the share of the time spent waiting for it.
local text = require("podtrace.text")

return {
	name = "slow-dependency",
	about = "A peer that answers slowly, and how much of the time is spent waiting for it.",
	needs = { "tcp.response" },
	wants = { "tcp.rtt", "tcp.retransmit" },
	params = {
		p99 = { type = "duration", default = "100ms", about = "Answers slower than this are slow." },
		share = {
			type = "share",
			default = "5%",
			max = "100%",
			about = "Waiting for less of the time than this is no matter.",
		},
		critical = {
			type = "share",
			default = "50%",
			about = "Waiting for more of the time than this is critical, where most answers are slow.",
		},
		answers = { type = "number", default = 5, min = 1, about = "Fewer answers than this in a window say nothing." },
	},
	metrics = {
		waiting_ratio = {
			type = "gauge",
			unit = "ratio",
			label = "peer",
			about = "Time spent waiting for answers of a peer, as a share of the window.",
		},
	},

	evaluate = function(window, params)
		local findings, waiting = {}, {}
		for _, peer in window.tcp.response:top("peer", 20) do
			waiting[peer.key] = peer.share
			-- The percentile of a part may be unknown; the mean never is.
			local slow = peer.p99 or peer.mean
			if peer.count >= params.answers and slow and slow > params.p99 and peer.share >= params.share then
				-- A few long polls among many quick answers are slow by design: critical is only what is slow mostly.
				local typical = peer.p50 or peer.mean
				local mostly = typical > params.p99
				local evidence = {
					string.format(
						"waiting for it took %s of the time: %s in %s",
						text.share(peer.share),
						text.seconds(peer.total),
						text.seconds(window.seconds)
					),
					string.format(
						"%s answers, median %s, p99 %s, longest %s",
						text.count(peer.count),
						text.seconds(typical),
						text.seconds(slow),
						text.seconds(peer.max)
					),
				}
				local rtt = window.tcp.rtt and window.tcp.rtt:key("peer", peer.key)
				if rtt and rtt.mean then
					local part = rtt.mean / typical
					table.insert(
						evidence,
						string.format(
							"the network's round trip is %s, %s of a typical answer: %s",
							text.seconds(rtt.mean),
							text.share(part),
							if part < 0.5 then "the peer itself is slow" else "the way to it is slow"
						)
					)
				end
				local resent = window.tcp.retransmit and window.tcp.retransmit:key("peer", peer.key)
				if resent then
					table.insert(evidence, text.count(resent.count) .. " segments to it were sent again")
				end
				table.insert(findings, {
					severity = if mostly and peer.share >= params.critical then "critical" else "warning",
					title = string.format(
						"%s answers slowly: p99 %s, %s of the time",
						peer.key,
						text.seconds(slow),
						text.share(peer.share)
					),
					evidence = evidence,
					confidence = if mostly then "high" else "medium",
					kind = "tcp.response",
					figure = "duration",
					dimension = "peer",
					key = peer.key,
					effect = slow / params.p99,
				})
			end
		end
		return findings, { waiting_ratio = waiting }
	end,
}
