---@meta

-- For editors that understand LuaCATS; nothing here can be required. Made from the kinds: `podtrace rules stubs lua/meta`.

--- A row of `sched.offcpu`.
---@class podtrace.sched_offcpu.Row: podtrace.TimedFigures
---@field key string The peer, path, process, target or value.

--- Periods in which a thread waited, by what it waited for. `sleep`, `poll`, `condition`, `accept` and `child` are idle, not blocked.
---@class podtrace.sched_offcpu: podtrace.TimedFigures
---@field kind "sched.offcpu" Its name.
---@field missing integer Operations that may be missing from the counts.
---@field top fun(self, dimension: string, n: integer?, by: string?): podtrace.sched_offcpu.Row[] The heaviest rows of a dimension (10 unless said otherwise), by time, else by quantity, else by count; or by a figure.
---@field key fun(self, dimension: string, key: string): podtrace.sched_offcpu.Row? The row of a key.
---@field other fun(self, dimension: string): podtrace.sched_offcpu.Row What has no row of its own; rows and `other` together are the whole.
---@field keys fun(self, dimension: string): integer How many rows a dimension has.
---@field slowest fun(self, n: integer?): podtrace.Event[] The slowest events that were kept, slowest first, at most 20.
---@field failed fun(self, n: integer?): podtrace.Event[] The last failed events, latest first, at most 20.

--- A row of `sched.runq`.
---@class podtrace.sched_runq.Row: podtrace.TimedFigures
---@field key string The peer, path, process, target or value.

--- Times a runnable thread waited for a CPU.
---@class podtrace.sched_runq: podtrace.TimedFigures
---@field kind "sched.runq" Its name.
---@field missing integer Operations that may be missing from the counts.
---@field top fun(self, dimension: string, n: integer?, by: string?): podtrace.sched_runq.Row[] The heaviest rows of a dimension (10 unless said otherwise), by time, else by quantity, else by count; or by a figure.
---@field key fun(self, dimension: string, key: string): podtrace.sched_runq.Row? The row of a key.
---@field other fun(self, dimension: string): podtrace.sched_runq.Row What has no row of its own; rows and `other` together are the whole.
---@field keys fun(self, dimension: string): integer How many rows a dimension has.
---@field slowest fun(self, n: integer?): podtrace.Event[] The slowest events that were kept, slowest first, at most 20.
---@field failed fun(self, n: integer?): podtrace.Event[] The last failed events, latest first, at most 20.

--- A row of `sched.cpu`.
---@class podtrace.sched_cpu.Row: podtrace.Figures
---@field key string The peer, path, process, target or value.
---@field cpu number In seconds: CPU time, user and system.
---@field cpu_share number As a share of one CPU: CPU time, user and system.

--- CPU time used during the trace.
---@class podtrace.sched_cpu: podtrace.Figures
---@field kind "sched.cpu" Its name.
---@field missing integer Operations that may be missing from the counts.
---@field cpu number In seconds: CPU time, user and system.
---@field cpu_share number As a share of one CPU: CPU time, user and system.
---@field top fun(self, dimension: string, n: integer?, by: string?): podtrace.sched_cpu.Row[] The heaviest rows of a dimension (10 unless said otherwise), by time, else by quantity, else by count; or by a figure.
---@field key fun(self, dimension: string, key: string): podtrace.sched_cpu.Row? The row of a key.
---@field other fun(self, dimension: string): podtrace.sched_cpu.Row What has no row of its own; rows and `other` together are the whole.
---@field keys fun(self, dimension: string): integer How many rows a dimension has.
---@field slowest fun(self, n: integer?): podtrace.Event[] The slowest events that were kept, slowest first, at most 20.
---@field failed fun(self, n: integer?): podtrace.Event[] The last failed events, latest first, at most 20.

---@class podtrace.sched
---@field offcpu podtrace.sched_offcpu? Periods in which a thread waited, by what it waited for. `sleep`, `poll`, `condition`, `accept` and `child` are idle, not blocked.
---@field runq podtrace.sched_runq? Times a runnable thread waited for a CPU.
---@field cpu podtrace.sched_cpu? CPU time used during the trace.
