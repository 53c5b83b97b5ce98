//! Facts about processes, from `/proc`.
//!
//! A process may vanish between any two reads; that is an answer ([`ProcessError::Gone`] or an absence), never a panic.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::Path;
use std::path::PathBuf;

use nix::unistd::SysconfVar;
use thiserror::Error;

mod stat;

pub use stat::Stat;

/// Reads processes below a root.
#[derive(Clone, Debug)]
pub struct Processes {
    proc: PathBuf,
    tick_ns: u64,
}

/// Why nothing is known about a process.
#[derive(Debug, Error)]
pub enum ProcessError {
    /// It never was, or is no more.
    #[error("there is no process {0}")]
    Gone(u32),
    /// Its files say something else than proc(5).
    #[error("cannot make sense of `/proc/{pid}/{file}`")]
    Malformed {
        /// The process.
        pid: u32,
        /// The file below its folder.
        file: &'static str,
    },
    /// Its files are there, but not readable.
    #[error("cannot read `/proc/{pid}/{file}`: {source}")]
    Unreadable {
        /// The process.
        pid: u32,
        /// The file below its folder.
        file: &'static str,
        /// What the kernel said.
        source: io::Error,
    },
}

/// What is known about one process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcessFacts {
    /// The id that was asked about.
    pub pid: u32,
    /// The id of the process it belongs to; another one than `pid` if that is a thread of it.
    pub tgid: u32,
    /// The kernel's short name, times, parent, flags.
    pub stat: Stat,
    /// Its ids from the outermost visible pid namespace to its own; the last is what the process itself sees.
    pub namespace_pids: Vec<u32>,
    /// The argument vector, lossy where it is not UTF-8; empty for kernel threads and processes that have ended.
    pub arguments: Vec<String>,
}

/// The CPU time a process had used when it was read, threads that have ended included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CpuTime {
    /// When it started, in nanoseconds since boot: tells two processes with the same id apart.
    pub started_boot_ns: u64,
    /// User time, in nanoseconds, in steps of a clock tick (10 ms on most machines).
    pub user_ns: u64,
    /// Kernel time, in nanoseconds, in the same steps.
    pub system_ns: u64,
}

impl CpuTime {
    /// Both together, in nanoseconds.
    pub fn total_ns(self) -> u64 {
        self.user_ns.saturating_add(self.system_ns)
    }
}

impl Processes {
    /// Reads from `proc` below `root`.
    pub fn new(root: &Path) -> Self {
        let ticks = nix::unistd::sysconf(SysconfVar::CLK_TCK).ok().flatten();
        let per_second = ticks.and_then(|ticks| u64::try_from(ticks).ok()).filter(|ticks| *ticks > 0).unwrap_or(100);
        Self { proc: root.join("proc"), tick_ns: 1_000_000_000 / per_second }
    }

    /// What is known about the process (or thread) `pid`.
    ///
    /// # Errors
    /// It does not exist, or its files cannot be read.
    pub fn facts(&self, pid: u32) -> Result<ProcessFacts, ProcessError> {
        let stat = self.stat(pid)?;
        let status = self.read(pid, "status")?;
        let ids = |name: &str| -> Vec<u32> {
            let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
            line.unwrap_or_default().split_whitespace().filter_map(|word| word.parse().ok()).collect()
        };
        let tgid = *ids("Tgid").first().ok_or(ProcessError::Malformed { pid, file: "status" })?;
        let namespace_pids = match ids("NSpid") {
            none if none.is_empty() => vec![pid],
            some => some,
        };
        let command_line = fs::read(self.path(pid, "cmdline")).unwrap_or_default();
        let mut arguments: Vec<String> =
            command_line.split(|byte| *byte == 0).map(|bytes| String::from_utf8_lossy(bytes).into_owned()).collect();
        if arguments.last().is_some_and(String::is_empty) {
            arguments.pop();
        }
        Ok(ProcessFacts { pid, tgid, stat, namespace_pids, arguments })
    }

    /// The line the kernel keeps for a process.
    ///
    /// # Errors
    /// It does not exist, or the line cannot be read.
    pub fn stat(&self, pid: u32) -> Result<Stat, ProcessError> {
        // A name may be any bytes, so the file may not be UTF-8.
        let bytes = fs::read(self.path(pid, "stat")).map_err(|error| failure(pid, "stat", error))?;
        Stat::parse(&String::from_utf8_lossy(&bytes), self.tick_ns).ok_or(ProcessError::Malformed { pid, file: "stat" })
    }

    /// All processes, in order of their ids; threads are not among them.
    pub fn all(&self) -> Vec<u32> {
        numbers(&self.proc)
    }

    /// The threads of a process, itself included; none if it is gone.
    pub fn threads(&self, pid: u32) -> Vec<u32> {
        numbers(&self.path(pid, "task"))
    }

    /// The children of `pid`, their children, and so on, as of now; `pid` itself is not among them.
    pub fn descendants(&self, pid: u32) -> BTreeSet<u32> {
        let mut children: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for one in self.all() {
            if let Ok(stat) = self.stat(one) {
                children.entry(stat.parent).or_default().push(one);
            }
        }
        let mut found = BTreeSet::new();
        let mut open = vec![pid];
        while let Some(parent) = open.pop() {
            for child in children.get(&parent).into_iter().flatten() {
                if *child != pid && found.insert(*child) {
                    open.push(*child);
                }
            }
        }
        found
    }

    /// The CPU time of each of `pids` that still exists; the others are absent.
    pub fn cpu_times(&self, pids: impl IntoIterator<Item = u32>) -> BTreeMap<u32, CpuTime> {
        let time = |pid: u32| {
            let stat = self.stat(pid).ok()?;
            let Stat { started_boot_ns, user_ns, system_ns, .. } = stat;
            Some((pid, CpuTime { started_boot_ns, user_ns, system_ns }))
        };
        pids.into_iter().filter_map(time).collect()
    }

    fn path(&self, pid: u32, file: &str) -> PathBuf {
        self.proc.join(pid.to_string()).join(file)
    }

    fn read(&self, pid: u32, file: &'static str) -> Result<String, ProcessError> {
        let bytes = fs::read(self.path(pid, file)).map_err(|error| failure(pid, file, error))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}

/// What an error of reading `/proc/PID/file` means: `ESRCH` is a process that went while it was read.
fn failure(pid: u32, file: &'static str, source: io::Error) -> ProcessError {
    if source.kind() == io::ErrorKind::NotFound || source.raw_os_error() == Some(libc::ESRCH) {
        ProcessError::Gone(pid)
    } else {
        ProcessError::Unreadable { pid, file, source }
    }
}

/// The entries of a folder whose names are numbers, in order.
fn numbers(folder: &Path) -> Vec<u32> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut found: Vec<u32> =
        entries.flatten().filter_map(|entry| entry.file_name().to_str().and_then(|name| name.parse().ok())).collect();
    found.sort_unstable();
    found
}

#[cfg(test)]
mod tests;
