//! Threads that wait, each for a known reason and a known time.

use std::sync::Mutex;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

use crate::calls::Outcome;
use crate::calls::file;
use crate::calls::needed;
use crate::calls::outcome;
use crate::calls::process;
use crate::calls::timed;
use crate::clock;
use crate::options::Options;
use crate::truth::Truth;

/// Waits once and notes it under a reason.
fn wait_for<T>(truth: &mut Truth, reason: &str, wait: impl FnOnce() -> T) -> T {
    let (result, took_ns) = timed(wait);
    truth.entry("sched.offcpu", "reason", reason).add_timed((Ok(0), took_ns));
    result
}

/// `--count` sleeps of `--sleep-ms`.
pub(super) fn sleeper(options: &mut Options, truth: &mut Truth) -> anyhow::Result<()> {
    let count = options.number("count", 3)?;
    let sleep_ns = options.number("sleep-ms", 1000)? * clock::MILLISECOND_NS;
    for _ in 0..count {
        wait_for(truth, "sleep", || clock::sleep_ns(sleep_ns));
    }
    Ok(())
}

/// Sleeps for 100 ms and writes into a pipe how long that truly took.
fn sleep_and_tell(fill: i32) -> Outcome {
    let ((), took_ns) = timed(|| clock::sleep_ns(100 * clock::MILLISECOND_NS));
    file::write(fill, &took_ns.to_ne_bytes())
}

/// `--count` reads from a pipe into which a child writes every 100 ms.
pub(super) fn pipe_reader(options: &mut Options, truth: &mut Truth) -> anyhow::Result<()> {
    let count = options.number("count", 11)?;
    let (drain, fill) = file::pipe().map_err(|errno| anyhow::anyhow!("pipe: errno {errno}"))?;
    let pid = needed(
        "fork",
        process::fork(|| {
            for _ in 0..count {
                if sleep_and_tell(fill) != Ok(8) {
                    return 1;
                }
            }
            0
        }),
    )?;
    let before = process::voluntary_switches();
    let mut slept = [0; 8];
    for _ in 0..count {
        let read = wait_for(truth, "pipe", || file::read(drain, &mut slept));
        anyhow::ensure!(read == Ok(8), "a read of the pipe came out as {read:?}");
        truth.entry("sched.offcpu", "reason", "sleep").add_timed((Ok(0), u64::from_ne_bytes(slept)));
    }
    truth.fact("voluntary_switches", process::voluntary_switches() - before);
    process::wait(pid).map_err(|errno| anyhow::anyhow!("wait: errno {errno}"))?;
    Ok(())
}

/// 7 waits in `poll`, 5 in `select`, 11 in `epoll_wait`, of 50 ms each, on a pipe into which nobody writes.
pub(super) fn poller(_: &mut Options, truth: &mut Truth) -> anyhow::Result<()> {
    let (drain, _fill) = file::pipe().map_err(|errno| anyhow::anyhow!("pipe: errno {errno}"))?;
    // SAFETY: takes a number only.
    let epoll = needed("epoll_create1", outcome(unsafe { libc::epoll_create1(0) }))? as i32;
    let mut event = libc::epoll_event { events: libc::EPOLLIN as u32, u64: 0 };
    // SAFETY: `event` outlives the call.
    needed("epoll_ctl", outcome(unsafe { libc::epoll_ctl(epoll, libc::EPOLL_CTL_ADD, drain, &raw mut event) }))?;
    let in_poll = || {
        let mut entry = libc::pollfd { fd: drain, events: libc::POLLIN, revents: 0 };
        // SAFETY: one valid entry.
        outcome(unsafe { libc::poll(&raw mut entry, 1, 50) })
    };
    let in_select = || {
        let mut time = libc::timeval { tv_sec: 0, tv_usec: 50_000 };
        let none = std::ptr::null_mut();
        // SAFETY: empty sets are null, and `time` is valid for the call to change.
        outcome(unsafe { libc::select(0, none, none, none, &raw mut time) })
    };
    let in_epoll = || {
        let mut event = libc::epoll_event { events: 0, u64: 0 };
        // SAFETY: room for one event.
        outcome(unsafe { libc::epoll_wait(epoll, &raw mut event, 1, 50) })
    };
    let ways: [(usize, &dyn Fn() -> Outcome); 3] = [(7, &in_poll), (5, &in_select), (11, &in_epoll)];
    for (count, way) in ways {
        for _ in 0..count {
            let nothing = wait_for(truth, "poll", way);
            anyhow::ensure!(nothing == Ok(0), "a wait for nothing came out as {nothing:?}");
        }
    }
    Ok(())
}

/// Waits for 5 children, each of which sleeps 100 ms.
pub(super) fn parent(_: &mut Options, truth: &mut Truth) -> anyhow::Result<()> {
    let (drain, fill) = file::pipe().map_err(|errno| anyhow::anyhow!("pipe: errno {errno}"))?;
    let mut slept = [0; 8];
    for _ in 0..5 {
        let pid = needed("fork", process::fork(|| u8::from(sleep_and_tell(fill) != Ok(8))))?;
        let waited = wait_for(truth, "child", || process::wait(pid));
        anyhow::ensure!(waited == Ok(0), "a child ended as {waited:?}");
        needed("read how long it slept", file::read(drain, &mut slept))?;
        truth.entry("sched.offcpu", "reason", "sleep").add_timed((Ok(0), u64::from_ne_bytes(slept)));
    }
    Ok(())
}

/// Two threads and a lock: one holds it `--count` times for `--hold-ms`, during which the other waits for it.
pub(super) fn contention(options: &mut Options, truth: &mut Truth) -> anyhow::Result<()> {
    let count = options.number("count", 11)?;
    let hold_ns = options.number("hold-ms", 50)? * clock::MILLISECOND_NS;
    let lock = Mutex::new(());
    // Turns: the lock is held, the waiter comes to it, it has had it. Each side sleeps, briefly, until it is its turn.
    let (held, coming, waited) = (AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0));
    let until = |counter: &AtomicU64, value: u64| {
        while counter.load(Ordering::Acquire) < value {
            clock::sleep_ns(clock::MILLISECOND_NS);
        }
    };
    let (waits, thread) = std::thread::scope(|scope| {
        let waiter = scope.spawn(|| {
            // SAFETY: takes nothing.
            let thread = unsafe { libc::gettid() };
            let mut waits = Vec::new();
            for turn in 1..=count {
                until(&held, turn);
                coming.store(turn, Ordering::Release);
                let (guard, took_ns) = timed(|| lock.lock().expect("no holder panics"));
                drop(guard);
                waits.push(took_ns);
                waited.store(turn, Ordering::Release);
            }
            (waits, thread)
        });
        for turn in 1..=count {
            let guard = lock.lock().expect("no waiter panics");
            held.store(turn, Ordering::Release);
            until(&coming, turn);
            clock::sleep_ns(hold_ns);
            drop(guard);
            until(&waited, turn);
        }
        waiter.join().expect("the waiter does not panic")
    });
    truth.fact("waiter_thread", thread);
    let entry = truth.entry("sched.offcpu", "reason", "lock");
    // On a very busy machine the waiter may come to the lock so late that it is free again: then it did not wait.
    for took_ns in waits.into_iter().filter(|took_ns| *took_ns > hold_ns / 10) {
        entry.add_timed((Ok(0), took_ns));
    }
    Ok(())
}
