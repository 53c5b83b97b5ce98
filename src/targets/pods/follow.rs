//! What becomes of pods while they are traced: new ones that are meant, containers that are started again, the end.
//!
//! A thread of its own asks whoever can tell: the API by a watch, the container runtime, files of the kubelet. Where there
//! is something to tell about, the tracer's eye on the kernel says it ([`Following::touched`]): every pod and container
//! begins with a cgroup. So nothing is asked over and over, and where the API cannot be asked the others carry on.

mod due;
mod identity;

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::io;
use std::path::Path;
use std::path::PathBuf;
use std::sync::mpsc;
use std::sync::mpsc::Receiver;
use std::sync::mpsc::RecvTimeoutError;
use std::sync::mpsc::SyncSender;
use std::time::Duration;
use std::time::Instant;

use super::Found;
use super::PodTarget;
use super::Request;
use super::Source;
use super::source;
use crate::host::Cgroups;
use crate::host::Hierarchy;
use crate::host::Namespaces;
use crate::profile::Narrowing;
use crate::profile::PodSelector;
use crate::targets::cgroupfs::Forest;
use crate::targets::cgroupfs::Tree;
use crate::targets::kubelet::Names;
use crate::targets::kubernetes::Change;
use crate::targets::kubernetes::Query;
use crate::targets::kubernetes::Watch;
use crate::targets::pod::Container;
use crate::targets::pod::ContainerState;
use crate::targets::pod::Ended;
use crate::targets::pod::Pod;
use crate::targets::selector::takes;
use due::Due;
use identity::Identities;

/// How long to wait for one source before looking at another.
const STEP: Duration = Duration::from_millis(50);

/// News that may wait: all pods of a large node.
const NEWS_MAX: usize = 4096;

/// Cgroups of a pod that are asked about at a time, though their folders need not be there: more than any runtime starts
/// between two looks. Of a pod that makes more, the oldest are named only if their folders are.
const HEARD_OF_MAX: usize = 256;

/// Lives of a pod that are remembered beside the present ones.
const LIVES_REMEMBERED: usize = 64;

/// What becomes of pods.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// A pod that is meant and here, as it is now: a new one, or more about one.
    Pod(Box<PodTarget>),
    /// One is gone, or not meant any more: its uid as the kubelet knows it.
    Gone(String),
    /// A source cannot be asked at present, for this reason.
    Troubled(String),
    /// It can be asked again.
    Well,
}

/// Cgroups directly in a pod's that the kernel told of, by their ids, with their names where it told those. Their folders
/// may not be seen yet, or may be gone already.
pub type Children = BTreeMap<u64, Option<String>>;

/// Pods that are followed. Dropping it ends it.
#[derive(Debug)]
pub struct Following {
    news: Receiver<News>,
    touched: SyncSender<Touch>,
}

impl Following {
    /// Follows the pods that were found, and those that come later and are meant too.
    ///
    /// # Errors
    /// No thread can be started, or none for the watch.
    pub fn start(request: &Request, found: &Found, root: &Path, namespaces: Namespaces) -> io::Result<Self> {
        let cgroups = Cgroups::of_machine(root, namespaces);
        let (sender, news) = mpsc::sync_channel(NEWS_MAX);
        let (touched, touches) = mpsc::sync_channel(NEWS_MAX);
        let node = node(&found.told_of);
        let watch = found.cluster.as_ref().map(|cluster| {
            let queries = found.placed.iter().map(|selector| Query::of(selector, &cluster.namespace));
            let query = queries.reduce(Query::or).unwrap_or_default();
            cluster.watch(&Query { node: query.node.clone().or_else(|| node.clone()), ..query })
        });
        let watch = watch.transpose().map_err(io::Error::other)?;
        let follower = Follower {
            placed: found.placed.clone(),
            narrowing: request.narrowing.clone(),
            root: root.to_owned(),
            hierarchy: found.pods.iter().find_map(|pod| Some(pod.any_cgroup()?.hierarchy.clone())),
            node: node.or_else(|| source::host_name(root)),
            is_told: watch.is_some(),
            watch,
            identities: Identities::new(root, request.runtime.as_deref()),
            known: found.told_of.iter().map(|pod| (pod.kubelet_uid.clone(), pod.clone())).collect(),
            sent: found.pods.iter().map(|pod| (pod.kubelet_uid.clone(), pod.clone())).collect(),
            due: Due::default(),
            heard_of: BTreeMap::new(),
            strangers: Due::default(),
            by_names: found.source == Source::Cgroups,
            news: sender,
        };
        std::thread::Builder::new().name("podtrace-pods".into()).spawn(move || follower.run(&cgroups, &touches))?;
        Ok(Self { news, touched })
    }

    /// The next news, if there are any.
    pub fn next(&self) -> Option<News> {
        self.news.try_recv().ok()
    }

    /// Says that the cgroup of the pod with this uid, as the kubelet knows it, was made, or these in it.
    pub fn touched(&self, uid: String, children: Children) {
        // Whoever is so far behind looks at all pods anyway before long.
        let _ = self.touched.try_send((uid, children));
    }
}

/// The node of all pods, if it is one: the others' nodes need not be watched.
fn node(pods: &[Pod]) -> Option<String> {
    let first = pods.first()?.node.clone()?;
    pods.iter().all(|pod| pod.node.as_ref() == Some(&first)).then_some(first)
}

struct Follower {
    placed: Vec<PodSelector>,
    narrowing: Narrowing,
    root: PathBuf,
    /// What pods are matched in.
    hierarchy: Option<Hierarchy>,
    /// This machine, as the cluster calls it.
    node: Option<String>,
    watch: Option<Watch>,
    /// Whether the API tells of every pod at present.
    is_told: bool,
    identities: Identities,
    /// Pods that are meant, as last told; all by the kubelet's uid.
    known: BTreeMap<String, Pod>,
    sent: BTreeMap<String, PodTarget>,
    /// Known pods to look at.
    due: Due,
    /// What the kernel told of those since they were last known as a whole.
    heard_of: BTreeMap<String, Children>,
    /// Pods that nobody told of yet.
    strangers: Due,
    /// Whether even the runtime could not be asked when the trace began.
    by_names: bool,
    news: SyncSender<News>,
}

/// A pod, by the kubelet's uid, and the cgroups in it that somebody should know.
type Touch = (String, Children);

/// Nobody listens any more.
struct Unheard;

/// Keeps what was told of lives before the present ones: the API remembers one of each container, and several may end
/// between two looks.
fn remember(pod: &mut Pod, before: &Pod) {
    let ids: BTreeSet<String> = pod.containers.iter().filter_map(|container| container.id.clone()).collect();
    let told: BTreeSet<String> = ended(pod).map(|one| one.id.clone()).collect();
    let earlier: Vec<Ended> =
        ended(before).filter(|one| !told.contains(&one.id)).take(LIVES_REMEMBERED).cloned().collect();
    let is_over = |container: &&Container| container.id.as_ref().is_some_and(|id| !ids.contains(id));
    // The latest stand first.
    let over = before.containers.iter().filter(is_over).take(LIVES_REMEMBERED).cloned();
    let over = over.map(|one| Container { state: ContainerState::Ended(None), ended: Vec::new(), ..one });
    pod.containers.extend(over);
    if let Some(first) = pod.containers.first_mut() {
        first.ended.extend(earlier);
    }
}

fn ended(pod: &Pod) -> impl Iterator<Item = &Ended> {
    pod.containers.iter().flat_map(|container| &container.ended)
}

impl Follower {
    fn run(mut self, cgroups: &Cgroups, touches: &Receiver<Touch>) {
        while let Ok(()) = self.round(cgroups, touches) {}
    }

    fn round(&mut self, cgroups: &Cgroups, touches: &Receiver<Touch>) -> Result<(), Unheard> {
        let first = match &self.watch {
            Some(watch) => watch.next(STEP),
            None => None,
        };
        let mut changes: Vec<Change> = first.into_iter().collect();
        changes.extend(std::iter::from_fn(|| self.watch.as_ref()?.try_next()));
        for change in changes {
            self.change(change)?;
        }
        let wait = if self.watch.is_some() { Duration::ZERO } else { STEP };
        let mut touched = match touches.recv_timeout(wait) {
            Ok(touch) => vec![touch],
            Err(RecvTimeoutError::Timeout) => Vec::new(),
            Err(RecvTimeoutError::Disconnected) => return Err(Unheard),
        };
        touched.extend(touches.try_iter());
        let now = Instant::now();
        for (uid, children) in touched {
            if self.known.contains_key(&uid) {
                let heard_of = self.heard_of.entry(uid.clone()).or_default();
                heard_of.extend(children);
                // Ids are given in turn: the oldest stand first.
                while heard_of.len() > HEARD_OF_MAX {
                    heard_of.pop_first();
                }
                self.due.add(uid, now);
            } else {
                self.strangers.add(uid, now);
            }
        }
        if self.due.is_due(now) || (!self.is_told && self.strangers.is_due(now)) {
            self.look(cgroups, now)?;
        }
        self.strangers.forget(now);
        // What nobody knew in all the time that it was looked for is not asked for any more.
        self.heard_of.retain(|uid, _| self.due.contains(uid));
        Ok(())
    }

    fn change(&mut self, change: Change) -> Result<(), Unheard> {
        match change {
            Change::Added(mut pod) | Change::Changed(mut pod) if self.is_meant(&pod) => {
                let uid = pod.kubelet_uid.clone();
                if let Some(before) = self.known.get(&uid) {
                    remember(&mut pod, before);
                }
                self.strangers.remove(&uid);
                if self.is_here(&pod) {
                    self.due.add(uid.clone(), Instant::now());
                }
                self.known.insert(uid, pod);
            }
            Change::Added(pod) | Change::Changed(pod) | Change::Gone(pod) => {
                self.due.remove(&pod.kubelet_uid);
                if self.known.remove(&pod.kubelet_uid).is_some() && self.sent.remove(&pod.kubelet_uid).is_some() {
                    self.tell(News::Gone(pod.kubelet_uid))?;
                }
            }
            // Nothing is left out: the watch has no limit.
            Change::Synced | Change::LeftOut(_) => {}
            Change::Troubled(error) => {
                self.is_told = false;
                self.tell(News::Troubled(error.to_string()))?;
            }
            Change::Recovered => {
                self.is_told = true;
                self.tell(News::Well)?;
            }
        }
        Ok(())
    }

    fn is_meant(&self, pod: &Pod) -> bool {
        self.placed.iter().any(|selector| takes(selector, &self.narrowing, pod))
    }

    /// Whether a pod is, may be, or was on this machine.
    fn is_here(&self, pod: &Pod) -> bool {
        let may_be = !pod.has_ended() && (pod.node.is_none() || pod.node == self.node);
        may_be || self.sent.contains_key(&pod.kubelet_uid)
    }

    /// Looks at all pods that are due.
    fn look(&mut self, cgroups: &Cgroups, now: Instant) -> Result<(), Unheard> {
        self.identities.forget();
        // Read only if need be: of a pod whose cgroup is known, that one tells all.
        let mut forest = None;
        if !self.is_told && self.strangers.is_due(now) {
            self.recognise(forest.get_or_insert_with(|| Forest::read(cgroups)), now);
        }
        for uid in self.due.take(now) {
            let Some(pod) = self.known.get(&uid).cloned() else { continue };
            let sent = self.sent.get(&uid);
            let heard_of = self.heard_of.get(&uid).cloned().unwrap_or_default();
            let tree = sent.and_then(|sent| Tree::of_pod(cgroups, sent.cgroup.as_ref()?));
            let described = match &tree {
                Some(tree) => self.identities.describe(&pod, tree, &heard_of, &self.narrowing),
                None => {
                    let forest = forest.get_or_insert_with(|| Forest::read(cgroups));
                    let tree = self.tree(forest, &pod);
                    tree.and_then(|tree| self.identities.describe(&pod, tree, &heard_of, &self.narrowing))
                }
            };
            let target = match (described, sent) {
                (Some(described), _) => {
                    if described.is_settled {
                        self.due.remove(&uid);
                    }
                    described.target
                }
                // It is gone; how it ended may be told later.
                (None, Some(sent)) => {
                    self.due.remove(&uid);
                    PodTarget { ended: identity::ended(&pod), ..sent.clone() }
                }
                // Not here yet: its cgroup will be heard of; that it stays due is in case it was not.
                (None, None) => continue,
            };
            if self.sent.get(&uid) != Some(&target) {
                self.sent.insert(uid, target.clone());
                self.tell(News::Pod(Box::new(target)))?;
            }
        }
        Ok(())
    }

    /// The hierarchy to look for a pod in.
    fn tree<'f, 'c>(&self, forest: &'f Forest<'c>, pod: &Pod) -> Option<&'f Tree<'c>> {
        let ids: Vec<&str> = pod.containers.iter().filter_map(|one| one.id.as_deref()).collect();
        match &self.hierarchy {
            Some(hierarchy) => forest.of(hierarchy),
            None => forest.choose(&ids, &[&pod.kubelet_uid]),
        }
    }

    /// Asks the lesser sources about pods that the API did not tell of.
    fn recognise(&mut self, forest: &Forest<'_>, now: Instant) {
        for uid in self.strangers.take(now) {
            let pod = match self.identities.pod(&uid) {
                Some(pod) => pod,
                None if self.by_names || self.watch.is_some() => {
                    let tree = self.hierarchy.as_ref().and_then(|hierarchy| forest.of(hierarchy));
                    let named = tree.and_then(|tree| tree.named(&uid).map(|named| (tree, named)));
                    let Some((tree, named)) = named else { continue };
                    source::of_names(&self.root, tree, &Names::read(&self.root), named)
                }
                None => continue,
            };
            let pod = Pod { node: self.node.clone(), ..pod };
            if self.is_meant(&pod) {
                self.strangers.remove(&uid);
                self.known.insert(uid.clone(), pod);
                self.due.add(uid, now);
            }
        }
    }

    fn tell(&self, news: News) -> Result<(), Unheard> {
        self.news.send(news).map_err(|_| Unheard)
    }
}
