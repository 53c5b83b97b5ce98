//! A trace of a client with a slow server, a refused connect and a file it syncs; all counts are primes.

use crate::event::Ending;
use crate::event::Item;
use crate::event::KindId;
use crate::event::Loss;
use crate::event::LossCause;
use crate::event::ProcessId;
use crate::event::Session;
use crate::event::Severity;
use crate::event::TallyDelta;
use crate::event::Tick;
use crate::event::example;
use crate::event::example::MS;
use crate::event::example::S;
use crate::event::example::amounting;
use crate::event::example::counted;
use crate::event::example::failing;
use crate::event::example::timed;
use crate::event::session::CommandStatus;
use crate::event::session::Cost;
use crate::event::session::PlannedFeature;
use crate::event::session::ProgramCost;
use crate::families;
use crate::profile::Comparison;
use crate::profile::Figure;
use crate::profile::Profile;
use crate::profile::Threshold;
use crate::report::Builder;
use crate::report::Report;

/// Every kind there is, and some that cannot be seen.
pub(crate) fn session() -> Session {
    let kinds: Vec<_> = families::kinds().map(|kind| (kind.id.0, kind.name)).collect();
    let planned = |feature: &str, blind: Option<&str>, degraded: Option<&str>| PlannedFeature {
        feature: feature.to_owned(),
        blind: blind.map(str::to_owned),
        degraded: degraded.map(str::to_owned),
    };
    let mut session = example::session(&kinds);
    session.coverage = families::kinds()
        .map(|kind| match kind.name {
            "tcp.rtt" => planned(kind.name, Some("the kernel has no `tcp_probe` tracepoint"), None),
            "sched.runq" => planned(kind.name, None, Some("preempted threads are not seen")),
            name => planned(name, None, None),
        })
        .collect();
    session.coverage.push(planned("file.read: mmap", Some("reads through mmap make no system call"), None));
    session
}

/// Two thresholds that this trace crosses, one that it does not, one of a kind that it cannot see.
pub(crate) fn profile() -> Profile {
    let threshold = |kind: &str, figure, bound, severity, text: &str| Threshold {
        kind: kind.to_owned(),
        figure,
        comparison: Comparison::Above,
        bound,
        for_ns: 0,
        severity,
        text: text.to_owned(),
    };
    Profile {
        thresholds: vec![
            threshold("tcp.connect", Figure::ErrorRate, 0.05, Severity::Warning, "error-rate > 5%"),
            threshold("tcp.response", Figure::P99, 0.1, Severity::Critical, "p99 > 100ms"),
            threshold("tcp.rtt", Figure::P99, 0.1, Severity::Warning, "p99 > 100ms"),
            threshold("file.fsync", Figure::P99, 0.5, Severity::Warning, "p99 > 500ms"),
        ],
        ..Profile::default()
    }
}

fn of(process: u32, detail: u8, mut delta: TallyDelta) -> TallyDelta {
    delta.key.process = ProcessId(process);
    delta.key.detail = detail;
    delta
}

/// The items, in seven ticks of a second.
pub(crate) fn items() -> Vec<Item> {
    let mut items = vec![
        example::client(),
        Item::Definition(crate::event::Definition::Process(example::process(5, 4723, "worker"))),
        example::peer(11, "127.0.0.1", 7000),
        example::peer(13, "::1", 7001),
        example::path(17, "/var/lib/client/journal/0000000000000000000000000000000000000000000000000000001009.log"),
        example::path(19, "/etc/hosts"),
    ];
    for second in 1..=7 {
        let mut tallies = vec![
            timed(0x10, 11, &[MS, 2 * MS, 3 * MS]),
            timed(0x14, 11, &[212 * MS, 211 * MS, 199 * MS]),
            amounting(timed(0x12, 11, &[20_000, 21_000, 23_000]), 1009),
            amounting(counted(0x13, 11, 3), 10_007),
            amounting(timed(0x33, 17, &vec![11_000; 101]), 101 * 4096),
            timed(0x34, 17, &[5 * MS, 7 * MS, 11 * MS]),
            amounting(timed(0x32, 19, &[1_000; 13]), 13 * 31),
            failing(timed(0x30, 19, &[9_000; 5]), libc::ENOENT, 2),
            of(3, 3, timed(0x40, 0, &[631 * MS])),
            of(3, 4, timed(0x40, 0, &[997 * MS])),
            of(5, 2, timed(0x40, 0, &[53 * MS, 61 * MS])),
            of(5, 0, timed(0x41, 0, &[MS, 2 * MS])),
            of(3, 0, amounting(counted(0x42, 0, 29), 31 * MS)),
            of(5, 0, amounting(counted(0x42, 0, 31), 503 * MS)),
        ];
        if second == 5 {
            tallies.push(failing(timed(0x10, 13, &[40_000; 7]), libc::ECONNREFUSED, 7));
            for place in 0..7 {
                let at_ns = 4 * S + 100 * MS * place;
                items.push(Item::Event(example::event(0x10, 13, at_ns, 40_000, -i64::from(libc::ECONNREFUSED))));
            }
            tallies.push(failing(of(5, 0, counted(0x04, 0, 1)), 3 << 8, 1));
            let mut exit = example::event(0x04, 0, 4 * S + 900 * MS, 0, -(3 << 8));
            exit.process = ProcessId(5);
            items.push(Item::Event(exit));
        }
        for (place, ms) in [212, 211, 199].into_iter().enumerate() {
            items.push(Item::Event(example::event(0x14, 11, (second - 1) * S + place as u64 * 300 * MS, ms * MS, 101)));
        }
        let losses = if second == 3 {
            vec![Loss { kind: Some(KindId(0x14)), cause: LossCause::RingFull, count: 2 }]
        } else {
            Vec::new()
        };
        let sent = match second {
            3 => vec![(KindId(0x14), 5)],
            5 => vec![(KindId(0x14), 3), (KindId(0x10), 7), (KindId(0x04), 1)],
            _ => vec![(KindId(0x14), 3)],
        };
        items.push(Item::Tick(Tick { at_ns: (second * S) as i64, tallies, losses, sent }));
    }
    items
}

/// How it ended.
pub(crate) fn ending() -> Ending {
    Ending {
        duration_ns: 7 * S + 11 * MS,
        command: Some(CommandStatus::Exited(3)),
        interrupted: None,
        coverage: Vec::new(),
        cost: Cost {
            agent_cpu_ns: 83 * MS,
            agent_memory_bytes: 23 << 20,
            kernel_memory_bytes: 7 << 20,
            programs: vec![
                ProgramCost { name: "podtrace_exit".to_owned(), runs: 1009, total_ns: 1009 * 89 },
                ProgramCost { name: "podtrace_idle".to_owned(), runs: 0, total_ns: 0 },
            ],
        },
    }
}

/// The report on it.
pub(crate) fn report() -> Report {
    of_items(&session(), &profile(), &items(), &ending())
}

/// A report on any items.
pub(crate) fn of_items(session: &Session, profile: &Profile, items: &[Item], ending: &Ending) -> Report {
    let mut builder = Builder::new(session, profile);
    items.iter().for_each(|item| builder.item(item));
    builder.finish(ending)
}
