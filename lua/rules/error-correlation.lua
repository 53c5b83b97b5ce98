-- Errors of different sorts in the same window, put into an order with a likely root cause.
local text = require("podtrace.text")

-- What is nearer to the ground comes first: a disk that is full makes a program exit, not the other way round.
local LAYERS = {
	{ "file", "fsync" },
	{ "file", "write" },
	{ "file", "read" },
	{ "file", "open" },
	{ "udp", "send" },
	{ "udp", "recv" },
	{ "tcp", "connect" },
	{ "tcp", "send" },
	{ "tcp", "recv" },
	{ "process", "exec_failed" },
	{ "process", "exit" },
}

-- Errors by which programs look around, and that mean nothing by themselves.
local BENIGN = {
	ENOENT = true,
	ENOTDIR = true,
	ENXIO = true,
	ENOTTY = true,
	EAGAIN = true,
	EINTR = true,
	EEXIST = true,
	EISDIR = true,
}

return {
	name = "error-correlation",
	about = "Errors of different sorts that come together, with a likely root cause.",
	wants = {
		"file.fsync",
		"file.write",
		"file.read",
		"file.open",
		"udp.send",
		"udp.recv",
		"tcp.connect",
		"tcp.send",
		"tcp.recv",
		"process.exec_failed",
		"process.exit",
	},
	params = {
		errors = { type = "number", default = 3, min = 1, about = "Fewer errors than this in a window say nothing." },
		kinds = { type = "number", default = 2, min = 2, about = "Errors of fewer sorts than this are no chain." },
	},

	evaluate = function(window, params)
		local chain, total = {}, 0
		for layer, names in LAYERS do
			local kind = window[names[1]][names[2]]
			local count, errors = 0, {}
			for name, times in if kind then kind.error_names else {} do
				if not BENIGN[name] then
					errors[name] = times
					count += times
				end
			end
			if count > 0 then
				-- The earliest that was kept says when it began, and at what. Only the last are kept: where there were
				-- more, when it began is not known.
				local first, kept = nil, kind:failed()
				for _, event in kept do
					if not BENIGN[event.error] and (first == nil or event.at <= first.at) then
						first = event
					end
				end
				table.insert(chain, { kind = kind, layer = layer, count = count, errors = errors, first = first, known = #kept >= kind.errors })
				total += count
			end
		end
		if #chain < params.kinds or total < params.errors then
			return nil
		end
		-- What began a tenth of a second earlier is earlier; else the lower layer is the cause.
		local function tenths(link)
			-- How a program ends is what came of it, never where it began.
			if link.kind.kind == "process.exit" or link.first == nil then
				return math.huge
			end
			return if link.known then math.floor(link.first.at * 10) else math.floor(window.from * 10)
		end
		table.sort(chain, function(one, other)
			if tenths(one) ~= tenths(other) then
				return tenths(one) < tenths(other)
			end
			return one.layer < other.layer
		end)
		local evidence = {}
		for place, link in chain do
			local where = link.first and link.first.object or link.first and link.first.process
			table.insert(
				evidence,
				string.format(
					"%d. %s%s: %s failed (%s)%s",
					place,
					link.kind.kind,
					if where then " " .. where else "",
					text.count(link.count),
					text.errors(link.errors),
					if link.first == nil
						then ""
						elseif link.known then string.format(", first at %.1f s", link.first.at)
						else ", too many to say since when"
				)
			)
		end
		local root, known = chain[1], true
		for _, link in chain do
			known = known and (link.known or link.kind.kind == "process.exit")
		end
		local where = root.first and root.first.object
		return {
			{
				severity = "warning",
				title = string.format(
					"errors of %d sorts come together; likely root cause: %s%s (%s)",
					#chain,
					root.kind.kind,
					if where then " " .. where else "",
					text.errors(root.errors)
				),
				evidence = evidence,
				confidence = if root.first and known then "medium" else "low",
				kind = root.kind.kind,
				dimension = if where then (if string.find(root.kind.kind, "^file") or root.kind.kind == "process.exec_failed" then "path" else "peer") else nil,
				key = where,
				effect = total / params.errors,
			},
		}
	end,
}
