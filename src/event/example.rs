//! For tests: a session and items made by hand, with prime counts.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::Definition;
use super::ErrorCount;
use super::Event;
use super::Histogram;
use super::Incident;
use super::Item;
use super::KindId;
use super::ObjectId;
use super::PathObject;
use super::PeerKind;
use super::PeerName;
use super::PeerObject;
use super::Process;
use super::ProcessId;
use super::Session;
use super::TallyDelta;
use super::TallyKey;
use super::Tick;
use super::definition::Origin;
use super::definition::Side;
use super::session::HostSummary;
use super::session::KindName;
use super::session::ProfileText;
use super::session::Target;
use super::session::TargetKind;

/// A millisecond in nanoseconds.
pub const MS: u64 = 1_000_000;

/// A second in nanoseconds.
pub const S: u64 = 1_000 * MS;

/// The process every example has.
pub const CLIENT: ProcessId = ProcessId(3);

/// A session over kinds given by number and name, tracing one command.
pub fn session(kinds: &[(u8, &str)]) -> Session {
    Session {
        podtrace: "0.1.0".to_owned(),
        started: "2026-01-02T03:04:05Z".parse().unwrap(),
        host: HostSummary {
            name: "node-7".to_owned(),
            kernel: "6.18.1".to_owned(),
            architecture: "x86_64".to_owned(),
            cpus: 2,
        },
        profiles: vec![ProfileText { name: "latency".to_owned(), text: String::new() }],
        rules: Vec::new(),
        targets: vec![target(0, "client --to 127.0.0.1:7000")],
        command: Some(vec!["client".to_owned(), "--to".to_owned(), "127.0.0.1:7000".to_owned()]),
        kinds: kinds.iter().map(|(id, name)| KindName { id: KindId(*id), name: (*name).to_owned() }).collect(),
        coverage: Vec::new(),
    }
}

/// A target that is a command.
pub fn target(index: u16, name: &str) -> Target {
    Target {
        index,
        kind: TargetKind::Command,
        name: name.to_owned(),
        namespace: None,
        pod: None,
        container: None,
        node: None,
        workload: None,
        labels: BTreeMap::new(),
        life: None,
    }
}

/// A process of the first target.
pub fn process(id: u32, pid: u32, comm: &str) -> Process {
    Process {
        id: ProcessId(id),
        target: 0,
        pid,
        parent_pid: 1009,
        namespace_pid: pid,
        comm: comm.to_owned(),
        began_ns: Some(17 * MS as i64),
        origin: Origin::Exec,
        executable: Some(format!("/usr/bin/{comm}")),
        arguments: vec![comm.to_owned(), "--to".to_owned(), "127.0.0.1:7000".to_owned()],
        arguments_truncated: false,
    }
}

/// The item that names the process.
pub fn client() -> Item {
    Item::Definition(Definition::Process(process(CLIENT.0, 4711, "client")))
}

/// The item that names a peer the target connects to.
pub fn peer(id: u64, address: &str, port: u16) -> Item {
    let address: IpAddr = address.parse().unwrap();
    Item::Definition(Definition::Peer(PeerObject {
        id: ObjectId(id),
        address: Some(address),
        port,
        side: Side::Client,
    }))
}

/// A pod's name for a peer, in the namespace `shop`.
pub fn pod_name(object: u64, name: &str, workload: Option<&str>) -> PeerName {
    PeerName {
        object: ObjectId(object),
        kind: PeerKind::Pod,
        namespace: Some("shop".to_owned()),
        name: name.to_owned(),
        workload: workload.map(str::to_owned),
        port: None,
        service: None,
    }
}

/// A service's name for a peer, in the namespace `shop`.
pub fn service_name(object: u64, name: &str, port: Option<&str>) -> PeerName {
    PeerName { kind: PeerKind::Service, port: port.map(str::to_owned), ..pod_name(object, name, None) }
}

/// A warning about the pod `shop/client-0`, in seconds since the trace started.
pub fn incident(id: u32, at_seconds: i64, reason: &str, count: u64) -> Incident {
    Incident {
        id,
        at_ns: at_seconds * S as i64,
        first_ns: at_seconds.min(1) * S as i64,
        namespace: "shop".to_owned(),
        pod: "client-0".to_owned(),
        container: Some("app".to_owned()),
        warning: true,
        reason: reason.to_owned(),
        message: format!("what {reason} means"),
        reporter: "kubelet".to_owned(),
        count,
        during: count,
    }
}

/// The item that names a path.
pub fn path(id: u64, path: &str) -> Item {
    let path = path.to_owned();
    Item::Definition(Definition::Path(PathObject { id: ObjectId(id), path, deleted: false, truncated: false }))
}

/// A tick that counted something.
pub fn tick(at_ns: u64, tallies: Vec<TallyDelta>) -> Item {
    Item::Tick(Tick { at_ns: at_ns as i64, tallies, ..Tick::default() })
}

/// `count` operations of one kind on one object by [`CLIENT`], without durations.
pub fn counted(kind: u8, object: u64, count: u64) -> TallyDelta {
    TallyDelta {
        key: TallyKey { kind: KindId(kind), detail: 0, process: CLIENT, object: ObjectId(object) },
        count,
        amount: 0,
        total_ns: 0,
        max_ns: 0,
        histogram: Histogram::default(),
        errors: Vec::new(),
    }
}

/// Operations of one kind on one object by [`CLIENT`], one for each duration.
pub fn timed(kind: u8, object: u64, durations_ns: &[u64]) -> TallyDelta {
    let mut delta = counted(kind, object, durations_ns.len() as u64);
    for duration_ns in durations_ns {
        delta.total_ns += duration_ns;
        delta.max_ns = delta.max_ns.max(*duration_ns);
        delta.histogram.record(*duration_ns);
    }
    delta
}

/// The same with failures.
pub fn failing(mut delta: TallyDelta, errno: i32, count: u64) -> TallyDelta {
    delta.errors.push(ErrorCount { errno: errno as u16, count });
    delta
}

/// The same with a quantity.
pub fn amounting(mut delta: TallyDelta, amount: u64) -> TallyDelta {
    delta.amount = amount;
    delta
}

/// One event of [`CLIENT`].
pub fn event(kind: u8, object: u64, at_ns: u64, duration_ns: u64, result: i64) -> Event {
    Event {
        kind: KindId(kind),
        at_ns: at_ns as i64,
        duration_ns,
        process: CLIENT,
        thread: 4711,
        object: ObjectId(object),
        detail: 0,
        result,
        aux: 0,
    }
}
