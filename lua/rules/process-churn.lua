-- Programs started again and again: each costs milliseconds of CPU, and caches that begin cold.
local text = require("podtrace.text")

return {
	name = "process-churn",
	about = "Programs that are started many times a second.",
	needs = { "process.exec" },
	wants = { "process.fork" },
	params = {
		rate = { type = "number", default = 10, about = "Programs a second that are many." },
	},

	evaluate = function(window, params)
		local exec = window.process.exec
		if exec.rate <= params.rate then
			return nil
		end
		local evidence = { string.format("%s programs in %s", text.count(exec.count), text.seconds(window.seconds)) }
		local first = nil
		for _, path in exec:top("path", 3, "count") do
			first = first or path.key
			table.insert(evidence, string.format("%s started %s times", path.key, text.count(path.count)))
		end
		local fork = window.process.fork
		if fork then
			table.insert(evidence, text.count(fork.count) .. " forks")
		end
		return {
			{
				severity = "warning",
				title = string.format(
					"%s programs are started a second%s",
					text.number(exec.rate),
					if first then " (" .. first .. ")" else ""
				),
				evidence = evidence,
				kind = "process.exec",
				id = "churn",
				effect = exec.rate / params.rate,
			},
		}
	end,
}
