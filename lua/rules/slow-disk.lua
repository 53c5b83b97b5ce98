-- Reads and writes of a file that wait for the disk.
local text = require("podtrace.text")

return {
	name = "slow-disk",
	about = "Files whose reads and writes wait for the disk.",
	wants = { "file.read", "file.write" },
	params = {
		p99 = { type = "duration", default = "10ms", about = "Operations slower than this have not come from memory, and queued." },
		share = { type = "share", default = "5%", about = "Less of the time than this is no matter." },
		critical = { type = "share", default = "50%", about = "More of the time than this is critical." },
		operations = { type = "number", default = 5, min = 1, about = "Fewer operations than this in a window say nothing." },
	},

	evaluate = function(window, params)
		local findings = {}
		local function look(kind, verb)
			if kind == nil then
				return
			end
			for _, path in kind:top("path", 20) do
				local slow = path.p99 or path.mean
				if path.count >= params.operations and slow and slow > params.p99 and path.share >= params.share then
					table.insert(findings, {
						severity = if path.share >= params.critical then "critical" else "warning",
						title = string.format(
							"%s %s waits for the disk: p99 %s, %s of the time",
							verb,
							path.key,
							text.seconds(slow),
							text.share(path.share)
						),
						evidence = {
							string.format(
								"%s operations, %s, p99 %s, longest %s",
								text.count(path.count),
								text.bytes(path.bytes),
								text.seconds(slow),
								text.seconds(path.max)
							),
							string.format("%s took longer than %s", text.count(path:above(params.p99)), text.seconds(params.p99)),
						},
						kind = kind.kind,
						figure = "duration",
						dimension = "path",
						key = path.key,
						effect = slow / params.p99,
					})
				end
			end
		end
		look(window.file.read, "reading")
		look(window.file.write, "writing")
		return findings
	end,
}
