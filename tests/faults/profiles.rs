//! Profiles with mistakes.

use crate::assert_clear_error;
use crate::podtrace;
use crate::rig::scene::Scene;

/// A profile with five mistakes: a family, an option, a unit, a figure and a node that do not exist.
const FIVE_MISTAKES: &str = r#"description "five mistakes"
probes {
    tpc
    file slwo="10ms"
    sched offcpu-over="5 parsecs"
}
threshold "tcp.rtt" p98=">100ms"
windwo "10s"
"#;

/// What each mistake is marked by: the line it is in and the word that is wrong.
const PLACES: [(usize, &str); 5] = [(3, "tpc"), (4, "slwo"), (5, "5 parsecs"), (7, "p98"), (8, "windwo")];

/// Check that `check` shows five places, each with what was expected, and fails.
#[test]
fn five_mistakes_checked() {
    let scene = Scene::empty();
    let path = scene.profile(FIVE_MISTAKES).to_string_lossy().into_owned();
    let ended = podtrace(scene.folder(), &["check", &path]);
    assert_eq!(ended.code(), 2, "{}\n{}", ended.output, ended.errors);
    let said = format!("{}\n{}", ended.output, ended.errors);
    for (line, word) in PLACES {
        assert!(said.contains(word), "`{word}` is not said:\n{said}");
        assert!(said.contains(&format!(":{line}:")), "line {line} is not said:\n{said}");
    }
    for right in ["tcp", "slow", "p99", "window"] {
        assert!(said.contains(right), "what was meant, `{right}`, is not said:\n{said}");
    }
}

/// Check that a run with the same profile shows the same, and does not start the command.
#[test]
fn five_mistakes_run() {
    let scene = Scene::empty();
    let path = scene.profile(FIVE_MISTAKES).to_string_lossy().into_owned();
    let mark = scene.path("started").to_string_lossy().into_owned();
    let ended = podtrace(scene.folder(), &["run", "-o", "json", "-p", &path, "--", "touch", &mark]);
    assert_clear_error(&ended, 2, &PLACES.map(|(_, word)| word));
    assert!(!scene.path("started").exists(), "the command was started");
}

/// Check that a profile that does not exist is an error with its name.
#[test]
fn no_such_profile() {
    let scene = Scene::empty();
    let ended = podtrace(scene.folder(), &["run", "-o", "json", "-p", "no-such-profile.kdl", "--", "true"]);
    assert_clear_error(&ended, 2, &["no-such-profile.kdl"]);
}

/// Check that every profile in `profiles/` passes `check`.
#[test]
fn shipped_profiles_pass() {
    let scene = Scene::empty();
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("profiles");
    let mut checked = 0;
    // In a virtual machine there is no source to look at; there this is no test of the kernel.
    for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
        let path = entry.path().to_string_lossy().into_owned();
        let ended = podtrace(scene.folder(), &["check", &path]);
        assert_eq!(ended.code(), 0, "{path}:\n{}\n{}", ended.output, ended.errors);
        checked += 1;
    }
    assert!(checked > 0 || !folder.exists(), "no profile was checked");
}
