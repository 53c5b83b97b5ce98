//! The generator's own clocks, and waiting.

use std::ffi::CString;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

/// How often [`wait_for_file`] looks.
const LOOK_EVERY_NS: u64 = 5_000_000;

/// A millisecond, in nanoseconds.
pub(crate) const MILLISECOND_NS: u64 = 1_000_000;

/// A second, in nanoseconds.
pub(crate) const SECOND_NS: u64 = 1_000_000_000;

fn read(clock: libc::clockid_t) -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is a valid timespec for the call to fill; the clocks used here always exist.
    unsafe { libc::clock_gettime(clock, &raw mut time) };
    time.tv_sec as u64 * SECOND_NS + time.tv_nsec as u64
}

/// Time since some fixed moment, in nanoseconds.
pub(crate) fn now_ns() -> u64 {
    read(libc::CLOCK_MONOTONIC)
}

/// CPU time of this process so far, in nanoseconds.
pub(crate) fn process_cpu_ns() -> u64 {
    read(libc::CLOCK_PROCESS_CPUTIME_ID)
}

/// CPU time of this thread so far, in nanoseconds.
pub(crate) fn thread_cpu_ns() -> u64 {
    read(libc::CLOCK_THREAD_CPUTIME_ID)
}

/// Sleeps with one `clock_nanosleep`.
pub(crate) fn sleep_ns(duration_ns: u64) {
    let time = libc::timespec {
        tv_sec: (duration_ns / SECOND_NS) as libc::time_t,
        tv_nsec: (duration_ns % SECOND_NS) as libc::c_long,
    };
    // SAFETY: `time` outlives the call, and the remaining time is not asked for.
    unsafe { libc::clock_nanosleep(libc::CLOCK_MONOTONIC, 0, &raw const time, std::ptr::null_mut()) };
}

/// Uses the CPU until this thread has used `duration_ns` more of it.
pub(crate) fn spin_cpu_ns(duration_ns: u64) {
    let end = thread_cpu_ns() + duration_ns;
    while thread_cpu_ns() < end {
        for _ in 0..100 {
            std::hint::spin_loop();
        }
    }
}

/// Waits until a file exists, without opening anything.
pub(crate) fn wait_for_file(path: &Path) {
    let path = CString::new(path.as_os_str().as_bytes()).expect("a path from the command line has no NUL");
    // SAFETY: `path` is a NUL-terminated string that outlives the call.
    while unsafe { libc::access(path.as_ptr(), libc::F_OK) } != 0 {
        sleep_ns(LOOK_EVERY_NS);
    }
}
