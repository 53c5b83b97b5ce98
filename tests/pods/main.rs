//! Pods traced as they come and go: a node's cgroups made by hand in every shape, a stand-in for the API, known workloads.
//!
//! Root is needed. What a real runtime makes of it is tested elsewhere.

#[path = "../rig/rig.rs"]
mod rig;

#[path = "../stand_ins/api_server.rs"]
mod api_server;

mod alone;
mod crowd;
mod gone;
mod late;
mod names;
mod node;
mod restarts;
mod returns;

use podtrace::event::Definition;
use podtrace::event::Item;
use podtrace::event::recording::Reader;
use serde_json::Value;

use crate::rig::scene::Scene;

/// What a report counts of a kind for a target; 0 if it does not name it.
fn count(report: &Value, kind: &str, target: &str) -> u64 {
    let entries = report["signals"][kind]["top"]["target"].as_array();
    let entry = entries.into_iter().flatten().find(|entry| entry["key"] == target);
    entry.and_then(|entry| entry["count"].as_u64()).unwrap_or(0)
}

/// Waits until podtrace has read its tables twice more (often, where it is slow): whatever was told before was taken in.
fn settle(scene: &Scene) {
    let length = || std::fs::metadata(scene.path("recording")).map_or(0, |facts| facts.len());
    for _ in 0..if rig::slow() { 20 } else { 2 } {
        let before = length();
        rig::wait_until("another tick", || length() > before);
    }
}

/// Waits until podtrace has recorded a target of this name.
fn wait_for_target(scene: &Scene, name: &str) {
    rig::wait_until(&format!("target `{name}`"), || {
        let Ok(file) = std::fs::File::open(scene.path("recording")) else { return false };
        let Ok(reader) = Reader::open(file) else { return false };
        // It is cut off as long as it is written.
        reader.map_while(Result::ok).any(|item| match item {
            Item::Definition(Definition::Target(target)) => target.name == name,
            _ => false,
        })
    });
}

/// The names of a report's targets.
fn targets(report: &Value) -> Vec<&str> {
    report["targets"].as_array().into_iter().flatten().filter_map(|target| target["name"].as_str()).collect()
}
