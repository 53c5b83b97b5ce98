//! From a command line to a process that waits at the gate, and from there to the running command.
//!
//! Fork and exec by hand: what the standard library offers returns only once the program runs, so nothing could be
//! held. Everything that allocates or looks something up happens before the fork; the child only makes system calls.

use std::env;
use std::ffi::CString;
use std::ffi::OsString;
use std::fs::File;
use std::io::Read;
use std::io::Write;
use std::os::fd::AsRawFd;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStringExt;
use std::ptr;

use libc::c_char;
use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::sys::signal::SigSet;
use nix::sys::signal::SigmaskHow;
use nix::sys::signal::Signal;
use nix::unistd::Pid;

use super::Command;
use super::CommandError;
use super::CommandStdout;
use super::NOT_RUN;
use super::OwnCgroup;
use super::Running;
use super::lookup;
use crate::event::session::TargetKind;
use crate::host::Cgroups;
use crate::host::Processes;
use crate::targets::Membership;
use crate::targets::Resolved;
use crate::targets::plain;

/// What the held command says if podtrace is no more.
const ORPHANED: &[u8] = b"podtrace: ended before the command was traced: the command was not run\n";

/// The highest signal number (`_NSIG`).
const SIGNALS: i32 = 64;

/// A command that waits before its first instruction. Dropped, it is ended without having run.
#[derive(Debug)]
pub struct Held {
    name: String,
    /// Taken out when it is released.
    running: Option<Running>,
    /// Why it has no cgroup of its own.
    why_no_cgroup: Option<String>,
    /// One byte opens the gate. Both ends are kept, so that writing cannot fail because the child was killed meanwhile.
    gate: (OwnedFd, OwnedFd),
    /// Says an errno if the program could not be executed; closes when it could.
    verdict: OwnedFd,
}

impl Held {
    /// The process.
    pub fn pid(&self) -> u32 {
        self.running.as_ref().map_or(0, Running::pid)
    }

    /// Its own cgroup, if it has one.
    pub fn cgroup(&self) -> Option<&OwnCgroup> {
        self.running.as_ref().and_then(Running::cgroup)
    }

    /// It as a target.
    pub fn resolved(&self, index: u16) -> Resolved {
        let pids = [self.pid()].into();
        let membership = match self.cgroup().map(OwnCgroup::cgroup) {
            Some(cgroup) => Membership::CgroupSubtree {
                id: cgroup.id,
                level: cgroup.level,
                hierarchy: cgroup.hierarchy.clone(),
                path: cgroup.path.clone(),
                pids,
            },
            None => Membership::Processes { pids },
        };
        let remark = self.why_no_cgroup.as_ref().map(|why| format!("the command has no cgroup of its own: {why}"));
        Resolved { target: plain(index, TargetKind::Command, self.name.clone()), membership, remark }
    }

    /// Lets it run. Returns once the program was executed, or has been ended at the gate by a signal.
    ///
    /// # Errors
    /// The program cannot be executed after all.
    pub fn release(mut self) -> Result<Running, CommandError> {
        let start = |step: &'static str| {
            move |error: std::io::Error| CommandError::Start {
                step,
                errno: error.raw_os_error().map_or(Errno::EIO, Errno::from_raw),
            }
        };
        let running = self.running.take().ok_or(CommandError::Empty)?;
        let cloned = |fd: &OwnedFd| fd.try_clone().map(File::from);
        let written = cloned(&self.gate.1).and_then(|mut gate| gate.write_all(b"!"));
        if let Err(error) = written {
            running.discard();
            return Err(start("opening the gate")(error));
        }
        let mut answer = Vec::new();
        cloned(&self.verdict)
            .and_then(|mut verdict| verdict.read_to_end(&mut answer))
            .map_err(start("waiting for it"))?;
        match answer.first_chunk() {
            None => Ok(running),
            Some(errno) => {
                running.discard();
                let errno = Errno::from_raw(i32::from_ne_bytes(*errno));
                Err(CommandError::Exec { command: self.name.clone(), errno })
            }
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Some(running) = self.running.take() {
            running.discard();
        }
    }
}

/// Starts a command up to the gate.
pub(super) fn start(command: &Command, cgroups: &Cgroups, processes: &Processes) -> Result<Held, CommandError> {
    let prepared = Prepared::new(command)?;
    let failed = |step: &'static str| move |errno: Errno| CommandError::Start { step, errno };
    let gate = nix::unistd::pipe2(OFlag::O_CLOEXEC).map_err(failed("making a pipe"))?;
    let (verdict, child_verdict) = nix::unistd::pipe2(OFlag::O_CLOEXEC).map_err(failed("making a pipe"))?;
    let pointers = prepared.pointers();
    let child = Child {
        program: pointers.program,
        arguments: pointers.arguments.as_ptr(),
        script: pointers.script.as_ptr(),
        environment: pointers.environment.as_ptr(),
        gate: gate.0.as_raw_fd(),
        gate_writer: gate.1.as_raw_fd(),
        verdict: child_verdict.as_raw_fd(),
        stdout_to_stderr: command.stdout == CommandStdout::ToStderr,
    };
    keep_statuses();
    // Podtrace's handlers must not run in the child: every signal waits until they are taken out there.
    let before = SigSet::all().thread_swap_mask(SigmaskHow::SIG_SETMASK).map_err(failed("holding signals back"))?;
    // SAFETY: the child makes only system calls on memory prepared before (see `Child::run`) until it executes or
    // exits.
    let forked = match unsafe { libc::fork() } {
        0 => child.run(),
        -1 => Err(Errno::last()),
        pid => Ok(Pid::from_raw(pid)),
    };
    let unblocked = before.thread_set_mask();
    drop(child_verdict);
    let mut running = Running::new(forked.map_err(failed("making a process"))?);
    if let Err(errno) = unblocked {
        running.discard();
        return Err(failed("letting signals through")(errno));
    }
    let placed = OwnCgroup::make(cgroups, processes).and_then(|group| {
        group.admit(running.pid()).map_err(|error| format!("cannot move it there: {error}"))?;
        Ok(group)
    });
    let why_no_cgroup = match placed {
        Ok(group) => {
            running.set_cgroup(group);
            None
        }
        Err(why) => Some(why),
    };
    Ok(Held { name: command.name(), running: Some(running), why_no_cgroup, gate, verdict })
}

/// The texts of an exec, in memory that outlives the fork.
struct Prepared {
    program: CString,
    arguments: Vec<CString>,
    environment: Vec<CString>,
}

struct Pointers {
    program: *const c_char,
    arguments: Vec<*const c_char>,
    /// `sh FILE ARGUMENTS…`, for a script that does not say what runs it, as execvp(3) does.
    script: Vec<*const c_char>,
    environment: Vec<*const c_char>,
}

impl Prepared {
    fn new(command: &Command) -> Result<Self, CommandError> {
        let name = command.arguments.first().ok_or(CommandError::Empty)?;
        let text = |(at, text): (usize, &OsString)| {
            CString::new(text.as_encoded_bytes()).map_err(|_| CommandError::ZeroByte(at))
        };
        let arguments = command.arguments.iter().enumerate().map(text).collect::<Result<_, _>>()?;
        let file = lookup::find(name)?.into_os_string().into_vec();
        let variable = |(name, value): (OsString, OsString)| {
            let mut bytes = name.into_vec();
            bytes.push(b'=');
            bytes.extend(value.into_vec());
            CString::new(bytes).ok()
        };
        let program = CString::new(file).map_err(|_| CommandError::ZeroByte(0))?;
        Ok(Self { program, arguments, environment: env::vars_os().filter_map(variable).collect() })
    }

    /// Lists as the kernel wants them, closed by a null. They point into `self`.
    fn pointers(&self) -> Pointers {
        let list = |texts: &[CString]| texts.iter().map(|text| text.as_ptr()).chain([ptr::null()]).collect::<Vec<_>>();
        let mut script = vec![c"sh".as_ptr(), self.program.as_ptr()];
        script.extend(list(self.arguments.get(1..).unwrap_or_default()));
        Pointers {
            program: self.program.as_ptr(),
            arguments: list(&self.arguments),
            script,
            environment: list(&self.environment),
        }
    }
}

/// What the child needs: plain numbers and addresses.
struct Child {
    program: *const c_char,
    arguments: *const *const c_char,
    script: *const *const c_char,
    environment: *const *const c_char,
    gate: i32,
    gate_writer: i32,
    verdict: i32,
    stdout_to_stderr: bool,
}

impl Child {
    /// The life of the child until it is the command. Only async-signal-safe calls (signal-safety(7)), because other
    /// threads may have held locks at the moment of the fork.
    fn run(&self) -> ! {
        reset_signals();
        // SAFETY: plain numbers; closing its own copy lets the child see that podtrace's was closed.
        unsafe { libc::close(self.gate_writer) };
        if self.stdout_to_stderr {
            // SAFETY: plain numbers; the two standard descriptors stay open.
            unsafe { libc::dup2(libc::STDERR_FILENO, libc::STDOUT_FILENO) };
        }
        if !self.wait() {
            // SAFETY: the text is static and as long as stated.
            unsafe { libc::write(libc::STDERR_FILENO, ORPHANED.as_ptr().cast(), ORPHANED.len()) };
            // SAFETY: ends the process without running anything of podtrace's.
            unsafe { libc::_exit(NOT_RUN) };
        }
        // SAFETY: all addresses lead to lists closed by a null of texts closed by a zero, which the parent made before
        // the fork and which lie unchanged in this process's copy of its memory.
        unsafe { libc::execve(self.program, self.arguments, self.environment) };
        let mut errno = Errno::last_raw();
        if errno == libc::ENOEXEC {
            // SAFETY: as above.
            unsafe { libc::execve(c"/bin/sh".as_ptr(), self.script, self.environment) };
            errno = Errno::last_raw();
        }
        // SAFETY: four bytes of a live number.
        unsafe { libc::write(self.verdict, (&raw const errno).cast(), size_of::<i32>()) };
        // SAFETY: ends the process without running anything of podtrace's.
        unsafe { libc::_exit(126) }
    }

    /// Waits at the gate; false if podtrace is no more.
    fn wait(&self) -> bool {
        let mut byte = 0_u8;
        loop {
            // SAFETY: one byte into a live variable of one byte.
            match unsafe { libc::read(self.gate, (&raw mut byte).cast(), 1) } {
                1 => return true,
                -1 if Errno::last_raw() == libc::EINTR => {}
                _ => return false,
            }
        }
    }
}

/// Makes sure that the status of children is kept for us: whoever started podtrace may have ignored SIGCHLD, and then
/// the kernel throws it away.
fn keep_statuses() {
    // SAFETY: all zeros is a valid `sigaction`: the default handler, no flags, an empty mask.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    // SAFETY: writes one `sigaction` into a live one.
    let known = unsafe { libc::sigaction(libc::SIGCHLD, ptr::null(), &raw mut action) } == 0;
    if known && (action.sa_sigaction == libc::SIG_IGN || action.sa_flags & libc::SA_NOCLDWAIT != 0) {
        action.sa_sigaction = libc::SIG_DFL;
        action.sa_flags = 0;
        // SAFETY: reads one live `sigaction`; the default handler runs nothing of ours.
        unsafe { libc::sigaction(libc::SIGCHLD, &raw const action, ptr::null_mut()) };
    }
}

/// Default handlers and an empty mask. What is ignored stays so (it was ignored by whoever started podtrace), but for
/// SIGPIPE, which Rust's runtime ignores.
fn reset_signals() {
    for signal in 1..=SIGNALS {
        // SAFETY: all zeros is a valid `sigaction`: the default handler, no flags, an empty mask.
        let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
        // SAFETY: writes one `sigaction` into a live one; fails for numbers that are no signals or reserved, which is
        // well.
        let known = unsafe { libc::sigaction(signal, ptr::null(), &raw mut action) } == 0;
        if known && (action.sa_sigaction != libc::SIG_IGN || signal == Signal::SIGPIPE as i32) {
            action.sa_sigaction = libc::SIG_DFL;
            action.sa_flags = 0;
            // SAFETY: reads one live `sigaction`; refused for SIGKILL and SIGSTOP, which is well.
            unsafe { libc::sigaction(signal, &raw const action, ptr::null_mut()) };
        }
    }
    // SAFETY: all zeros is a valid, empty set.
    let none: libc::sigset_t = unsafe { std::mem::zeroed() };
    // SAFETY: reads one live set.
    unsafe { libc::sigprocmask(libc::SIG_SETMASK, &raw const none, ptr::null_mut()) };
}
