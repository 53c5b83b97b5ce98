//! Threads that wait for what other processes hold, or are kept from running.

use std::cell::UnsafeCell;
use std::fs::File;
use std::os::fd::AsRawFd as _;

use anyhow::Context as _;

use crate::calls::file;
use crate::calls::needed;
use crate::calls::outcome;
use crate::calls::process;
use crate::calls::timed;
use crate::clock;
use crate::options::Options;
use crate::truth::Truth;

/// How long locks are held.
const HOLD_NS: u64 = 200 * clock::MILLISECOND_NS;

/// How long a holder gets to come to its lock.
const AHEAD_NS: u64 = 50 * clock::MILLISECOND_NS;

fn note(truth: &mut Truth, reason: &str, took_ns: u64) {
    truth.entry("sched.offcpu", "reason", reason).add_timed((Ok(0), took_ns));
}

/// A child takes a lock, holds it and ends; meanwhile this process waits for the same.
fn wait_for_childs(truth: &mut Truth, take: &dyn Fn() -> bool) -> anyhow::Result<()> {
    let hold = || {
        let taken = take();
        clock::sleep_ns(HOLD_NS);
        u8::from(!taken)
    };
    let pid = needed("fork", process::fork(hold))?;
    clock::sleep_ns(AHEAD_NS);
    let (taken, took_ns) = timed(take);
    anyhow::ensure!(taken, "the lock was not to be had");
    note(truth, "lock", took_ns);
    anyhow::ensure!(process::wait(pid) == Ok(0), "the child did not get the lock");
    note(truth, "sleep", HOLD_NS);
    note(truth, "sleep", AHEAD_NS);
    Ok(())
}

/// Waits for locks on a file that a child has: `flock`, and `fcntl`.
pub(super) fn file_locks(options: &mut Options, truth: &mut Truth) -> anyhow::Result<()> {
    let path = options.path("dir")?.context("`--dir` is missing")?.join("locked");
    let flock = || {
        let Ok(file) = File::create(&path) else { return false };
        // SAFETY: takes numbers only. The descriptor is leaked, so that the lock ends with the process.
        let taken = unsafe { libc::flock(file.as_raw_fd(), libc::LOCK_EX) } == 0;
        std::mem::forget(file);
        taken
    };
    wait_for_childs(truth, &flock)?;
    let fcntl = || {
        let Ok(file) = File::create(&path) else { return false };
        // SAFETY: all-zero is valid for this structure of numbers.
        let mut lock: libc::flock = unsafe { std::mem::zeroed() };
        lock.l_type = libc::F_WRLCK as i16;
        // SAFETY: `lock` outlives the call.
        let taken = unsafe { libc::fcntl(file.as_raw_fd(), libc::F_SETLKW, &raw const lock) } == 0;
        std::mem::forget(file);
        taken
    };
    wait_for_childs(truth, &fcntl)
}

/// A read-write lock of the C library.
struct ReadWriteLock(UnsafeCell<libc::pthread_rwlock_t>);

// SAFETY: it is made to be used by several threads.
unsafe impl Sync for ReadWriteLock {}

impl ReadWriteLock {
    fn take(&self, write: bool) {
        let lock = self.0.get();
        // SAFETY: the lock is initialised and valid for as long as it is borrowed.
        let result =
            unsafe { if write { libc::pthread_rwlock_wrlock(lock) } else { libc::pthread_rwlock_rdlock(lock) } };
        assert_eq!(result, 0, "the lock is valid");
    }

    fn give(&self) {
        // SAFETY: likewise; who calls it holds it.
        unsafe { libc::pthread_rwlock_unlock(self.0.get()) };
    }
}

/// A thread reads what another has locked to write, and then writes what another has locked to read.
pub(super) fn read_write_locks(_: &mut Options, truth: &mut Truth) -> anyhow::Result<()> {
    let lock = ReadWriteLock(UnsafeCell::new(libc::PTHREAD_RWLOCK_INITIALIZER));
    for write in [true, false] {
        let waited = std::thread::scope(|scope| {
            scope.spawn(|| {
                lock.take(write);
                clock::sleep_ns(HOLD_NS);
                lock.give();
            });
            clock::sleep_ns(AHEAD_NS);
            let ((), took_ns) = timed(|| lock.take(!write));
            lock.give();
            took_ns
        });
        note(truth, "lock", waited);
        note(truth, "sleep", HOLD_NS);
        note(truth, "sleep", AHEAD_NS);
    }
    Ok(())
}

fn send(pid: u64, signal: i32) -> anyhow::Result<()> {
    // SAFETY: takes numbers only.
    needed("kill", outcome(unsafe { libc::kill(pid as i32, signal) })).map(drop)
}

/// Stops a child that waits for a socket, and lets it go on after half a second.
pub(super) fn stopped(_: &mut Options, truth: &mut Truth) -> anyhow::Result<()> {
    let mut ends = [0; 2];
    // SAFETY: room for two descriptors.
    let made = unsafe { libc::socketpair(libc::AF_UNIX, libc::SOCK_STREAM, 0, ends.as_mut_ptr()) };
    needed("socketpair", outcome(made))?;
    let pid = needed("fork", process::fork(|| u8::from(file::read(ends[1], &mut [0]) != Ok(1))))?;
    let ((), before_ns) = timed(|| clock::sleep_ns(100 * clock::MILLISECOND_NS));
    send(pid, libc::SIGSTOP)?;
    let ((), stopped_ns) = timed(|| clock::sleep_ns(500 * clock::MILLISECOND_NS));
    send(pid, libc::SIGCONT)?;
    let ((), after_ns) = timed(|| clock::sleep_ns(100 * clock::MILLISECOND_NS));
    needed("write", file::write(ends[0], b"x"))?;
    anyhow::ensure!(process::wait(pid) == Ok(0), "the child read nothing");
    note(truth, "stopped", stopped_ns);
    for took_ns in [before_ns, after_ns] {
        note(truth, "network", took_ns);
        note(truth, "sleep", took_ns);
    }
    note(truth, "sleep", stopped_ns);
    Ok(())
}
