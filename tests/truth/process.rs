//! The life of processes.

use crate::rig::compare::Compared;
use crate::rig::scene::Scene;
use crate::rig::workload;

/// The exits and execs that the workload's own process adds to what its job did: it was executed once and ended once.
const OWN: u64 = 1;

/// Check that 101 programs executed are counted by path, 5 that do not exist as failed, and their forks and exits.
#[test]
fn execs() {
    let scene = Scene::empty();
    let program = workload();
    let traced = scene.trace(&["execs", "--program", &program.to_string_lossy()]);
    let mut compared = Compared::of(&traced);
    let path = program.to_string_lossy();
    let count = |kind: &str, compared: &Compared| {
        compared.entry(kind, "path", &path).map_or(0, |entry| entry["count"].as_u64().unwrap_or(0))
    };
    // By the same path: the job's own start.
    compared.equal("execs of the program", count("process.exec", &compared), 101 + OWN);
    compared.equal("execs in all", compared.count("process.exec"), 101 + OWN);
    compared.nothing_else("process.exec_failed", "path");
    compared.equal("forks", compared.count("process.fork"), 106);
    compared.equal("exits", compared.count("process.exit"), 106 + OWN);
    compared.equal(
        "errors of exits",
        compared.signal("process.exit")["errors"].clone(),
        serde_json::json!({"exit 3": 5}),
    );
    compared.complete();
    compared.end();
}

/// Check that a process which executes itself 7 times, at last from a thread that is not its first, is one process: one
/// exit and one pid.
#[test]
fn exec_chain() {
    let scene = Scene::empty();
    let file = scene.path("truth");
    let line = [workload().to_string_lossy().into_owned(), "exec-chain".into(), "--chain-truth".into()];
    let mut line = line.to_vec();
    line.push(file.to_string_lossy().into_owned());
    let traced = scene.trace_with(crate::rig::EVERYTHING, &[], &line);
    let mut compared = Compared::of(&traced);
    compared.equal("execs", compared.count("process.exec"), 7 + OWN);
    compared.equal("exits", compared.count("process.exit"), 1);
    compared.equal("errors of exits", compared.signal("process.exit")["errors"].clone(), serde_json::json!({}));
    compared.equal("forks", compared.count("process.fork"), 0);
    let pid = &traced.truth["facts"]["pid"];
    let exits = compared.signal("process.exit")["top"]["process"].as_array().map_or(&[][..], Vec::as_slice);
    let of_pid = exits.iter().any(|entry| entry["key"].as_str().is_some_and(|key| key.ends_with(&format!("[{pid}]"))));
    compared.holds("the exit is that of the process", of_pid);
    compared.complete();
    compared.end();
}

/// Check that 53 forks are counted, and their exits.
#[test]
fn forks() {
    let scene = Scene::empty();
    let traced = scene.trace(&["forks"]);
    let mut compared = Compared::of(&traced);
    compared.equal("forks", compared.count("process.fork"), 53);
    compared.equal("exits", compared.count("process.exit"), 53 + OWN);
    compared.complete();
    compared.end();
}

/// Check that every ending is named: exit codes, and the signals that killed.
#[test]
fn endings() {
    let scene = Scene::empty();
    let traced = scene.trace(&["endings"]);
    let mut compared = Compared::of(&traced);
    let truly = &traced.truth["did"]["process.exit"]["all"][""];
    compared.equal("exits", compared.count("process.exit"), truly["count"].as_u64().unwrap_or(0) + OWN);
    for (name, count) in crate::rig::compare::object(&truly["errors"]) {
        compared.equal(name, compared.signal("process.exit")["errors"][name].clone(), count.clone());
    }
    compared.complete();
    compared.end();
}

/// Check that a process of several threads is one fork and one exit, by the code it ends with, even if its first thread
/// ends before the others.
#[test]
fn threads() {
    let scene = Scene::empty();
    let traced = scene.trace(&["threads"]);
    let mut compared = Compared::of(&traced);
    compared.equal("forks", compared.count("process.fork"), 7);
    compared.equal("exits", compared.count("process.exit"), 7 + OWN);
    compared.equal(
        "errors of exits",
        compared.signal("process.exit")["errors"].clone(),
        serde_json::json!({"exit 7": 4}),
    );
    compared.complete();
    compared.end();
}
