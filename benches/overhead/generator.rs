//! The process that does the operations: it obeys lines on its standard input, and answers each with a line.
//!
//! What it times is CPU time of its own threads, so others on the same machine disturb it little.

#[path = "generator/flood.rs"]
mod flood;
#[path = "generator/ping.rs"]
mod ping;

use std::env;
use std::fs::File;
use std::io;
use std::io::BufRead;
use std::io::Write;
use std::os::fd::AsRawFd;
use std::time::Duration;

use anyhow::Context;
use anyhow::bail;

use crate::operation::Operation;
use ping::Pings;

/// The argument that makes a process of this program a generator.
pub(crate) const PART: &str = "--generator";

/// Obeys until standard input ends. The second argument is the file to read.
pub(crate) fn run() -> anyhow::Result<()> {
    let path = env::args().nth(2).context("expected the file to read")?;
    let file = File::open(&path).with_context(|| format!("cannot open `{path}`"))?;
    let mut operations = Operations { file, pings: Pings::new()? };
    let mut answer = io::stdout();
    for line in io::stdin().lock().lines() {
        let line = line?;
        let words: Vec<&str> = line.split(' ').collect();
        let said = match words[..] {
            ["measure", word, turns] => operations.measure(word, turns.parse()?)?.to_string(),
            ["flood", threads, pace, milliseconds] => {
                let length = Duration::from_millis(milliseconds.parse()?);
                let (calls, took) = flood::flood(&operations.file, threads.parse()?, pace.parse()?, length)?;
                format!("{calls} {}", took.as_nanos())
            }
            ["stamps", milliseconds] => {
                let length = Duration::from_millis(milliseconds.parse()?);
                let stamps = flood::stamps(&operations.file, length)?;
                stamps.iter().map(u64::to_string).collect::<Vec<_>>().join(" ")
            }
            _ => bail!("`{line}` is no order"),
        };
        writeln!(answer, "{said}")?;
    }
    Ok(())
}

struct Operations {
    file: File,
    pings: Pings,
}

impl Operations {
    /// Does some turns of an operation; the nanoseconds of CPU time they took.
    fn measure(&mut self, word: &str, turns: u64) -> anyhow::Result<u64> {
        let operation = Operation::ALL.into_iter().find(|operation| operation.word() == word);
        let operation = operation.with_context(|| format!("`{word}` is no operation"))?;
        let clock = match operation {
            // Two threads take turns.
            Operation::Switch => libc::CLOCK_PROCESS_CPUTIME_ID,
            _ => libc::CLOCK_THREAD_CPUTIME_ID,
        };
        let before = now(clock);
        match operation {
            Operation::Untraced => untraced(turns),
            Operation::SmallRead => reads::<1>(&self.file, turns)?,
            Operation::PageRead => reads::<4096>(&self.file, turns)?,
            Operation::Datagram => self.pings.datagrams(turns)?,
            Operation::Stream => self.pings.streams(turns)?,
            Operation::Switch => self.pings.switches(turns)?,
        }
        Ok(now(clock) - before)
    }
}

/// A clock, in nanoseconds.
pub(crate) fn now(clock: libc::clockid_t) -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the pointer is to a timespec of ours.
    let result = unsafe { libc::clock_gettime(clock, &raw mut time) };
    assert_eq!(result, 0, "every Linux has clock {clock}");
    time.tv_sec.cast_unsigned() * 1_000_000_000 + time.tv_nsec.cast_unsigned()
}

fn untraced(turns: u64) {
    for _ in 0..turns {
        // SAFETY: the call takes no arguments.
        unsafe { libc::syscall(libc::SYS_getpid) };
    }
}

fn reads<const BYTES: usize>(file: &File, turns: u64) -> io::Result<()> {
    let mut buffer = [0_u8; BYTES];
    for _ in 0..turns {
        read_at_start(file, &mut buffer)?;
    }
    Ok(())
}

/// One `pread64`, and nothing around it.
fn read_at_start(file: &File, buffer: &mut [u8]) -> io::Result<()> {
    // SAFETY: the buffer is ours and as long as is said.
    let read = unsafe { libc::pread(file.as_raw_fd(), buffer.as_mut_ptr().cast(), buffer.len(), 0) };
    if usize::try_from(read) == Ok(buffer.len()) { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Keeps the calling thread on a CPU.
fn stay_on(cpu: usize) -> io::Result<()> {
    // SAFETY: all zero is the empty set.
    let mut set: libc::cpu_set_t = unsafe { std::mem::zeroed() };
    // SAFETY: the set is ours; the CPU is below its size, being one of this machine's first.
    unsafe { libc::CPU_SET(cpu, &mut set) };
    // SAFETY: the pointer is to a set of ours of that size; 0 is the calling thread.
    let result = unsafe { libc::sched_setaffinity(0, size_of_val(&set), &raw const set) };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// The CPU on which operations are timed: the last, as the first has most interrupts.
fn timed_cpu() -> io::Result<usize> {
    Ok(std::thread::available_parallelism()?.get() - 1)
}
