//! What did not arrive, and why.

use serde::Deserialize;
use serde::Serialize;

use super::kind::KindId;

/// Events or details of one kind lost for one cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Loss {
    /// The kind, or `None` if it is not known which.
    pub kind: Option<KindId>,
    /// Why.
    pub cause: LossCause,
    /// How many.
    pub count: u64,
}

/// Why something was lost. What is lost is said with each cause; tallies are exact unless a cause says otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum LossCause {
    /// The ring was full: an event (not its count) is missing.
    RingFull,
    /// A table of tallies was full: the operation is counted for its kind, without process and object.
    TallyFull,
    /// A table of processes was full: a whole process went untraced.
    ProcessTableFull,
    /// A table of connections was full: operations on a connection were counted without their peer.
    ConnectionTableFull,
    /// State of an operation could not be kept: the operation is missing from its tally.
    StateLost,
    /// Memory of the target could not be read: a name or address is missing.
    Unreadable,
    /// A definition could not be sent: its operations show without a name.
    DefinitionLost,
    /// A path was too deep: it shows without its beginning.
    PathTruncated,
    /// A 32-bit program's system calls are not decoded: they are missing.
    CompatSyscall,
    /// An io_uring request: the operation behind it is not seen.
    IoUring,
    /// The kernel did not run a probe, because it was already running on that CPU (for whose operation is not known), or
    /// did not show a switch to a thread: operations may be missing.
    ProbeSkipped,
    /// The tracer itself fell behind and dropped it.
    Overload,
}

impl LossCause {
    /// All causes, in the order they are listed.
    pub const ALL: [Self; 12] = [
        Self::RingFull,
        Self::TallyFull,
        Self::ProcessTableFull,
        Self::ConnectionTableFull,
        Self::StateLost,
        Self::Unreadable,
        Self::DefinitionLost,
        Self::PathTruncated,
        Self::CompatSyscall,
        Self::IoUring,
        Self::ProbeSkipped,
        Self::Overload,
    ];

    /// Its name in outputs.
    pub fn name(self) -> &'static str {
        match self {
            Self::RingFull => "ring_full",
            Self::TallyFull => "tally_full",
            Self::ProcessTableFull => "process_table_full",
            Self::ConnectionTableFull => "connection_table_full",
            Self::StateLost => "state_lost",
            Self::Unreadable => "unreadable",
            Self::DefinitionLost => "definition_lost",
            Self::PathTruncated => "path_truncated",
            Self::CompatSyscall => "compat_syscall",
            Self::IoUring => "io_uring",
            Self::ProbeSkipped => "probe_skipped",
            Self::Overload => "overload",
        }
    }

    /// Whether operations are missing from counts because of it, and not only events, names or places.
    pub fn misses_operations(self) -> bool {
        match self {
            Self::RingFull
            | Self::TallyFull
            | Self::ConnectionTableFull
            | Self::Unreadable
            | Self::DefinitionLost
            | Self::PathTruncated => false,
            Self::ProcessTableFull
            | Self::StateLost
            | Self::CompatSyscall
            | Self::IoUring
            | Self::ProbeSkipped
            | Self::Overload => true,
        }
    }

    /// One sentence for people: what is missing because of it.
    pub fn about(self) -> &'static str {
        match self {
            Self::RingFull => "the ring was full: single events are missing, counts are exact",
            Self::TallyFull => "the table of tallies was full: counted per kind, without process and object",
            Self::ProcessTableFull => "the table of processes was full: whole processes went untraced",
            Self::ConnectionTableFull => "the table of connections was full: counted without the peer",
            Self::StateLost => "the state of an operation could not be kept: the operation is not counted",
            Self::Unreadable => "memory of the target was not readable: a name or address is missing",
            Self::DefinitionLost => "a name could not be sent: figures show without it",
            Self::PathTruncated => "a path was too deep: it shows without its beginning",
            Self::CompatSyscall => "system calls of 32-bit programs are not decoded: not counted",
            Self::IoUring => "io_uring requests: the operations behind them are not seen",
            Self::ProbeSkipped => "the kernel did not run a probe, or did not show a switch: operations may be missing",
            Self::Overload => "podtrace fell behind and dropped it",
        }
    }
}
