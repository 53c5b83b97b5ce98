//! Containers that end and are started again, as kubelets do it.

use serde_json::Value;

use crate::api_server::Fault;
use crate::node::Errand;
use crate::node::Node;
use crate::node::stop;
use crate::pod::Pod;
use crate::rig;
use crate::rig::compare::Compared;
use crate::rig::scene::report_of;

/// What each life does; the last number is of the programs it executes.
const LIVES: [Errand; 6] = [
    Errand { connects: 13, reads: 211, execs: 2 },
    Errand { connects: 17, reads: 223, execs: 3 },
    Errand { connects: 19, reads: 227, execs: 5 },
    Errand { connects: 23, reads: 229, execs: 7 },
    Errand { connects: 29, reads: 233, execs: 11 },
    Errand { connects: 31, reads: 239, execs: 13 },
];

/// The exit code of a life.
fn code(life: usize) -> u8 {
    41 + life as u8
}

/// A report's target of a life of a container.
fn target<'r>(report: &'r Value, container_id: &str) -> &'r Value {
    let targets = report["targets"].as_array().map_or(&[][..], Vec::as_slice);
    let found = targets.iter().find(|target| target["life"]["container_id"] == container_id);
    found.unwrap_or_else(|| panic!("no target is container {container_id}: {:#}", report["targets"]))
}

/// Check that a container that crashes and is started again five times is reported life by life, from its first
/// instruction: what each did, to the unit, and how it ended.
#[test]
fn five_restarts() {
    restarts(&Node::start());
}

/// Check the same where the API forbids to ask, so that the runtime tells which container each start is of.
#[test]
fn told_by_the_runtime() {
    let node = Node::start();
    node.api().fault(Fault::Forbidden(vec!["get", "list", "watch"]));
    restarts(&node);
}

fn restarts(node: &Node) {
    // Starting containers takes long under emulation.
    let errands = if rig::slow() { &LIVES[..3] } else { &LIVES[..] };
    let mut pod = Pod::new(&node.lab, "production", "my-pod");
    // It waits, so that the pod never is without a container.
    node.start_errand(&mut pod, "steady", LIVES[0]);
    let mut lives = vec![node.start_errand(&mut pod, "app", LIVES[0])];
    node.tell(&[&pod]);
    let running = node.trace(node.podtrace(&["-n", "production", "my-pod", "--for", "600s"]));
    node.let_work(&[(&pod, "app")]);
    node.lab.cri().kill(&lives[0].id);
    for (number, errand) in errands.iter().enumerate().skip(1) {
        node.tell(&[&pod]);
        let life = node.start_life(&mut pod, "app", &format!("app-{number}"), *errand, code(number));
        node.tell(&[&pod]);
        assert_eq!(pod.wait(&life), i32::from(code(number)));
        lives.push(life);
        // Kubelets keep the last one that ended.
        if number >= 2 {
            node.lab.cri().remove(&lives[number - 2].id);
        }
    }
    node.tell(&[&pod]);
    let ended = stop(running);
    let report = report_of(&ended);
    assert_eq!(crate::belonging::others(&report), Vec::<String>::new());
    for (number, (life, errand)) in lives.iter().zip(errands).enumerate() {
        let first = number == 0;
        let folder = if first { "app".to_owned() } else { format!("app-{number}") };
        let truth = node.truth(&pod, &folder);
        let mut compared = Compared::sides(&report, &truth, &ended.errors);
        compared.everything_done().complete();
        let target = target(&report, &life.id);
        let name = target["name"].as_str().unwrap_or_default();
        compared.equal(&format!("`{name}`: restarts before"), target["life"]["restarts"].clone(), life.attempt);
        let exit_code = if first { 128 + libc::SIGKILL } else { code(number).into() };
        compared.equal(&format!("`{name}`: exit code"), target["life"]["exit_code"].clone(), exit_code);
        let of = |kind: &str| compared.entry(kind, "target", name).map_or(0, |e| e["count"].as_u64().unwrap_or(0));
        // A life that was seen from its beginning began with a program.
        let programs = errand.execs + u32::from(!first);
        let counts = ["tcp.connect", "tcp.accept", "process.fork", "process.exec", "process.exit"].map(of);
        let expected = [errand.connects, errand.connects, errand.execs, programs, errand.execs + 1];
        compared.equal(
            &format!("`{name}`: connects, accepts, forks, execs, exits"),
            counts.to_vec(),
            expected.map(u64::from).to_vec(),
        );
        compared.end();
    }
}
