//! What the numbers in tallies and events stand for. Sent once, referred to by id.

use std::net::IpAddr;

use serde::Deserialize;
use serde::Serialize;

use super::PeerName;
use super::session::Target;

/// One life of one program image in one process: a fork and an exec each begin a new one, so that figures before an
/// exec stay with the shell and those after it with the command. Never reused within a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ProcessId(pub u32);

impl ProcessId {
    /// No process could be named: tallies that found no room of their own, events outside any process.
    pub const UNKNOWN: Self = Self(0);
}

/// A path or a peer: a 64-bit hash of what identifies it in the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ObjectId(pub u64);

impl ObjectId {
    /// The kind has no object, or it could not be told.
    pub const NONE: Self = Self(0);
    /// Everything that found no room in the kernel's tables; totals stay exact, only the name is lost.
    pub const OTHER: Self = Self(1);
}

/// Names something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Definition {
    /// A process life.
    Process(Process),
    /// A file's path.
    Path(PathObject),
    /// A network peer.
    Peer(PeerObject),
    /// A target that came after the trace began, or more about one: it takes the place of what was said of it before. As
    /// JSON, as in the session, so that what is said of targets may grow without a new format.
    #[serde(with = "as_json")]
    Target(Box<Target>),
    /// What a network peer is called in its cluster.
    PeerName(Box<PeerName>),
}

/// A value as the text of its JSON.
mod as_json {
    use serde::Deserialize;
    use serde::Deserializer;
    use serde::Serialize;
    use serde::Serializer;
    use serde::de::DeserializeOwned;

    pub(super) fn serialize<T: Serialize, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
        let text = serde_json::to_string(value).map_err(serde::ser::Error::custom)?;
        serializer.serialize_str(&text)
    }

    pub(super) fn deserialize<'de, T: DeserializeOwned, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
        let text = String::deserialize(deserializer)?;
        serde_json::from_str(&text).map_err(serde::de::Error::custom)
    }
}

/// One life of one program image in one process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Process {
    /// The number tallies and events use.
    pub id: ProcessId,
    /// The target's index: see [`Target::index`].
    pub target: u16,
    /// The process id, as the host numbers it.
    pub pid: u32,
    /// The parent's process id, as the host numbers it.
    pub parent_pid: u32,
    /// The process id as the process itself sees it (its own pid namespace).
    pub namespace_pid: u32,
    /// The kernel's short name, at most 15 bytes.
    pub comm: String,
    /// When this life began, in nanoseconds since the trace started; `None` if it was already running.
    pub began_ns: Option<i64>,
    /// How it began.
    pub origin: Origin,
    /// The executed file as the caller named it, for [`Origin::Exec`].
    pub executable: Option<String>,
    /// The head of the argument vector, for [`Origin::Exec`].
    pub arguments: Vec<String>,
    /// The argument vector was longer than what was read.
    pub arguments_truncated: bool,
}

/// How a process life began.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Origin {
    /// It was running when the trace began, or was moved into the target.
    Seed,
    /// Forked by a process of the target.
    Fork,
    /// It executed a new program.
    Exec,
}

/// A file's path as the target sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PathObject {
    /// The number tallies and events use.
    pub id: ObjectId,
    /// The path from the target's root; lossy where it is not UTF-8.
    pub path: String,
    /// The name was already unlinked when the file was first seen.
    pub deleted: bool,
    /// The path was too long to be read whole: `path` has `...` for what is missing, at its begin or end.
    pub truncated: bool,
}

/// Which side opened the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Side {
    /// The target called connect (or sends datagrams to the peer).
    Client,
    /// The target accepted: the peer's port is short-lived and left out, `port` is the target's own.
    Server,
}

/// A network peer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeerObject {
    /// The number tallies and events use.
    pub id: ObjectId,
    /// The peer's address; `None` for a datagram socket whose peer the program did not ask for.
    pub address: Option<IpAddr>,
    /// The peer's port for [`Side::Client`], the target's own for [`Side::Server`].
    pub port: u16,
    /// Who opened the connection.
    pub side: Side,
}

impl PeerObject {
    /// How the peer is written everywhere: `10.0.0.7:5432`, `[::1]:80`, and `10.0.0.7->:8080` for one that came to the
    /// target's own port 8080.
    pub fn label(&self) -> String {
        match (self.address, self.side) {
            (Some(IpAddr::V4(address)), Side::Client) => format!("{address}:{}", self.port),
            (Some(IpAddr::V6(address)), Side::Client) => format!("[{address}]:{}", self.port),
            (Some(address), Side::Server) => format!("{address}->:{}", self.port),
            (None, _) => format!("*->:{}", self.port),
        }
    }
}
