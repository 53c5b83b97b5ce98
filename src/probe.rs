//! A plan carried out: programs loaded and attached, rings read, tallies drained, everything handed on as items.
//!
//! It names no family: what is loaded, attached and decoded follows from the plan and the wire types. One thread owns
//! all of it; items leave through a bounded channel. When the receiver falls behind, the thread waits, the rings fill,
//! and the kernel counts what it cannot send: nothing is dropped without being counted.
//!
//! Programs are held by links that are file descriptors: when the process ends, in whatever way, they are gone.

mod assign;
mod attach;
mod cost;
mod cpu;
mod decode;
mod load;
mod order;
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

pub use order::Order;
use thiserror::Error;

use crate::event::Definition;
use crate::event::Item;
use crate::event::Process;
use crate::event::ProcessId;
use crate::event::session::Cost;
use crate::event::session::KernelUse;
use crate::event::session::PlannedFeature;
use crate::host::Clock;
use crate::plan::Plan;
use crate::wire::types::podtrace_limit as Limit;

/// Batches of items that may wait for the receiver. A batch is at most one reading of the rings or one tick.
const BATCHES_WAITING: usize = 64;

/// The target of cgroups that are left out although they lie in a target's.
pub const LEFT_OUT: u16 = Limit::PODTRACE_NOT_OURS.0 as u16;

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
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assignment {
    /// The target's index, or [`LEFT_OUT`].
    pub target: u16,
    /// Who belongs to it.
    pub membership: Membership,
    /// Who comes into its cgroup from elsewhere belongs to it from its next program on. Of a container: what happens in
    /// its cgroup before is the runtime's work.
    pub from_exec: bool,
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
    /// Whether [`Told::Use`] is wanted.
    pub tell_use: bool,
    /// Whether [`Told::Left`] of processes that ended and [`Told::Cgroup`] are wanted.
    pub follow: bool,
}

/// What a probe hands over, in order.
#[derive(Clone, Debug, PartialEq)]
pub enum Told {
    /// An item; never the definition of a process.
    Item(Item),
    /// The definition of a process.
    Process {
        /// The process; its target is that of the assignment.
        process: Process,
        /// Id of the cgroup directly below the target's that it is in; 0 for the target's own, and for sets of processes.
        child: u64,
    },
    /// A process ceased to belong to its target.
    Left {
        /// The process.
        process: ProcessId,
        /// When, in nanoseconds since the trace started.
        at_ns: i64,
        /// How it ended, as `wait` encodes it; `None` if it lives on, elsewhere.
        status: Option<u16>,
    },
    /// A cgroup was made in the hierarchy that targets are matched in; nothing was in it yet.
    Cgroup(MadeCgroup),
    /// What the kernel's side uses now.
    Use(Box<KernelUse>),
    /// An order could not be carried out.
    Refused {
        /// The order.
        order: Order,
        /// Why.
        error: ProbeError,
    },
}

impl Told {
    /// The item that it is.
    ///
    /// # Errors
    /// It is none, and is handed back.
    pub fn into_item(self) -> Result<Item, Self> {
        match self {
            Self::Item(item) => Ok(item),
            Self::Process { process, .. } => Ok(Item::Definition(Definition::Process(process))),
            other => Err(other),
        }
    }
}

/// A cgroup that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MadeCgroup {
    /// Its id.
    pub id: u64,
    /// That of the one above it.
    pub parent: u64,
    /// How many lie above it.
    pub level: u32,
    /// When, in nanoseconds since the trace started.
    pub at_ns: i64,
    /// Its own name, without those above it.
    pub name: String,
}

/// A probe at work.
#[derive(Debug)]
pub struct Probe {
    told: mpsc::Receiver<Vec<Told>>,
    orders: order::Orders,
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
        let (sender, told) = mpsc::sync_channel(BATCHES_WAITING);
        let (orders, inbox) = order::channel()
            .map_err(|error| ProbeError::Load { what: "a pipe for orders".into(), reason: error.to_string() })?;
        let (ready_sender, ready) = mpsc::sync_channel(1);
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = thread::Builder::new()
            .name("probe".into())
            .spawn(move || reader::run(&plan, &setting, &sender, &ready_sender, &stopped, inbox))
            .map_err(|error| ProbeError::Load {
                what: "a thread to read the rings".into(),
                reason: error.to_string(),
            })?;
        match ready.recv() {
            Ok(Ok(beginning)) => Ok(Self { told, orders, stop, thread: Some(thread), beginning }),
            Ok(Err(error)) => Err(error),
            Err(mpsc::RecvError) => Err(ProbeError::Vanished),
        }
    }

    /// The next batch; `None` when there is none within `timeout`, or the probe has stopped and all is read.
    pub fn next(&self, timeout: Duration) -> Option<Vec<Told>> {
        self.told.recv_timeout(timeout).ok()
    }

    /// Asks the probe to trace more, or less; it does so within 50 ms. False if too many orders wait already, or the probe
    /// has ended. One that fails comes back as [`Told::Refused`].
    pub fn order(&self, order: Order) -> bool {
        self.orders.send(order)
    }

    /// Asks the probe to end: from now on nothing is counted. It drains everything; its last items are still to be read
    /// with [`Probe::next`].
    pub fn stop(&self) {
        if !self.stop.swap(true, Ordering::AcqRel) && !self.has_ended() {
            self.orders.wake();
        }
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
        drop(self.told);
        match self.thread.take().map(thread::JoinHandle::join) {
            Some(Ok(result)) => result,
            _ => Err(ProbeError::Vanished),
        }
    }
}

#[cfg(test)]
mod tests;
