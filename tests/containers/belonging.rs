//! What belongs to a container: programs run in it later and cgroups below its own. What does not: the sandbox, and what
//! the runtime does in its cgroup before a program of the container's begins.

use serde_json::Value;

use crate::node::Errand;
use crate::node::Node;
use crate::node::stop;
use crate::pod::Pod;
use crate::rig::compare::Compared;
use crate::rig::scene::report_of;

const OWN: Errand = Errand { connects: 13, reads: 211, execs: 5 };
const LATER: Errand = Errand { connects: 7, reads: 101, execs: 3 };

/// The processes of a report that run nothing of a container's: the sandbox, or the runtime.
pub(crate) fn others(report: &Value) -> Vec<String> {
    let lives = report["sections"]["processes"]["lives"].as_array().into_iter().flatten();
    let processes = lives.filter_map(|life| life["process"].as_str());
    let is_own = |process: &&str| process.starts_with("workload[") || process.starts_with("program[");
    processes.filter(|process| !is_own(process)).map(str::to_owned).collect()
}

/// How often something happened to a target.
fn of(compared: &Compared<'_>, kind: &str, target: &str) -> u64 {
    compared.entry(kind, "target", target).map_or(0, |entry| entry["count"].as_u64().unwrap_or(0))
}

/// Check that a program run in a container later belongs to it, with the programs that it executes; that what the runtime
/// does in the container's cgroup to start it does not; and that the sandbox belongs to no container.
#[test]
fn programs_run_later() {
    let node = Node::start();
    let mut pod = Pod::new(&node.lab, "production", "my-pod");
    node.start_errand(&mut pod, "app", OWN);
    node.start_errand(&mut pod, "side", OWN);
    node.tell(&[&pod]);
    let running = node.trace(node.podtrace(&["-n", "production", "my-pod", "-c", "app", "--for", "600s"]));
    let later = node.exec_errand(&pod, "app", "later", LATER);
    node.exec_errand(&pod, "side", "later", LATER);
    node.let_work(&[(&pod, "app"), (&pod, "side")]);
    let ended = stop(running);
    let report = report_of(&ended);
    let own = node.truth(&pod, "app");
    for truth in [&own, &later] {
        let mut compared = Compared::sides(&report, truth, &ended.errors);
        compared.everything_done().complete();
        compared.end();
    }
    let mut compared = Compared::sides(&report, &Value::Null, &ended.errors);
    let programs = OWN.execs + LATER.execs;
    // The one that was run later is executed once and ends once; it is no child of the container's.
    for (kind, count) in [
        ("tcp.connect", OWN.connects + LATER.connects),
        ("process.fork", programs),
        ("process.exec", programs + 1),
        ("process.exit", programs + 1),
    ] {
        compared.equal(&format!("`{kind}` of the container"), of(&compared, kind, "my-pod/app"), count);
        compared.equal(&format!("`{kind}` in all"), compared.count(kind), count);
    }
    compared.equal("processes of others", others(&report), Vec::<String>::new());
    compared.end();
}

/// Check that the runtime that waits in the cgroup of a container that was made and not started is not taken for the
/// container, which begins with its first program.
#[test]
fn made_and_not_started() {
    let node = Node::start();
    let mut pod = Pod::new(&node.lab, "production", "my-pod");
    node.start_errand(&mut pod, "app", OWN);
    let late = node.create_errand(&mut pod, "late", LATER);
    node.tell(&[&pod]);
    let running = node.trace(node.podtrace(&["-n", "production", "my-pod", "--for", "600s"]));
    node.lab.cri().start(&late.id);
    assert_eq!(pod.wait(&late), 0);
    let ended = stop(running);
    let report = report_of(&ended);
    let truth = node.truth(&pod, "late");
    let mut compared = Compared::sides(&report, &truth, &ended.errors);
    compared.everything_done().complete();
    for (kind, count) in
        [("process.fork", LATER.execs), ("process.exec", LATER.execs + 1), ("process.exit", LATER.execs + 1)]
    {
        compared.equal(&format!("`{kind}` of the container"), of(&compared, kind, "my-pod/late"), count);
    }
    compared.equal("processes of others", others(&report), Vec::<String>::new());
    compared.end();
}

/// Check that processes in cgroups below a container's belong to it, whether they were there before the trace began or
/// are moved there meanwhile.
#[test]
fn cgroups_below() {
    let node = Node::start();
    let mut pod = Pod::new(&node.lab, "production", "my-pod");
    let before = node.start_errand(&mut pod, "before", OWN);
    let meanwhile = node.start_errand(&mut pod, "meanwhile", LATER);
    node.tell(&[&pod]);
    let before = pod.cgroup(&before);
    let meanwhile = pod.cgroup(&meanwhile);
    move_below(&before);
    let running = node.trace(node.podtrace(&["-n", "production", "my-pod", "--for", "600s"]));
    move_below(&meanwhile);
    node.let_work(&[(&pod, "before"), (&pod, "meanwhile")]);
    let ended = stop(running);
    let report = report_of(&ended);
    for (name, errand) in [("before", OWN), ("meanwhile", LATER)] {
        let truth = node.truth(&pod, name);
        let mut compared = Compared::sides(&report, &truth, &ended.errors);
        compared.everything_done().complete();
        let target = format!("my-pod/{name}");
        compared.equal(&format!("reads of `{target}`"), of(&compared, "file.read", &target), errand.reads);
        compared.equal(&format!("execs of `{target}`"), of(&compared, "process.exec", &target), errand.execs);
        compared.end();
    }
}

/// Moves the processes of a cgroup into a new one below it.
fn move_below(cgroup: &std::path::Path) {
    let below = cgroup.join("below");
    std::fs::create_dir(&below).unwrap_or_else(|error| panic!("cannot make `{}`: {error}", below.display()));
    let pids = std::fs::read_to_string(cgroup.join("cgroup.procs")).expect("a cgroup lists its processes");
    for pid in pids.lines() {
        std::fs::write(below.join("cgroup.procs"), pid).expect("a process can be moved");
    }
}
