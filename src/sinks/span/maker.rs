//! From items to spans.
//!
//! A process that begins during the trace is a span, from its fork (or exec, where that was not seen) to its exit; the
//! process that forked it is its parent, and a tree of them is one trace: a command and everything it did. An operation
//! on a connection is a span in its process's trace. In a process that ran before, a server mostly, each operation is a
//! trace of its own: there is no telling what it belongs to.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use super::Attribute;
use super::Side;
use super::Span;
use super::SpanId;
use super::TraceId;
use super::ids;
use crate::event::Definition;
use crate::event::Event;
use crate::event::Item;
use crate::event::Kind;
use crate::event::KindId;
use crate::event::ObjectId;
use crate::event::PeerObject;
use crate::event::Process;
use crate::event::ProcessId;
use crate::event::Session;
use crate::event::definition;
use crate::event::definition::Origin;
use crate::event::kind::ObjectKind;
use crate::event::session::Target;
use crate::window::Catalogue;

/// Process lives that are remembered; beyond it the oldest is forgotten, and what it does later begins traces of its own.
const LIVES_MAX: usize = 16_384;

/// Peers that are remembered; beyond it all are forgotten, and come again with their next definition.
const PEERS_MAX: usize = 65_536;

/// Targets that are remembered; beyond it all are forgotten, and spans lack their names.
const TARGETS_MAX: usize = 16_384;

/// Makes spans of what happens.
#[derive(Debug)]
pub struct Maker {
    started_ns: u64,
    seed: u64,
    kinds: Catalogue,
    /// The kind that ends process lives; without it processes are no spans.
    exit: Option<KindId>,
    targets: BTreeMap<u16, Target>,
    host: String,
    /// By life, the process it is a life of.
    lives: BTreeMap<ProcessId, Life>,
    /// By pid, what runs there.
    running: BTreeMap<u32, ProcessId>,
    peers: BTreeMap<ObjectId, PeerObject>,
    sequence: u64,
}

#[derive(Clone, Debug)]
struct Life {
    pid: u32,
    comm: String,
    executable: Option<String>,
    /// Where it is in its trace; `None` if it ran before.
    place: Option<Place>,
    resource: Arc<Vec<Attribute>>,
}

#[derive(Clone, Copy, Debug)]
struct Place {
    trace: TraceId,
    span: SpanId,
    parent: Option<SpanId>,
    began_ns: i64,
}

impl Maker {
    /// Makes spans of a session; `exit` is the name of the kind that ends process lives.
    pub fn new(session: &Session, kinds: Catalogue, exit: &str) -> Self {
        let started = session.started.as_nanosecond();
        let started_ns = u64::try_from(started).unwrap_or(0);
        Self {
            started_ns,
            seed: ids::mixed(&[started_ns, ids::number(&session.host.name)]),
            exit: kinds.id(exit),
            kinds,
            targets: session.targets.iter().map(|target| (target.index, target.clone())).collect(),
            host: session.host.name.clone(),
            lives: BTreeMap::new(),
            running: BTreeMap::new(),
            peers: BTreeMap::new(),
            sequence: 0,
        }
    }

    /// The spans that an item completes.
    pub fn item(&mut self, item: &Item) -> Option<Span> {
        match item {
            Item::Definition(Definition::Process(process)) => self.begin(process),
            Item::Definition(Definition::Peer(peer)) => {
                if self.peers.len() >= PEERS_MAX {
                    self.peers.clear();
                }
                self.peers.insert(peer.id, peer.clone());
            }
            Item::Definition(Definition::Target(target)) => {
                if self.targets.len() >= TARGETS_MAX {
                    self.targets.clear();
                }
                self.targets.insert(target.index, (**target).clone());
            }
            Item::Event(event) if Some(event.kind) == self.exit => return self.end(event),
            Item::Event(event) => return self.operation(event),
            _ => {}
        }
        None
    }

    /// Spans of processes that still run when the trace ends, cut at its end.
    pub fn finish(&mut self, duration_ns: u64) -> Vec<Span> {
        let running: Vec<_> = std::mem::take(&mut self.running).into_values().collect();
        let lives = running.into_iter().filter_map(|life| self.lives.get(&life)).filter(|_| self.exit.is_some());
        let end_ns = i64::try_from(duration_ns).unwrap_or(i64::MAX);
        lives
            .filter_map(|life| {
                let mut span = self.of_life(life, end_ns, None)?;
                span.attributes.push(Attribute::text("podtrace.process.state", "running"));
                Some(span)
            })
            .collect()
    }

    fn begin(&mut self, process: &Process) {
        let before = self.running.get(&process.pid).and_then(|life| self.lives.get(life));
        let place = match (process.origin, process.began_ns) {
            _ if self.exit.is_none() => None,
            (Origin::Seed, _) | (_, None) => None,
            // An exec goes on with the span of the fork; of a process that ran before it begins one.
            (Origin::Exec, Some(began_ns)) => {
                Some(before.and_then(|life| life.place).unwrap_or_else(|| self.root(process, began_ns)))
            }
            (Origin::Fork, Some(began_ns)) => {
                let parent = self.running.get(&process.parent_pid).and_then(|life| self.lives.get(life));
                Some(match parent.and_then(|parent| parent.place) {
                    Some(parent) => {
                        Place { trace: parent.trace, span: self.span_id(process), parent: Some(parent.span), began_ns }
                    }
                    None => self.root(process, began_ns),
                })
            }
        };
        let life = Life {
            pid: process.pid,
            comm: process.comm.clone(),
            executable: process.executable.clone(),
            place,
            resource: Arc::new(self.resource(process)),
        };
        if self.lives.len() >= LIVES_MAX
            && let Some((_, oldest)) = self.lives.pop_first()
            && self.running.get(&oldest.pid).is_some_and(|life| !self.lives.contains_key(life))
        {
            self.running.remove(&oldest.pid);
        }
        self.lives.insert(process.id, life);
        self.running.insert(process.pid, process.id);
    }

    fn root(&self, process: &Process, began_ns: i64) -> Place {
        let trace = TraceId::of(&[self.seed, u64::from(process.id.0)]);
        Place { trace, span: self.span_id(process), parent: None, began_ns }
    }

    fn span_id(&self, process: &Process) -> SpanId {
        SpanId::of(&[self.seed, 1, u64::from(process.id.0)])
    }

    fn end(&mut self, event: &Event) -> Option<Span> {
        let life = self.lives.get(&event.process)?;
        let kind = self.kinds.kind(event.kind)?;
        let span = self.of_life(life, event.at_ns, failure(kind, event));
        let pid = life.pid;
        if self.running.get(&pid) == Some(&event.process) {
            self.running.remove(&pid);
        }
        span
    }

    fn of_life(&self, life: &Life, end_ns: i64, error: Option<String>) -> Option<Span> {
        let place = life.place?;
        Some(Span {
            trace: place.trace,
            id: place.span,
            parent: place.parent,
            name: format!("process {}", life.comm).into(),
            side: Side::Internal,
            start_ns: self.wall(place.began_ns),
            end_ns: self.wall(end_ns.max(place.began_ns)),
            error,
            attributes: life
                .executable
                .iter()
                .map(|path| Attribute::text("process.executable.path", path.clone()))
                .collect(),
            resource: Arc::clone(&life.resource),
        })
    }

    /// An operation that somebody waited for on a connection.
    fn operation(&mut self, event: &Event) -> Option<Span> {
        let kind = self.kinds.kind(event.kind)?;
        let is_exchange = kind.waits && kind.duration.is_some() && kind.object == ObjectKind::Peer;
        if !is_exchange || event.duration_ns == 0 {
            return None;
        }
        self.sequence += 1;
        let life = self.lives.get(&event.process);
        let peer = self.peers.get(&event.object);
        let id = SpanId::of(&[self.seed, 2, self.sequence]);
        let place = life.and_then(|life| life.place);
        let trace = place.map_or_else(|| TraceId::of(&[self.seed, 3, self.sequence]), |place| place.trace);
        let mut attributes = peer.map_or_else(Vec::new, |peer| of_peer(peer, kind));
        if event.thread > 0 {
            attributes.push(Attribute::number("thread.id", event.thread));
        }
        let error = failure(kind, event);
        attributes.extend(error.iter().map(|error| Attribute::text("error.type", error.clone())));
        let moves_bytes = kind.amount.is_some_and(|amount| amount.unit == crate::event::kind::Unit::Bytes);
        if moves_bytes && event.result >= 0 {
            attributes.push(Attribute::number("podtrace.bytes", event.result));
        }
        let resource = match life {
            Some(life) => Arc::clone(&life.resource),
            None => Arc::new(self.of_target(None)),
        };
        Some(Span {
            trace,
            id,
            parent: place.map(|place| place.span),
            name: kind.name.into(),
            side: match peer.map(|peer| peer.side) {
                Some(definition::Side::Server) => Side::Server,
                _ => Side::Client,
            },
            start_ns: self.wall(event.at_ns),
            end_ns: self.wall(event.at_ns).saturating_add(event.duration_ns),
            error,
            attributes,
            resource,
        })
    }

    fn wall(&self, at_ns: i64) -> u64 {
        self.started_ns.saturating_add_signed(at_ns)
    }

    /// By OpenTelemetry's semantic conventions for resources: `k8s.*`, `container.*`, `host.*`, `process.*`.
    fn resource(&self, process: &Process) -> Vec<Attribute> {
        let mut resource = self.of_target(Some(process.target));
        if !resource.iter().any(|attribute| attribute.name == "service.name") {
            resource.push(Attribute::text("service.name", process.comm.clone()));
        }
        resource.push(Attribute::number("process.pid", process.namespace_pid));
        resource.push(Attribute::number("process.parent_pid", process.parent_pid));
        resource.push(Attribute::text("process.executable.name", process.comm.clone()));
        resource
    }

    fn of_target(&self, index: Option<u16>) -> Vec<Attribute> {
        let mut attributes = vec![Attribute::text("host.name", self.host.clone())];
        let only = if self.targets.len() == 1 { self.targets.values().next() } else { None };
        let target = index.and_then(|index| self.targets.get(&index)).or(only);
        let Some(target) = target else { return attributes };
        let (sort, name) = target.workload.as_deref().and_then(|workload| workload.split_once('/')).unzip();
        let service = name.map(str::to_owned).or_else(|| target.pod.clone());
        let mut push = |name, value: Option<&String>| {
            attributes.extend(value.map(|value| Attribute::text(name, value.clone())));
        };
        push("service.name", service.as_ref());
        push("service.namespace", target.namespace.as_ref().filter(|_| service.is_some()));
        push("k8s.namespace.name", target.namespace.as_ref());
        push("k8s.pod.name", target.pod.as_ref());
        push("k8s.container.name", target.container.as_ref());
        push("container.name", target.container.as_ref());
        push("container.id", target.life.as_ref().and_then(|life| life.container_id.as_ref()));
        push("k8s.node.name", target.node.as_ref());
        if let (Some(key), Some(name)) = (sort.and_then(workload_key), name) {
            attributes.push(Attribute::text(key, name));
        }
        if target.pod.is_none() {
            attributes.push(Attribute::text("podtrace.target", target.name.clone()));
        }
        attributes
    }
}

/// The attribute for a workload of a sort.
fn workload_key(sort: &str) -> Option<&'static str> {
    match sort {
        "Deployment" => Some("k8s.deployment.name"),
        "StatefulSet" => Some("k8s.statefulset.name"),
        "DaemonSet" => Some("k8s.daemonset.name"),
        "ReplicaSet" => Some("k8s.replicaset.name"),
        "Job" => Some("k8s.job.name"),
        "CronJob" => Some("k8s.cronjob.name"),
        _ => None,
    }
}

fn failure(kind: &Kind, event: &Event) -> Option<String> {
    let errno = u16::try_from(event.result.checked_neg()?).ok().filter(|errno| *errno > 0)?;
    Some((kind.error)(errno).into_owned())
}

fn of_peer(peer: &PeerObject, kind: &Kind) -> Vec<Attribute> {
    let mut attributes = Vec::new();
    let transport = match kind.family() {
        family @ ("tcp" | "udp") => Some(family),
        _ => None,
    };
    attributes.extend(transport.map(|transport| Attribute::text("network.transport", transport)));
    if let Some(address) = peer.address {
        attributes.push(Attribute::text("network.type", if address.is_ipv4() { "ipv4" } else { "ipv6" }));
        attributes.push(Attribute::text("network.peer.address", address.to_string()));
    }
    match peer.side {
        definition::Side::Client => {
            attributes.push(Attribute::number("network.peer.port", peer.port));
            attributes
                .extend(peer.address.map(|address: IpAddr| Attribute::text("server.address", address.to_string())));
            attributes.push(Attribute::number("server.port", peer.port));
        }
        definition::Side::Server => attributes.push(Attribute::number("network.local.port", peer.port)),
    }
    attributes
}
