//! What leaves the machine, compared with what happened: a real Prometheus, receivers that take, fail and vanish, the
//! daemon through restarts and reloads.
//!
//! Root is needed, and Debian's `prometheus` package for its server and promtool.

#[path = "../rig/rig.rs"]
mod rig;

mod daemon;
mod faults;
mod prometheus;
mod receiver;
mod spans;

use std::process::Command;

use crate::rig::cgroup::Cgroup;
use crate::rig::process::Running;
use crate::rig::scene::Scene;

/// Runs a job of the workload inside a cgroup to its end; tells what it did.
fn job_in(scene: &Scene, cgroup: &Cgroup, line: &[String], truth: &str) -> serde_json::Value {
    let mut command = Command::new("sh");
    command.args(["-c", "echo $$ > \"$0\" && exec \"$@\""]).arg(cgroup.path().join("cgroup.procs")).args(line);
    let ended = Running::start(command, "job", scene.folder()).end();
    assert!(ended.status.success(), "the workload failed:\n{}", ended.errors);
    scene.truth(truth)
}
