-- A program that ends badly, is started, and ends badly again.
local text = require("podtrace.text")

-- `worker` of `worker[4711]`: each life has a pid of its own.
local function program(process)
	return string.match(process, "^(.*)%[%d+%]$") or process
end

local function failures(kind, into)
	for _, process in kind:top("process", 500, "errors") do
		if process.errors > 0 then
			local name = program(process.key)
			local entry = into[name] or { count = 0, names = {} }
			entry.count += process.errors
			for error_name, count in process.error_names do
				entry.names[error_name] = (entry.names[error_name] or 0) + count
			end
			into[name] = entry
		end
	end
	return into
end

return {
	name = "restart-loop",
	about = "A program that ends badly again and again.",
	needs = { "process.exit" },
	params = {
		times = { type = "number", default = 3, min = 2, about = "How often it must end badly, in this window and those before it." },
		least = { type = "number", default = 1, min = 1, about = "How often of these in this window." },
	},

	evaluate = function(window, params)
		local now = failures(window.process.exit, {})
		local baseline = window.baseline
		local before = if baseline and baseline.process.exit then failures(baseline.process.exit, {}) else {}
		local names = {}
		for name in now do
			table.insert(names, name)
		end
		table.sort(names)
		local findings = {}
		for _, name in names do
			local here = now[name]
			local earlier = if before[name] then before[name].count else 0
			if here.count >= params.least and here.count + earlier >= params.times then
				table.insert(findings, {
					severity = "critical",
					title = string.format(
						"`%s` ends badly again and again: %s times (%s)",
						name,
						text.count(here.count + earlier),
						text.errors(here.names)
					),
					evidence = {
						string.format("%s bad ends in this window (%s)", text.count(here.count), text.errors(here.names)),
						string.format("%s in the windows before", text.count(earlier)),
					},
					kind = "process.exit",
					id = name,
					effect = (here.count + earlier) / params.times,
				})
			end
		end
		return findings
	end,
}
