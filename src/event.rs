//! The words every later stage speaks: kinds, tallies, events, definitions.
//!
//! Nothing here knows the kernel, a profile or a report. A *source* (the kernel or a recording) turns what happened
//! into a sequence of [`Item`]s; everything to the right of it consumes items and nothing else, which is why the live
//! report and the replayed one are the same bytes.

pub mod cluster;
pub mod completeness;
pub mod definition;
#[cfg(test)]
pub mod example;
pub mod histogram;
pub mod kind;
pub mod recording;
pub mod session;
pub mod severity;
pub mod tally;
pub mod unit;

use serde::Deserialize;
use serde::Serialize;
use session::PlannedFeature;

pub use cluster::Incident;
pub use cluster::PeerKind;
pub use cluster::PeerName;
pub use completeness::Loss;
pub use completeness::LossCause;
pub use definition::Definition;
pub use definition::ObjectId;
pub use definition::PathObject;
pub use definition::PeerObject;
pub use definition::Process;
pub use definition::ProcessId;
pub use histogram::Histogram;
pub use kind::Kind;
pub use kind::KindId;
pub use session::Ending;
pub use session::Session;
pub use severity::Severity;
pub use tally::ErrorCount;
pub use tally::TallyDelta;
pub use tally::TallyKey;

/// One thing of one kind at one time, kept individually.
///
/// The fields are those every kind has; what a kind means by `detail` and `aux` is declared with the kind
/// ([`Kind::by`], [`Kind::aux`]).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// What happened.
    pub kind: KindId,
    /// When it began, in nanoseconds since the trace started (may be negative: begun before).
    pub at_ns: i64,
    /// How long it took, in nanoseconds; 0 for kinds without a duration.
    pub duration_ns: u64,
    /// The life of the process it happened in; [`ProcessId::UNKNOWN`] if none could be named.
    pub process: ProcessId,
    /// The thread, as the host numbers it; 0 where it is not known.
    pub thread: u32,
    /// The peer or path concerned; [`ObjectId::NONE`] where the kind has none.
    pub object: ObjectId,
    /// The kind's small dimension, e.g. the reason of an off-CPU period ([`Kind::by`]).
    pub detail: u8,
    /// Bytes moved (or another result, by kind) when 0 or more; a negated errno, or [`ABANDONED`], below 0.
    pub result: i64,
    /// A further number, by kind ([`Kind::aux`]).
    pub aux: u64,
}

/// The "errno" of an operation its own caller gave up before the kernel had an answer (e.g. a socket closed while its
/// connect was under way). Outside of the kernel's errno range (1 to 4095).
pub const ABANDONED: u16 = 4096;

/// What a source hands over, in order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Item {
    /// Names something that later tallies and events refer to by number. Comes before its first use, unless it was lost.
    Definition(Definition),
    /// One notable thing.
    Event(Event),
    /// What was counted since the last tick. Closes the tick at [`Tick::at_ns`].
    Tick(Tick),
    /// What the cluster says happened to a traced pod.
    Incident(Box<Incident>),
    /// A feature turned out to be other than was known before: takes the place of what was said of it.
    Feature(PlannedFeature),
}

/// What the kernel counted during one tick.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Tick {
    /// When the tick ended, in nanoseconds since the trace started.
    pub at_ns: i64,
    /// What was added to each tally that changed.
    pub tallies: Vec<TallyDelta>,
    /// What was lost since the last tick, by kind and cause; only what is not zero.
    pub losses: Vec<Loss>,
    /// Events the kernel sent since the last tick, by kind; only what is not zero.
    pub sent: Vec<(KindId, u64)>,
}
