---@meta

-- For editors that understand LuaCATS; nothing here can be required. Made from the kinds: `podtrace rules stubs lua/meta`.

--- A row of `tcp.connect`.
---@class podtrace.tcp_connect.Row: podtrace.TimedFigures
---@field key string The peer, path, process, target or value.

--- Connections the target opened: time of the handshake, failures by errno.
---@class podtrace.tcp_connect: podtrace.TimedFigures
---@field kind "tcp.connect" Its name.
---@field missing integer Operations that may be missing from the counts.
---@field top fun(self, dimension: string, n: integer?, by: string?): podtrace.tcp_connect.Row[] The heaviest rows of a dimension (10 unless said otherwise), by time, else by quantity, else by count; or by a figure.
---@field key fun(self, dimension: string, key: string): podtrace.tcp_connect.Row? The row of a key.
---@field other fun(self, dimension: string): podtrace.tcp_connect.Row What has no row of its own; rows and `other` together are the whole.
---@field keys fun(self, dimension: string): integer How many rows a dimension has.
---@field slowest fun(self, n: integer?): podtrace.Event[] The slowest events that were kept, slowest first, at most 20.
---@field failed fun(self, n: integer?): podtrace.Event[] The last failed events, latest first, at most 20.

--- A row of `tcp.accept`.
---@class podtrace.tcp_accept.Row: podtrace.Figures
---@field key string The peer, path, process, target or value.

--- Connections the target accepted.
---@class podtrace.tcp_accept: podtrace.Figures
---@field kind "tcp.accept" Its name.
---@field missing integer Operations that may be missing from the counts.
---@field top fun(self, dimension: string, n: integer?, by: string?): podtrace.tcp_accept.Row[] The heaviest rows of a dimension (10 unless said otherwise), by time, else by quantity, else by count; or by a figure.
---@field key fun(self, dimension: string, key: string): podtrace.tcp_accept.Row? The row of a key.
---@field other fun(self, dimension: string): podtrace.tcp_accept.Row What has no row of its own; rows and `other` together are the whole.
---@field keys fun(self, dimension: string): integer How many rows a dimension has.
---@field slowest fun(self, n: integer?): podtrace.Event[] The slowest events that were kept, slowest first, at most 20.
---@field failed fun(self, n: integer?): podtrace.Event[] The last failed events, latest first, at most 20.

--- A row of `tcp.send`.
---@class podtrace.tcp_send.Row: podtrace.TimedFigures
---@field key string The peer, path, process, target or value.
---@field bytes number Sum: Payload moved.
---@field throughput number Bytes a second.

--- Send operations that moved bytes or failed; one that would block is not an operation.
---@class podtrace.tcp_send: podtrace.TimedFigures
---@field kind "tcp.send" Its name.
---@field missing integer Operations that may be missing from the counts.
---@field bytes number Sum: Payload moved.
---@field throughput number Bytes a second.
---@field top fun(self, dimension: string, n: integer?, by: string?): podtrace.tcp_send.Row[] The heaviest rows of a dimension (10 unless said otherwise), by time, else by quantity, else by count; or by a figure.
---@field key fun(self, dimension: string, key: string): podtrace.tcp_send.Row? The row of a key.
---@field other fun(self, dimension: string): podtrace.tcp_send.Row What has no row of its own; rows and `other` together are the whole.
---@field keys fun(self, dimension: string): integer How many rows a dimension has.
---@field slowest fun(self, n: integer?): podtrace.Event[] The slowest events that were kept, slowest first, at most 20.
---@field failed fun(self, n: integer?): podtrace.Event[] The last failed events, latest first, at most 20.

--- A row of `tcp.recv`.
---@class podtrace.tcp_recv.Row: podtrace.Figures
---@field key string The peer, path, process, target or value.
---@field bytes number Sum: Payload moved.
---@field throughput number Bytes a second.

--- Receive operations that moved bytes, met the end or failed. Waiting inside them is not counted as latency: see tcp.response and sched.offcpu.
---@class podtrace.tcp_recv: podtrace.Figures
---@field kind "tcp.recv" Its name.
---@field missing integer Operations that may be missing from the counts.
---@field bytes number Sum: Payload moved.
---@field throughput number Bytes a second.
---@field top fun(self, dimension: string, n: integer?, by: string?): podtrace.tcp_recv.Row[] The heaviest rows of a dimension (10 unless said otherwise), by time, else by quantity, else by count; or by a figure.
---@field key fun(self, dimension: string, key: string): podtrace.tcp_recv.Row? The row of a key.
---@field other fun(self, dimension: string): podtrace.tcp_recv.Row What has no row of its own; rows and `other` together are the whole.
---@field keys fun(self, dimension: string): integer How many rows a dimension has.
---@field slowest fun(self, n: integer?): podtrace.Event[] The slowest events that were kept, slowest first, at most 20.
---@field failed fun(self, n: integer?): podtrace.Event[] The last failed events, latest first, at most 20.

--- A row of `tcp.response`.
---@class podtrace.tcp_response.Row: podtrace.TimedFigures
---@field key string The peer, path, process, target or value.

--- Answers on connections the target opened: what the peer and the network took.
---@class podtrace.tcp_response: podtrace.TimedFigures
---@field kind "tcp.response" Its name.
---@field missing integer Operations that may be missing from the counts.
---@field top fun(self, dimension: string, n: integer?, by: string?): podtrace.tcp_response.Row[] The heaviest rows of a dimension (10 unless said otherwise), by time, else by quantity, else by count; or by a figure.
---@field key fun(self, dimension: string, key: string): podtrace.tcp_response.Row? The row of a key.
---@field other fun(self, dimension: string): podtrace.tcp_response.Row What has no row of its own; rows and `other` together are the whole.
---@field keys fun(self, dimension: string): integer How many rows a dimension has.
---@field slowest fun(self, n: integer?): podtrace.Event[] The slowest events that were kept, slowest first, at most 20.
---@field failed fun(self, n: integer?): podtrace.Event[] The last failed events, latest first, at most 20.

--- A row of `tcp.service`.
---@class podtrace.tcp_service.Row: podtrace.TimedFigures
---@field key string The peer, path, process, target or value.

--- Answers on connections the target accepted: what the target itself took.
---@class podtrace.tcp_service: podtrace.TimedFigures
---@field kind "tcp.service" Its name.
---@field missing integer Operations that may be missing from the counts.
---@field top fun(self, dimension: string, n: integer?, by: string?): podtrace.tcp_service.Row[] The heaviest rows of a dimension (10 unless said otherwise), by time, else by quantity, else by count; or by a figure.
---@field key fun(self, dimension: string, key: string): podtrace.tcp_service.Row? The row of a key.
---@field other fun(self, dimension: string): podtrace.tcp_service.Row What has no row of its own; rows and `other` together are the whole.
---@field keys fun(self, dimension: string): integer How many rows a dimension has.
---@field slowest fun(self, n: integer?): podtrace.Event[] The slowest events that were kept, slowest first, at most 20.
---@field failed fun(self, n: integer?): podtrace.Event[] The last failed events, latest first, at most 20.

--- A row of `tcp.rtt`.
---@class podtrace.tcp_rtt.Row: podtrace.TimedFigures
---@field key string The peer, path, process, target or value.
---@field variance number Mean, in seconds: Mean deviation of the round-trip time, as the kernel keeps it.

--- Samples of the smoothed round-trip time that the kernel keeps per connection, taken when it changed. A peer that answers within 40 ms acknowledges with its answer, and what it took is in it: see tcp.rtt_min.
---@class podtrace.tcp_rtt: podtrace.TimedFigures
---@field kind "tcp.rtt" Its name.
---@field missing integer Operations that may be missing from the counts.
---@field variance number Mean, in seconds: Mean deviation of the round-trip time, as the kernel keeps it.
---@field top fun(self, dimension: string, n: integer?, by: string?): podtrace.tcp_rtt.Row[] The heaviest rows of a dimension (10 unless said otherwise), by time, else by quantity, else by count; or by a figure.
---@field key fun(self, dimension: string, key: string): podtrace.tcp_rtt.Row? The row of a key.
---@field other fun(self, dimension: string): podtrace.tcp_rtt.Row What has no row of its own; rows and `other` together are the whole.
---@field keys fun(self, dimension: string): integer How many rows a dimension has.
---@field slowest fun(self, n: integer?): podtrace.Event[] The slowest events that were kept, slowest first, at most 20.
---@field failed fun(self, n: integer?): podtrace.Event[] The last failed events, latest first, at most 20.

--- A row of `tcp.rtt_min`.
---@class podtrace.tcp_rtt_min.Row: podtrace.TimedFigures
---@field key string The peer, path, process, target or value.

--- The least round-trip time of the connection in the last five minutes, sampled with tcp.rtt: what the network itself takes.
---@class podtrace.tcp_rtt_min: podtrace.TimedFigures
---@field kind "tcp.rtt_min" Its name.
---@field missing integer Operations that may be missing from the counts.
---@field top fun(self, dimension: string, n: integer?, by: string?): podtrace.tcp_rtt_min.Row[] The heaviest rows of a dimension (10 unless said otherwise), by time, else by quantity, else by count; or by a figure.
---@field key fun(self, dimension: string, key: string): podtrace.tcp_rtt_min.Row? The row of a key.
---@field other fun(self, dimension: string): podtrace.tcp_rtt_min.Row What has no row of its own; rows and `other` together are the whole.
---@field keys fun(self, dimension: string): integer How many rows a dimension has.
---@field slowest fun(self, n: integer?): podtrace.Event[] The slowest events that were kept, slowest first, at most 20.
---@field failed fun(self, n: integer?): podtrace.Event[] The last failed events, latest first, at most 20.

--- A row of `tcp.unanswered`.
---@class podtrace.tcp_unanswered.Row: podtrace.TimedFigures
---@field key string The peer, path, process, target or value.

--- What peers did not answer. When the trace ended: connects, and requests for whose answer a thread was inside a receive, or a poll of that connection alone (`sched` finds the threads). When the connection ended, 100 ms after the last send or later: requests of more than 64 bytes, or that a thread was seen to wait for.
---@class podtrace.tcp_unanswered: podtrace.TimedFigures
---@field kind "tcp.unanswered" Its name.
---@field missing integer Operations that may be missing from the counts.
---@field top fun(self, dimension: string, n: integer?, by: string?): podtrace.tcp_unanswered.Row[] The heaviest rows of a dimension (10 unless said otherwise), by time, else by quantity, else by count; or by a figure.
---@field key fun(self, dimension: string, key: string): podtrace.tcp_unanswered.Row? The row of a key.
---@field other fun(self, dimension: string): podtrace.tcp_unanswered.Row What has no row of its own; rows and `other` together are the whole.
---@field keys fun(self, dimension: string): integer How many rows a dimension has.
---@field slowest fun(self, n: integer?): podtrace.Event[] The slowest events that were kept, slowest first, at most 20.
---@field failed fun(self, n: integer?): podtrace.Event[] The last failed events, latest first, at most 20.

--- A row of `tcp.silent`.
---@class podtrace.tcp_silent.Row: podtrace.TimedFigures
---@field key string The peer, path, process, target or value.

--- Connections the target opened that were silent when the trace ended: it had sent more than 64 bytes, received nothing since, and no thread was inside a receive. With epoll, a request that is owed an answer looks like this, and so does a connection over which nothing is answered. (64 bytes: what HTTP/2 sends by itself is less.)
---@class podtrace.tcp_silent: podtrace.TimedFigures
---@field kind "tcp.silent" Its name.
---@field missing integer Operations that may be missing from the counts.
---@field top fun(self, dimension: string, n: integer?, by: string?): podtrace.tcp_silent.Row[] The heaviest rows of a dimension (10 unless said otherwise), by time, else by quantity, else by count; or by a figure.
---@field key fun(self, dimension: string, key: string): podtrace.tcp_silent.Row? The row of a key.
---@field other fun(self, dimension: string): podtrace.tcp_silent.Row What has no row of its own; rows and `other` together are the whole.
---@field keys fun(self, dimension: string): integer How many rows a dimension has.
---@field slowest fun(self, n: integer?): podtrace.Event[] The slowest events that were kept, slowest first, at most 20.
---@field failed fun(self, n: integer?): podtrace.Event[] The last failed events, latest first, at most 20.

--- A row of `tcp.state`.
---@class podtrace.tcp_state.Row: podtrace.Figures
---@field key string The peer, path, process, target or value.

--- State transitions of the target's connections.
---@class podtrace.tcp_state: podtrace.Figures
---@field kind "tcp.state" Its name.
---@field missing integer Operations that may be missing from the counts.
---@field top fun(self, dimension: string, n: integer?, by: string?): podtrace.tcp_state.Row[] The heaviest rows of a dimension (10 unless said otherwise), by time, else by quantity, else by count; or by a figure.
---@field key fun(self, dimension: string, key: string): podtrace.tcp_state.Row? The row of a key.
---@field other fun(self, dimension: string): podtrace.tcp_state.Row What has no row of its own; rows and `other` together are the whole.
---@field keys fun(self, dimension: string): integer How many rows a dimension has.
---@field slowest fun(self, n: integer?): podtrace.Event[] The slowest events that were kept, slowest first, at most 20.
---@field failed fun(self, n: integer?): podtrace.Event[] The last failed events, latest first, at most 20.

--- A row of `tcp.reset`.
---@class podtrace.tcp_reset.Row: podtrace.Figures
---@field key string The peer, path, process, target or value.

--- Resets, received or sent. One that the kernel sends for a connection which it has forgotten is nobody's.
---@class podtrace.tcp_reset: podtrace.Figures
---@field kind "tcp.reset" Its name.
---@field missing integer Operations that may be missing from the counts.
---@field top fun(self, dimension: string, n: integer?, by: string?): podtrace.tcp_reset.Row[] The heaviest rows of a dimension (10 unless said otherwise), by time, else by quantity, else by count; or by a figure.
---@field key fun(self, dimension: string, key: string): podtrace.tcp_reset.Row? The row of a key.
---@field other fun(self, dimension: string): podtrace.tcp_reset.Row What has no row of its own; rows and `other` together are the whole.
---@field keys fun(self, dimension: string): integer How many rows a dimension has.
---@field slowest fun(self, n: integer?): podtrace.Event[] The slowest events that were kept, slowest first, at most 20.
---@field failed fun(self, n: integer?): podtrace.Event[] The last failed events, latest first, at most 20.

--- A row of `tcp.retransmit`.
---@class podtrace.tcp_retransmit.Row: podtrace.Figures
---@field key string The peer, path, process, target or value.

--- Segments sent again.
---@class podtrace.tcp_retransmit: podtrace.Figures
---@field kind "tcp.retransmit" Its name.
---@field missing integer Operations that may be missing from the counts.
---@field top fun(self, dimension: string, n: integer?, by: string?): podtrace.tcp_retransmit.Row[] The heaviest rows of a dimension (10 unless said otherwise), by time, else by quantity, else by count; or by a figure.
---@field key fun(self, dimension: string, key: string): podtrace.tcp_retransmit.Row? The row of a key.
---@field other fun(self, dimension: string): podtrace.tcp_retransmit.Row What has no row of its own; rows and `other` together are the whole.
---@field keys fun(self, dimension: string): integer How many rows a dimension has.
---@field slowest fun(self, n: integer?): podtrace.Event[] The slowest events that were kept, slowest first, at most 20.
---@field failed fun(self, n: integer?): podtrace.Event[] The last failed events, latest first, at most 20.

---@class podtrace.tcp
---@field connect podtrace.tcp_connect? Connections the target opened: time of the handshake, failures by errno.
---@field accept podtrace.tcp_accept? Connections the target accepted.
---@field send podtrace.tcp_send? Send operations that moved bytes or failed; one that would block is not an operation.
---@field recv podtrace.tcp_recv? Receive operations that moved bytes, met the end or failed. Waiting inside them is not counted as latency: see tcp.response and sched.offcpu.
---@field response podtrace.tcp_response? Answers on connections the target opened: what the peer and the network took.
---@field service podtrace.tcp_service? Answers on connections the target accepted: what the target itself took.
---@field rtt podtrace.tcp_rtt? Samples of the smoothed round-trip time that the kernel keeps per connection, taken when it changed. A peer that answers within 40 ms acknowledges with its answer, and what it took is in it: see tcp.rtt_min.
---@field rtt_min podtrace.tcp_rtt_min? The least round-trip time of the connection in the last five minutes, sampled with tcp.rtt: what the network itself takes.
---@field unanswered podtrace.tcp_unanswered? What peers did not answer. When the trace ended: connects, and requests for whose answer a thread was inside a receive, or a poll of that connection alone (`sched` finds the threads). When the connection ended, 100 ms after the last send or later: requests of more than 64 bytes, or that a thread was seen to wait for.
---@field silent podtrace.tcp_silent? Connections the target opened that were silent when the trace ended: it had sent more than 64 bytes, received nothing since, and no thread was inside a receive. With epoll, a request that is owed an answer looks like this, and so does a connection over which nothing is answered. (64 bytes: what HTTP/2 sends by itself is less.)
---@field state podtrace.tcp_state? State transitions of the target's connections.
---@field reset podtrace.tcp_reset? Resets, received or sent. One that the kernel sends for a connection which it has forgotten is nobody's.
---@field retransmit podtrace.tcp_retransmit? Segments sent again.
