//! A recording says what the live run said.

use std::process::Command;

use crate::rig::EVERYTHING;
use crate::rig::compare::Compared;
use crate::rig::process::Ended;
use crate::rig::process::Running;
use crate::rig::scene::Scene;
use crate::rig::scene::Traced;

/// Runs podtrace.
fn podtrace(scene: &Scene, name: &str, arguments: &[&str]) -> Ended {
    let mut command = Command::new(crate::rig::podtrace());
    command.args(arguments);
    Running::start(command, name, scene.folder()).end()
}

/// Check that a replay prints byte for byte the JSON report that the live run printed, and that this report is true.
#[test]
fn replay_is_the_live_report() {
    let scene = Scene::with_files(0);
    let recording = scene.path("recording").to_string_lossy().into_owned();
    let line = scene.job_on_files(&["paths"], "truth");
    let live = scene.start_run(EVERYTHING, &["--record", &recording], &line).end();
    assert!(live.status.success(), "podtrace failed:\n{}", live.errors);
    let replayed = podtrace(&scene, "replay", &["replay", &recording, "-o", "json"]);
    assert!(replayed.status.success(), "the replay failed:\n{}", replayed.errors);
    if live.output != replayed.output {
        let differing = live.output.lines().zip(replayed.output.lines()).find(|(live, replayed)| live != replayed);
        panic!(
            "the replay has {} bytes, the live report {}; they differ at {differing:#?}",
            replayed.output.len(),
            live.output.len()
        );
    }
    let report = serde_json::from_str(&replayed.output).expect("the replay printed JSON");
    let traced = Traced { report, truth: scene.truth("truth"), errors: replayed.errors };
    let mut compared = Compared::of(&traced);
    compared.everything_done().complete();
    compared.end();
}

/// Check that a recording whose end is missing still gives everything before, says that it is damaged, and fails.
#[test]
fn damaged_recording() {
    let scene = Scene::empty();
    let recording = scene.path("recording").to_string_lossy().into_owned();
    let line = scene.job(&["sleeper", "--count", "3"], "truth");
    let live = scene.start_run(EVERYTHING, &["--record", &recording], &line).end();
    assert!(live.status.success(), "podtrace failed:\n{}", live.errors);
    let bytes = std::fs::read(&recording).expect("the recording is there");
    // The last frame says how it ended; of that and of nothing else a part is missing.
    std::fs::write(&recording, &bytes[..bytes.len() - 5]).expect("cannot cut the recording");
    let replayed = podtrace(&scene, "replay", &["replay", &recording, "-o", "json"]);
    let report: serde_json::Value = serde_json::from_str(&replayed.output).expect("a damaged recording gives a report");
    let truth = scene.truth("truth");
    let mut compared = Compared::sides(&report, &truth, &replayed.errors);
    compared.equal("execs before the damage", compared.count("process.exec"), 1);
    compared.holds("the damage is said", replayed.errors.contains("recording"));
    compared.equal("exit code", replayed.code(), 1);
    compared.end();
}
