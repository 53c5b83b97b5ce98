---@meta

-- For editors that understand LuaCATS; nothing here can be required. Made from the kinds: `podtrace rules stubs lua/meta`.

--- A row of `file.open`.
---@class podtrace.file_open.Row: podtrace.TimedFigures
---@field key string The peer, path, process, target or value.

--- open, openat, openat2, creat of a file, directory or device; failures under the path as it was given.
---@class podtrace.file_open: podtrace.TimedFigures
---@field kind "file.open" Its name.
---@field missing integer Operations that may be missing from the counts.
---@field top fun(self, dimension: string, n: integer?, by: string?): podtrace.file_open.Row[] The heaviest rows of a dimension (10 unless said otherwise), by time, else by quantity, else by count; or by a figure.
---@field key fun(self, dimension: string, key: string): podtrace.file_open.Row? The row of a key.
---@field other fun(self, dimension: string): podtrace.file_open.Row What has no row of its own; rows and `other` together are the whole.
---@field keys fun(self, dimension: string): integer How many rows a dimension has.
---@field slowest fun(self, n: integer?): podtrace.Event[] The slowest events that were kept, slowest first, at most 20.
---@field failed fun(self, n: integer?): podtrace.Event[] The last failed events, latest first, at most 20.

--- A row of `file.close`.
---@class podtrace.file_close.Row: podtrace.TimedFigures
---@field key string The peer, path, process, target or value.

--- close of a file, directory or device.
---@class podtrace.file_close: podtrace.TimedFigures
---@field kind "file.close" Its name.
---@field missing integer Operations that may be missing from the counts.
---@field top fun(self, dimension: string, n: integer?, by: string?): podtrace.file_close.Row[] The heaviest rows of a dimension (10 unless said otherwise), by time, else by quantity, else by count; or by a figure.
---@field key fun(self, dimension: string, key: string): podtrace.file_close.Row? The row of a key.
---@field other fun(self, dimension: string): podtrace.file_close.Row What has no row of its own; rows and `other` together are the whole.
---@field keys fun(self, dimension: string): integer How many rows a dimension has.
---@field slowest fun(self, n: integer?): podtrace.Event[] The slowest events that were kept, slowest first, at most 20.
---@field failed fun(self, n: integer?): podtrace.Event[] The last failed events, latest first, at most 20.

--- A row of `file.read`.
---@class podtrace.file_read.Row: podtrace.TimedFigures
---@field key string The peer, path, process, target or value.
---@field bytes number Sum: Bytes moved.
---@field throughput number Bytes a second.

--- read, pread64, readv, preadv, preadv2, and the file side of sendfile, splice and copy_file_range. Reads through mmap and io_uring are not seen.
---@class podtrace.file_read: podtrace.TimedFigures
---@field kind "file.read" Its name.
---@field missing integer Operations that may be missing from the counts.
---@field bytes number Sum: Bytes moved.
---@field throughput number Bytes a second.
---@field top fun(self, dimension: string, n: integer?, by: string?): podtrace.file_read.Row[] The heaviest rows of a dimension (10 unless said otherwise), by time, else by quantity, else by count; or by a figure.
---@field key fun(self, dimension: string, key: string): podtrace.file_read.Row? The row of a key.
---@field other fun(self, dimension: string): podtrace.file_read.Row What has no row of its own; rows and `other` together are the whole.
---@field keys fun(self, dimension: string): integer How many rows a dimension has.
---@field slowest fun(self, n: integer?): podtrace.Event[] The slowest events that were kept, slowest first, at most 20.
---@field failed fun(self, n: integer?): podtrace.Event[] The last failed events, latest first, at most 20.

--- A row of `file.write`.
---@class podtrace.file_write.Row: podtrace.TimedFigures
---@field key string The peer, path, process, target or value.
---@field bytes number Sum: Bytes moved.
---@field throughput number Bytes a second.

--- write, pwrite64, writev, pwritev, pwritev2, and the file side of sendfile, splice and copy_file_range. Writes through mmap and io_uring are not seen.
---@class podtrace.file_write: podtrace.TimedFigures
---@field kind "file.write" Its name.
---@field missing integer Operations that may be missing from the counts.
---@field bytes number Sum: Bytes moved.
---@field throughput number Bytes a second.
---@field top fun(self, dimension: string, n: integer?, by: string?): podtrace.file_write.Row[] The heaviest rows of a dimension (10 unless said otherwise), by time, else by quantity, else by count; or by a figure.
---@field key fun(self, dimension: string, key: string): podtrace.file_write.Row? The row of a key.
---@field other fun(self, dimension: string): podtrace.file_write.Row What has no row of its own; rows and `other` together are the whole.
---@field keys fun(self, dimension: string): integer How many rows a dimension has.
---@field slowest fun(self, n: integer?): podtrace.Event[] The slowest events that were kept, slowest first, at most 20.
---@field failed fun(self, n: integer?): podtrace.Event[] The last failed events, latest first, at most 20.

--- A row of `file.fsync`.
---@class podtrace.file_fsync.Row: podtrace.TimedFigures
---@field key string The peer, path, process, target or value.

--- fsync, fdatasync and sync_file_range.
---@class podtrace.file_fsync: podtrace.TimedFigures
---@field kind "file.fsync" Its name.
---@field missing integer Operations that may be missing from the counts.
---@field top fun(self, dimension: string, n: integer?, by: string?): podtrace.file_fsync.Row[] The heaviest rows of a dimension (10 unless said otherwise), by time, else by quantity, else by count; or by a figure.
---@field key fun(self, dimension: string, key: string): podtrace.file_fsync.Row? The row of a key.
---@field other fun(self, dimension: string): podtrace.file_fsync.Row What has no row of its own; rows and `other` together are the whole.
---@field keys fun(self, dimension: string): integer How many rows a dimension has.
---@field slowest fun(self, n: integer?): podtrace.Event[] The slowest events that were kept, slowest first, at most 20.
---@field failed fun(self, n: integer?): podtrace.Event[] The last failed events, latest first, at most 20.

--- A row of `file.truncate`.
---@class podtrace.file_truncate.Row: podtrace.TimedFigures
---@field key string The peer, path, process, target or value.

--- truncate and ftruncate.
---@class podtrace.file_truncate: podtrace.TimedFigures
---@field kind "file.truncate" Its name.
---@field missing integer Operations that may be missing from the counts.
---@field top fun(self, dimension: string, n: integer?, by: string?): podtrace.file_truncate.Row[] The heaviest rows of a dimension (10 unless said otherwise), by time, else by quantity, else by count; or by a figure.
---@field key fun(self, dimension: string, key: string): podtrace.file_truncate.Row? The row of a key.
---@field other fun(self, dimension: string): podtrace.file_truncate.Row What has no row of its own; rows and `other` together are the whole.
---@field keys fun(self, dimension: string): integer How many rows a dimension has.
---@field slowest fun(self, n: integer?): podtrace.Event[] The slowest events that were kept, slowest first, at most 20.
---@field failed fun(self, n: integer?): podtrace.Event[] The last failed events, latest first, at most 20.

---@class podtrace.file
---@field open podtrace.file_open? open, openat, openat2, creat of a file, directory or device; failures under the path as it was given.
---@field close podtrace.file_close? close of a file, directory or device.
---@field read podtrace.file_read? read, pread64, readv, preadv, preadv2, and the file side of sendfile, splice and copy_file_range. Reads through mmap and io_uring are not seen.
---@field write podtrace.file_write? write, pwrite64, writev, pwritev, pwritev2, and the file side of sendfile, splice and copy_file_range. Writes through mmap and io_uring are not seen.
---@field fsync podtrace.file_fsync? fsync, fdatasync and sync_file_range.
---@field truncate podtrace.file_truncate? truncate and ftruncate.
