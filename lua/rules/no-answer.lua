-- A peer that does not answer: connects and requests without an answer, and connections that stay silent.
local text = require("podtrace.text")

-- What else became of requests to a peer.
local function others(window, key)
	local answers = window.tcp.response and window.tcp.response:key("peer", key)
	if not answers or answers.count == 0 then
		return 0, "nothing that it was asked was answered in this window"
	end
	local count = text.count(answers.count)
	-- The median of a part may be unknown; the mean never is.
	if answers.p50 then
		return answers.count, string.format("%s other answers of it, half of them within %s", count, text.seconds(answers.p50))
	end
	return answers.count, string.format("%s other answers of it, %s in the mean", count, text.seconds(answers.mean))
end

-- A finding about a row of peers, with what is the same in all.
local function about(kind, peer, longest, after, finding)
	finding.kind, finding.figure, finding.dimension, finding.key = kind, "duration", "peer", peer.key
	finding.effect = longest / after
	return finding
end

return {
	name = "no-answer",
	about = "A peer that does not answer.",
	needs = { "tcp.unanswered" },
	wants = { "tcp.silent", "tcp.response" },
	params = {
		after = { type = "duration", default = "3s", about = "Waiting for less than this is no matter." },
	},

	evaluate = function(window, params)
		local findings, named = {}, {}
		local peers = window.tcp.unanswered:top("peer", 50)
		local ways, ended = {}, 0
		for _, way in window.tcp.unanswered:top("waiting", 4) do
			table.insert(ways, string.format("%s %s", text.count(way.count), way.key))
			if way.key ~= "answer" then
				ended += way.count
			end
		end
		for _, peer in peers do
			local longest = peer.max or peer.mean
			if longest and longest > params.after then
				named[peer.key] = true
				local answered, evidence = others(window, peer.key)
				local all = { evidence }
				if #peers == 1 and #ways > 0 then
					table.insert(all, "waiting for: " .. table.concat(ways, ", "))
				end
				if ended == 0 then
					table.insert(all, "who waits on purpose looks the same: a long poll, a queue that is empty")
				end
				local finding = {
					-- What was waited for in vain is worse than what is waited for still.
					severity = if answered == 0 and ended > 0 then "critical" else "warning",
					title = string.format(
						"%s does not answer: %s without an answer, the longest for %s",
						peer.key,
						text.count(peer.count),
						text.seconds(longest)
					),
					evidence = all,
				}
				table.insert(findings, about("tcp.unanswered", peer, longest, params.after, finding))
			end
		end
		for _, peer in if window.tcp.silent then window.tcp.silent:top("peer", 50) else {} do
			local longest = peer.max or peer.mean
			if longest and longest > params.after and not named[peer.key] then
				local answered, evidence = others(window, peer.key)
				local finding = {
					-- Nobody can be seen to wait for it: that nothing else was answered either is all there is to say so.
					severity = if answered == 0 then "warning" else "info",
					title = string.format(
						"%s may not answer: %s silent since the target sent last, for up to %s",
						peer.key,
						if peer.count == 1 then "a connection" else text.count(peer.count) .. " connections",
						text.seconds(longest)
					),
					evidence = { evidence, "the target waits by epoll, if it does: a connection may also be idle" },
					confidence = "medium",
				}
				table.insert(findings, about("tcp.silent", peer, longest, params.after, finding))
			end
		end
		return findings
	end,
}
