//! Signals to podtrace and to what it traces.

use std::path::Path;
use std::process::Command;

use crate::rig::EVERYTHING;
use crate::rig::process::Running;
use crate::rig::scene::Scene;
use crate::rig::scene::report_of;
use crate::rig::wait_until;

/// A shell that says when it is ready, notes a signal and ends with code 5; it waits in short sleeps, so that it notes
/// soon.
fn noting(scene: &Scene, signal: &str) -> Vec<String> {
    let folder = scene.folder().display();
    let script = format!(
        "trap 'echo {signal} >> {folder}/noted; exit 5' {signal}; echo > {folder}/ready; \
         while :; do sleep 0.05; done"
    );
    ["sh", "-c", &script].map(str::to_owned).to_vec()
}

fn wait_for(path: &Path) {
    wait_until("the command to be ready", || path.exists());
}

/// Signals podtrace while it runs a command; the command gets the signal, podtrace reports what it did with it.
fn passed_on(name: &str, signal: i32) {
    let scene = Scene::empty();
    let running = scene.start_run(EVERYTHING, &[], &noting(&scene, name));
    wait_for(&scene.path("ready"));
    running.signal(signal);
    let ended = running.end();
    let report = report_of(&ended);
    let noted = std::fs::read_to_string(scene.path("noted")).unwrap_or_default();
    assert_eq!(noted, format!("{name}\n"), "the command gets the signal once");
    assert_eq!(report["command"]["exit_code"], 5, "{report:#}");
    assert_eq!(report["signals"]["process.exit"]["errors"]["exit 5"], 1, "{report:#}");
}

/// Check that SIGTERM to podtrace reaches the command and the report is printed.
#[test]
fn sigterm() {
    passed_on("TERM", libc::SIGTERM);
}

/// Check that SIGINT to podtrace reaches the command and the report is printed.
#[test]
fn sigint() {
    passed_on("INT", libc::SIGINT);
}

/// Check that SIGHUP to podtrace reaches the command and the report is printed.
#[test]
fn sighup() {
    passed_on("HUP", libc::SIGHUP);
}

/// Check that under nohup, where a hang-up is ignored, podtrace and its command go on.
#[test]
fn ignored_hang_up() {
    let scene = Scene::empty();
    let folder = scene.folder().display();
    let script = format!("echo > {folder}/ready; sleep 1; exit 7");
    let line = ["sh", "-c", &script].map(str::to_owned);
    let mut command = Command::new("nohup");
    command.arg(crate::rig::podtrace()).args(["run", "-o", "json", "-p"]).arg(scene.profile(EVERYTHING)).arg("--");
    command.args(line);
    let running = Running::start(command, "podtrace", scene.folder());
    wait_for(&scene.path("ready"));
    running.signal(libc::SIGHUP);
    let report = report_of(&running.end());
    assert_eq!(report["command"]["exit_code"], 7, "{report:#}");
    assert!(report["interrupted"].is_null(), "{report:#}");
}

/// Check that a command which does not care for SIGTERM goes on, and so does podtrace, until it ends by itself.
#[test]
fn ignored_signal() {
    let scene = Scene::empty();
    let folder = scene.folder().display();
    let script = format!("trap '' TERM; echo > {folder}/ready; sleep 1; exit 7");
    let line = ["sh", "-c", &script].map(str::to_owned);
    let running = scene.start_run(EVERYTHING, &[], &line);
    wait_for(&scene.path("ready"));
    running.signal(libc::SIGTERM);
    let report = report_of(&running.end());
    assert_eq!(report["command"]["exit_code"], 7, "{report:#}");
}

/// Check that podtrace tracing a process that is not its own leaves it alone when it is told to stop, and still reports.
#[test]
fn stopping_leaves_the_target_alone() {
    let scene = Scene::empty();
    let mut sleeper = std::process::Command::new("sleep");
    sleeper.arg("600");
    let mut sleeper = Running::start(sleeper, "sleeper", scene.folder());
    for signal in [libc::SIGINT, libc::SIGTERM] {
        let running = scene.start_on(&["--pid", &sleeper.pid().to_string()]);
        running.signal(signal);
        let report = report_of(&running.end());
        assert_eq!(report["signals"]["process.exit"]["count"].as_u64().unwrap_or(0), 0, "{report:#}");
        assert!(!sleeper.has_ended(), "the target was ended by signal {signal} to podtrace");
    }
}
