-- A peer that connections cannot be opened to, with what the error means.
local text = require("podtrace.text")

local MEANING = {
	ECONNREFUSED = "nothing listens there, or its queue is full",
	ETIMEDOUT = "no answer at all: a firewall that drops, or a host that is down",
	EHOSTUNREACH = "no way to the host: it is down, or a network policy refuses",
	ENETUNREACH = "no route to the network, e.g. IPv6 where there is none",
	ECONNRESET = "the peer reset it while it was being opened",
	EADDRNOTAVAIL = "no local port is left: too many connections in TIME_WAIT",
	EACCES = "a rule of the kernel or of a security module forbids it",
	EPERM = "a firewall on this host rejects it",
	abandoned = "the program gave up before there was an answer",
}

return {
	name = "connect-failures",
	about = "A peer that connections cannot be opened to.",
	needs = { "tcp.connect" },
	params = {
		share = { type = "share", default = "5%", max = "100%", about = "Fewer failures than this of all are no matter." },
		critical = { type = "share", default = "50%", about = "More failures than this of all are critical." },
		failures = { type = "number", default = 3, min = 1, about = "Fewer failures than this in a window say nothing." },
	},

	evaluate = function(window, params)
		local findings = {}
		for _, peer in window.tcp.connect:top("peer", 50, "errors") do
			if peer.errors >= params.failures and peer.error_rate >= params.share then
				local evidence = {
					string.format(
						"%s of %s connects failed (%s)",
						text.count(peer.errors),
						text.count(peer.count),
						text.errors(peer.error_names)
					),
				}
				for name, meaning in MEANING do
					if peer.error_names[name] then
						table.insert(evidence, name .. ": " .. meaning)
					end
				end
				table.sort(evidence)
				table.insert(findings, {
					severity = if peer.error_rate >= params.critical then "critical" else "warning",
					title = string.format(
						"connects to %s fail: %s of %s (%s)",
						peer.key,
						text.count(peer.errors),
						text.count(peer.count),
						text.errors(peer.error_names)
					),
					evidence = evidence,
					kind = "tcp.connect",
					figure = "errors",
					dimension = "peer",
					key = peer.key,
					effect = peer.error_rate / params.share,
				})
			end
		end
		return findings
	end,
}
