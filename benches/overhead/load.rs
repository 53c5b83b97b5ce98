//! What podtrace stands: operations counted and events sent as fast as two CPUs can make them, what it uses itself, how
//! fast it replays.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::Duration;
use std::time::Instant;

use anyhow::Context;
use anyhow::ensure;

use crate::tracer::PODTRACE;
use crate::tracer::Report;
use crate::tracer::Tracer;
use crate::tracer::profile;
use crate::worker::Worker;

/// The kind that is flooded.
const READS: &str = "file.read";

/// Everything is counted, nothing is sent.
const COUNTED: &str = "file";

/// An event for each operation.
const SENT: &str = "file detail=\"all\"";

/// Paces at which events are sent, in events a second; the last is as fast as possible.
const PACES: [u64; 8] = [100_000, 200_000, 300_000, 400_000, 500_000, 700_000, 1_000_000, 0];

/// The pace at which podtrace's own use is measured: the issue's.
pub(crate) const STEADY_PACE: u64 = 34_000;

/// The pace at which something is recorded, to be replayed.
const RECORDED_PACE: u64 = 200_000;

/// A flood and what was seen of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Flood {
    /// Operations a second that were asked for; 0: as many as possible.
    pub(crate) pace: u64,
    /// Operations.
    pub(crate) done: u64,
    /// ... that podtrace counted.
    pub(crate) counted: u64,
    /// Single events that arrived.
    pub(crate) seen: u64,
    /// What was lost, whatever the cause.
    pub(crate) lost: u64,
    /// How long it took.
    pub(crate) length: Duration,
    /// CPU time podtrace used in it.
    pub(crate) agent_cpu: Duration,
    /// Peak resident memory of podtrace, in bytes.
    pub(crate) memory: u64,
    /// Memory of the kernel's tables, in bytes.
    pub(crate) kernel_memory: u64,
}

impl Flood {
    /// Operations a second.
    pub(crate) fn rate(&self) -> f64 {
        self.done as f64 / self.length.as_secs_f64()
    }

    /// CPUs podtrace used.
    pub(crate) fn agent_share(&self) -> f64 {
        self.agent_cpu.as_secs_f64() / self.length.as_secs_f64()
    }
}

/// A recording, replayed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Replay {
    pub(crate) events: u64,
    pub(crate) bytes: u64,
    pub(crate) took: Duration,
}

/// All figures.
pub(crate) struct Load {
    pub(crate) counted: Flood,
    pub(crate) steady: Flood,
    pub(crate) sent: Vec<Flood>,
    pub(crate) replay: Replay,
}

impl Load {
    /// The highest rate of events at which nothing was lost, at it or below it.
    pub(crate) fn lossless(&self) -> Option<&Flood> {
        let whole = |flood: &&Flood| flood.lost == 0 && flood.seen >= flood.done;
        self.sent.iter().take_while(whole).max_by(|one, other| one.rate().total_cmp(&other.rate()))
    }

    /// Peak resident memory over all floods.
    pub(crate) fn memory(&self) -> u64 {
        self.floods().map(|flood| flood.memory).max().unwrap_or(0)
    }

    fn floods(&self) -> impl Iterator<Item = &Flood> {
        [&self.counted, &self.steady].into_iter().chain(&self.sent)
    }
}

/// Measures, with floods of a length.
pub(crate) fn measure(folder: &Path, file: &Path, length: Duration) -> anyhow::Result<Load> {
    let threads = 2;
    let counted = flood(folder, file, COUNTED, threads, 0, length)?;
    let steady = flood(folder, file, COUNTED, 1, STEADY_PACE, 2 * length)?;
    let mut sent = Vec::new();
    for pace in PACES {
        sent.push(flood(folder, file, SENT, threads, pace, length)?);
    }
    Ok(Load { counted, steady, sent, replay: replay(folder, file, length)? })
}

fn flood(folder: &Path, file: &Path, probes: &str, threads: u64, pace: u64, length: Duration) -> anyhow::Result<Flood> {
    eprintln!("{threads} threads read, {pace} times a second (0: as fast as they can), probes: {probes}");
    let mut worker = Worker::start(file)?;
    let mut tracer = Tracer::podtrace(folder, probes, worker.pid(), &[])?;
    tracer.settle()?;
    let before = cpu_time(tracer.pid())?;
    let (done, took) = worker.flood(threads, pace, length)?;
    let agent_cpu = cpu_time(tracer.pid())? - before;
    let report = tracer.report()?;
    Ok(Flood {
        pace,
        done,
        counted: report.count_on(READS, file),
        seen: report.seen(READS),
        lost: report.lost(),
        length: took,
        agent_cpu,
        memory: report.memory(),
        kernel_memory: report.kernel_memory(),
    })
}

/// CPU time of all threads of a process that are there: `/proc/PID/task/TID/schedstat`, its first number.
fn cpu_time(pid: u32) -> anyhow::Result<Duration> {
    let mut total = 0;
    for task in fs::read_dir(format!("/proc/{pid}/task"))? {
        let Ok(text) = fs::read_to_string(task?.path().join("schedstat")) else { continue };
        total += text.split(' ').next().and_then(|word| word.parse::<u64>().ok()).unwrap_or(0);
    }
    ensure!(total > 0, "this kernel has no /proc/PID/task/TID/schedstat (CONFIG_SCHED_INFO)");
    Ok(Duration::from_nanos(total))
}

/// Records a flood, and replays it.
fn replay(folder: &Path, file: &Path, length: Duration) -> anyhow::Result<Replay> {
    eprintln!("a recording is made and replayed");
    let recording = folder.join("flood.podtrace");
    let mut worker = Worker::start(file)?;
    let mut command = Command::new(PODTRACE);
    command.arg("record").arg(&recording).args(["-o", "json", "--pid", &worker.pid().to_string(), "-p"]);
    command.arg(profile(folder, SENT)?);
    let mut tracer = Tracer::start("podtrace", command, folder)?;
    tracer.settle()?;
    worker.flood(1, RECORDED_PACE, 2 * length)?;
    let live = tracer.report()?;
    // The first time warms the page cache.
    replay_once(&recording)?;
    thread::sleep(Duration::from_millis(100));
    let (report, took) = replay_once(&recording)?;
    ensure!(
        report.seen(READS) == live.seen(READS) && live.seen(READS) > 0,
        "the replay has {} events, the trace had {}",
        report.seen(READS),
        live.seen(READS)
    );
    Ok(Replay { events: report.seen(READS), bytes: fs::metadata(&recording)?.len(), took })
}

fn replay_once(recording: &Path) -> anyhow::Result<(Report, Duration)> {
    let began = Instant::now();
    let output = Command::new(PODTRACE).args(["replay", "-o", "json"]).arg(recording).output();
    let took = began.elapsed();
    let output = output.context("cannot start podtrace")?;
    ensure!(output.status.success(), "the replay failed: {}", String::from_utf8_lossy(&output.stderr));
    Ok((Report::parse(&String::from_utf8(output.stdout)?)?, took))
}
