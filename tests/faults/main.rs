//! What happens when something is wrong: clear errors, the right exit codes, nothing left behind, and the traced command
//! never harmed.
//!
//! Root is needed: most of this is about tracing that goes wrong while it could go right.

#[path = "../rig/rig.rs"]
mod rig;

mod harmless;
mod left_behind;
mod outputs;
mod profiles;
mod signals;
mod targets;

use std::path::Path;
use std::process::Command;

use crate::rig::process::Ended;
use crate::rig::process::Running;

/// Runs podtrace in a folder to its end.
fn podtrace(folder: &Path, arguments: &[&str]) -> Ended {
    let mut command = Command::new(rig::podtrace());
    command.args(arguments);
    Running::start(command, "podtrace", folder).end()
}

/// An error for people: one of these words is in it, it does not look like a crash, and nothing is on standard output.
fn assert_clear_error(ended: &Ended, code: i32, words: &[&str]) {
    assert_eq!(ended.code(), code, "exit code; standard error:\n{}", ended.errors);
    assert!(ended.output.is_empty(), "standard output is for results only:\n{}", ended.output);
    for word in words {
        assert!(ended.errors.contains(word), "the error does not say `{word}`:\n{}", ended.errors);
    }
    for word in ["panicked", "RUST_BACKTRACE", "stack backtrace"] {
        assert!(!ended.errors.contains(word), "the error looks like a crash:\n{}", ended.errors);
    }
}
