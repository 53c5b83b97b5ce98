//! Why a target cannot be traced. All of these end in exit code 3.

use std::fmt;

use thiserror::Error;

use super::pods::PodsError;
use crate::host::cgroup::CgroupError;
use crate::host::process::ProcessError;

/// Why a target cannot be traced.
#[derive(Debug, Error)]
pub enum TargetError {
    /// No such process, or it cannot be read.
    #[error(transparent)]
    Process(#[from] ProcessError),
    /// The number is that of a thread.
    #[error("{thread} is a thread of process {process} (`{comm}`): use `--pid {process}`")]
    Thread {
        /// The number that was given.
        thread: u32,
        /// The process it belongs to.
        process: u32,
        /// The name of the thread.
        comm: String,
    },
    /// A thread of the kernel.
    #[error("process {pid} (`{comm}`) is a thread of the kernel: only programs can be traced")]
    KernelThread {
        /// The number that was given.
        pid: u32,
        /// Its name.
        comm: String,
    },
    /// It has ended and was not waited for.
    #[error("process {pid} (`{comm}`) has ended, only its parent has not asked for its status yet")]
    Zombie {
        /// The number that was given.
        pid: u32,
        /// Its name.
        comm: String,
    },
    /// Podtrace itself.
    #[error("process {0} is podtrace itself: it does not trace itself")]
    Ourselves(u32),
    /// Process ids do not mean here what they mean to the kernel.
    #[error(
        "process ids inside of a pid namespace are not those the kernel counts by: share the machine's pid namespace \
         (`--pid=host`, or `hostPID: true` for a pod)"
    )]
    PidNamespace,
    /// No hierarchy is mounted.
    #[error("no cgroup hierarchy is mounted here: mount `/sys/fs/cgroup`, or name a process with `--pid`")]
    NoCgroups,
    /// No such cgroup.
    #[error(
        "there is no cgroup `{path}`: expected a folder below {expected}, or a path from `/proc/PID/cgroup`{}",
        DidYouMean(.near)
    )]
    NoCgroup {
        /// As it was given.
        path: String,
        /// Where cgroups are.
        expected: String,
        /// Some with like names.
        near: Vec<String>,
    },
    /// A path with `..` in it.
    #[error("cgroup path `{0}` leads upwards: write it without `..`")]
    Upwards(String),
    /// Its depth is hidden.
    #[error(transparent)]
    Cgroup(#[from] CgroupError),
    /// No such unit.
    #[error("no cgroup belongs to a unit `{name}`: it is not running, or is none{}", DidYouMean(.near))]
    NoUnit {
        /// As it was given.
        name: String,
        /// Some with like names.
        near: Vec<String>,
    },
    /// A unit's name with a slash.
    #[error("`{0}` is a path, not a unit's name: use `--cgroup {0}`")]
    UnitIsPath(String),
    /// Several units of that name.
    #[error("several cgroups belong to units of the name `{name}`: name one of them with `--cgroup`: {}", Quoted(.paths))]
    AmbiguousUnit {
        /// As it was given.
        name: String,
        /// Where they are.
        paths: Vec<String>,
    },
    /// Pods that were named.
    #[error(transparent)]
    Pods(#[from] PodsError),
    /// Pods, where one thing at a time is looked up.
    #[error("{0} are looked up with all other pods")]
    NotHere(String),
    /// An empty name.
    #[error("the name of a {0} is empty")]
    Empty(&'static str),
    /// More targets than can be numbered.
    #[error("{0} targets are too many: at most 65536")]
    TooMany(usize),
}

/// `; did you mean …`, or nothing.
pub(super) struct DidYouMean<'a>(pub(super) &'a [String]);

impl fmt::Display for DidYouMean<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() { Ok(()) } else { write!(f, "; did you mean {}", Quoted(self.0)) }
    }
}

/// Names in backticks, with commas.
pub(super) struct Quoted<'a>(pub(super) &'a [String]);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, name) in self.0.iter().enumerate() {
            write!(f, "{}`{name}`", if at == 0 { "" } else { ", " })?;
        }
        Ok(())
    }
}
