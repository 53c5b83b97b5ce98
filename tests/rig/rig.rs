//! What the tests of the whole program share: where its parts are, how it is run on a known workload, how its report is
//! compared with what truly happened.
//!
//! The same test binaries run in virtual machines, where nothing is built and everything is slow: `PODTRACE_BIN` and
//! `PODTRACE_WORKLOAD` name the programs, `PODTRACE_SLOW=1` widens limits on time. Counts are exact everywhere.

// Each test binary uses its own part of this.
#![allow(dead_code)]

pub(crate) mod bystander;
pub(crate) mod cgroup;
pub(crate) mod compare;
pub(crate) mod peers;
pub(crate) mod process;
pub(crate) mod scene;

use std::path::PathBuf;
use std::time::Duration;

/// A profile that observes everything.
pub(crate) const EVERYTHING: &str = "probes { tcp; udp; file; sched; process }";

/// The program under test.
pub(crate) fn podtrace() -> PathBuf {
    std::env::var_os("PODTRACE_BIN").map_or_else(|| PathBuf::from(env!("CARGO_BIN_EXE_podtrace")), PathBuf::from)
}

/// The known workloads; cargo builds examples beside the binary, in `examples/`.
pub(crate) fn workload() -> PathBuf {
    let path = std::env::var_os("PODTRACE_WORKLOAD").map_or_else(
        || PathBuf::from(env!("CARGO_BIN_EXE_podtrace")).with_file_name("examples").join("workload"),
        PathBuf::from,
    );
    assert!(path.exists(), "`{}` is missing; `cargo build --examples` makes it", path.display());
    path
}

/// Whether this machine is much slower than a real one.
pub(crate) fn slow() -> bool {
    std::env::var_os("PODTRACE_SLOW").is_some_and(|value| value != "0" && !value.is_empty())
}

/// How long to wait for something that takes a moment on a real machine.
pub(crate) fn patience() -> Duration {
    Duration::from_secs(if slow() { 600 } else { 90 })
}

/// Tracing needs root; a test that could not trace must not pass.
pub(crate) fn assert_root() {
    // SAFETY: takes nothing and cannot fail.
    let user = unsafe { libc::geteuid() };
    assert_eq!(user, 0, "this test traces and needs root: run it as root, e.g. by `./dev test`");
}

/// Waits until a condition holds; panics after [`patience`] with what was waited for.
pub(crate) fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = std::time::Instant::now() + patience();
    while !holds() {
        assert!(std::time::Instant::now() < deadline, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}
