//! Reads by the clock: at a pace or as fast as possible, by several threads; or one a millisecond with the time of each.

use std::fs::File;
use std::io;
use std::thread;
use std::time::Duration;
use std::time::Instant;

use super::now;
use super::read_at_start;
use super::stay_on;

/// Between two bursts of a paced flood, and between two stamped reads.
const BEAT: Duration = Duration::from_millis(1);

/// Reads one byte over and over, `pace` times a second by all threads together, 0: as fast as possible. How often it
/// was, and how long it took.
pub(super) fn flood(file: &File, threads: u64, pace: u64, length: Duration) -> io::Result<(u64, Duration)> {
    let began = Instant::now();
    let cpus = thread::available_parallelism()?.get();
    let calls = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|index| {
                scope.spawn(move || {
                    // A single thread goes where the scheduler wants it.
                    if threads > 1 {
                        stay_on(index as usize % cpus)?;
                    }
                    worker(file, pace / threads, began, length)
                })
            })
            .collect();
        workers.into_iter().try_fold(0, |sum, worker| Ok(sum + worker.join().map_err(|_| broken())??))
    });
    calls.map(|calls: u64| (calls, began.elapsed()))
}

fn broken() -> io::Error {
    io::Error::other("a thread of the generator panicked")
}

fn worker(file: &File, pace: u64, began: Instant, length: Duration) -> io::Result<u64> {
    const UNPACED: u64 = 500;
    let mut byte = [0];
    let mut calls = 0;
    loop {
        let passed = began.elapsed();
        if passed >= length {
            return Ok(calls);
        }
        let due = if pace == 0 { calls + UNPACED } else { (passed.as_secs_f64() * pace as f64) as u64 };
        while calls < due {
            read_at_start(file, &mut byte)?;
            calls += 1;
        }
        if pace > 0 {
            thread::sleep(BEAT.saturating_sub(began.elapsed() - passed));
        }
    }
}

/// Reads one byte a millisecond; the monotonic time at which each read began, in nanoseconds.
pub(super) fn stamps(file: &File, length: Duration) -> io::Result<Vec<u64>> {
    let began = Instant::now();
    let mut byte = [0];
    let mut stamps = Vec::new();
    while began.elapsed() < length {
        stamps.push(now(libc::CLOCK_MONOTONIC));
        read_at_start(file, &mut byte)?;
        thread::sleep(BEAT);
    }
    Ok(stamps)
}
