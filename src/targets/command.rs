//! A command as a target: started by podtrace, held before its first instruction until tracing is on.
//!
//! What it promises the command:
//! - It has podtrace's terminal, working folder, environment and open files, stays in podtrace's process group (so that
//!   Ctrl-C and Ctrl-Z reach both), and starts with an empty signal mask and default handlers; signals ignored by
//!   whoever started podtrace stay ignored, as under `nohup`, but SIGPIPE does not, which Rust's runtime ignores.
//! - It never runs untraced behind the user's back: if podtrace dies while the command is held, the command says so and
//!   ends with status 125 without having run.
//! - Once released it is its own: podtrace being killed does not touch it.
//!
//! It has a cgroup of its own where cgroup2 can be written to; else it is followed as a set of processes.

mod group;
mod lookup;
mod running;
mod start;

use std::ffi::OsString;

use nix::errno::Errno;
use thiserror::Error;

pub use group::OwnCgroup;
pub use group::Removal;
pub use running::FORWARDED;
pub use running::Forwarded;
pub use running::Running;
pub use running::SignalOrigin;
pub use start::Held;

use crate::host::Cgroups;
use crate::host::Processes;

/// What the command that was held exits with if podtrace died before releasing it.
pub const NOT_RUN: i32 = 125;

/// Why a command did not start. Exit code 3.
#[derive(Debug, Error)]
pub enum CommandError {
    /// Nothing was given to run.
    #[error("no command given: expected `podtrace run -- COMMAND ARGUMENTS…`")]
    Empty,
    /// An argument with a zero byte in it.
    #[error("argument {0} of the command holds a zero byte")]
    ZeroByte(usize),
    /// No such program.
    #[error("`{0}`: command not found")]
    NotFound(String),
    /// The path leads nowhere.
    #[error("`{0}`: no such file")]
    NoFile(String),
    /// It is not executable.
    #[error("`{0}`: permission denied: the file is not executable for this user")]
    PermissionDenied(String),
    /// It is a folder.
    #[error("`{0}` is a folder, not a program")]
    Folder(String),
    /// The kernel refused to execute it.
    #[error("cannot execute `{command}`: {errno}")]
    Exec {
        /// As it was given.
        command: String,
        /// What the kernel said.
        errno: Errno,
    },
    /// The kernel refused something on the way there.
    #[error("cannot start the command: {step}: {errno}")]
    Start {
        /// What was tried.
        step: &'static str,
        /// What the kernel said.
        errno: Errno,
    },
}

impl CommandError {
    /// What a shell would exit with: 127 for a command that is not there, 126 for one that cannot be executed. For
    /// those who want to tell them apart; podtrace itself exits with 3.
    pub fn shell_status(&self) -> i32 {
        match self {
            Self::NotFound(_) | Self::NoFile(_) => 127,
            Self::Exec { errno: Errno::ENOENT, .. } => 127,
            _ => 126,
        }
    }
}

/// Where the command's standard output goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CommandStdout {
    /// To podtrace's own.
    #[default]
    Inherit,
    /// To podtrace's standard error: for when a report in a machine's format goes to standard output.
    ToStderr,
}

/// A command to start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// The program, as the user named it, and its arguments.
    pub arguments: Vec<OsString>,
    /// Where its standard output goes.
    pub stdout: CommandStdout,
}

impl Command {
    /// Starts it, up to the gate: the process is there, in its cgroup, and waits for [`Held::release`].
    ///
    /// Left-over cgroups of podtraces that were killed are removed on the way.
    ///
    /// # Errors
    /// There is no such program, it is not executable, or no process could be made.
    pub fn spawn_held(&self, cgroups: &Cgroups, processes: &Processes) -> Result<Held, CommandError> {
        start::start(self, cgroups, processes)
    }

    /// Its name in reports: the program, as the user named it.
    pub fn name(&self) -> String {
        self.arguments.first().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests;
