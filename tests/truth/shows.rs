//! What somebody sees who tries it: the commands of the documentation, on known workloads.

use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use crate::rig::EVERYTHING;
use crate::rig::compare::Compared;
use crate::rig::peers;
use crate::rig::peers::V4;
use crate::rig::process::Ended;
use crate::rig::process::Running;
use crate::rig::scene::Scene;
use crate::rig::scene::report_of;

/// Runs podtrace.
fn podtrace(scene: &Scene, arguments: &[&str]) -> Ended {
    let mut command = Command::new(crate::rig::podtrace());
    command.args(arguments);
    Running::start(command, "podtrace", scene.folder()).end()
}

/// Check that a command's failure is in the report and not podtrace's own, and that the report alone is on standard
/// output.
#[test]
fn exit_code_of_the_command() {
    let scene = Scene::empty();
    let ended = podtrace(&scene, &["run", "-o", "json", "--", "sh", "-c", "cat /etc/hostname; exit 3"]);
    let report = report_of(&ended);
    let mut compared = Compared::sides(&report, &Value::Null, &ended.errors);
    compared.equal("exit code of podtrace", ended.code(), 0);
    compared.equal("exit code of the command", report["command"]["exit_code"].clone(), 3);
    compared.equal(
        "argv",
        report["command"]["argv"].clone(),
        serde_json::json!(["sh", "-c", "cat /etc/hostname; exit 3"]),
    );
    compared.between("execs", compared.count("process.exec") as f64, 2.0, 2.0);
    compared.end();
}

/// Check that a signal that ends the command is in the report.
#[test]
fn signal_of_the_command() {
    let scene = Scene::empty();
    let ended = podtrace(&scene, &["run", "-o", "json", "--", "sh", "-c", "kill -SEGV $$"]);
    let report = report_of(&ended);
    let mut compared = Compared::sides(&report, &Value::Null, &ended.errors);
    compared.equal("signal of the command", report["command"]["signal"].clone(), "SIGSEGV");
    compared.equal("exit code of the command", report["command"]["exit_code"].clone(), Value::Null);
    compared.end();
}

/// Check that the report of a slow exchange, as text, begins with the slow part: the peer and what it took.
#[test]
fn slow_part_first() {
    let scene = Scene::empty();
    let peer = peers::slow(V4, Duration::from_millis(50)).to_string();
    let mut command = Command::new(crate::rig::podtrace());
    command.args(["run", "-p"]).arg(scene.profile(EVERYTHING)).args(["--for", "60s", "--"]);
    command.args(scene.job(&["response", "--to", &peer], "truth"));
    let ended = Running::start(command, "podtrace", scene.folder()).end();
    assert!(ended.status.success(), "podtrace failed:\n{}", ended.errors);
    let head: Vec<&str> = ended.output.lines().take(12).collect();
    let named = head.iter().position(|line| line.contains(&peer));
    assert!(named.is_some(), "the first lines do not name the slow peer {peer}:\n{}", head.join("\n"));
    let before = &head[..=named.unwrap_or(0)];
    assert!(!before.iter().any(|line| line.contains("sleep")), "idle time comes first:\n{}", head.join("\n"));
}

/// Check that there is no finding about a program that does nothing wrong.
#[test]
fn no_finding_about_nothing() {
    let scene = Scene::empty();
    let ended = podtrace(&scene, &["run", "-o", "json", "--", "true"]);
    let report = report_of(&ended);
    let mut compared = Compared::sides(&report, &Value::Null, &ended.errors);
    // That it had to wait for a CPU may be true on a busy machine.
    let is_runq = |finding: &&Value| finding["rule"].as_str().unwrap_or_default().starts_with("sched.runq");
    let findings = report["findings"].as_array().into_iter().flatten();
    let findings: Vec<_> = findings.filter(|f| f["rule"] != "noisy-neighbour" && !is_runq(f)).collect();
    compared.equal("findings", serde_json::json!(findings), serde_json::json!([]));
    compared.equal("command", report["command"]["exit_code"].clone(), 0);
    compared.equal("execs", compared.count("process.exec"), 1);
    compared.equal("exits", compared.count("process.exit"), 1);
    compared.end();
}

/// Check that a program found along `PATH` is traced from its first instruction, and started in the user's own folder,
/// environment and with the user's arguments.
#[test]
fn command_as_it_was_given() {
    let scene = Scene::empty();
    let mut command = Command::new(crate::rig::podtrace());
    let script = "test \"$SAID\" = yes && test \"$0\" = name && test \"$1\" = 'two words' && echo here > here";
    command.args(["run", "-o", "json", "--", "sh", "-c", script, "name", "two words"]);
    command.env("SAID", "yes").current_dir(scene.folder());
    let ended = Running::start(command, "podtrace", scene.folder()).end();
    let report = report_of(&ended);
    let mut compared = Compared::sides(&report, &Value::Null, &ended.errors);
    compared.equal("exit code of the command", report["command"]["exit_code"].clone(), 0);
    compared.holds("the command ran in the folder podtrace was started in", scene.path("here").exists());
    compared.end();
}
