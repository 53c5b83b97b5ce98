-- A program that ends badly, is started, and ends badly again.
--
-- What a signal killed has crashed. An exit code may be an answer (grep found nothing), and scripts get many of those at
-- once: only what goes on from window to window is taken for a loop, and it is less sure.
local text = require("podtrace.text")

-- Signals by which programs are asked to end, or told that nobody reads any more.
local ASKED = { SIGTERM = true, SIGINT = true, SIGHUP = true, SIGPIPE = true, SIGQUIT = true }

-- `worker` of `worker[4711]`: each life has a pid of its own.
local function program(process)
	return string.match(process, "^(.*)%[%d+%]$") or process
end

local function failures(kind)
	local programs = {}
	for _, process in kind:top("process", 500, "errors") do
		for name, count in process.error_names do
			if not ASKED[name] then
				local key = program(process.key)
				local entry = programs[key] or { crashes = 0, codes = 0, names = {} }
				if string.sub(name, 1, 3) == "SIG" then
					entry.crashes += count
				else
					entry.codes += count
				end
				entry.names[name] = (entry.names[name] or 0) + count
				programs[key] = entry
			end
		end
	end
	return programs
end

return {
	name = "restart-loop",
	about = "A program that ends badly again and again.",
	needs = { "process.exit" },
	params = {
		times = { type = "number", default = 3, min = 2, about = "How often it must end badly, in this window and those before it." },
	},

	evaluate = function(window, params)
		local now = failures(window.process.exit)
		local baseline = window.baseline
		local before = if baseline and baseline.process.exit then failures(baseline.process.exit) else {}
		local names = {}
		for name in now do
			table.insert(names, name)
		end
		table.sort(names)
		local findings = {}
		for _, name in names do
			local here = now[name]
			local earlier = before[name] or { crashes = 0, codes = 0, names = {} }
			local crashes = here.crashes + earlier.crashes
			local all = crashes + here.codes + earlier.codes
			local goes_on = earlier.crashes + earlier.codes > 0
			if crashes >= params.times or (goes_on and all >= params.times) then
				table.insert(findings, {
					severity = if crashes >= params.times then "critical" else "warning",
					title = string.format(
						"`%s` ends badly again and again: %s times (%s)",
						name,
						text.count(all),
						text.errors(here.names)
					),
					evidence = {
						string.format("%s bad ends in this window (%s)", text.count(here.crashes + here.codes), text.errors(here.names)),
						string.format("%s in the windows before", text.count(earlier.crashes + earlier.codes)),
					},
					confidence = if crashes >= params.times then "high" else "medium",
					kind = "process.exit",
					id = name,
					effect = all / params.times,
				})
			end
		end
		return findings
	end,
}
