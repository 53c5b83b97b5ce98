---@meta

-- For editors that understand LuaCATS; nothing here can be required. Made from the kinds: `podtrace rules stubs lua/meta`.

--- A row of `process.exec`.
---@class podtrace.process_exec.Row: podtrace.Figures
---@field key string The peer, path, process, target or value.

--- Programs started, by the path the caller named.
---@class podtrace.process_exec: podtrace.Figures
---@field kind "process.exec" Its name.
---@field missing integer Operations that may be missing from the counts.
---@field top fun(self, dimension: string, n: integer?, by: string?): podtrace.process_exec.Row[] The heaviest rows of a dimension (10 unless said otherwise), by time, else by quantity, else by count; or by a figure.
---@field key fun(self, dimension: string, key: string): podtrace.process_exec.Row? The row of a key.
---@field other fun(self, dimension: string): podtrace.process_exec.Row What has no row of its own; rows and `other` together are the whole.
---@field keys fun(self, dimension: string): integer How many rows a dimension has.
---@field slowest fun(self, n: integer?): podtrace.Event[] The slowest events that were kept, slowest first, at most 20.
---@field failed fun(self, n: integer?): podtrace.Event[] The last failed events, latest first, at most 20.

--- A row of `process.exec_failed`.
---@class podtrace.process_exec_failed.Row: podtrace.Figures
---@field key string The peer, path, process, target or value.

--- execve calls that failed; a search along PATH makes some with ENOENT.
---@class podtrace.process_exec_failed: podtrace.Figures
---@field kind "process.exec_failed" Its name.
---@field missing integer Operations that may be missing from the counts.
---@field top fun(self, dimension: string, n: integer?, by: string?): podtrace.process_exec_failed.Row[] The heaviest rows of a dimension (10 unless said otherwise), by time, else by quantity, else by count; or by a figure.
---@field key fun(self, dimension: string, key: string): podtrace.process_exec_failed.Row? The row of a key.
---@field other fun(self, dimension: string): podtrace.process_exec_failed.Row What has no row of its own; rows and `other` together are the whole.
---@field keys fun(self, dimension: string): integer How many rows a dimension has.
---@field slowest fun(self, n: integer?): podtrace.Event[] The slowest events that were kept, slowest first, at most 20.
---@field failed fun(self, n: integer?): podtrace.Event[] The last failed events, latest first, at most 20.

--- A row of `process.fork`.
---@class podtrace.process_fork.Row: podtrace.Figures
---@field key string The peer, path, process, target or value.

--- Processes forked (threads are not counted).
---@class podtrace.process_fork: podtrace.Figures
---@field kind "process.fork" Its name.
---@field missing integer Operations that may be missing from the counts.
---@field top fun(self, dimension: string, n: integer?, by: string?): podtrace.process_fork.Row[] The heaviest rows of a dimension (10 unless said otherwise), by time, else by quantity, else by count; or by a figure.
---@field key fun(self, dimension: string, key: string): podtrace.process_fork.Row? The row of a key.
---@field other fun(self, dimension: string): podtrace.process_fork.Row What has no row of its own; rows and `other` together are the whole.
---@field keys fun(self, dimension: string): integer How many rows a dimension has.
---@field slowest fun(self, n: integer?): podtrace.Event[] The slowest events that were kept, slowest first, at most 20.
---@field failed fun(self, n: integer?): podtrace.Event[] The last failed events, latest first, at most 20.

--- A row of `process.exit`.
---@class podtrace.process_exit.Row: podtrace.Figures
---@field key string The peer, path, process, target or value.

--- Processes that ended, with all their threads; an exit code other than 0 or a signal is an error.
---@class podtrace.process_exit: podtrace.Figures
---@field kind "process.exit" Its name.
---@field missing integer Operations that may be missing from the counts.
---@field top fun(self, dimension: string, n: integer?, by: string?): podtrace.process_exit.Row[] The heaviest rows of a dimension (10 unless said otherwise), by time, else by quantity, else by count; or by a figure.
---@field key fun(self, dimension: string, key: string): podtrace.process_exit.Row? The row of a key.
---@field other fun(self, dimension: string): podtrace.process_exit.Row What has no row of its own; rows and `other` together are the whole.
---@field keys fun(self, dimension: string): integer How many rows a dimension has.
---@field slowest fun(self, n: integer?): podtrace.Event[] The slowest events that were kept, slowest first, at most 20.
---@field failed fun(self, n: integer?): podtrace.Event[] The last failed events, latest first, at most 20.

---@class podtrace.process
---@field exec podtrace.process_exec? Programs started, by the path the caller named.
---@field exec_failed podtrace.process_exec_failed? execve calls that failed; a search along PATH makes some with ENOENT.
---@field fork podtrace.process_fork? Processes forked (threads are not counted).
---@field exit podtrace.process_exit? Processes that ended, with all their threads; an exit code other than 0 or a signal is an error.
