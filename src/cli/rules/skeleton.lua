-- NAME: say here what it finds, and why that matters.
--
-- The language is Luau: Lua 5.1 with `continue`, `+=` and types. What a rule may use is in doc/rules.md.
-- Try it:  podtrace rules test NAME.test.lua
local text = require("podtrace.text")

return {
	name = "NAME",
	about = "Peers that connections are opened to again and again.",

	-- Kinds it cannot do without (`podtrace list kinds`). What it also looks at where it can goes into `wants`.
	needs = { "tcp.connect" },

	-- What a profile may set: `rule "NAME" rate="20"`. Types: duration, share, size, number, text, flag.
	params = {
		rate = { type = "number", default = 10, about = "Connections a second to one peer that are many." },
	},

	-- Called with each window once it is over. Returns findings, or nothing.
	evaluate = function(window, params)
		local findings = {}
		for _, peer in window.tcp.connect:top("peer", 10, "count") do
			if peer.rate > params.rate then
				table.insert(findings, {
					severity = "warning", -- info, error, warning, critical, fatal
					title = string.format("%s is connected to %s times a second", peer.key, text.number(peer.rate)),
					evidence = { text.count(peer.count) .. " connects in " .. text.seconds(window.seconds) },
					-- What it is about: findings of one key are one finding, and the next command is made from it.
					kind = "tcp.connect",
					dimension = "peer",
					key = peer.key,
					-- How far beyond what is good: orders findings.
					effect = peer.rate / params.rate,
				})
			end
		end
		return findings
	end,
}
