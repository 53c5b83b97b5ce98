//! The generator itself, untraced: that each job does what its name says. A comparison with a generator that did nothing
//! would compare nothing.

use std::process::Command;

use serde_json::Value;

use crate::rig::compare::object;
use crate::rig::peers;
use crate::rig::peers::V4;
use crate::rig::peers::V6;
use crate::rig::process::Running;
use crate::rig::scene::Scene;

/// Runs a job by itself; what it says it did.
fn alone(scene: &Scene, job: &[&str], on_files: bool) -> Value {
    let line = if on_files { scene.job_on_files(job, "truth") } else { scene.job(job, "truth") };
    let mut command = Command::new(&line[0]);
    command.args(&line[1..]);
    let ended = Running::start(command, "workload", scene.folder()).end();
    assert!(ended.status.success(), "`{}` failed:\n{}", job[0], ended.errors);
    scene.truth("truth")
}

/// The sum of a figure over a kind's keys.
fn sum(truth: &Value, kind: &str, figure: &str) -> u64 {
    let keys = object(&truth["did"][kind]).flat_map(|(_, keys)| object(keys));
    keys.filter_map(|(_, entry)| entry[figure].as_u64()).sum()
}

/// Check that jobs on files do as much as they are said to.
#[test]
fn files() {
    let scene = Scene::with_files(0);
    let cases = [
        ("reads", "file.read", 10_007),
        ("writes", "file.write", 1_009),
        ("read-forms", "file.read", 78),
        ("relatives", "file.fsync", 15),
        ("file-errors", "file.write", 20),
        ("short-lived", "file.read", 707),
        ("open-errors", "file.open", 21),
        ("roots", "file.read", 18),
        ("paths", "file.read", 155),
    ];
    for (job, kind, count) in cases {
        let truth = alone(&scene, &[job], true);
        assert_eq!(sum(&truth, kind, "count"), count, "{job}: {truth:#}");
    }
}

/// Check that jobs on the network do as much as they are said to.
#[test]
fn network() {
    let scene = Scene::empty();
    let (open, closed) = (peers::quiet(V4).to_string(), peers::closed(V6));
    let truth = alone(&scene, &["connects", "--to", &open, "--refused", &closed.address.to_string()], false);
    assert_eq!(sum(&truth, "tcp.connect", "count"), 23, "{truth:#}");
    assert_eq!(truth["did"]["tcp.connect"]["peer"][closed.address.to_string()]["errors"]["ECONNREFUSED"], 7);

    let peer = peers::answering(V6, 1_003).to_string();
    let truth = alone(&scene, &["tcp-exchange", "--to", &peer], false);
    assert_eq!(sum(&truth, "tcp.send", "count"), 1_009, "{truth:#}");
    assert_eq!(sum(&truth, "tcp.recv", "bytes"), 1_003, "{truth:#}");

    let echo = peers::echo(V4).to_string();
    let truth = alone(&scene, &["udp-exchange", "--echo", &echo], false);
    assert_eq!(sum(&truth, "udp.send", "count"), 252, "{truth:#}");
    assert_eq!(sum(&truth, "udp.recv", "bytes"), sum(&truth, "udp.send", "bytes"), "an echo brings all back");

    let truth = alone(&scene, &["retransmit"], false);
    assert!(sum(&truth, "tcp.retransmit", "count") >= 4, "{truth:#}");
}

/// Check that jobs on processes do as much as they are said to.
#[test]
fn processes() {
    let scene = Scene::empty();
    for (job, kind, count) in
        [("execs", "process.exec", 101), ("forks", "process.fork", 53), ("threads", "process.exit", 7)]
    {
        let truth = alone(&scene, &[job], false);
        assert_eq!(sum(&truth, kind, "count"), count, "{job}: {truth:#}");
    }
}
