//! What can happen, described once.
//!
//! A [`Kind`] is declared by its family ([`crate::families`]); names, units and sentences in reports, JSON, CSV, lists
//! and docs derive from that declaration. No consumer switches over kinds.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::Serialize;

/// The number of a kind on the wire: a block of 16 per family, from the family's wire header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct KindId(pub u8);

/// One past the highest [`KindId`] there can be.
pub const KIND_IDS: usize = 128;

/// A named sort of thing, `family.what`.
pub struct Kind {
    /// The number it has on the wire.
    pub id: KindId,
    /// The public name, e.g. `tcp.connect`.
    pub name: &'static str,
    /// One sentence: what is counted.
    pub about: &'static str,
    /// What the duration and the histogram measure; `None` if the kind has no duration.
    pub duration: Option<&'static str>,
    /// Whether its durations are time somebody waited for, so that their sum says where the time went. False for
    /// samples (a round-trip time) and for what the target itself took to answer.
    pub waits: bool,
    /// What [`crate::event::TallyDelta::amount`] sums up; `None` if nothing.
    pub amount: Option<Quantity>,
    /// What the object of its tallies and events is.
    pub object: ObjectKind,
    /// The small dimension, if it has one.
    pub by: Option<Dimension>,
    /// What [`crate::event::Event::aux`] holds, if anything.
    pub aux: Option<Quantity>,
    /// The name of an error number: [`errno_name`] for most.
    pub error: fn(u16) -> Cow<'static, str>,
}

/// The name of an errno, e.g. `ECONNREFUSED`.
pub fn errno_name(errno: u16) -> Cow<'static, str> {
    match (errno, nix::errno::Errno::from_raw(i32::from(errno))) {
        (0, _) => "other".into(),
        (super::ABANDONED, _) => "abandoned".into(),
        (_, nix::errno::Errno::UnknownErrno) => format!("errno {errno}").into(),
        (_, known) => format!("{known:?}").into(),
    }
}

impl Kind {
    /// The family part of the name: `tcp` of `tcp.connect`.
    pub fn family(&self) -> &'static str {
        self.name.split_once('.').map_or(self.name, |(family, _)| family)
    }
}

impl fmt::Debug for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Kind({} {})", self.id.0, self.name)
    }
}

/// What the object of a kind is, and so the name of its dimension in reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ObjectKind {
    /// The kind has no object.
    None,
    /// A network peer; dimension `peer`.
    Peer,
    /// A file's path; dimension `path`.
    Path,
}

impl ObjectKind {
    /// The name of the dimension in `top`.
    pub fn dimension(self) -> Option<&'static str> {
        match self {
            Self::None => None,
            Self::Peer => Some("peer"),
            Self::Path => Some("path"),
        }
    }
}

/// A number with a name and a unit.
#[derive(Clone, Copy, Debug)]
pub struct Quantity {
    /// Its name in outputs, without the unit: `bytes`, `variance`, `cpu`.
    pub name: &'static str,
    /// Its unit inside; outputs convert nanoseconds to seconds and append `_seconds` to the name.
    pub unit: Unit,
    /// One sentence.
    pub about: &'static str,
}

/// A unit of a [`Quantity`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Bytes.
    Bytes,
    /// Nanoseconds inside, seconds in outputs.
    Nanoseconds,
    /// A plain number.
    Count,
}

/// A dimension of few values that the kernel encodes in one byte.
#[derive(Debug)]
pub struct Dimension {
    /// Its name in outputs: `reason`, `direction`, `transition`.
    pub name: &'static str,
    /// One sentence.
    pub about: &'static str,
    /// The words for a value, e.g. `disk`.
    pub label: fn(u8) -> Cow<'static, str>,
    /// Whether a value is no cause of slowness: time spent waiting for work, or shown in another place.
    /// [`never_idle`] for most.
    pub idle: fn(u8) -> bool,
}

/// For dimensions of which every value counts.
pub fn never_idle(_: u8) -> bool {
    false
}
