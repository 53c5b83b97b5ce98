use std::collections::BTreeMap;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::thread;
use std::time::Duration;

use super::Assignment;
use super::Membership;
use super::Probe;
use super::Setting;
use super::Told;
use crate::event::Definition;
use crate::event::Item;
use crate::families;
use crate::host::Abilities;
use crate::host::Btf;
use crate::host::Host;
use crate::plan::Kernel;
use crate::plan::Plan;
use crate::profile::ProbeRequest;
use crate::profile::Profile;

struct Here<'a> {
    btf: &'a Btf,
    task_storage: bool,
}

impl Kernel for Here<'_> {
    fn has_typed_tracepoint(&self, name: &str) -> bool {
        self.btf.has_tracepoint(name)
    }

    fn has_task_storage(&self) -> bool {
        self.task_storage
    }

    fn possible_cpus(&self) -> u32 {
        2
    }
}

/// Check that operations of this very process are counted exactly, through two ticks and from two threads, and that
/// every timed operation is in a histogram.
#[test]
fn root_counts_are_exact() {
    let root = Path::new("/");
    let host = Host::read(root);
    let probes = families::FAMILIES
        .iter()
        .map(|family| ProbeRequest { family: family.name.into(), options: BTreeMap::new() })
        .collect();
    let profile = Profile { probes, ..Profile::default() };
    let abilities = Abilities::probe(&host, root);
    let btf = abilities.require().expect("this machine can trace");
    let plan = Plan::new(&profile, &Here { btf, task_storage: abilities.task_storage.is_ok() }, None);
    let setting = Setting {
        assignments: vec![Assignment {
            target: 0,
            membership: Membership::Processes(vec![std::process::id()]),
            from_exec: false,
        }],
        hierarchy: 0,
        held: None,
        listeners: Vec::new(),
        tick: Duration::from_millis(300),
        follow: false,
        tell_use: false,
    };
    let probe = Probe::start(plan, setting).expect("it starts");
    let file = File::open("/etc/passwd").expect("it exists");
    let read = |times| {
        let mut byte = [0];
        for _ in 0..times {
            file.read_at(&mut byte, 0).expect("it can be read");
        }
    };
    thread::scope(|scope| {
        scope.spawn(|| read(10_007));
        read(7_919);
    });
    thread::sleep(Duration::from_millis(400));
    read(1_009);
    probe.stop();
    let items = rest(&probe);
    probe.finish().expect("it ends well");
    let path = items.iter().find_map(|item| match item {
        Item::Definition(Definition::Path(path)) if path.path == "/etc/passwd" => Some(path.id),
        _ => None,
    });
    let tallies = items.iter().filter_map(|item| match item {
        Item::Tick(tick) => Some(&tick.tallies),
        _ => None,
    });
    let mut counted: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    let (mut reads, mut bytes) = (0, 0);
    for tally in tallies.flatten() {
        let kind = families::kind(tally.key.kind).expect("it is known");
        if kind.duration.is_some() {
            let sums = counted.entry(kind.name).or_default();
            *sums = (sums.0 + tally.count, sums.1 + tally.histogram.count());
        }
        if kind.name == "file.read" && Some(tally.key.object) == path {
            reads += tally.count;
            bytes += tally.amount;
        }
    }
    assert_eq!((reads, bytes), (10_007 + 7_919 + 1_009, 10_007 + 7_919 + 1_009));
    assert!(counted.len() >= 3, "{counted:?}");
    for (kind, (count, in_histograms)) in counted {
        assert_eq!(count, in_histograms, "{kind}");
    }
}

/// Everything that is left of a stopped probe.
fn rest(probe: &Probe) -> Vec<Item> {
    let mut all = Vec::new();
    loop {
        let ended = probe.has_ended();
        match probe.next(Duration::from_millis(50)) {
            Some(told) => all.extend(told.into_iter().map(Told::into_item).filter_map(Result::ok)),
            None if ended => return all,
            None => {}
        }
    }
}
