use std::collections::BTreeMap;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::Duration;
use std::time::Instant;

use super::Assignment;
use super::Membership;
use super::Probe;
use super::Setting;
use crate::event::Item;
use crate::families;
use crate::host::Abilities;
use crate::host::Clock;
use crate::host::Host;
use crate::plan::Plan;
use crate::profile::ProbeRequest;
use crate::profile::Profile;

struct Here(Abilities, u32);

impl crate::plan::Kernel for Here {
    fn has_typed_tracepoint(&self, name: &str) -> bool {
        self.0.btf.as_ref().is_ok_and(|btf| btf.has_tracepoint(name))
    }

    fn has_task_storage(&self) -> bool {
        self.0.task_storage.is_ok()
    }

    fn possible_cpus(&self) -> u32 {
        self.1
    }
}

/// Check that operations of this very process are counted exactly, through two ticks.
#[test]
fn root_counts_are_exact() {
    let root = Path::new("/");
    let host = Host::read(root);
    let probes = families::FAMILIES
        .iter()
        .map(|family| ProbeRequest { family: family.name.into(), options: BTreeMap::new() })
        .collect();
    let profile = Profile { probes, ..Profile::default() };
    let begun = Instant::now();
    let plan = Plan::new(&profile, &Here(Abilities::probe(&host, root), 2), None);
    let clock = Clock::read(root);
    let setting = Setting {
        assignments: vec![Assignment { target: 0, membership: Membership::Processes(vec![std::process::id()]) }],
        hierarchy: 0,
        listeners: Vec::new(),
        started_ns: clock.monotonic_ns as u64,
        origin: Instant::now(),
        tick: Duration::from_millis(300),
    };
    eprintln!("planned in {:?}", begun.elapsed());
    let probe = Probe::start(plan, setting).expect("it starts");
    eprintln!("started in {:?}", begun.elapsed());
    let file = File::open("/etc/passwd").expect("it exists");
    let mut byte = [0];
    for _ in 0..10_007 {
        file.read_at(&mut byte, 0).expect("it can be read");
    }
    std::thread::sleep(Duration::from_millis(400));
    for _ in 0..1_009 {
        file.read_at(&mut byte, 0).expect("it can be read");
    }
    probe.stop();
    let mut reads = 0;
    let mut all = Vec::new();
    while !(probe.has_ended() && all.is_empty()) {
        all = probe.next(Duration::from_millis(100)).unwrap_or_default();
        for item in &all {
            match item {
                Item::Tick(tick) => {
                    for tally in &tick.tallies {
                        let kind = families::kind(tally.key.kind).expect("it is known");
                        if kind.name == "file.read" {
                            reads += tally.count;
                        }
                        eprintln!("{} {:?} {} {}", kind.name, tally.key, tally.count, tally.amount);
                    }
                    eprintln!("{:?} {:?}", tick.losses, tick.sent);
                }
                other => eprintln!("{other:?}"),
            }
        }
    }
    let cost = probe.finish().expect("it ends well");
    eprintln!("{cost:?}");
    assert!(reads >= 11_016, "{reads}");
}
