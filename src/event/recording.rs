//! Recordings: a session, its items and its ending in a file.
//!
//! A recording holds all that a report is made from, so that replaying it gives the bytes of the live report. It is
//! written while the trace runs and loses at most the tick under way when podtrace is killed. What is read from it
//! counts as untrusted: any bytes give items or an error, never a panic, and no length in a file decides alone how much
//! memory is taken. Nothing here opens files or knows which kinds exist; what numbers of kinds mean to another version
//! is settled by [`KindMap`].
//!
//! ```text
//! file   = "PODTRACE", version: u32, frame*
//! frame  = length of the payload: u32, type: u8, checksum: u32, payload        (integers are little-endian)
//!          type 1: the session, JSON       exactly one, first
//!          type 2: items, postcard in zstd any number; about 64 KiB before compression, or what came in one tick
//!          type 3: the ending, JSON        exactly one, last: a file without it is cut off
//! ```
//!
//! A checksum covers the one before it (the first: the 12 bytes of the header), length, type and payload. So a frame
//! that was changed, left out, repeated or moved is noticed.
//!
//! Item layouts belong to the format: a change of anything an [`Item`](super::Item) holds, other than a variant added at
//! the end of an enum, needs a new [`FORMAT`] and a reader that still takes the old one (`tests/recordings/` has one file
//! of each).
//! Format 2 adds to format 1 definitions of targets and names of peers, incidents and features; it is read the same way.
//! Frame layout and the session's JSON stay as they are in all formats, so that any version can say who wrote a file.

mod checksum;
mod error;
mod frame;
mod reader;
mod remap;
mod writer;

#[cfg(test)]
mod tests;

pub use error::Damage;
pub use error::RecordingError;
pub use error::WriteError;
pub use reader::Reader;
pub use remap::Dropped;
pub use remap::KindMap;
pub use writer::Writer;

/// The format this version writes, and the newest it reads.
pub const FORMAT: u32 = 2;

/// The longest payload of a frame, in bytes. A tick of a hundred thousand tallies stays below a quarter of it.
pub const FRAME_BYTES_MAX: usize = 16 << 20;

/// The most a frame's items may take before compression, in bytes.
pub const BATCH_BYTES_MAX: usize = 64 << 20;
