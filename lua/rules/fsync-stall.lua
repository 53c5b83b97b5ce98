-- Writes to stable storage that stall whoever waits for them.
local text = require("podtrace.text")

return {
	name = "fsync-stall",
	about = "Files whose syncs to stable storage stall the target.",
	needs = { "file.fsync" },
	params = {
		p99 = { type = "duration", default = "50ms", about = "A healthy disk takes a few milliseconds, a spinning one about 20." },
		critical = { type = "duration", default = "500ms", about = "Syncs slower than this are critical." },
		share = { type = "share", default = "10%", about = "Less of the time than this is no matter." },
		syncs = { type = "number", default = 3, min = 1, about = "Fewer syncs than this in a window say nothing." },
	},

	evaluate = function(window, params)
		local findings = {}
		for _, path in window.file.fsync:top("path", 20) do
			local slow = path.p99 or path.max
			local stalls = path.count >= params.syncs and slow and slow > params.p99 and path.share >= params.share
			if path.errors > 0 then
				table.insert(findings, {
					severity = "critical",
					title = string.format("syncs of %s fail: what was written may be lost", path.key),
					evidence = {
						string.format("%s of %s failed (%s)", text.count(path.errors), text.count(path.count), text.errors(path.error_names)),
					},
					kind = "file.fsync",
					figure = "errors",
					dimension = "path",
					key = path.key,
					id = "failed " .. path.key,
					effect = path.errors,
				})
			end
			if stalls then
				table.insert(findings, {
					severity = if slow >= params.critical then "critical" else "warning",
					title = string.format(
						"syncs of %s stall: p99 %s, %s of the time",
						path.key,
						text.seconds(slow),
						text.share(path.share)
					),
					evidence = {
						string.format(
							"%s syncs, mean %s, longest %s",
							text.count(path.count),
							text.seconds(path.mean),
							text.seconds(path.max)
						),
					},
					kind = "file.fsync",
					figure = "duration",
					dimension = "path",
					key = path.key,
					effect = slow / params.p99,
				})
			end
		end
		return findings
	end,
}
