//! CPU time per process life, as a difference.
//!
//! Running processes are read from `/proc` (in steps of a clock tick, but cumulative, so errors do not add up); when a
//! process executes another program or ends, the kernel tells the exact figure.

use std::collections::BTreeMap;
use std::path::Path;

use crate::event::Event;
use crate::event::Histogram;
use crate::event::KindId;
use crate::event::ObjectId;
use crate::event::Process;
use crate::event::ProcessId;
use crate::event::TallyDelta;
use crate::event::TallyKey;
use crate::event::definition::Origin;
use crate::host::Processes;

/// Follows the CPU time of processes.
pub(super) struct CpuMeter {
    processes: Processes,
    kind: KindId,
    /// By pid: its present life, and how much of its time has been given to lives already.
    running: BTreeMap<u32, (ProcessId, u64)>,
    /// By life: its pid.
    pids: BTreeMap<ProcessId, u32>,
    /// Time to be told at the next tick, by life.
    due: BTreeMap<ProcessId, u64>,
}

impl CpuMeter {
    pub(super) fn new(root: &Path, kind: KindId) -> Self {
        Self {
            processes: Processes::new(root),
            kind,
            running: BTreeMap::new(),
            pids: BTreeMap::new(),
            due: BTreeMap::new(),
        }
    }

    /// A process life begins; `used_ns` is what its pid had used before, where the kernel told.
    pub(super) fn begin(&mut self, process: &Process, used_ns: u64) {
        let given = match process.origin {
            Origin::Fork => 0,
            Origin::Exec => {
                self.give(process.pid, used_ns);
                used_ns
            }
            Origin::Seed => self.processes.cpu_times([process.pid]).get(&process.pid).map_or(0, |time| time.total_ns()),
        };
        if let Some((earlier, _)) = self.running.insert(process.pid, (process.id, given)) {
            self.pids.remove(&earlier);
        }
        self.pids.insert(process.id, process.pid);
    }

    /// A process ended, having used [`Event::aux`] nanoseconds in all.
    pub(super) fn end(&mut self, exit: &Event) {
        if let Some(pid) = self.pids.remove(&exit.process) {
            self.give(pid, exit.aux);
            self.running.remove(&pid);
        }
    }

    /// A process lives on and is no member any more: what it used until now is given, what it uses later is not.
    pub(super) fn leave(&mut self, life: ProcessId) {
        if let Some(pid) = self.pids.remove(&life) {
            let used = self.processes.cpu_times([pid]).get(&pid).map(|time| time.total_ns());
            self.give(pid, used.unwrap_or(0));
            self.running.remove(&pid);
        }
    }

    /// Gives what a pid used beyond what was given to its present life.
    fn give(&mut self, pid: u32, total_ns: u64) {
        if let Some((life, given)) = self.running.get_mut(&pid)
            && total_ns > *given
        {
            *self.due.entry(*life).or_default() += total_ns - *given;
            *given = total_ns;
        }
    }

    /// Looks at what processes used that run.
    pub(super) fn look(&mut self) {
        let pids: Vec<u32> = self.running.keys().copied().collect();
        for (pid, time) in self.processes.cpu_times(pids) {
            self.give(pid, time.total_ns());
        }
    }

    /// What was used since the last time, as far as it was looked at, or told when a process ended.
    pub(super) fn take(&mut self) -> Vec<TallyDelta> {
        std::mem::take(&mut self.due)
            .into_iter()
            .map(|(process, amount)| TallyDelta {
                key: TallyKey { kind: self.kind, detail: 0, process, object: ObjectId::NONE },
                count: 1,
                amount,
                total_ns: 0,
                max_ns: 0,
                histogram: Histogram::default(),
                errors: Vec::new(),
            })
            .collect()
    }
}
