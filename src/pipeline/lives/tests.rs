use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::path::PathBuf;

use proptest::prelude::*;

use super::Lives;
use crate::event::Definition;
use crate::event::Event;
use crate::event::Histogram;
use crate::event::Item;
use crate::event::KindId;
use crate::event::ObjectId;
use crate::event::Process;
use crate::event::ProcessId;
use crate::event::TallyDelta;
use crate::event::TallyKey;
use crate::event::Tick;
use crate::event::definition::Origin;
use crate::event::example;
use crate::event::session::Target;
use crate::host::Cgroup;
use crate::host::Hierarchy;
use crate::probe::Assignment;
use crate::probe::LEFT_OUT;
use crate::probe::MadeCgroup;
use crate::probe::Membership;
use crate::targets::pod::ContainerKind;
use crate::targets::pod::ContainerState;
use crate::targets::pod::Ended;
use crate::targets::pods::ContainerTarget;
use crate::targets::pods::PodTarget;

/// The pod's own cgroup, and its depth.
const POD: (u64, u32) = (100, 3);

/// A second in nanoseconds.
const S: i64 = 1_000_000_000;

fn id(digit: char) -> String {
    digit.to_string().repeat(64)
}

fn cgroup(id: u64, level: u32, path: &str) -> Cgroup {
    Cgroup { hierarchy: Hierarchy::V2, path: path.into(), directory: PathBuf::from(path), id, level }
}

fn container(name: &str, digit: char, at: Option<u64>, restarts: Option<u32>) -> ContainerTarget {
    ContainerTarget {
        name: name.into(),
        kind: ContainerKind::App,
        id: Some(id(digit)),
        restarts,
        state: ContainerState::Running,
        runtime: None,
        cgroup: at.map(|at| cgroup(at, POD.1 + 1, &format!("/kubepods/podu1/{}", id(digit)))),
    }
}

/// Pod `web` with a sandbox in cgroup 101.
fn pod(containers: Vec<ContainerTarget>) -> PodTarget {
    let children = containers.iter().filter_map(|one| Some((one.cgroup.as_ref()?.id, one.id.clone()?)));
    PodTarget {
        namespace: Some("production".into()),
        pod: "web".into(),
        uid: "u1".into(),
        kubelet_uid: "u1".into(),
        node: None,
        workload: None,
        labels: BTreeMap::new(),
        left_out: BTreeSet::from([id('5')]),
        children: children.chain([(101, id('5'))]).collect(),
        ended: Vec::new(),
        cgroup: Some(cgroup(POD.0, POD.1, "/kubepods/podu1")),
        whole: true,
        containers,
    }
}

/// One that has begun with that pod, and the targets it begins with.
fn begun(narrowed: bool, containers: Vec<ContainerTarget>) -> (Lives, Vec<Assignment>) {
    let mut lives = Lives::new(0, narrowed);
    let items = lives.begin(pod(containers));
    assert!(items.iter().all(|item| matches!(item, Item::Definition(Definition::Target(_)))));
    let orders = lives.take_orders();
    lives.take_touched();
    (lives, orders)
}

fn process(number: u32, pid: u32, comm: &str, origin: Origin) -> Process {
    Process { origin, target: 0, namespace_pid: pid, ..example::process(number, pid, comm) }
}

fn event(process: u32) -> Event {
    Event { process: ProcessId(process), ..example::event(1, 0, 0, 0, 0) }
}

fn tally(process: u32, count: u64) -> TallyDelta {
    TallyDelta {
        key: TallyKey { kind: KindId(1), detail: 0, process: ProcessId(process), object: ObjectId::NONE },
        count,
        amount: 0,
        total_ns: 0,
        max_ns: 0,
        histogram: Histogram::default(),
        errors: Vec::new(),
    }
}

fn tick(tallies: Vec<TallyDelta>, sent: u64) -> Item {
    let sent = if sent > 0 { vec![(KindId(1), sent)] } else { Vec::new() };
    Item::Tick(Tick { tallies, sent, ..Tick::default() })
}

fn made(id: u64, name: &str) -> MadeCgroup {
    MadeCgroup { id, parent: POD.0, level: POD.1 + 1, at_ns: S, name: name.into() }
}

fn targets(items: &[Item]) -> Vec<&Target> {
    fn target(item: &Item) -> Option<&Target> {
        match item {
            Item::Definition(Definition::Target(target)) => Some(target),
            _ => None,
        }
    }
    items.iter().filter_map(target).collect()
}

/// Which target each process belongs to.
fn processes(items: &[Item]) -> Vec<(u32, u16)> {
    let process = |item: &Item| match item {
        Item::Definition(Definition::Process(process)) => Some((process.id.0, process.target)),
        _ => None,
    };
    items.iter().filter_map(process).collect()
}

/// The counts of the tick in items, and what was sent.
fn counted(items: &[Item]) -> (Vec<u64>, Vec<(KindId, u64)>) {
    let tick = items.iter().find_map(|item| match item {
        Item::Tick(tick) => Some(tick),
        _ => None,
    });
    let tick = tick.expect("there is a tick");
    (tick.tallies.iter().map(|delta| delta.count).collect(), tick.sent.clone())
}

fn assigned(target: u16, id: u64, level: u32) -> Assignment {
    Assignment { target, membership: Membership::Cgroup { id, level }, from_exec: true }
}

/// Check that a pod is one target of the kernel's, its sandbox left out, and that its containers are targets of the report's.
#[test]
fn a_pod_is_one_cgroup() {
    let mut lives = Lives::new(3, false);
    let items =
        lives.begin(pod(vec![container("app", 'a', Some(102), Some(2)), container("init", 'b', None, Some(0))]));
    assert_eq!(lives.take_orders(), [assigned(3, POD.0, POD.1), assigned(LEFT_OUT, 101, POD.1 + 1)]);
    let told = targets(&items);
    assert_eq!(told.len(), 1);
    assert_eq!((told[0].index, told[0].name.as_str(), told[0].container.as_deref()), (4, "web/app#2", Some("app")));
    let life = told[0].life.as_ref().unwrap();
    assert_eq!((life.restarts, life.began_ns, life.container_id.clone()), (Some(2), None, Some(id('a'))));
    let mut out = Vec::new();
    let seed = Process { target: 3, ..process(7, 70, "app", Origin::Seed) };
    lives.process(seed, 102, 0, &mut out);
    assert_eq!(processes(&out), [(7, 4)]);
}

/// Check that a pod in which nothing runs is a target itself.
#[test]
fn between_lives() {
    let mut lives = Lives::new(0, false);
    let items = lives.begin(pod(vec![container("app", 'a', None, Some(7))]));
    assert_eq!(targets(&items)[0].name, "web");
    let mut out = Vec::new();
    lives.process(process(7, 70, "odd", Origin::Seed), 0, 0, &mut out);
    assert_eq!(processes(&out), [(7, 0)]);
}

/// Check that a container that is started again is a new life at once, is named when somebody tells its name, and ends with
/// the exit code of its first process.
#[test]
fn a_life() {
    let (mut lives, _) = begun(false, vec![container("app", 'a', Some(102), Some(0))]);
    let mut out = Vec::new();
    lives.made(&made(103, &id('b')), &mut out);
    assert_eq!(lives.take_touched(), BTreeMap::from([("u1".to_owned(), BTreeMap::from([(103, Some(id('b')))]))]));
    lives.process(process(8, 80, "runc", Origin::Seed), 103, S, &mut out);
    lives.process(process(9, 80, "runc:[2:INIT]", Origin::Exec), 103, S, &mut out);
    lives.item(Item::Event(event(9)), &mut out);
    lives.item(tick(vec![tally(8, 3)], 1), &mut out);
    assert_eq!(counted(&out), (vec![], vec![(KindId(1), 1)]), "held back: {out:?}");
    assert_eq!(out.len(), 1);
    out.clear();
    let init = Process { namespace_pid: 1, ..process(10, 80, "server", Origin::Exec) };
    lives.process(init, 103, S, &mut out);
    let told = targets(&out);
    assert_eq!((told[0].index, told[0].name.as_str()), (2, "web/bbbbbbbbbbbb"));
    assert_eq!(processes(&out), [(8, 2), (9, 2), (10, 2)]);
    assert!(out.contains(&Item::Event(event(9))));
    out.clear();
    lives.item(tick(vec![tally(10, 5)], 0), &mut out);
    assert_eq!(counted(&out).0, [5, 3]);
    assert!(lives.waits_for_word(S + 1) && !lives.waits_for_word(9 * S) && lives.nameless() == 1);
    let news = pod(vec![container("app", 'a', Some(102), Some(0)), container("app", 'b', Some(103), Some(1))]);
    let items = lives.pod(news.clone(), 2 * S);
    let told = targets(&items);
    assert_eq!((told[0].index, told[0].name.as_str(), told.len()), (2, "web/app#1", 1));
    assert!(!lives.waits_for_word(2 * S) && lives.nameless() == 0);
    assert_eq!(lives.pod(news.clone(), 2 * S), []);
    out.clear();
    lives.process(process(11, 81, "child", Origin::Fork), 103, 2 * S, &mut out);
    lives.left(ProcessId(10), 3 * S, Some(0x0300), &mut out);
    lives.left(ProcessId(11), 4 * S, Some(9), &mut out);
    let life = targets(&out)[0].life.clone().unwrap();
    assert_eq!((life.began_ns, life.ended_ns, life.exit_code), (Some(S), Some(4 * S), Some(3)));
    let ended = Ended { id: id('b'), exit_code: 137, reason: Some("OOMKilled".into()) };
    let items = lives.pod(PodTarget { ended: vec![ended], ..news }, 5 * S);
    let life = targets(&items)[0].life.clone().unwrap();
    assert_eq!((life.exit_code, life.reason.as_deref()), (Some(137), Some("OOMKilled")));
    assert_eq!(lives.take_orders(), []);
}

/// Check that a sandbox which nobody told of is known by its program, and that nothing of it passes, nor counts as lost.
#[test]
fn a_sandbox() {
    let (mut lives, _) = begun(false, vec![container("app", 'a', Some(102), None)]);
    let mut out = Vec::new();
    lives.made(&made(103, &id('6')), &mut out);
    lives.process(process(8, 80, "runc", Origin::Seed), 103, S, &mut out);
    lives.item(Item::Event(event(8)), &mut out);
    lives.process(process(9, 80, "pause", Origin::Exec), 103, S, &mut out);
    lives.item(Item::Event(event(9)), &mut out);
    assert_eq!(lives.take_orders(), [assigned(LEFT_OUT, 103, POD.1 + 1)]);
    lives.left(ProcessId(9), 2 * S, None, &mut out);
    assert_eq!(out, []);
    lives.item(tick(vec![tally(8, 3), tally(9, 5), tally(77, 7)], 5), &mut out);
    assert_eq!(counted(&out), (vec![7], vec![(KindId(1), 3)]));
}

/// Check that a container in a cgroup that was made before the pod was known waits for its name, is called by a number if
/// none comes, and is named when one comes after all.
#[test]
fn made_before_the_pod_was_known() {
    let (mut lives, _) = begun(false, vec![container("app", 'a', Some(102), Some(0))]);
    let mut out = Vec::new();
    for (number, cgroup) in [(8, 103), (9, 104)] {
        lives.process(process(number, number, "server", Origin::Exec), cgroup, S, &mut out);
    }
    assert_eq!(out, []);
    assert_eq!(lives.take_touched(), BTreeMap::from([("u1".to_owned(), BTreeMap::from([(103, None), (104, None)]))]));
    let mut news = pod(vec![container("app", 'a', Some(102), Some(0))]);
    news.children.insert(103, id('b'));
    let items = lives.pod(news.clone(), 2 * S);
    assert_eq!((targets(&items)[0].name.as_str(), processes(&items)), ("web/bbbbbbbbbbbb", vec![(8, 2)]));
    lives.look(7 * S, &mut out);
    assert_eq!((targets(&out)[0].name.as_str(), processes(&out)), ("web/cgroup-104", vec![(9, 3)]));
    news.children.insert(104, id('c'));
    let told = lives.pod(news, 8 * S);
    assert_eq!((targets(&told)[0].name.as_str(), targets(&told)[0].index, told.len()), ("web/cccccccccccc", 3, 1));
}

/// Check that a container whose program is called like a sandbox's is taken back once it is known to be one.
#[test]
fn called_like_a_sandbox() {
    let (mut lives, _) = begun(false, vec![container("app", 'a', Some(102), Some(0))]);
    let mut out = Vec::new();
    lives.made(&made(103, &id('b')), &mut out);
    lives.process(process(8, 80, "pause", Origin::Exec), 103, S, &mut out);
    assert_eq!((lives.take_orders().len(), lives.take_releases()), (1, vec![]));
    let news = pod(vec![container("app", 'a', Some(102), Some(0)), container("app", 'b', Some(103), Some(1))]);
    assert_eq!(targets(&lives.pod(news, S))[0].name, "web/app#1");
    assert_eq!((lives.take_orders(), lives.take_releases()), (vec![], vec![103]));
    assert_eq!(lives.remarks().count(), 1);
}

/// Check that monitors beside containers are left out by their names.
#[test]
fn a_monitor() {
    let (mut lives, _) = begun(false, vec![container("app", 'a', Some(102), None)]);
    lives.made(&made(103, &format!("crio-conmon-{}.scope", id('c'))), &mut Vec::new());
    assert_eq!(lives.take_orders(), [assigned(LEFT_OUT, 103, POD.1 + 1)]);
}

/// Check that where certain containers are meant, others are held back until their name is known, left out then, and left out
/// if it never is.
#[test]
fn narrowed() {
    let (mut lives, _) = begun(true, vec![container("app", 'a', Some(102), Some(0))]);
    let mut out = Vec::new();
    for (number, cgroup, digit) in [(8, 103, 'b'), (9, 104, 'c'), (10, 105, 'd')] {
        lives.made(&made(cgroup, &id(digit)), &mut out);
        lives.process(process(number, number, "sh", Origin::Exec), cgroup, S, &mut out);
    }
    lives.item(tick(vec![tally(8, 3), tally(9, 5), tally(10, 7)], 0), &mut out);
    assert_eq!((counted(&out).0, out.len()), (vec![], 1));
    let mut news = pod(vec![container("app", 'a', Some(102), Some(0)), container("app", 'b', Some(103), Some(1))]);
    news.left_out.insert(id('c'));
    let items = lives.pod(news, 2 * S);
    assert_eq!(processes(&items), [(8, 2)]);
    assert_eq!(lives.take_orders(), [assigned(LEFT_OUT, 104, POD.1 + 1)]);
    out.clear();
    lives.look(29 * S, &mut out);
    assert_eq!((out.len(), lives.remarks().count()), (0, 0));
    lives.look(32 * S, &mut out);
    assert_eq!((out.len(), lives.remarks().count()), (0, 1));
    lives.item(tick(vec![tally(8, 11), tally(9, 13), tally(10, 17)], 0), &mut out);
    assert_eq!(counted(&out).0, [11, 3]);
}

/// Check that what is still held back at the end is in the report.
#[test]
fn the_end() {
    let (mut lives, _) = begun(false, vec![container("app", 'a', Some(102), Some(0))]);
    let mut out = Vec::new();
    lives.process(process(8, 80, "runc", Origin::Seed), 103, S, &mut out);
    lives.item(tick(vec![tally(8, 3)], 0), &mut out);
    out.clear();
    lives.finish(&mut out);
    assert_eq!((processes(&out), counted(&out).0), (vec![(8, 2)], vec![3]));
}

/// Check that lives of which nobody tells how often they were restarted have names of their own, as have pods of one name.
#[test]
fn names() {
    let (mut lives, _) = begun(false, vec![container("app", 'a', Some(102), None)]);
    let again = pod(vec![container("app", 'a', Some(102), None), container("app", 'b', Some(103), None)]);
    let items = lives.pod(again, S);
    assert_eq!(targets(&items)[0].name, "web/app#1");
    let elsewhere = PodTarget {
        namespace: Some("test".into()),
        kubelet_uid: "u2".into(),
        cgroup: Some(cgroup(200, 3, "/kubepods/podu2")),
        ..pod(Vec::new())
    };
    assert_eq!(targets(&lives.begin(elsewhere))[0].name, "web");
    let mut apart = container("app", 'd', Some(203), Some(0));
    apart.cgroup = Some(cgroup(300, 2, "/system.slice/x"));
    let third =
        PodTarget { namespace: Some("third".into()), kubelet_uid: "u3".into(), cgroup: None, ..pod(vec![apart]) };
    lives.take_orders();
    let items = lives.pod(third, S);
    let told = targets(&items)[0];
    assert_eq!(told.name, "third/web/app");
    assert_eq!(lives.take_orders(), [assigned(told.index, 300, 2)], "a cgroup outside of its pod's");
    let mut out = Vec::new();
    lives.process(Process { target: told.index, ..process(8, 80, "x", Origin::Seed) }, 301, S, &mut out);
    assert_eq!(processes(&out), [(8, told.index)]);
}

/// Check that a pod that is gone is not matched any more, and that one that comes back is another.
#[test]
fn gone() {
    let (mut lives, _) = begun(false, vec![container("app", 'a', Some(102), Some(0))]);
    let released = lives.gone("u1");
    assert_eq!(BTreeSet::from_iter(released), BTreeSet::from([100, 101, 102]));
    assert_eq!((lives.gone("u1"), lives.pods().count()), (vec![], 0));
    let ended = Ended { id: id('a'), exit_code: 137, reason: Some("OOMKilled".into()) };
    let told = PodTarget { ended: vec![ended], ..pod(vec![container("app", 'a', Some(102), Some(0))]) };
    let items = lives.pod(told, S);
    assert_eq!(targets(&items)[0].life.as_ref().unwrap().reason.as_deref(), Some("OOMKilled"), "told afterwards");
    assert_eq!((lives.pods().count(), lives.take_orders()), (0, vec![]));
    let mut back = pod(vec![container("app", 'b', Some(112), Some(0))]);
    back.cgroup = Some(cgroup(110, 3, "/kubepods/podu1"));
    let items = lives.pod(back, S);
    assert_eq!(targets(&items)[0].name, "web/app#1");
    assert_eq!(lives.pods().count(), 1);
    let remarks: Vec<_> = lives.remarks().collect();
    assert_eq!(remarks, ["pod `web` was found at 1.00 s, when it ran already: what it did before is missing"]);
}

/// What can be told, in any order.
#[derive(Clone, Debug)]
enum Act {
    Process(u32, u32, u64, usize),
    Left(u32, bool),
    Made(u64),
    Pod(bool),
    Gone,
    Tick(u32),
    Look(i64),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        (0u32..12, 0u32..6, 100u64..107, 0usize..4)
            .prop_map(|(id, pid, child, comm)| Act::Process(id, pid, child, comm)),
        (0u32..12, any::<bool>()).prop_map(|(id, ended)| Act::Left(id, ended)),
        (101u64..107).prop_map(Act::Made),
        any::<bool>().prop_map(Act::Pod),
        Just(Act::Gone),
        (0u32..12).prop_map(Act::Tick),
        (0i64..40).prop_map(Act::Look),
    ]
}

proptest! {
    /// Check that whatever is told in whatever order, every process that passes belongs to a target that was told before, and
    /// every operation is counted at most once.
    #[test]
    fn any_order(narrowed in any::<bool>(), acts in proptest::collection::vec(act(), 0..60)) {
        let (mut lives, _) = begun(narrowed, vec![container("app", 'a', Some(102), Some(0))]);
        let mut known = BTreeSet::from([0, 1]);
        let (mut given, mut passed) = (0u64, 0u64);
        let mut out = Vec::new();
        for act in acts {
            match act {
                Act::Process(id, pid, child, comm) => {
                    let comm = ["sh", "pause", "runc", "app"][comm];
                    let child = if child == 100 { 0 } else { child };
                    lives.process(process(id + 1, pid + 1, comm, Origin::Exec), child, S, &mut out);
                }
                Act::Left(id, ended) => lives.left(ProcessId(id + 1), S, ended.then_some(0), &mut out),
                Act::Made(cgroup) => lives.made(&made(cgroup, &id('d')), &mut out),
                Act::Pod(second) => {
                    let mut containers = vec![container("app", 'a', Some(102), Some(0))];
                    containers.extend(second.then(|| container("b", 'd', Some(104), Some(1))));
                    out.extend(lives.pod(pod(containers), S));
                }
                Act::Gone => drop(lives.gone("u1")),
                Act::Tick(process) => {
                    given += 1;
                    lives.item(tick(vec![tally(process + 1, 1)], 0), &mut out);
                }
                Act::Look(seconds) => lives.look(seconds * S, &mut out),
            }
        }
        lives.finish(&mut out);
        for item in &out {
            match item {
                Item::Definition(Definition::Target(target)) => drop(known.insert(target.index)),
                Item::Definition(Definition::Process(process)) => prop_assert!(known.contains(&process.target)),
                Item::Tick(tick) => passed += tick.tallies.iter().map(|delta| delta.count).sum::<u64>(),
                _ => {}
            }
        }
        prop_assert!(passed <= given);
    }
}
