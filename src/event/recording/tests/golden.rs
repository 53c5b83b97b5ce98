//! A recording that is checked in for every format there was: it must stay readable, item for item.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use super::record;
use super::replay;
use crate::event::ABANDONED;
use crate::event::Definition;
use crate::event::Ending;
use crate::event::ErrorCount;
use crate::event::Event;
use crate::event::Histogram;
use crate::event::Incident;
use crate::event::Item;
use crate::event::KindId;
use crate::event::Loss;
use crate::event::LossCause;
use crate::event::ObjectId;
use crate::event::PathObject;
use crate::event::PeerKind;
use crate::event::PeerName;
use crate::event::PeerObject;
use crate::event::Process;
use crate::event::ProcessId;
use crate::event::Session;
use crate::event::TallyDelta;
use crate::event::TallyKey;
use crate::event::Tick;
use crate::event::definition::Origin;
use crate::event::definition::Side;
use crate::event::recording::Reader;
use crate::event::session::CommandStatus;
use crate::event::session::Cost;
use crate::event::session::HostSummary;
use crate::event::session::KindName;
use crate::event::session::Life;
use crate::event::session::PlannedFeature;
use crate::event::session::ProfileText;
use crate::event::session::ProgramCost;
use crate::event::session::Target;
use crate::event::session::TargetKind;

/// Set it to write the golden file anew, which only a new format makes right.
const WRITE: &str = "PODTRACE_WRITE_GOLDEN_RECORDING";

const CONNECT: KindId = KindId(0x10);
const READ: KindId = KindId(0x32);

pub(super) fn session() -> Session {
    let target = |index, kind, name: &str| Target {
        index,
        kind,
        name: name.into(),
        namespace: None,
        pod: None,
        container: None,
        node: None,
        workload: None,
        labels: BTreeMap::new(),
        life: None,
    };
    let feature = |feature: &str, blind: Option<&str>, degraded: Option<&str>| PlannedFeature {
        feature: feature.into(),
        blind: blind.map(Into::into),
        degraded: degraded.map(Into::into),
    };
    Session {
        podtrace: "0.1.0".into(),
        started: "2024-02-29T23:59:59.123456789Z".parse().unwrap(),
        host: HostSummary { name: "node-7".into(), kernel: "6.1.0".into(), architecture: "x86_64".into(), cpus: 2 },
        profiles: vec![ProfileText { name: "latency".into(), text: "probes { tcp; file }\n".into() }],
        rules: Vec::new(),
        targets: vec![
            target(0, TargetKind::Command, "sh"),
            target(1, TargetKind::Process, "pid 4711"),
            target(2, TargetKind::Cgroup, "/system.slice"),
            target(3, TargetKind::Unit, "cron.service"),
            Target {
                namespace: Some("production".into()),
                pod: Some("api-0".into()),
                container: Some("api".into()),
                ..target(4, TargetKind::Container, "api")
            },
        ],
        command: Some(vec!["sh".into(), "-c".into(), "cat /etc/hostname; exit 3".into()]),
        kinds: vec![
            KindName { id: CONNECT, name: "tcp.connect".into() },
            KindName { id: READ, name: "file.read".into() },
        ],
        coverage: vec![
            feature("tcp.connect", None, Some("handshake time from the state tracepoint")),
            feature("file.read: io_uring", Some("the operation behind a request is not seen"), None),
        ],
    }
}

pub(super) fn ending() -> Ending {
    Ending {
        duration_ns: 3_000_000_019,
        command: Some(CommandStatus::Exited(3)),
        interrupted: Some("SIGTERM".into()),
        cost: Cost {
            agent_cpu_ns: 10_007,
            agent_memory_bytes: 20_011,
            kernel_memory_bytes: 30_011,
            programs: vec![ProgramCost { name: "sys_enter".into(), runs: 101, total_ns: 1_009 }],
        },
        coverage: Vec::new(),
    }
}

/// Three ticks with every sort of definition, loss, origin and side in them.
pub(super) fn items() -> Vec<Item> {
    let process = |id, origin, began_ns| Process {
        id: ProcessId(id),
        target: 0,
        pid: 4711 + id,
        parent_pid: 4700,
        namespace_pid: 1,
        comm: "sh".into(),
        began_ns,
        origin,
        executable: None,
        arguments: Vec::new(),
        arguments_truncated: false,
    };
    let peer = |id, address: Option<&str>, side| {
        let address = address.map(|text| text.parse().unwrap());
        Item::Definition(Definition::Peer(PeerObject { id: ObjectId(id), address, port: 5432, side }))
    };
    let executed = Process {
        executable: Some("/bin/cat".into()),
        arguments: vec!["cat".into(), "/etc/hostname".into()],
        arguments_truncated: true,
        ..process(3, Origin::Exec, Some(23))
    };
    let path = |id, path: &str, deleted, truncated| {
        Item::Definition(Definition::Path(PathObject { id: ObjectId(id), path: path.into(), deleted, truncated }))
    };
    let event = |kind, object, result| {
        Item::Event(Event {
            kind,
            at_ns: -17,
            duration_ns: 100_000_007,
            process: ProcessId(3),
            thread: 4714,
            object: ObjectId(object),
            detail: 5,
            result,
            aux: 53,
        })
    };
    vec![
        Item::Definition(Definition::Process(process(1, Origin::Seed, None))),
        Item::Definition(Definition::Process(process(2, Origin::Fork, Some(19)))),
        Item::Tick(Tick { at_ns: 1_000_000_007, ..Tick::default() }),
        Item::Definition(Definition::Process(executed)),
        path(u64::MAX, "/etc/hostname", false, false),
        path(0x1234_5678_9abc_def0, "deep/er", true, true),
        peer(11, Some("10.0.0.7"), Side::Client),
        event(READ, u64::MAX, 4096),
        Item::Tick(first_tick()),
        peer(12, Some("::1"), Side::Server),
        peer(13, None, Side::Server),
        event(CONNECT, 11, -111),
        event(CONNECT, 12, -i64::from(ABANDONED)),
        Item::Tick(Tick {
            at_ns: 3_000_000_019,
            losses: vec![Loss { kind: None, cause: LossCause::Overload, count: 7 }],
            sent: vec![(CONNECT, 9)],
            ..Tick::default()
        }),
    ]
}

fn first_tick() -> Tick {
    let delta = |kind, process, object, count: u64| TallyDelta {
        key: TallyKey { kind, detail: 1, process, object },
        count,
        amount: count * 4096,
        total_ns: count * 1_009,
        max_ns: 1_013,
        histogram: Histogram::from_buckets([(0, 1), (97, count), (511, 2)]),
        errors: Vec::new(),
    };
    let error = |errno, count| ErrorCount { errno, count };
    Tick {
        at_ns: 2_000_000_011,
        tallies: vec![
            delta(READ, ProcessId(3), ObjectId(u64::MAX), 10_007),
            TallyDelta {
                errors: vec![error(111, 7), error(ABANDONED, 3), error(0, 1)],
                ..delta(CONNECT, ProcessId(3), ObjectId(11), 23)
            },
            delta(READ, ProcessId::UNKNOWN, ObjectId::OTHER, 0),
        ],
        losses: LossCause::ALL
            .into_iter()
            .zip(1..)
            .map(|(cause, count)| Loss { kind: Some(READ), cause, count })
            .collect(),
        sent: vec![(READ, 1)],
    }
}

/// What format 2 has beside that: a container that came later, and what turned out on the way.
fn items_of_format_2() -> Vec<Item> {
    let life = Life {
        container_id: Some("0f".repeat(32)),
        restarts: Some(5),
        began_ns: Some(1_009),
        ended_ns: Some(2_003),
        exit_code: Some(137),
        reason: Some("OOMKilled".into()),
    };
    let target = Target {
        index: 7,
        name: "api-0/api#5".into(),
        life: Some(life),
        labels: BTreeMap::from([("app".into(), "api".into())]),
        ..session().targets[4].clone()
    };
    let mut items = items();
    items.insert(3, Item::Definition(Definition::Target(Box::new(target))));
    items
}

fn ending_of_format_2() -> Ending {
    let late = "the API could not be asked from 1 s to 2 s";
    let feature = PlannedFeature { feature: "targets".into(), blind: None, degraded: Some(late.into()) };
    Ending { coverage: vec![feature], ..ending() }
}

/// What the cluster tells, which came to format 2 later.
fn items_of_the_cluster() -> Vec<Item> {
    let name = |object, kind, namespace: Option<&str>, name: &str| PeerName {
        object: ObjectId(object),
        kind,
        namespace: namespace.map(Into::into),
        name: name.into(),
        workload: None,
        port: None,
        service: None,
    };
    let pod = PeerName {
        workload: Some("Deployment/api".into()),
        service: Some("api".into()),
        ..name(11, PeerKind::Pod, Some("production"), "api-7c9d8f6b5-x2xab")
    };
    let service =
        PeerName { port: Some("https".into()), ..name(12, PeerKind::Service, Some("production"), "payments") };
    let incident = Incident {
        id: 3,
        at_ns: 1_009,
        first_ns: -2_003,
        namespace: "production".into(),
        pod: "api-0".into(),
        container: Some("api".into()),
        warning: true,
        reason: "BackOff".into(),
        message: "Back-off restarting failed container".into(),
        reporter: "kubelet".into(),
        count: 23,
        during: 7,
    };
    let feature = PlannedFeature {
        feature: "peer names: services".into(),
        blind: Some("the API forbids to list services".into()),
        degraded: None,
    };
    let mut items = items();
    items.extend([pod, service, name(13, PeerKind::Node, None, "node-7")].map(Item::from));
    items.extend([Item::from(incident), Item::Feature(feature)]);
    items
}

/// Reads a file that is checked in.
fn stays_readable(name: &str, items: &[Item], ending: &Ending) {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/recordings").join(name);
    let bytes = fs::read(&file).unwrap();
    assert_eq!(Reader::open(&bytes[..]).unwrap().session(), &session());
    let (read, result) = replay(&bytes[..]);
    assert_eq!(read, items);
    assert_eq!(&result.unwrap(), ending);
}

/// Check that the recording of format 1 that is checked in is read as the items it was written from.
#[test]
fn format_1_stays_readable() {
    stays_readable("v1.podtrace", &items(), &ending());
}

/// Check the same of format 2.
#[test]
fn format_2_stays_readable() {
    if std::env::var_os(WRITE).is_some() {
        let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/recordings/v2.podtrace");
        fs::write(&file, record(&session(), &items_of_format_2(), &ending_of_format_2())).unwrap();
    }
    stays_readable("v2.podtrace", &items_of_format_2(), &ending_of_format_2());
}

/// Check the same of what the cluster tells.
#[test]
fn names_and_incidents_stay_readable() {
    if std::env::var_os(WRITE).is_some() {
        let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/recordings/v2-cluster.podtrace");
        fs::write(&file, record(&session(), &items_of_the_cluster(), &ending())).unwrap();
    }
    stays_readable("v2-cluster.podtrace", &items_of_the_cluster(), &ending());
}
