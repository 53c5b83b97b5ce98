//! What can be wrong with a recording, on the way in and on the way out.

use std::io;
use std::sync::Arc;

use super::BATCH_BYTES_MAX;
use super::FORMAT;
use super::FRAME_BYTES_MAX;

/// Why a recording cannot be read, or not to its end. Items read before the error are good.
#[derive(Debug, thiserror::Error)]
pub enum RecordingError {
    /// The first bytes are not those of a recording.
    #[error("not a recording: expected a file that `podtrace record` wrote, which begins with `PODTRACE`")]
    NotARecording,
    /// Written by a version that came later.
    #[error(
        "the recording has format {found}{}, this is podtrace {} and reads formats up to {FORMAT}: replay it with the \
         version that wrote it, or a newer one",
        .podtrace.as_ref().map(|version| format!(" (written by podtrace {version})")).unwrap_or_default(),
        env!("CARGO_PKG_VERSION")
    )]
    NewerFormat {
        /// The file's format.
        found: u32,
        /// The version that wrote it, where it could be read.
        podtrace: Option<String>,
    },
    /// It stops before its ending: podtrace was killed, or could write no more.
    #[error(
        "the recording is cut off at byte {offset}, after {items} items ({}): podtrace was killed or could not write \
         on; what came before is complete",
        if *.inside_frame { "in the middle of a frame" } else { "its ending is missing" }
    )]
    CutOff {
        /// Where the file ends.
        offset: u64,
        /// Items read before it.
        items: u64,
        /// Whether it ends inside a frame.
        inside_frame: bool,
    },
    /// Its bytes are not those that were written.
    #[error("the recording is damaged at byte {offset}, after {items} items: {damage}; what came before is good")]
    Damaged {
        /// Where the damaged frame begins.
        offset: u64,
        /// Items read before it.
        items: u64,
        /// What is wrong.
        damage: Damage,
    },
    /// The file could not be read.
    #[error("cannot read the recording at byte {offset}, after {items} items: {error}")]
    Read {
        /// Where it happened.
        offset: u64,
        /// Items read before it.
        items: u64,
        /// Why.
        error: io::Error,
    },
}

/// What is wrong with a frame.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// The format's number is one that never was.
    #[error("there is no format {0}, formats count from 1")]
    Format(u32),
    /// The checksum does not fit the bytes.
    #[error("the checksum does not match: bytes were changed, or a frame is missing")]
    Checksum,
    /// The frame says it is longer than any frame may be.
    #[error("a frame of {0} bytes, expected at most {FRAME_BYTES_MAX}")]
    FrameTooLong(u32),
    /// A type that this format does not have.
    #[error("a frame of type {0}, expected 1 (session), 2 (items) or 3 (ending)")]
    UnknownFrame(u8),
    /// The first frame is not the session.
    #[error("the first frame is not the session")]
    NoSession,
    /// A second session.
    #[error("a second session, expected one at the start")]
    SecondSession,
    /// The session cannot be understood.
    #[error("the session cannot be understood: {0}")]
    Session(String),
    /// The items cannot be decompressed.
    #[error("the items cannot be decompressed: {0}")]
    Compression(String),
    /// The items take more room than a frame may.
    #[error("a frame whose items take over {BATCH_BYTES_MAX} bytes")]
    BatchTooLong,
    /// An item cannot be understood.
    #[error("an item cannot be understood: {0}")]
    Item(postcard::Error),
    /// The ending cannot be understood.
    #[error("the ending cannot be understood: {0}")]
    Ending(String),
    /// Something follows the ending.
    #[error("the file goes on after the recording's ending")]
    BytesAfterEnding,
}

/// Why a recording could not be written on. The trace itself is not concerned.
#[derive(Clone, Debug, thiserror::Error)]
pub enum WriteError {
    /// The file could not be written.
    #[error("the recording stops after {items} items ({bytes} bytes): {error}; {}", advice(.error.kind()))]
    Write {
        /// Items that are in the file and can be replayed.
        items: u64,
        /// Bytes of the file that are good.
        bytes: u64,
        /// Why.
        error: Arc<io::Error>,
    },
    /// One item or the session is larger than the format allows.
    #[error(
        "the recording stops after {items} items ({bytes} bytes): {what} of {size} bytes is more than the {limit} that \
         the format allows; trace fewer targets or families"
    )]
    TooLarge {
        /// Items that are in the file and can be replayed.
        items: u64,
        /// Bytes of the file that are good.
        bytes: u64,
        /// What is too large.
        what: &'static str,
        /// Its size in bytes.
        size: usize,
        /// The limit in bytes.
        limit: usize,
    },
    /// Something could not be encoded, which is a mistake in podtrace.
    #[error(
        "the recording stops after {items} items ({bytes} bytes): cannot encode {what}: {reason}; please report it"
    )]
    Encode {
        /// Items that are in the file and can be replayed.
        items: u64,
        /// Bytes of the file that are good.
        bytes: u64,
        /// What could not be encoded.
        what: &'static str,
        /// Why.
        reason: String,
    },
}

impl WriteError {
    /// How many items are in the file and can be replayed.
    pub fn items(&self) -> u64 {
        match self {
            Self::Write { items, .. } | Self::TooLarge { items, .. } | Self::Encode { items, .. } => *items,
        }
    }
}

/// What to do about it.
fn advice(kind: io::ErrorKind) -> &'static str {
    match kind {
        io::ErrorKind::StorageFull => "free space on that file system, or record to another one",
        io::ErrorKind::QuotaExceeded => "raise the quota, or record to another file system",
        io::ErrorKind::FileTooLarge => "raise the limit on file sizes (`ulimit -f`), or record for a shorter time",
        io::ErrorKind::BrokenPipe => "whoever read the recording went away; record to a file",
        _ => "check that the file can still be written, or record to another file system",
    }
}
