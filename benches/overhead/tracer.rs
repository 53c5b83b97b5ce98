//! podtrace and bpftrace as processes: starting them, knowing that they see everything, ending them, their figures.

use std::fs;
use std::fs::File;
use std::path::Path;
use std::path::PathBuf;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::thread;
use std::time::Duration;
use std::time::Instant;

use anyhow::Context;
use anyhow::bail;
use anyhow::ensure;
use serde_json::Value;

/// The program that is measured: built beside this one.
pub(crate) const PODTRACE: &str = env!("CARGO_BIN_EXE_podtrace");

/// How long nothing more is attached before everything is taken to be. In its first second podtrace has the kernel account
/// what its programs cost, which makes them cost more: the price is that of the time after it.
const SETTLED: Duration = Duration::from_millis(1_200);

/// The longest that starting and ending may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// A tracer at work, which is ended with this value at the latest.
pub(crate) struct Tracer {
    name: &'static str,
    child: Child,
    output: PathBuf,
}

impl Tracer {
    /// podtrace with a profile's text; what it says is kept in `folder`. `more`: further arguments.
    pub(crate) fn podtrace(folder: &Path, probes: &str, pid: u32, more: &[&str]) -> anyhow::Result<Self> {
        let mut command = Command::new(PODTRACE);
        command.args(["--pid", &pid.to_string(), "-o", "json", "-p"]).arg(profile(folder, probes)?).args(more);
        Self::start("podtrace", command, folder)
    }

    /// bpftrace with a program. It looks for tracepoints where tracefs should be mounted; where it is not, it gets mounts
    /// of its own.
    pub(crate) fn bpftrace(folder: &Path, program: &str) -> anyhow::Result<Self> {
        const MOUNT: &str = "[ -e /sys/kernel/tracing/events ] || mount -t tracefs tracefs /sys/kernel/tracing; \
                             [ -e /sys/kernel/debug/tracing ] || mount -t debugfs debugfs /sys/kernel/debug; \
                             exec bpftrace -f json -e \"$0\"";
        let mut command = Command::new("unshare");
        command.args(["--mount", "sh", "-c", MOUNT, program]);
        Self::start("bpftrace", command, folder)
    }

    /// Starts a tracer, and does not wait for it.
    pub(crate) fn start(name: &'static str, mut command: Command, folder: &Path) -> anyhow::Result<Self> {
        let output = folder.join(format!("{name}.out"));
        let file = File::create(&output)?;
        let errors = File::create(folder.join(format!("{name}.err")))?;
        let child = command.stdin(Stdio::null()).stdout(file).stderr(errors).spawn();
        let child = child.with_context(|| format!("cannot start {name}"))?;
        Ok(Self { name, child, output })
    }

    /// Its process id.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits until it has attached everything.
    pub(crate) fn settle(&mut self) -> anyhow::Result<()> {
        let began = Instant::now();
        let (mut attached, mut since) = (0, began);
        loop {
            if let Some(status) = self.child.try_wait()? {
                bail!("{} ended at once ({status}): {}", self.name, self.complaint());
            }
            let now = attachments(self.child.id());
            if now != attached {
                (attached, since) = (now, Instant::now());
            } else if attached > 0 && since.elapsed() >= SETTLED {
                return Ok(());
            }
            ensure!(began.elapsed() < PATIENCE, "{} attaches nothing: {}", self.name, self.complaint());
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// What it said on standard error, and where that says nothing on standard output.
    fn complaint(&self) -> String {
        let said = |path: &Path| fs::read_to_string(path).unwrap_or_default().trim().to_owned();
        let error = said(&self.output.with_extension("err"));
        if error.is_empty() { said(&self.output) } else { error }
    }

    /// Asks it to end; what it printed.
    pub(crate) fn stop(mut self) -> anyhow::Result<String> {
        signal(&self.child, libc::SIGINT);
        self.wait()
    }

    /// Waits for its end; what it printed.
    pub(crate) fn wait(&mut self) -> anyhow::Result<String> {
        let began = Instant::now();
        while self.child.try_wait()?.is_none() {
            ensure!(began.elapsed() < PATIENCE, "{} does not end", self.name);
            thread::sleep(Duration::from_millis(2));
        }
        let printed = fs::read_to_string(&self.output)?;
        ensure!(!printed.is_empty(), "{} printed nothing: {}", self.name, self.complaint());
        Ok(printed)
    }

    /// Asks podtrace to end; its report.
    pub(crate) fn report(self) -> anyhow::Result<Report> {
        Report::parse(&self.stop()?)
    }
}

impl Drop for Tracer {
    fn drop(&mut self) {
        if !matches!(self.child.try_wait(), Ok(Some(_))) {
            signal(&self.child, libc::SIGKILL);
            let _ = self.child.wait();
        }
    }
}

fn signal(child: &Child, signal: libc::c_int) {
    // SAFETY: the call takes no pointers; the child has not been waited for, so its number is still its own.
    unsafe { libc::kill(child.id().cast_signed(), signal) };
}

/// Writes a profile into a folder.
pub(crate) fn profile(folder: &Path, probes: &str) -> anyhow::Result<PathBuf> {
    let path = folder.join("bench.kdl");
    fs::write(&path, format!("probes {{\n{probes}\n}}\n"))?;
    Ok(path)
}

/// What a process has attached to the kernel: its links and perf events.
fn attachments(pid: u32) -> usize {
    let Ok(descriptors) = fs::read_dir(format!("/proc/{pid}/fd")) else { return 0 };
    let names = descriptors.flatten().filter_map(|entry| fs::read_link(entry.path()).ok());
    names.filter(|name| ["bpf_link", "bpf-link", "perf_event"].iter().any(|mark| contains(name, mark))).count()
}

fn contains(path: &Path, mark: &str) -> bool {
    path.to_string_lossy().contains(mark)
}

/// How many values bpftrace put into histograms.
pub(crate) fn histogram_total(printed: &str) -> u64 {
    let documents = printed.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let histograms = documents.filter(|document| document["type"] == "hist");
    histograms.map(|document| counts(&document["data"])).sum()
}

/// The sum of every `count` in a value.
fn counts(value: &Value) -> u64 {
    match value {
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| if name == "count" { value.as_u64().unwrap_or(0) } else { counts(value) })
            .sum(),
        Value::Array(values) => values.iter().map(counts).sum(),
        _ => 0,
    }
}

/// A report of podtrace.
pub(crate) struct Report(Value);

impl Report {
    /// Reads what `-o json` printed.
    pub(crate) fn parse(text: &str) -> anyhow::Result<Self> {
        serde_json::from_str(text).map(Self).context("podtrace printed no JSON")
    }

    /// How often something of a kind was counted.
    pub(crate) fn count(&self, kind: &str) -> u64 {
        self.0["signals"][kind]["count"].as_u64().unwrap_or(0)
    }

    /// How often something of a kind was counted on a path.
    pub(crate) fn count_on(&self, kind: &str, path: &Path) -> u64 {
        let entries = self.0["signals"][kind]["top"]["path"].as_array().map(Vec::as_slice).unwrap_or_default();
        let entry = entries.iter().find(|entry| entry["key"].as_str().map(Path::new) == Some(path));
        entry.and_then(|entry| entry["count"].as_u64()).unwrap_or(0)
    }

    /// Single events of a kind that arrived.
    pub(crate) fn seen(&self, kind: &str) -> u64 {
        self.0["completeness"]["kinds"][kind]["seen"].as_u64().unwrap_or(0)
    }

    /// What was lost, whatever the cause.
    pub(crate) fn lost(&self) -> u64 {
        let causes = self.0["completeness"]["events_lost"].as_object();
        causes.map_or(0, |causes| causes.values().filter_map(Value::as_u64).sum())
    }

    /// Peak resident memory of podtrace, in bytes.
    pub(crate) fn memory(&self) -> u64 {
        self.0["sections"]["cost"]["agent_memory_bytes"].as_u64().unwrap_or(0)
    }

    /// Memory of the kernel's tables, in bytes.
    pub(crate) fn kernel_memory(&self) -> u64 {
        self.0["sections"]["cost"]["kernel_memory_bytes"].as_u64().unwrap_or(0)
    }
}
