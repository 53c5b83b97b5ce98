//! Pods that are followed: what is told of them, by the kernel and by the cluster, becomes items and orders.

use std::collections::BTreeMap;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;
use std::time::Instant;

use super::Request;
use super::lives::Key;
use super::lives::Lives;
use super::membership;
use crate::event::Definition;
use crate::event::Item;
use crate::event::session::PlannedFeature;
use crate::event::session::Target;
use crate::event::unit;
use crate::probe::Assignment;
use crate::probe::Order;
use crate::probe::Probe;
use crate::probe::Told;
use crate::profile::Subject;
use crate::targets::pods::Following;
use crate::targets::pods::Found;
use crate::targets::pods::News;
use crate::targets::pods::PodTarget;
use crate::targets::pods::Source;

/// How often is looked whether pods' cgroups are still there.
const LOOK: Duration = Duration::from_millis(500);

/// How often cgroups below pods' are looked for, to be done with those that are gone.
const SWEEP: Duration = Duration::from_secs(5);

/// How long the cgroups of a pod that is gone are still matched: its last processes may be ending.
const GRACE: Duration = Duration::from_secs(5);

/// Remarks that are kept.
const REMARKS_MAX: usize = 64;

/// The kind of workload whose pods come back under the same name.
const STATEFUL: &str = "StatefulSet";

/// Pods under way. Without pods it passes everything on.
pub(super) struct Follow {
    lives: Lives,
    following: Option<Following>,
    origin: Instant,
    look_again: Instant,
    sweep_again: Instant,
    /// Pods that are gone and still matched.
    leaving: Vec<Leaving>,
    /// Since when the API cannot be asked, and why.
    trouble: Option<(i64, String)>,
    remarks: Vec<String>,
    /// Whether only pods were named, each by its name: then it is over when they are gone.
    by_name: bool,
    /// Whether somebody is expected to tell names of containers.
    knows_names: bool,
    /// Pods that are gone, by their full names.
    gone: Vec<String>,
}

/// A pod that is gone; its last processes may be ending.
struct Leaving {
    until: Instant,
    folder: Option<PathBuf>,
    cgroups: Vec<u64>,
}

impl Follow {
    /// Pods as they were found; their targets, and what the kernel is to be told. Indices begin with `first`.
    pub(super) fn begin(
        request: &Request,
        found: Option<&Found>,
        first: usize,
    ) -> (Self, Vec<Target>, Vec<Assignment>) {
        let narrowing = &request.pods.narrowing;
        let mut lives = Lives::new(first, !narrowing.containers.is_empty() || !narrowing.without.is_empty());
        let items = found.into_iter().flat_map(|found| &found.pods).flat_map(|pod| lives.begin(pod.clone()));
        // What was told last of each is true.
        let targets: BTreeMap<u16, Target> = items
            .filter_map(|item| match item {
                Item::Definition(Definition::Target(target)) => Some((target.index, *target)),
                _ => None,
            })
            .collect();
        let assignments = lives.take_orders();
        let exact = |subject: &Subject| matches!(subject, Subject::Pod(name) if name.exact().is_some());
        let by_name = found.is_some() && first == 0 && request.pods.selectors.iter().all(|one| exact(&one.subject));
        let now = Instant::now();
        let follow = Self {
            lives,
            following: None,
            origin: now,
            look_again: now,
            sweep_again: now,
            leaving: Vec::new(),
            trouble: None,
            remarks: Vec::new(),
            by_name,
            knows_names: found.is_some_and(|found| found.source != Source::Cgroups),
            gone: Vec::new(),
        };
        (follow, targets.into_values().collect(), assignments)
    }

    /// The trace began; who tells of pods from now on.
    pub(super) fn start(&mut self, origin: Instant, following: Option<Following>) {
        self.origin = origin;
        self.following = following;
    }

    /// What the probe told, as items.
    pub(super) fn take(&mut self, told: Vec<Told>, probe: &Probe) -> Vec<Item> {
        let at_ns = self.now();
        let mut out = Vec::new();
        for told in told {
            match told {
                Told::Item(item) => self.lives.item(item, &mut out),
                Told::Process { process, child } => self.lives.process(process, child, at_ns, &mut out),
                Told::Left { process, at_ns, status } => self.lives.left(process, at_ns, status, &mut out),
                Told::Cgroup(made) => self.lives.made(&made, &mut out),
                Told::Use(_) => {}
                Told::Refused { error, .. } => {
                    self.remark(format!("not all that came later could be traced: {error}"));
                }
            }
        }
        self.order(probe);
        out
    }

    /// What became of pods meanwhile, as items.
    pub(super) fn look(&mut self, probe: &Probe) -> Vec<Item> {
        let mut out = Vec::new();
        let at_ns = self.now();
        while let Some(news) = self.following.as_ref().and_then(Following::next) {
            match news {
                News::Pod(pod) => {
                    // Of one that is known, the kernel hears itself who begins to listen.
                    let is_known = self.lives.pods().any(|known| known.kubelet_uid == pod.kubelet_uid);
                    let listeners = if is_known { Vec::new() } else { membership::listeners_of(&pod) };
                    out.append(&mut self.lives.pod(*pod, at_ns));
                    let assignments = self.lives.take_orders();
                    self.assign(probe, assignments, listeners);
                }
                News::Gone(uid) => self.part(&uid),
                News::Troubled(why) => self.trouble = Some((at_ns, why)),
                News::Well => self.well(at_ns),
            }
        }
        let now = Instant::now();
        if now >= self.look_again {
            self.look_again = now + LOOK;
            let is_gone = |pod: &&PodTarget| pod.cgroup.as_ref().is_some_and(|cgroup| !cgroup.directory.is_dir());
            let gone: Vec<String> = self.lives.pods().filter(is_gone).map(|pod| pod.kubelet_uid.clone()).collect();
            gone.iter().for_each(|uid| self.part(uid));
            self.lives.look(at_ns, &mut out);
        }
        let mut cgroups = Vec::new();
        self.leaving.retain_mut(|leaving| {
            let stays = leaving.until > now && leaving.folder.as_ref().is_some_and(|folder| folder.is_dir());
            if !stays {
                cgroups.append(&mut leaving.cgroups);
            }
            stays
        });
        if now >= self.sweep_again {
            self.sweep_again = now + SWEEP;
            let is_gone = |(_, pod, name): &(Key, &Path, &str)| !pod.join(name).is_dir();
            let keys: Vec<Key> = self.lives.under_way().filter(is_gone).map(|(key, _, _)| key).collect();
            cgroups.append(&mut self.lives.vanished(&keys, at_ns, &mut out));
        }
        if !cgroups.is_empty() {
            probe.order(Order::Release(cgroups));
        }
        self.order(probe);
        out
    }

    /// Whether there is somebody who may still tell of what is held back.
    pub(super) fn waits_for_word(&self) -> bool {
        self.following.is_some() && self.lives.waits_for_word(self.now())
    }

    /// The trace is over: what is still held back.
    pub(super) fn finish(&mut self) -> Vec<Item> {
        let mut out = Vec::new();
        self.lives.finish(&mut out);
        let nameless = self.lives.nameless();
        if nameless > 0 && self.knows_names {
            let containers = if nameless == 1 { "1 container is" } else { &format!("{nameless} containers are") };
            self.remark(format!(
                "{containers} called by id: neither the API nor the container runtime told a name in time"
            ));
        }
        out
    }

    /// What to say where all pods that were named are gone, and do not come back.
    pub(super) fn are_gone(&self) -> Option<String> {
        let some_left = !self.leaving.is_empty() || self.lives.pods().next().is_some();
        if !self.by_name || self.gone.is_empty() || some_left {
            return None;
        }
        Some(match self.gone.as_slice() {
            [one] => format!("pod `{one}` is gone"),
            several => format!("pods `{}` are gone", several.join("`, `")),
        })
    }

    /// What turned out about what could be seen.
    pub(super) fn coverage(&mut self) -> Vec<PlannedFeature> {
        if let Some((since, why)) = self.trouble.take() {
            self.remarks.push(format!("the API could not be asked from {} on: {why}", time(since)));
        }
        let remarks = self.remarks.iter().chain(self.lives.remarks());
        let feature =
            |text: &String| PlannedFeature { feature: "targets".into(), blind: None, degraded: Some(text.clone()) };
        remarks.map(feature).collect()
    }

    fn now(&self) -> i64 {
        i64::try_from(self.origin.elapsed().as_nanos()).unwrap_or(i64::MAX)
    }

    fn well(&mut self, at_ns: i64) {
        if let Some((since, why)) = self.trouble.take() {
            self.remark(format!(
                "the API could not be asked from {} to {} ({why}): pods that came meanwhile may have been traced late",
                time(since),
                time(at_ns)
            ));
        }
    }

    fn remark(&mut self, text: String) {
        if !self.remarks.contains(&text) && self.remarks.len() < REMARKS_MAX {
            self.remarks.push(text);
        }
    }

    /// A pod is gone.
    fn part(&mut self, uid: &str) {
        let Some(pod) = self.lives.pods().find(|pod| pod.kubelet_uid == uid) else { return };
        let returns = pod.workload.as_ref().is_some_and(|workload| workload.kind == STATEFUL);
        let name = match &pod.namespace {
            Some(namespace) => format!("{namespace}/{}", pod.pod),
            None => pod.pod.clone(),
        };
        self.by_name &= !returns;
        self.gone.push(name);
        let folder = pod.cgroup.as_ref().map(|cgroup| cgroup.directory.clone());
        self.leaving.push(Leaving { until: Instant::now() + GRACE, folder, cgroups: self.lives.gone(uid) });
    }

    /// Hands on what came of what was told: orders to the probe, and who might know more.
    fn order(&mut self, probe: &Probe) {
        let assignments = self.lives.take_orders();
        self.assign(probe, assignments, Vec::new());
        let releases = self.lives.take_releases();
        if !releases.is_empty() {
            probe.order(Order::Release(releases));
        }
        let touched = self.lives.take_touched();
        if let Some(following) = &self.following {
            touched.into_iter().for_each(|(uid, cgroups)| following.touched(uid, cgroups));
        }
    }

    fn assign(&mut self, probe: &Probe, assignments: Vec<Assignment>, listeners: Vec<(u32, u16)>) {
        if assignments.is_empty() && listeners.is_empty() {
            return;
        }
        if !probe.order(Order::Assign { assignments, listeners }) {
            self.remark("not all that came later could be traced: too much came at once".into());
        }
    }
}

/// A time for people.
fn time(at_ns: i64) -> String {
    unit::seconds(at_ns as f64 / 1e9)
}
