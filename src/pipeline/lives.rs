//! Lives of containers: from processes in cgroups below a pod's own to targets that come and go.
//!
//! The kernel knows a pod as one target, so that whatever begins in it is seen from its first instruction. Which container
//! a process is in, the cgroup directly below the pod's says; each such cgroup is a life of its own. What is not known to
//! be meant yet is held back, at most for seconds, so that neither sandboxes nor containers that were not asked for get
//! into figures. No kernel and no cluster is asked here: what is told goes in, items and orders come out.

mod child;
mod decide;
mod flow;
mod naming;

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::path::Path;

use crate::event::Definition;
use crate::event::Item;
use crate::event::KindId;
use crate::event::ProcessId;
use crate::event::TallyDelta;
use crate::event::Tick;
use crate::event::session::Target;
use crate::event::unit;
use crate::probe::Assignment;
use crate::probe::Membership;
use crate::targets::path;
use crate::targets::pods::Children;
use crate::targets::pods::PodTarget;
use child::Child;
use child::Held;
use child::State;
use naming::Naming;

/// Lives that are told apart. What comes later is counted under its pod.
const LIVES_MAX: usize = 4096;

/// How long a cgroup may stay unknown before it is taken for a container, in nanoseconds.
const PATIENCE_NS: i64 = 5_000_000_000;

/// The same where only certain containers are meant, after which it is left out.
const PATIENCE_NARROWED_NS: i64 = 30_000_000_000;

/// How long after it was first heard of a runtime or the API may be about to tell of a container, in nanoseconds.
const SOON_TOLD_NS: i64 = 2_000_000_000;

/// Items and tallies that are held back in all.
const HELD_MAX: usize = 65_536;

/// Ticks for which it is remembered where a process was that is gone: figures come a tick later.
const TICKS_REMEMBERED: u64 = 3;

/// A target of the kernel's, and the cgroup directly below its own.
pub(super) type Key = (u16, u64);

/// All lives.
#[derive(Debug, Default)]
pub(super) struct Lives {
    pods: BTreeMap<u16, Pod>,
    children: BTreeMap<Key, Child>,
    /// Containers whose cgroups do not lie in their pods': targets by the cgroup's id.
    apart: BTreeMap<u64, u16>,
    processes: BTreeMap<ProcessId, Member>,
    /// The present life of each process, by its pid.
    present: BTreeMap<u32, ProcessId>,
    naming: Naming,
    next: usize,
    lives: usize,
    narrowed: bool,
    tick: u64,
    last_tick_ns: i64,
    held: usize,
    /// Tallies that were held back and are due with the next tick.
    released: Vec<TallyDelta>,
    /// Events that were sent and are dropped, by kind: they are no loss.
    dropped: BTreeMap<KindId, u64>,
    orders: Vec<Assignment>,
    releases: Vec<u64>,
    touched: BTreeMap<String, Children>,
    remarks: BTreeSet<String>,
}

#[derive(Debug)]
struct Pod {
    told: PodTarget,
    /// What is in no container of it, once there is something.
    itself: Option<Box<Target>>,
    gone: bool,
}

#[derive(Debug)]
struct Member {
    key: Key,
    pid: u32,
    is_init: bool,
    /// The tick in which it left.
    left: Option<u64>,
}

/// What becomes of what a process did.
enum Fate {
    Passes,
    Waits(Key),
    Drops,
}

impl Lives {
    /// None yet. The first target gets the index `first`; `narrowed`: only certain containers are meant.
    pub(super) fn new(first: usize, narrowed: bool) -> Self {
        Self { next: first, narrowed, ..Self::default() }
    }

    /// What the probe is to be told.
    pub(super) fn take_orders(&mut self) -> Vec<Assignment> {
        std::mem::take(&mut self.orders)
    }

    /// Cgroups that the probe is to be told are not left out any more.
    pub(super) fn take_releases(&mut self) -> Vec<u64> {
        std::mem::take(&mut self.releases)
    }

    /// Pods in which cgroups were made, or are not known, by the kubelet's uid, with those cgroups: somebody may know more.
    pub(super) fn take_touched(&mut self) -> BTreeMap<String, Children> {
        std::mem::take(&mut self.touched)
    }

    /// What people should know.
    pub(super) fn remarks(&self) -> impl Iterator<Item = &String> {
        self.remarks.iter()
    }

    /// Pods that are followed.
    pub(super) fn pods(&self) -> impl Iterator<Item = &PodTarget> {
        self.pods.values().filter(|pod| !pod.gone).map(|pod| &pod.told)
    }

    /// A pod that is there when the trace begins.
    pub(super) fn begin(&mut self, told: PodTarget) -> Vec<Item> {
        let uid = told.kubelet_uid.clone();
        let mut out = self.pod(told, 0);
        let target = self.pods.iter().find(|(_, pod)| pod.told.kubelet_uid == uid).map(|(target, _)| *target);
        if let Some(target) = target.filter(|_| out.is_empty()) {
            // Nothing runs in it at present.
            self.itself(target, &mut out);
        }
        out
    }

    /// A pod as it is now: a new one, or more about one.
    pub(super) fn pod(&mut self, told: PodTarget, at_ns: i64) -> Vec<Item> {
        let mut out = Vec::new();
        let same = |pod: &Pod| pod.told.kubelet_uid == told.kubelet_uid;
        let own = |told: &PodTarget| told.cgroup.as_ref().map(|cgroup| cgroup.id);
        if self.pods.values().any(|pod| same(pod) && pod.gone && own(&pod.told) == own(&told)) {
            // What is told of it now is how it ended.
            told.ended.iter().for_each(|ended| self.learn_end(ended, &mut out));
            return out;
        }
        let known = self.pods.iter().find(|(_, pod)| same(pod) && !pod.gone);
        let known = known.map(|(target, pod)| (*target, pod.told.cgroup.is_some()));
        if known.is_none() && at_ns > 0 && told.containers.iter().any(|container| container.cgroup.is_some()) {
            self.remarks.insert(format!(
                "pod `{}` was found at {}, when it ran already: what it did before is missing",
                told.pod,
                unit::seconds(at_ns as f64 / 1e9)
            ));
        }
        let Some(target) = known.map(|(target, _)| target).or_else(|| self.index()) else { return Vec::new() };
        if !known.is_some_and(|(_, assigned)| assigned)
            && let Some(cgroup) = &told.cgroup
        {
            let membership = Membership::Cgroup { id: cgroup.id, level: cgroup.level };
            self.orders.push(Assignment { target, membership, from_exec: true });
        }
        let pod = self.pods.entry(target).or_insert_with(|| Pod { told: told.clone(), itself: None, gone: false });
        pod.told = told.clone();
        for container in &told.containers {
            let Some(cgroup) = &container.cgroup else { continue };
            let inside = told.cgroup.as_ref().is_some_and(|pod| cgroup.directory.parent() == Some(&pod.directory));
            let key = if inside { Some((target, cgroup.id)) } else { self.apart(cgroup.id, cgroup.level) };
            let Some(key) = key else { continue };
            let name = cgroup.directory.file_name().map(|name| name.to_string_lossy().into_owned());
            self.children.entry(key).or_insert_with(|| Child::new(name, None, at_ns));
            if !inside {
                self.adopt(key, target, container, &mut out);
            }
        }
        for (id, name) in &told.children {
            let out_of_it = path::read(name).container.is_some_and(|container| told.left_out.contains(container.id));
            let child = (out_of_it || path::is_monitor(name)).then(|| Child::new(Some(name.clone()), None, at_ns));
            if let Some(child) = child {
                self.children.entry((target, *id)).or_insert(child);
            }
        }
        let children = self.children.range((target, 0)..=(target, u64::MAX)).map(|(key, _)| *key);
        for key in children.collect::<Vec<_>>() {
            if let (Some(child), Some(name)) = (self.children.get_mut(&key), told.children.get(&key.1)) {
                child.name.get_or_insert_with(|| name.clone());
            }
            self.decide(key, &mut out);
        }
        for ended in &told.ended {
            self.learn_end(ended, &mut out);
        }
        out
    }

    /// A pod is gone; its cgroups, which need not be matched any more. Nothing if it was gone.
    pub(super) fn gone(&mut self, uid: &str) -> Vec<u64> {
        let Some((target, pod)) = self.pods.iter_mut().find(|(_, pod)| pod.told.kubelet_uid == uid && !pod.gone) else {
            return Vec::new();
        };
        pod.gone = true;
        let target = *target;
        let below = self.children.range((target, 1)..=(target, u64::MAX));
        let below = below.filter(|(_, child)| matches!(child.state, State::LeftOut)).map(|((_, id), _)| *id);
        let containers = self.pods[&target].told.containers.iter().filter_map(|one| one.cgroup.as_ref());
        let own = self.pods[&target].told.cgroup.iter();
        own.chain(containers).map(|cgroup| cgroup.id).chain(below).collect()
    }

    /// Cgroups that something is still expected of: the folder of the pod, and the name.
    pub(super) fn under_way(&self) -> impl Iterator<Item = (Key, &Path, &str)> {
        self.children.iter().filter_map(|(key, child)| {
            let is_under_way = match &child.state {
                State::Unknown(held) => child.is_empty() && held.is_empty(),
                State::LeftOut => true,
                State::Ours(target) => target.life.as_ref().is_some_and(|life| life.ended_ns.is_none()),
            };
            let cgroup = self.pods.get(&key.0)?.told.cgroup.as_ref()?;
            is_under_way.then_some((*key, cgroup.directory.as_path(), child.name.as_deref()?))
        })
    }

    /// Cgroups are not there any more. Those that were containers have ended, even if their ends were not seen; the others
    /// are forgotten: their ids.
    pub(super) fn vanished(&mut self, keys: &[Key], at_ns: i64, out: &mut Vec<Item>) -> Vec<u64> {
        let mut forgotten = Vec::new();
        for key in keys {
            match self.children.get_mut(key).map(|child| &mut child.state) {
                Some(State::Ours(target)) => {
                    if let Some(life) = &mut target.life {
                        life.ended_ns = Some(at_ns);
                        out.push(Item::Definition(Definition::Target(target.clone())));
                    }
                }
                Some(State::Unknown(_) | State::LeftOut) => {
                    self.children.remove(key);
                    forgotten.push(key.1);
                }
                None => {}
            }
        }
        forgotten
    }

    /// Time has passed.
    pub(super) fn look(&mut self, at_ns: i64, out: &mut Vec<Item>) {
        let patience = if self.narrowed { PATIENCE_NARROWED_NS } else { PATIENCE_NS };
        let late = |child: &Child| {
            matches!(child.state, State::Unknown(_)) && !child.is_empty() && at_ns - child.known_ns > patience
        };
        let late: Vec<Key> = self.children.iter().filter(|(_, child)| late(child)).map(|(key, _)| *key).collect();
        for key in late {
            self.give_up(key, out);
        }
    }

    /// Whether somebody may be about to tell what a cgroup is, or the name of its container: it was heard of just now.
    pub(super) fn waits_for_word(&self, at_ns: i64) -> bool {
        let is_new = |child: &&Child| at_ns - child.known_ns < SOON_TOLD_NS;
        self.children.values().filter(is_new).any(|child| match &child.state {
            State::Unknown(held) => !held.is_empty(),
            State::Ours(_) => child.is_nameless(),
            State::LeftOut => false,
        })
    }

    /// How many containers are called by their ids, because nobody told their names.
    pub(super) fn nameless(&self) -> usize {
        self.children.values().filter(|child| child.is_nameless()).count()
    }

    /// The trace is over: nothing more will be known.
    pub(super) fn finish(&mut self, out: &mut Vec<Item>) {
        let is_used = |child: &Child| matches!(&child.state, State::Unknown(held) if !held.is_empty());
        let unknown: Vec<Key> = self.children.iter().filter(|(_, child)| is_used(child)).map(|(key, _)| *key).collect();
        for key in unknown {
            self.give_up(key, out);
        }
        if !self.released.is_empty() {
            self.end_tick(Tick { at_ns: self.last_tick_ns, ..Tick::default() }, out);
        }
    }
}

#[cfg(test)]
mod tests;
