---@meta

-- For editors that understand LuaCATS; nothing here can be required. Made from the kinds: `podtrace rules stubs lua/meta`.

--- A row of `udp.send`.
---@class podtrace.udp_send.Row: podtrace.TimedFigures
---@field key string The peer, path, process, target or value.
---@field bytes number Sum: Payload moved.
---@field throughput number Bytes a second.

--- Datagrams sent, or failures to send one.
---@class podtrace.udp_send: podtrace.TimedFigures
---@field kind "udp.send" Its name.
---@field missing integer Operations that may be missing from the counts.
---@field bytes number Sum: Payload moved.
---@field throughput number Bytes a second.
---@field top fun(self, dimension: string, n: integer?, by: string?): podtrace.udp_send.Row[] The heaviest rows of a dimension (10 unless said otherwise), by time, else by quantity, else by count; or by a figure.
---@field key fun(self, dimension: string, key: string): podtrace.udp_send.Row? The row of a key.
---@field other fun(self, dimension: string): podtrace.udp_send.Row What has no row of its own; rows and `other` together are the whole.
---@field keys fun(self, dimension: string): integer How many rows a dimension has.
---@field slowest fun(self, n: integer?): podtrace.Event[] The slowest events that were kept, slowest first, at most 20.
---@field failed fun(self, n: integer?): podtrace.Event[] The last failed events, latest first, at most 20.

--- A row of `udp.recv`.
---@class podtrace.udp_recv.Row: podtrace.Figures
---@field key string The peer, path, process, target or value.
---@field bytes number Sum: Payload moved.
---@field throughput number Bytes a second.

--- Datagrams received, or failures to receive one. Waiting for one is not counted as latency.
---@class podtrace.udp_recv: podtrace.Figures
---@field kind "udp.recv" Its name.
---@field missing integer Operations that may be missing from the counts.
---@field bytes number Sum: Payload moved.
---@field throughput number Bytes a second.
---@field top fun(self, dimension: string, n: integer?, by: string?): podtrace.udp_recv.Row[] The heaviest rows of a dimension (10 unless said otherwise), by time, else by quantity, else by count; or by a figure.
---@field key fun(self, dimension: string, key: string): podtrace.udp_recv.Row? The row of a key.
---@field other fun(self, dimension: string): podtrace.udp_recv.Row What has no row of its own; rows and `other` together are the whole.
---@field keys fun(self, dimension: string): integer How many rows a dimension has.
---@field slowest fun(self, n: integer?): podtrace.Event[] The slowest events that were kept, slowest first, at most 20.
---@field failed fun(self, n: integer?): podtrace.Event[] The last failed events, latest first, at most 20.

---@class podtrace.udp
---@field send podtrace.udp_send? Datagrams sent, or failures to send one.
---@field recv podtrace.udp_recv? Datagrams received, or failures to receive one. Waiting for one is not counted as latency.
