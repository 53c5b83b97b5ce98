-- Threads that could run and have to wait, although the target itself uses little: others use the CPUs, or a quota holds it.
local text = require("podtrace.text")

return {
	name = "noisy-neighbour",
	about = "Threads wait for a CPU although the target uses little: others use the CPUs, or a quota is small.",
	needs = { "sched.runq", "sched.cpu" },
	params = {
		p99 = { type = "duration", default = "10ms", about = "Waiting longer than this for a CPU is felt." },
		share = { type = "share", default = "10%", about = "Waiting for less of the time than this is no matter." },
		own = {
			type = "share",
			default = "50%",
			about = "Where the target uses more of the machine's CPUs than this, it is its own neighbour.",
		},
	},

	evaluate = function(window, params)
		local runq, cpu = window.sched.runq, window.sched.cpu
		local slow = runq.p99
		local used = cpu.cpu_share / math.max(window.cpus, 1)
		if not slow or slow <= params.p99 or runq.share < params.share or used >= params.own then
			return nil
		end
		local evidence = {
			string.format(
				"runnable threads waited %s in all, p99 %s, longest %s",
				text.seconds(runq.total),
				text.seconds(slow),
				text.seconds(runq.max)
			),
			string.format("the target used %s of %d CPUs", text.share(used), window.cpus),
		}
		for _, process in runq:top("process", 3) do
			table.insert(evidence, string.format("process %s waited %s", process.key, text.seconds(process.total)))
		end
		return {
			{
				severity = "warning",
				title = string.format(
					"threads wait for a CPU that others use: p99 %s, while the target uses %s of the CPUs",
					text.seconds(slow),
					text.share(used)
				),
				evidence = evidence,
				confidence = "medium",
				kind = "sched.runq",
				figure = "duration",
				id = "machine",
				effect = slow / params.p99,
			},
		}
	end,
}
