-- The target wants more CPU than there is.
local text = require("podtrace.text")

return {
	name = "cpu-starved",
	about = "The target wants more CPU than there is: it uses nearly all, and its threads wait for each other.",
	needs = { "sched.runq", "sched.cpu" },
	params = {
		used = { type = "share", default = "80%", about = "Share of the machine's CPUs from which on it uses nearly all." },
		share = { type = "share", default = "20%", about = "Waiting for a CPU for less of the time than this is no matter." },
		critical = { type = "share", default = "200%", about = "Waiting for more of the time than this is critical: two threads at any moment." },
	},

	evaluate = function(window, params)
		local runq, cpu = window.sched.runq, window.sched.cpu
		local used = cpu.cpu_share / math.max(window.cpus, 1)
		if used < params.used or runq.share < params.share then
			return nil
		end
		local evidence = {
			string.format("it used %s of %d CPUs", text.number(cpu.cpu_share), window.cpus),
			string.format(
				"its threads waited %s for a CPU in %s: %s at any moment",
				text.seconds(runq.total),
				text.seconds(window.seconds),
				text.number(runq.share)
			),
		}
		for _, process in cpu:top("process", 3) do
			table.insert(evidence, string.format("process %s used %s of a CPU", process.key, text.share(process.cpu_share)))
		end
		return {
			{
				severity = if runq.share >= params.critical then "critical" else "warning",
				title = string.format(
					"more CPU is wanted than there is: %s of %d used, %s threads waiting",
					text.number(cpu.cpu_share),
					window.cpus,
					text.number(runq.share)
				),
				evidence = evidence,
				kind = "sched.runq",
				figure = "duration",
				id = "machine",
				effect = runq.share / params.share,
			},
		}
	end,
}
