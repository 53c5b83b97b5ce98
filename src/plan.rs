//! The meeting of what the user said and what is true here: which programs, where, with which settings.
//!
//! A plan is pure data, made without a kernel, printable and comparable. What cannot be done here is left out of it and
//! stands in its coverage with the reason; carrying a plan out is [`crate::probe`]'s.

pub mod explain;

use std::collections::BTreeMap;

use crate::event::Kind;
use crate::event::KindId;
use crate::event::kind::KIND_IDS;
use crate::event::session::KindName;
use crate::event::session::PlannedFeature;
use crate::families;
use crate::families::Family;
use crate::families::Hook;
use crate::families::NEVER;
use crate::families::Needs;
use crate::profile::Profile;
use crate::wire::types::podtrace_handler as Handler;
use crate::wire::types::podtrace_limit as Limit;

/// What the running kernel offers, as far as a plan depends on it.
pub trait Kernel {
    /// Whether its BTF describes a tracepoint's arguments.
    fn has_typed_tracepoint(&self, name: &str) -> bool;
    /// Whether state can be kept with a task.
    fn has_task_storage(&self) -> bool;
    /// CPUs that there can be; per-CPU tables have a copy for each.
    fn possible_cpus(&self) -> u32;
}

/// What is to be done in the kernel.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The families that are observed, in the order of [`families::FAMILIES`].
    pub families: Vec<&'static Family>,
    /// The kinds that can be observed.
    pub kinds: Vec<&'static Kind>,
    /// Programs to attach, best first per place; in the order they are attached.
    pub hooks: Vec<PlannedHook>,
    /// Programs that system calls are handed to on entry.
    pub enter_handlers: Vec<(u32, &'static str)>,
    /// Programs that system calls are handed to on exit.
    pub exit_handlers: Vec<(u32, &'static str)>,
    /// How system calls are handled: number, `enum podtrace_operation`.
    pub operations: BTreeMap<usize, u8>,
    /// What threads in system calls wait for: number, `enum podtrace_sched_reason`.
    pub waits: BTreeMap<usize, u8>,
    /// Per kind, from which duration on an operation is an event, in nanoseconds.
    pub slow_ns: Vec<u64>,
    /// State is kept with the task; else in a hash.
    pub task_storage: bool,
    /// Sizes of the kernel's tables.
    pub tables: Tables,
    /// Per feature, whether it can be seen here.
    pub coverage: Vec<PlannedFeature>,
}

/// A place to attach to, and what is put there.
#[derive(Clone, Debug)]
pub struct PlannedHook {
    /// The tracepoint.
    pub point: &'static str,
    /// Programs that can be put there, best first; the first that the kernel takes is.
    pub programs: Vec<&'static str>,
    /// Kinds that cannot be seen without it.
    pub blinds: &'static [&'static str],
    /// Nothing works without it.
    pub essential: bool,
}

/// Sizes of the kernel's tables, in entries unless said otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tables {
    /// Tallies of both generations.
    pub tallies: u32,
    /// Histograms that keys can have of their own, one for each CPU they are counted on.
    pub histograms: u32,
    /// The data ring, in bytes; a power of two.
    pub data_ring_bytes: u32,
}

/// The most memory that all CPUs' copies of the tallies may take, in bytes.
const TALLY_BYTES: u64 = 16 << 20;

/// Histograms in the pool: 8 MiB.
const HISTOGRAMS: u32 = 4096;

impl Tables {
    /// Sizes that keep the tables within their bounds whatever the number of CPUs.
    fn sized(cpus: u32, data_ring_bytes: Option<u32>) -> Self {
        // A tally takes 40 bytes a CPU and about 96 for its place in the hash.
        let fit = TALLY_BYTES / (40 * u64::from(cpus.max(1)) + 96);
        Self {
            tallies: fit.clamp(1024, 16384) as u32,
            histograms: HISTOGRAMS,
            data_ring_bytes: data_ring_bytes.unwrap_or(4 << 20),
        }
    }
}

/// Hooks of the plan's own: who belongs to a target, and which system calls are made. Nothing works without them.
const OWN_HOOKS: &[(&str, &str)] = &[
    ("sched_process_fork", "process_fork"),
    ("sched_process_exec", "process_exec"),
    ("sched_process_exit", "process_exit"),
    ("cgroup_attach_task", "process_moved"),
    ("cgroup_mkdir", "cgroup_made"),
];

/// Hooks of the plan's own where a family observes system calls.
const CALL_HOOKS: &[(&str, &str)] = &[("sys_enter", "dispatch_enter"), ("sys_exit", "dispatch_exit")];

/// Handlers that begin system calls, whatever the family.
const ENTER_HANDLERS: &[(Handler, &str)] = &[
    (Handler::PODTRACE_ENTER_DESCRIPTOR, "enter_descriptor"),
    (Handler::PODTRACE_ENTER_PAIR, "enter_pair"),
    (Handler::PODTRACE_ENTER_PAIR_WRITE, "enter_pair_write"),
    (Handler::PODTRACE_ENTER_PLAIN, "enter_plain"),
    (Handler::PODTRACE_ENTER_WALK, "enter_walk"),
];

/// Handlers that end system calls, whatever the family.
const EXIT_HANDLERS: &[(Handler, &str)] =
    &[(Handler::PODTRACE_EXIT_WALK, "exit_walk"), (Handler::PODTRACE_EXIT_IO_URING, "exit_io_uring")];

impl Plan {
    /// Decides what to do in this kernel for a profile. `data_ring_bytes` is a power of two; `None` for the default.
    pub fn new(profile: &Profile, kernel: &dyn Kernel, data_ring_bytes: Option<u32>) -> Self {
        let mut plan = Self {
            families: Vec::new(),
            kinds: Vec::new(),
            hooks: OWN_HOOKS.iter().map(own).collect(),
            enter_handlers: Vec::new(),
            exit_handlers: Vec::new(),
            operations: BTreeMap::new(),
            waits: BTreeMap::new(),
            slow_ns: vec![NEVER; KIND_IDS],
            task_storage: kernel.has_task_storage(),
            tables: Tables::sized(kernel.possible_cpus(), data_ring_bytes),
            coverage: Vec::new(),
        };
        for family in families::FAMILIES {
            if let Some(request) = profile.probes.iter().find(|request| request.family == family.name) {
                plan.slow(&(family.notable)(request));
                plan.add(family, kernel);
            }
        }
        if !plan.operations.is_empty() {
            plan.hooks.extend(CALL_HOOKS.iter().map(own));
            plan.enter_handlers.extend(ENTER_HANDLERS.iter().map(numbered));
            plan.exit_handlers.extend(EXIT_HANDLERS.iter().map(numbered));
        }
        plan.say_what_halves_miss();
        plan
    }

    fn slow(&mut self, notable: &[(KindId, u64)]) {
        for (kind, from_ns) in notable {
            self.slow_ns[usize::from(kind.0)] = *from_ns;
        }
    }

    /// Says what is missing of a kind whose other half another family sees, where that one is not asked for.
    fn say_what_halves_miss(&mut self) {
        let halved = self.last_look().is_some() && self.wait_iterator().is_none();
        let told = [families::UNANSWERED, families::SILENT];
        for feature in self.coverage.iter_mut().filter(|one| halved && told.contains(&one.feature.as_str())) {
            feature.degraded = Some(
                "who waits inside a receive when the trace ends is not seen, and such a connection is one of `tcp.silent`: \
                 add `sched` to `probes`"
                    .into(),
            );
        }
    }

    fn add(&mut self, family: &'static Family, kernel: &dyn Kernel) {
        let mut blind = BTreeMap::new();
        for hook in family.hooks {
            match usable(hook, kernel) {
                programs if programs.is_empty() => {
                    let reason = format!("this kernel has no tracepoint `{}`", hook.point);
                    blind.extend(hook.blinds.iter().map(|kind| (*kind, reason.clone())));
                }
                programs => {
                    self.hooks.push(PlannedHook { point: hook.point, programs, blinds: hook.blinds, essential: false });
                }
            }
        }
        for kind in family.kinds {
            let reason = blind.get(kind.name).cloned();
            if reason.is_none() {
                self.kinds.push(kind);
            }
            self.coverage.push(PlannedFeature { feature: kind.name.into(), blind: reason, degraded: None });
        }
        for (feature, reason) in family.blind_spots {
            self.coverage.push(PlannedFeature {
                feature: (*feature).into(),
                blind: Some((*reason).into()),
                degraded: None,
            });
        }
        for call in family.calls() {
            self.operations.extend(slot(call.number).map(|number| (number, call.operation.0 as u8)));
        }
        for (number, reason) in family.waits {
            self.waits.extend(slot(*number).map(|number| (number, reason.0 as u8)));
        }
        for handler in family.handlers.iter().map(numbered) {
            if !self.exit_handlers.contains(&handler) {
                self.exit_handlers.push(handler);
            }
        }
        self.families.push(family);
    }

    /// The kind that CPU time is told as, if it is asked for.
    pub fn cpu_kind(&self) -> Option<KindId> {
        self.kinds.iter().find(|kind| kind.name == families::CPU_TIME).map(|kind| kind.id)
    }

    /// The kind that a process's end is told as, if it is asked for.
    pub fn exit_kind(&self) -> Option<KindId> {
        self.kinds.iter().find(|kind| kind.name == families::PROCESS_EXIT).map(|kind| kind.id)
    }

    /// The kinds with the numbers they have, for the session.
    pub fn kind_names(&self) -> Vec<KindName> {
        self.kinds.iter().map(|kind| KindName { id: kind.id, name: kind.name.into() }).collect()
    }

    /// Every program that is to be loaded.
    pub fn programs(&self) -> impl Iterator<Item = &'static str> {
        let hooks = self.hooks.iter().filter_map(|hook| hook.programs.first().copied());
        let handlers = self.enter_handlers.iter().chain(&self.exit_handlers).map(|(_, program)| *program);
        let last = self.last_look().map(|look| look.program);
        hooks.chain(handlers).chain([SEED_ITERATOR]).chain(self.wait_iterator()).chain(last)
    }

    /// Looks at what goes on when the trace begins or ends, each for a kind.
    pub fn looks(&self) -> impl Iterator<Item = Look> {
        let look = |program, kind, is_all| Look { program, kind, is_all };
        let waits = self.wait_iterator().map(|program| look(program, families::WAIT, false));
        let last = self.last_look().map(|look| look.program);
        let last = last.into_iter().flat_map(move |program| {
            [look(program, families::UNANSWERED, false), look(program, families::SILENT, true)]
        });
        waits.into_iter().chain(last)
    }

    /// What is looked at when the trace ends, if what that tells is asked for.
    pub fn last_look(&self) -> Option<LastLook> {
        let told = [families::UNANSWERED, families::SILENT];
        let asked = self.kinds.iter().any(|kind| told.contains(&kind.name));
        asked.then_some(LastLook { program: "settle_connections", table: "connections" })
    }

    /// The program that takes in waits which go on while the trace begins or ends, if waits are asked for.
    pub fn wait_iterator(&self) -> Option<&'static str> {
        self.kinds.iter().any(|kind| kind.name == families::WAIT).then_some("settle_waits")
    }
}

/// A look at what is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// The program that looks.
    pub program: &'static str,
    /// The kind it is for.
    pub kind: &'static str,
    /// Whether nothing else tells of that kind.
    pub is_all: bool,
}

impl Look {
    /// What cannot be seen without it, for this reason: the kind, or the part of it that is under way.
    pub fn missing(&self, reason: &str) -> PlannedFeature {
        let what = "what goes on when the trace begins or ends is not seen";
        let feature = if self.is_all { self.kind.to_owned() } else { format!("{}: under way", self.kind) };
        PlannedFeature { feature, blind: Some(format!("{what}: {reason}")), degraded: None }
    }
}

/// A program that is run once for every entry of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LastLook {
    /// The program.
    pub program: &'static str,
    /// The table.
    pub table: &'static str,
}

/// The program that takes in what runs already.
pub const SEED_ITERATOR: &str = "seed_members";

fn own((point, program): &(&'static str, &'static str)) -> PlannedHook {
    PlannedHook { point, programs: vec![program], blinds: &[], essential: true }
}

fn numbered((handler, program): &(Handler, &'static str)) -> (u32, &'static str) {
    (handler.0, program)
}

/// The programs of a hook that the kernel has what it takes for, best first.
fn usable(hook: &Hook, kernel: &dyn Kernel) -> Vec<&'static str> {
    let can = |alternative: &&families::Alternative| match alternative.needs {
        Needs::TypedTracepoint => kernel.has_typed_tracepoint(hook.point),
        Needs::RawTracepoint => true,
    };
    hook.alternatives.iter().filter(can).map(|alternative| alternative.program).collect()
}

/// A system call's place in the kernel's tables; `None` for numbers beyond them.
fn slot(number: i64) -> Option<usize> {
    usize::try_from(number).ok().filter(|number| *number < Limit::PODTRACE_SYSCALLS.0 as usize)
}

#[cfg(test)]
mod tests;
