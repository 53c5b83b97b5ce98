//! System calls as they are: one function, one call, its result as the kernel gave it.
//!
//! The standard library retries, buffers and opens by itself; what is to be counted exactly must not.

pub(crate) mod file;
pub(crate) mod process;
pub(crate) mod socket;

use crate::clock;

/// What a call returned: a number, mostly of bytes, or an errno.
pub(crate) type Outcome = Result<u64, i32>;

/// The result of a libc function that returns -1 and sets errno.
pub(crate) fn outcome(returned: impl Into<i64>) -> Outcome {
    let returned = returned.into();
    u64::try_from(returned).map_err(|_| errno())
}

/// The errno of the call just made by this thread.
pub(crate) fn errno() -> i32 {
    nix::errno::Errno::last_raw()
}

/// A call with the time it took, in nanoseconds.
pub(crate) fn timed<T>(call: impl FnOnce() -> T) -> (T, u64) {
    let began_ns = clock::now_ns();
    let result = call();
    (result, clock::now_ns() - began_ns)
}

/// Turns a failed call that the job cannot do without into an error that says which.
pub(crate) fn needed(what: &str, outcome: Outcome) -> anyhow::Result<u64> {
    outcome.map_err(|errno| anyhow::anyhow!("{what}: {:?}", nix::errno::Errno::from_raw(errno)))
}

/// As [`needed`], for a descriptor.
pub(crate) fn descriptor(what: &str, outcome: Outcome) -> anyhow::Result<i32> {
    Ok(needed(what, outcome)? as i32)
}
