//! How long it takes from podtrace's start until it sees: all five families, as the profile `latency` has them.

use std::env;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use anyhow::Context;
use anyhow::ensure;

use crate::generator::now;
use crate::price::Spread;
use crate::tracer::PODTRACE;
use crate::tracer::Tracer;
use crate::worker::Worker;

/// The argument that makes a process of this program write down when it ran, into a file, and end.
pub(crate) const PART: &str = "--stamp";

/// For how long a process reads while podtrace starts; it must begin to see within this time.
const LENGTH: Duration = Duration::from_millis(2000);

/// Times in seconds.
pub(crate) struct Start {
    /// Until the first operation of a running process was counted.
    pub(crate) first_operation: Spread,
    /// Until a command that podtrace started and held was let go.
    pub(crate) release: Spread,
}

/// Measures several times.
pub(crate) fn measure(folder: &Path, file: &Path, times: usize) -> anyhow::Result<Start> {
    eprintln!("podtrace is started {} times", 2 * times);
    let operations: Vec<f64> = (0..times).map(|_| first_operation(folder, file)).collect::<anyhow::Result<_>>()?;
    let releases: Vec<f64> = (0..times).map(|_| release(folder)).collect::<anyhow::Result<_>>()?;
    Ok(Start {
        first_operation: Spread::of(operations).context("nothing was measured")?,
        release: Spread::of(releases).context("nothing was measured")?,
    })
}

/// A process reads once a millisecond; podtrace says how many reads it has seen when they have ended, so the first that it
/// saw is known.
fn first_operation(folder: &Path, file: &Path) -> anyhow::Result<f64> {
    let mut worker = Worker::start(file)?;
    worker.begin_stamps(LENGTH)?;
    thread::sleep(Duration::from_millis(100));
    let began = now(libc::CLOCK_MONOTONIC);
    let mut command = Command::new(PODTRACE);
    command.args(["-o", "json", "-p", "latency", "--pid", &worker.pid().to_string()]);
    let tracer = Tracer::start("podtrace", command, folder)?;
    let stamps = worker.stamps()?;
    let seen = usize::try_from(tracer.report()?.count_on("file.read", file))?;
    ensure!(seen > 0, "podtrace saw nothing within {LENGTH:?}");
    let first = stamps.len().checked_sub(seen).context("podtrace counted more than was done")?;
    Ok(seconds(stamps[first].saturating_sub(began)))
}

/// The command says when it ran.
fn release(folder: &Path) -> anyhow::Result<f64> {
    let stamp = folder.join("stamp");
    let began = now(libc::CLOCK_MONOTONIC);
    let mut command = Command::new(PODTRACE);
    command.args(["run", "-o", "json", "-p", "latency", "--"]).arg(env::current_exe()?).arg(PART).arg(&stamp);
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status()?;
    ensure!(status.success(), "podtrace run failed: {status}");
    let ran: u64 = fs::read_to_string(&stamp)?.parse()?;
    Ok(seconds(ran.saturating_sub(began)))
}

fn seconds(ns: u64) -> f64 {
    Duration::from_nanos(ns).as_secs_f64()
}

/// What the process does that [`release`] has podtrace start.
pub(crate) fn run() -> anyhow::Result<()> {
    let ran = now(libc::CLOCK_MONOTONIC);
    let path = env::args_os().nth(2).context("expected the file to write")?;
    fs::write(path, ran.to_string())?;
    Ok(())
}
