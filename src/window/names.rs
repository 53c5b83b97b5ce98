//! What numbers stand for: processes, paths, peers.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use super::PeerNames;
use crate::event::Definition;
use crate::event::Event;
use crate::event::ObjectId;
use crate::event::PathObject;
use crate::event::Process;
use crate::event::ProcessId;
use crate::event::Session;
use crate::event::session::Target;

/// Process lives that are remembered before those that nothing refers to are forgotten.
const PROCESSES_MAX: usize = 16_384;

/// Paths and peers that are remembered before those that nothing refers to are forgotten.
const OBJECTS_MAX: usize = 65_536;

/// Targets that are remembered: a day of a node's restarts. Whoever follows targets keeps within it and says what finds no
/// room; this is for recordings.
const TARGETS_MAX: usize = 16_384;

/// The words for what has no name: its definition was lost, or it could not be told.
pub const UNKNOWN: &str = "unknown";

/// The words for what has no room of its own.
pub const OTHER: &str = "other";

/// What numbers stand for. Bounded: the owner tells what is still in use ([`Self::end_tick`]).
#[derive(Clone, Debug, Default)]
pub struct Names {
    processes: BTreeMap<ProcessId, Process>,
    /// The label and the generation it came in.
    objects: BTreeMap<ObjectId, (String, u64)>,
    peers: PeerNames,
    ends: BTreeMap<ProcessId, End>,
    targets: BTreeMap<u16, Target>,
    generation: u64,
    processes_high: usize,
    objects_high: usize,
}

impl Names {
    /// The names that a session begins with: its targets.
    pub fn new(session: &Session) -> Self {
        Self {
            targets: session.targets.iter().map(|target| (target.index, target.clone())).collect(),
            processes_high: PROCESSES_MAX,
            objects_high: OBJECTS_MAX,
            ..Self::default()
        }
    }

    /// Remembers a name.
    pub fn define(&mut self, definition: &Definition) {
        match definition {
            Definition::Process(process) => {
                self.processes.insert(process.id, process.clone());
            }
            Definition::Path(path) => {
                self.objects.insert(path.id, (path_label(path), self.generation));
            }
            Definition::Peer(peer) => {
                self.objects.insert(peer.id, (peer.label(), self.generation));
            }
            Definition::PeerName(name) => {
                if let Some((label, _)) = self.objects.get(&name.object) {
                    self.peers.define(label, name);
                }
            }
            Definition::Target(target) => {
                if self.targets.len() < TARGETS_MAX || self.targets.contains_key(&target.index) {
                    self.targets.insert(target.index, (**target).clone());
                }
            }
        }
    }

    /// Remembers how a known process life ended.
    pub(super) fn end(&mut self, event: &Event) {
        if self.processes.contains_key(&event.process) {
            let status = u16::try_from(event.result.min(0).unsigned_abs()).unwrap_or(0);
            self.ends.insert(event.process, End { at_ns: event.at_ns, status });
        }
    }

    /// How a process life ended, if it did and was seen to.
    pub fn ending(&self, id: ProcessId) -> Option<End> {
        self.ends.get(&id).copied()
    }

    /// A process life.
    pub fn process(&self, id: ProcessId) -> Option<&Process> {
        self.processes.get(&id)
    }

    /// Every process life, in the order of their numbers.
    pub fn processes(&self) -> impl Iterator<Item = &Process> {
        self.processes.values()
    }

    /// `COMM[PID]`, the pid as the host numbers it.
    pub fn process_label(&self, id: ProcessId) -> String {
        self.process(id).map_or_else(|| UNKNOWN.to_owned(), |process| format!("{}[{}]", process.comm, process.pid))
    }

    /// A path, or a peer as [`crate::event::PeerObject::label`] writes it.
    pub fn object_label(&self, id: ObjectId) -> String {
        match id {
            ObjectId::OTHER => OTHER.to_owned(),
            _ => self.objects.get(&id).map_or_else(|| UNKNOWN.to_owned(), |(label, _)| label.clone()),
        }
    }

    /// What peers are called in their cluster.
    pub fn peers(&self) -> &PeerNames {
        &self.peers
    }

    /// The index of the target a process belongs to. With a single target everything belongs to it, named or not.
    pub fn target(&self, id: ProcessId) -> Option<u16> {
        match self.targets.keys().next() {
            Some(only) if self.targets.len() == 1 => Some(*only),
            _ => self.process(id).map(|process| process.target),
        }
    }

    /// The name of a target.
    pub fn target_label(&self, index: Option<u16>) -> String {
        let known = index.and_then(|index| self.targets.get(&index));
        known.map_or_else(|| UNKNOWN.to_owned(), |target| target.name.clone())
    }

    /// Every target as it was last told, by its index.
    pub fn targets(&self) -> impl Iterator<Item = &Target> {
        self.targets.values()
    }

    /// Notes that an event refers to what it does, as far as that has a name.
    pub fn note_use(&self, event: &Event, used: &mut InUse) {
        if self.objects.contains_key(&event.object) {
            used.objects.insert(event.object);
        }
        if self.processes.contains_key(&event.process) {
            used.processes.insert(event.process);
        }
    }

    /// Ends a tick. If there are too many names, forgets those that are not in use. A path or peer named during this
    /// tick or the last one stays, because what refers to it may be under way; so does the youngest quarter of processes.
    pub fn end_tick(&mut self, in_use: impl FnOnce() -> InUse) {
        if self.objects.len() > self.objects_high || self.processes.len() > self.processes_high {
            let in_use = in_use();
            let recent = self.generation.saturating_sub(1);
            self.objects.retain(|id, (_, born)| *born >= recent || in_use.objects.contains(id));
            self.peers.retain(&self.objects.values().map(|(label, _)| label.as_str()).collect());
            self.objects_high = OBJECTS_MAX.max(2 * self.objects.len());
            // Lives are numbered as they begin.
            let young = self.processes.keys().nth(self.processes.len() * 3 / 4).copied();
            self.processes.retain(|id, _| Some(*id) >= young || in_use.processes.contains(id));
            self.ends.retain(|id, _| self.processes.contains_key(id));
            self.processes_high = PROCESSES_MAX.max(2 * self.processes.len());
        }
        self.generation += 1;
    }
}

/// The end of a process life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    /// When, in nanoseconds since the trace started.
    pub at_ns: i64,
    /// How, as `wait` encodes it; the kind that ends lives has the words for it.
    pub status: u16,
}

/// The numbers that something still refers to.
#[derive(Clone, Debug, Default)]
pub struct InUse {
    /// Paths and peers.
    pub objects: BTreeSet<ObjectId>,
    /// Process lives.
    pub processes: BTreeSet<ProcessId>,
}

fn path_label(path: &PathObject) -> String {
    let end = if path.deleted { " (deleted)" } else { "" };
    format!("{}{end}", path.path)
}
