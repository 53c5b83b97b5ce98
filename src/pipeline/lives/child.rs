//! A cgroup directly below a pod's: what is in it, and what became of it.

use std::collections::BTreeSet;

use crate::event::Item;
use crate::event::Process;
use crate::event::TallyDelta;
use crate::event::session::Target;
use crate::targets::path;

/// What the process of a sandbox is called, in all runtimes that have one.
const PAUSE: &str = "pause";

/// How runtimes call themselves while they prepare a container from inside; `exe` is runc's copy of itself.
const PREPARING: [&str; 4] = ["runc", "crun", "youki", "exe"];

/// As many characters of an id as `docker` and `crictl` show.
const SHORT_ID: usize = 12;

/// A child cgroup.
#[derive(Debug)]
pub(super) struct Child {
    /// Its own name; `None` as long as that is not known.
    pub(super) name: Option<String>,
    pub(super) state: State,
    /// When it was made; `None` if before the trace.
    pub(super) began_ns: Option<i64>,
    /// When it was first heard of.
    pub(super) known_ns: i64,
    /// Processes that are in it.
    alive: BTreeSet<u32>,
    /// How its first process ended, as `wait` encodes it: that of its own pid namespace, which all others end with.
    init_status: Option<u16>,
    /// The first program that is not the runtime's own.
    pub(super) first: Option<String>,
}

/// What it is.
#[derive(Debug)]
pub(super) enum State {
    /// Not known yet; what it does is held back.
    Unknown(Held),
    /// A container that is meant.
    Ours(Box<Target>),
    /// A sandbox, or a container that is not meant.
    LeftOut,
}

/// What is held back until it is known whether it is meant.
#[derive(Debug, Default)]
pub(super) struct Held {
    /// Definitions of processes and events.
    pub(super) items: Vec<Item>,
    /// What was counted.
    pub(super) tallies: Vec<TallyDelta>,
}

impl Held {
    pub(super) fn is_empty(&self) -> bool {
        self.items.is_empty() && self.tallies.is_empty()
    }
}

impl Child {
    pub(super) fn new(name: Option<String>, began_ns: Option<i64>, known_ns: i64) -> Self {
        Self {
            name,
            state: State::Unknown(Held::default()),
            began_ns,
            known_ns,
            alive: BTreeSet::new(),
            init_status: None,
            first: None,
        }
    }

    /// The id of the container, where its name has one.
    pub(super) fn container_id(&self) -> Option<String> {
        Some(path::read(self.name.as_deref()?).container?.id.to_owned())
    }

    /// The beginning of that id: what a container is called as long as nobody told its name.
    pub(super) fn short_id(&self) -> Option<String> {
        Some(self.container_id()?.chars().take(SHORT_ID).collect())
    }

    /// Whether it is a container that is called by its id.
    pub(super) fn is_nameless(&self) -> bool {
        matches!(&self.state, State::Ours(target) if target.container.is_some() && target.container == self.short_id())
    }

    /// Whether it is what watches over a container from beside it.
    pub(super) fn is_monitor(&self) -> bool {
        self.name.as_deref().is_some_and(path::is_monitor)
    }

    /// Whether its first program is that of a sandbox; `None` if none was started yet.
    pub(super) fn is_pause(&self) -> Option<bool> {
        self.first.as_ref().map(|first| first == PAUSE)
    }

    /// A process came, or began another program.
    pub(super) fn entered(&mut self, process: &Process) {
        self.alive.insert(process.pid);
        let executed = process.origin == crate::event::definition::Origin::Exec;
        // `runc`, `runc:[2:INIT]`.
        let comm = process.comm.split(':').next().unwrap_or_default();
        let prepares = PREPARING.contains(&comm);
        if executed && !prepares && self.first.is_none() {
            self.first = Some(process.comm.clone());
        }
    }

    /// A process left. If it was the last, and ended: the exit code of the whole.
    pub(super) fn left(&mut self, pid: u32, is_init: bool, status: Option<u16>) -> Option<i32> {
        self.alive.remove(&pid);
        if is_init {
            self.init_status = status.or(self.init_status);
        }
        let last = status.filter(|_| self.alive.is_empty())?;
        Some(exit_code(self.init_status.unwrap_or(last)))
    }

    /// Whether nothing is in it, as far as was seen.
    pub(super) fn is_empty(&self) -> bool {
        self.alive.is_empty()
    }
}

/// What runtimes make of what `wait` encodes.
fn exit_code(status: u16) -> i32 {
    let signal = i32::from(status & 0x7f);
    if signal == 0 { i32::from(status >> 8) } else { 128 + signal }
}

#[cfg(test)]
mod tests {
    use super::exit_code;

    /// Check that exit codes are those of runtimes.
    #[test]
    fn exit_codes() {
        assert_eq!([0x0000, 0x0300, 0xff00, 0x0009, 0x008b].map(exit_code), [0, 3, 255, 137, 139]);
    }
}
