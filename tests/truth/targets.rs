//! What is traced: processes that run already, their children, cgroups and who moves in and out of them.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::rig::cgroup;
use crate::rig::cgroup::Cgroup;
use crate::rig::compare::Compared;
use crate::rig::process::Ended;
use crate::rig::process::Running;
use crate::rig::scene::Scene;
use crate::rig::scene::report_of;
use crate::rig::wait_until;

/// A workload that waits for the file `begin` before it works, and for `leave` before it ends.
fn waiting(scene: &Scene, name: &str, job: &[&str]) -> Running {
    let mut line = scene.job_on_files(job, &format!("truth-{name}"));
    for option in ["begin", "leave"] {
        let file = scene.path(&format!("{option}-{name}"));
        line.extend([format!("--{option}"), file.to_string_lossy().into_owned()]);
    }
    let mut command = Command::new(&line[0]);
    command.args(&line[1..]);
    Running::start(command, name, scene.folder())
}

/// Lets a workload do its job, waits until it is done, and lets it end.
fn let_work(scene: &Scene, name: &str, running: Running) {
    touch(&scene.path(&format!("begin-{name}")));
    let truth = scene.path(&format!("truth-{name}"));
    wait_until("a workload's work", || truth.exists());
    touch(&scene.path(&format!("leave-{name}")));
    let ended = running.end();
    assert!(ended.status.success(), "the workload failed:\n{}", ended.errors);
}

fn touch(path: &Path) {
    std::fs::write(path, "").expect("cannot make a file");
}

/// Asks podtrace to stop, as Ctrl-C does.
fn stop(running: Running) -> Ended {
    running.signal(libc::SIGINT);
    running.end()
}

/// What a comparison says of a job in a report of several.
fn of_job(report: &Value, scene: &Scene, name: &str, errors: &str) {
    let truth = scene.truth(&format!("truth-{name}"));
    let mut compared = Compared::sides(report, &truth, errors);
    compared.everything_done().complete();
    compared.end();
}

/// Check that a process that runs already is traced from now on, with the children it makes, their paths and peers, and
/// that a process beside it is not.
#[test]
fn running_process_and_its_children() {
    let (scene, others) = (Scene::with_files(0), Scene::with_files(0));
    let ours = waiting(&scene, "ours", &["short-lived"]);
    let theirs = waiting(&others, "theirs", &["short-lived"]);
    let their_pid = theirs.pid();
    let running = scene.start_on(&["--pid", &ours.pid().to_string()]);
    let_work(&others, "theirs", theirs);
    let_work(&scene, "ours", ours);
    let ended = stop(running);
    let report = report_of(&ended);
    of_job(&report, &scene, "ours", &ended.errors);
    let truth = scene.truth("truth-ours");
    let mut compared = Compared::sides(&report, &truth, &ended.errors);
    compared.equal("exits: of the children and of the process", compared.count("process.exit"), 102);
    compared.nothing_of(&[their_pid], others.folder(), &[]);
    compared.end();
}

/// Check that several processes can be traced at once, each a target of its own.
#[test]
fn two_processes() {
    let scene = Scene::with_files(0);
    let one = waiting(&scene, "one", &["reads", "--count", "1009"]);
    let two = waiting(&scene, "two", &["writes", "--count", "503"]);
    let pids = [one.pid().to_string(), two.pid().to_string()];
    let running = scene.start_on(&["--pid", &pids[0], "--pid", &pids[1]]);
    let_work(&scene, "one", one);
    let_work(&scene, "two", two);
    let ended = stop(running);
    let report = report_of(&ended);
    for name in ["one", "two"] {
        of_job(&report, &scene, name, &ended.errors);
    }
    let mut compared = Compared::sides(&report, &Value::Null, &ended.errors);
    compared.equal("targets", report["targets"].as_array().map_or(0, Vec::len), 2);
    for kind in ["file.read", "file.write"] {
        let targets = compared.signal(kind)["top"]["target"].as_array().map_or(0, Vec::len);
        compared.holds(&format!("`{kind}` is counted by target"), (1..=2).contains(&targets));
    }
    compared.end();
}

/// Check that a cgroup is traced with the cgroups below it, also one that is made later, and nothing beside it.
#[test]
fn cgroup_and_those_below() {
    let (scene, others) = (Scene::with_files(0), Scene::with_files(0));
    let top = Cgroup::new();
    let below = top.below("below");
    let beside = Cgroup::new();
    let (inside, deeper) = (waiting(&scene, "inside", &["reads"]), waiting(&scene, "deeper", &["short-lived"]));
    let (later, outside) = (waiting(&scene, "later", &["writes"]), waiting(&others, "outside", &["short-lived"]));
    top.take(inside.pid());
    below.take(deeper.pid());
    beside.take(outside.pid());
    let their_pid = outside.pid();

    let running = scene.start_on(&["--cgroup", &top.path().to_string_lossy()]);
    let deepest = below.below("made-later");
    deepest.take(later.pid());
    let_work(&others, "outside", outside);
    let_work(&scene, "inside", inside);
    let_work(&scene, "deeper", deeper);
    let_work(&scene, "later", later);
    let ended = stop(running);
    drop((deepest, below));

    let report = report_of(&ended);
    for name in ["inside", "deeper", "later"] {
        of_job(&report, &scene, name, &ended.errors);
    }
    let mut compared = Compared::sides(&report, &Value::Null, &ended.errors);
    compared.nothing_of(&[their_pid], others.folder(), &[]);
    compared.equal("exits", compared.count("process.exit"), 3 + 101);
    compared.end();
}

/// Check that a process that is moved into a traced cgroup is traced from then on, and one that is moved out no longer.
#[test]
fn moving_in_and_out() {
    let scene = Scene::with_files(0);
    let target = Cgroup::new();
    let phases = |name: &str| {
        let files = ["second", "first-done"].map(|file| scene.path(&format!("{file}-{name}")));
        let [second, done] = files.map(|file| file.to_string_lossy().into_owned());
        waiting(&scene, name, &["phases", "--second", &second, "--first-done", &done])
    };
    // One is in the cgroup for its second phase only, one for its first only.
    let (comes, goes) = (phases("comes"), phases("goes"));
    target.take(goes.pid());
    let running = scene.start_on(&["--cgroup", &target.path().to_string_lossy()]);
    for name in ["comes", "goes"] {
        touch(&scene.path(&format!("begin-{name}")));
        let done = scene.path(&format!("first-done-{name}"));
        wait_until("a first phase", || done.exists());
    }
    target.take(comes.pid());
    cgroup::release(goes.pid());
    for (name, process) in [("comes", comes), ("goes", goes)] {
        touch(&scene.path(&format!("second-{name}")));
        let_work(&scene, name, process);
    }
    let ended = stop(running);
    let report = report_of(&ended);
    let mut compared = Compared::sides(&report, &Value::Null, &ended.errors);
    for (name, reads) in [("first", 101), ("second", 103)] {
        let path = scene.files().join(name).to_string_lossy().into_owned();
        let count = |kind: &str| compared.entry(kind, "path", &path).map_or(0, |e| e["count"].as_u64().unwrap_or(0));
        let (open, read, close) = (count("file.open"), count("file.read"), count("file.close"));
        compared.equal(&format!("opens of `{name}`"), open, 1);
        compared.equal(&format!("reads of `{name}`"), read, reads);
        compared.equal(&format!("closes of `{name}`"), close, 1);
    }
    compared.end();
}
