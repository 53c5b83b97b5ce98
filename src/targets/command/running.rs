//! A command that runs: waiting for it, passing signals on to it, tidying up after it.

use std::io;
use std::os::fd::AsFd;
use std::os::fd::FromRawFd;
use std::os::fd::OwnedFd;
use std::thread;
use std::time::Duration;
use std::time::Instant;

use nix::errno::Errno;
use nix::poll::PollFd;
use nix::poll::PollFlags;
use nix::poll::PollTimeout;
use nix::sys::signal::Signal;
use nix::unistd::Pid;

use super::OwnCgroup;
use super::Removal;
use crate::event::session::CommandStatus;

/// The signals podtrace passes on. Those that stop, continue or resize (TSTP, TTIN, TTOU, CONT, WINCH) are not among
/// them: the terminal and the shell give them to the whole process group, the command included.
pub const FORWARDED: [Signal; 6] =
    [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP, Signal::SIGQUIT, Signal::SIGUSR1, Signal::SIGUSR2];

/// Between two looks at a command where the kernel cannot wake us.
const PAUSE: Duration = Duration::from_millis(5);

/// Who sent a signal to podtrace: `si_code` of sigaction(2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignalOrigin {
    /// The kernel, for the terminal (`SI_KERNEL`): every process of the foreground group got it.
    Terminal,
    /// A process, with kill(2) or the like.
    Process,
}

/// What became of a signal that was to be passed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forwarded {
    /// The command got it.
    Sent,
    /// The command already had it from the terminal.
    AlreadyThere,
    /// The command has ended.
    Ended,
}

/// A command that was started. Dropping it does nothing to the command.
#[derive(Debug)]
pub struct Running {
    pid: Pid,
    /// Readable once the command has ended; `None` where the kernel or a filter refuses it.
    ended: Option<OwnedFd>,
    status: Option<CommandStatus>,
    cgroup: Option<OwnCgroup>,
}

impl Running {
    /// A child that was just made.
    pub(super) fn new(pid: Pid) -> Self {
        // SAFETY: two plain numbers; the call makes a new descriptor or fails.
        let fd = unsafe { libc::syscall(libc::SYS_pidfd_open, pid.as_raw(), 0) };
        let fd = i32::try_from(fd).ok().filter(|fd| *fd >= 0);
        // SAFETY: the call before made this descriptor (closed on exec), and nobody else knows of it.
        let ended = fd.map(|fd| unsafe { OwnedFd::from_raw_fd(fd) });
        Self { pid, ended, status: None, cgroup: None }
    }

    pub(super) fn set_cgroup(&mut self, cgroup: OwnCgroup) {
        self.cgroup = Some(cgroup);
    }

    /// The process.
    pub fn pid(&self) -> u32 {
        self.pid.as_raw().cast_unsigned()
    }

    /// Its own cgroup, if it has one.
    pub fn cgroup(&self) -> Option<&OwnCgroup> {
        self.cgroup.as_ref()
    }

    /// How it ended, if it has. The first call that finds it ended collects it; later ones remember.
    ///
    /// # Errors
    /// Somebody else waited for it.
    pub fn try_wait(&mut self) -> io::Result<Option<CommandStatus>> {
        self.collect(libc::WNOHANG)
    }

    /// Waits until it ends.
    ///
    /// # Errors
    /// Somebody else waited for it.
    pub fn wait(&mut self) -> io::Result<CommandStatus> {
        loop {
            if let Some(status) = self.collect(0)? {
                return Ok(status);
            }
        }
    }

    /// Waits until it ends, or for so long, or until a signal arrives.
    ///
    /// # Errors
    /// Somebody else waited for it.
    pub fn wait_for(&mut self, patience: Duration) -> io::Result<Option<CommandStatus>> {
        if let Some(status) = self.try_wait()? {
            return Ok(Some(status));
        }
        match &self.ended {
            Some(ended) => {
                let timeout = PollTimeout::try_from(patience).unwrap_or(PollTimeout::MAX);
                let mut fds = [PollFd::new(ended.as_fd(), PollFlags::POLLIN)];
                match nix::poll::poll(&mut fds, timeout) {
                    Ok(_) | Err(Errno::EINTR) => {}
                    Err(errno) => return Err(errno.into()),
                }
            }
            None => {
                let begun = Instant::now();
                while begun.elapsed() < patience && self.try_wait()?.is_none() {
                    thread::sleep(PAUSE.min(patience));
                }
            }
        }
        self.try_wait()
    }

    /// By hand, because nix knows no real-time signals and would lose the status of a command that one ended.
    fn collect(&mut self, flags: i32) -> io::Result<Option<CommandStatus>> {
        if self.status.is_none() {
            let mut status = 0;
            // SAFETY: the status is written into a live number; the process is a child that was not waited for.
            let waited = unsafe { libc::waitpid(self.pid.as_raw(), &raw mut status, flags) };
            self.status = match waited {
                0 => None,
                -1 if Errno::last() == Errno::EINTR => None,
                -1 => return Err(io::Error::last_os_error()),
                _ if libc::WIFEXITED(status) => Some(CommandStatus::Exited(libc::WEXITSTATUS(status))),
                _ => Some(CommandStatus::Signalled(libc::WTERMSIG(status))),
            };
        }
        Ok(self.status)
    }

    /// Passes a signal on to the command: to the process podtrace started, as its sender meant it for podtrace alone.
    /// One that the terminal gave to the whole process group is not doubled, unless the command has left the group.
    ///
    /// # Errors
    /// The kernel refused: the command has become another user's.
    pub fn forward(&mut self, signal: Signal, origin: SignalOrigin) -> io::Result<Forwarded> {
        if self.try_wait()?.is_some() {
            return Ok(Forwarded::Ended);
        }
        let same_group = nix::unistd::getpgid(Some(self.pid)) == nix::unistd::getpgid(None);
        if has_it_already(origin, same_group) {
            return Ok(Forwarded::AlreadyThere);
        }
        // It was not waited for, so its id cannot have become another's.
        match nix::sys::signal::kill(self.pid, signal) {
            Ok(()) => Ok(Forwarded::Sent),
            Err(Errno::ESRCH) => Ok(Forwarded::Ended),
            Err(errno) => Err(errno.into()),
        }
    }

    /// Removes its cgroup once it has ended; waits up to `patience` for what it left running. `None` if it had none.
    ///
    /// # Errors
    /// The kernel refused for another reason than processes in it.
    pub fn tidy(mut self, patience: Duration) -> io::Result<Option<Removal>> {
        self.cgroup.take().map(|mut cgroup| cgroup.remove(patience)).transpose()
    }

    /// Ends a child that never became the command, and all that was made for it.
    pub(super) fn discard(mut self) {
        if matches!(self.try_wait(), Ok(None)) {
            let _ = nix::sys::signal::kill(self.pid, Signal::SIGKILL);
            let _ = self.wait();
        }
        // Its cgroup empties a moment later.
        let _ = self.tidy(Duration::from_millis(500));
    }
}

/// Whether the command got a signal when podtrace did.
pub(super) fn has_it_already(origin: SignalOrigin, same_group: bool) -> bool {
    origin == SignalOrigin::Terminal && same_group
}
