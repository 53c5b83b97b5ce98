//! Targets that are not there, or not for long, and users who may not trace.

use std::os::unix::process::CommandExt as _;
use std::process::Command;
use std::time::Duration;
use std::time::Instant;

use crate::assert_clear_error;
use crate::podtrace;
use crate::rig;
use crate::rig::process::Running;
use crate::rig::scene::Scene;
use crate::rig::scene::report_of;

/// A process id that no process has: the largest there can be is 2^22.
const NO_PID: &str = "4194303";

/// Check that an ordinary user is told what is missing.
#[test]
fn missing_privileges() {
    let scene = Scene::empty();
    // The binary may lie where others cannot look.
    let program = scene.path("podtrace");
    std::fs::copy(rig::podtrace(), &program).expect("cannot copy the program");
    let mut command = Command::new(&program);
    command.args(["run", "-o", "json", "--", "true"]).uid(65534).gid(65534).current_dir("/");
    let ended = Running::start(command, "as-nobody", scene.folder()).end();
    assert_clear_error(&ended, 3, &["root"]);
}

/// Check that a process that does not exist is an error with its number.
#[test]
fn no_such_process() {
    let scene = Scene::empty();
    let ended = podtrace(scene.folder(), &["--pid", NO_PID, "--for", "1s", "-o", "json"]);
    assert_clear_error(&ended, 3, &[NO_PID]);
}

/// Check that a cgroup that does not exist is an error with its path.
#[test]
fn no_such_cgroup() {
    let scene = Scene::empty();
    let ended = podtrace(scene.folder(), &["--cgroup", "/no/such/cgroup", "--for", "1s", "-o", "json"]);
    assert_clear_error(&ended, 3, &["/no/such/cgroup"]);
}

/// Check that a unit that does not exist is an error with its name.
#[test]
fn no_such_unit() {
    let scene = Scene::empty();
    let ended = podtrace(scene.folder(), &["--unit", "no-such.service", "--for", "1s", "-o", "json"]);
    assert_clear_error(&ended, 3, &["no-such.service"]);
}

/// Check that commands which do not exist or cannot be executed are errors with their name.
#[test]
fn no_such_command() {
    let scene = Scene::empty();
    let ended = podtrace(scene.folder(), &["run", "-o", "json", "--", "no-such-command"]);
    assert_clear_error(&ended, 3, &["no-such-command"]);
    let file = scene.path("no-program");
    std::fs::write(&file, "text\n").expect("cannot write a file");
    let ended = podtrace(scene.folder(), &["run", "-o", "json", "--", &file.to_string_lossy()]);
    assert_clear_error(&ended, 3, &["no-program"]);
    let ended = podtrace(scene.folder(), &["run", "-o", "json", "--", "/etc"]);
    assert_clear_error(&ended, 3, &["/etc"]);
}

/// Check that no command is a usage error.
#[test]
fn no_command() {
    let scene = Scene::empty();
    let ended = podtrace(scene.folder(), &["run", "-o", "json"]);
    assert_clear_error(&ended, 2, &[]);
}

/// Check that a command which ends at once is reported whole, many times in a row.
#[test]
fn command_that_ends_at_once() {
    let scene = Scene::empty();
    for _ in 0..5 {
        let ended = podtrace(scene.folder(), &["run", "-o", "json", "--", "true"]);
        let report = report_of(&ended);
        assert_eq!(report["command"]["exit_code"], 0);
        assert_eq!(report["signals"]["process.exec"]["count"], 1, "{report:#}");
        assert_eq!(report["signals"]["process.exit"]["count"], 1, "{report:#}");
    }
}

/// Check that a trace of a process ends when the process does, with a report that says so.
#[test]
fn process_that_ends() {
    let scene = Scene::empty();
    let mut sleeper = Command::new("sleep");
    // Longer than attaching takes.
    sleeper.arg(if rig::slow() { "30" } else { "2" });
    let sleeper = Running::start(sleeper, "sleeper", scene.folder());
    let began = Instant::now();
    let mut command = Command::new(rig::podtrace());
    command.args(["--pid", &sleeper.pid().to_string(), "--for", "600s", "-o", "json"]);
    let running = Running::start(command, "podtrace", scene.folder());
    sleeper.end();
    let report = report_of(&running.end());
    assert!(began.elapsed() < Duration::from_secs(300), "the trace went on after its target had ended");
    assert_eq!(report["signals"]["process.exit"]["count"], 1, "{report:#}");
}
