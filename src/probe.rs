//! A plan carried out: programs loaded and attached, rings read, tallies drained, everything handed on as items.
//!
//! It names no family: what is loaded, attached and decoded follows from the plan and the wire types. One thread owns
//! all of it; items leave through a bounded channel. When the receiver falls behind, the thread waits, the rings fill,
//! and the kernel counts what it cannot send: nothing is dropped without being counted.
//!
//! Programs are held by links that are file descriptors: when the process ends, in whatever way, they are gone.

mod attach;
mod cost;
mod cpu;
mod decode;
mod load;
mod reader;
mod ring;
mod table;
mod tally;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;
use std::time::Instant;

use thiserror::Error;

use crate::event::Item;
use crate::event::session::Cost;
use crate::event::session::PlannedFeature;
use crate::host::Clock;
use crate::plan::Plan;

/// Batches of items that may wait for the receiver. A batch is at most one reading of the rings or one tick.
const BATCHES_WAITING: usize = 64;

/// Why a plan could not be carried out.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ProbeError {
    /// The kernel refused the programs or tables.
    #[error("the kernel refused to load {what}: {reason}")]
    Load {
        /// What it refused.
        what: String,
        /// What it said.
        reason: String,
    },
    /// A program without which nothing works could not be attached.
    #[error("cannot attach to `{point}`: {reason}")]
    Attach {
        /// The tracepoint.
        point: String,
        /// What the kernel said.
        reason: String,
    },
    /// A table could not be filled or read.
    #[error("cannot use the kernel's table `{table}`: {reason}")]
    Table {
        /// The table.
        table: String,
        /// What the kernel said.
        reason: String,
    },
    /// The thread ended without a word: a bug of podtrace.
    #[error("the thread that reads the kernel's rings ended unexpectedly; please report this")]
    Vanished,
}

/// Which processes belong to a target, in the kernel's terms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Membership {
    /// All in a cgroup and below it.
    Cgroup {
        /// The folder's inode number.
        id: u64,
        /// How deep it lies below the hierarchy's root.
        level: u32,
    },
    /// These processes and their descendants.
    Processes(Vec<u32>),
}

/// A target and who belongs to it.
#[derive(Clone, Debug)]
pub struct Assignment {
    /// The target's index.
    pub target: u16,
    /// Who belongs to it.
    pub membership: Membership,
}

/// A command before its first instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeldCommand {
    /// Its process id.
    pub pid: u32,
    /// The index of the target that it is.
    pub target: u16,
    /// It has no cgroup of its own: what it forks belongs to it.
    pub follow: bool,
}

/// Where and when a probe works.
#[derive(Clone, Debug)]
pub struct Setting {
    /// The targets.
    pub assignments: Vec<Assignment>,
    /// The hierarchy that [`Membership::Cgroup`] is matched in: `enum podtrace_hierarchy`.
    pub hierarchy: u32,
    /// The command that waits for its start, if there is one: it belongs to a target from its exec on.
    pub held: Option<HeldCommand>,
    /// Ports that are listened on already: (inode of the network namespace, port).
    pub listeners: Vec<(u32, u16)>,
    /// How often tallies are drained.
    pub tick: Duration,
}

/// A probe at work.
#[derive(Debug)]
pub struct Probe {
    items: mpsc::Receiver<Vec<Item>>,
    stop: Arc<AtomicBool>,
    thread: Option<thread::JoinHandle<Result<Cost, ProbeError>>>,
    /// What turned out when the plan was carried out.
    pub beginning: Beginning,
}

/// What was true when observation began.
#[derive(Clone, Debug)]
pub struct Beginning {
    /// The clocks then; items' times count from here.
    pub clock: Clock,
    /// The same moment.
    pub origin: Instant,
    /// What is impossible or worse than planned.
    pub surprises: Vec<PlannedFeature>,
}

impl Probe {
    /// Loads, attaches and takes in the targets. When it returns, every operation that begins is seen.
    ///
    /// # Errors
    /// The kernel refuses what nothing works without. What only some features need is in [`Beginning::surprises`].
    pub fn start(plan: Plan, setting: Setting) -> Result<Self, ProbeError> {
        let (sender, items) = mpsc::sync_channel(BATCHES_WAITING);
        let (ready_sender, ready) = mpsc::sync_channel(1);
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = thread::Builder::new()
            .name("probe".into())
            .spawn(move || reader::run(&plan, &setting, &sender, &ready_sender, &stopped))
            .map_err(|error| ProbeError::Load {
                what: "a thread to read the rings".into(),
                reason: error.to_string(),
            })?;
        match ready.recv() {
            Ok(Ok(beginning)) => Ok(Self { items, stop, thread: Some(thread), beginning }),
            Ok(Err(error)) => Err(error),
            Err(mpsc::RecvError) => Err(ProbeError::Vanished),
        }
    }

    /// The next batch of items; `None` when there is none within `timeout`, or the probe has stopped and all is read.
    pub fn next(&self, timeout: Duration) -> Option<Vec<Item>> {
        self.items.recv_timeout(timeout).ok()
    }

    /// Asks the probe to drain everything and end; its last items are still to be read with [`Probe::next`].
    pub fn stop(&self) {
        self.stop.store(true, Ordering::Release);
    }

    /// Whether the probe has ended, so that no more items come than are waiting.
    pub fn has_ended(&self) -> bool {
        self.thread.as_ref().is_none_or(thread::JoinHandle::is_finished)
    }

    /// What the kernel's side cost; to be called after the last item was read.
    ///
    /// # Errors
    /// The kernel's tables became unreadable during the trace: figures end there.
    pub fn finish(mut self) -> Result<Cost, ProbeError> {
        self.stop();
        drop(self.items);
        match self.thread.take().map(thread::JoinHandle::join) {
            Some(Ok(result)) => result,
            _ => Err(ProbeError::Vanished),
        }
    }
}

#[cfg(test)]
mod tests;
