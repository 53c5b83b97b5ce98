//! Calls that make, change and end processes.

use std::ffi::CString;
use std::path::Path;

use super::Outcome;
use super::file::c_path;
use super::outcome;

/// Forks; the child runs `child` and ends with the code it returns, without running anything else.
///
/// Jobs call it while they have one thread, so the child may use everything its parent could.
pub(crate) fn fork(child: impl FnOnce() -> u8) -> Outcome {
    // SAFETY: the process has one thread, so no lock can be held by a thread that the child lacks.
    match unsafe { libc::fork() } {
        0 => exit(child()),
        pid => outcome(pid),
    }
}

/// Ends this process with all its threads, running nothing else.
pub(crate) fn exit(code: u8) -> ! {
    // SAFETY: ends the process.
    unsafe { libc::_exit(i32::from(code)) }
}

/// Ends this thread only, leaving the others of the process to run.
pub(crate) fn exit_thread(code: u8) -> ! {
    loop {
        // SAFETY: ends the calling thread. What it owned is leaked, which is harmless: the process ends soon.
        unsafe { libc::syscall(libc::SYS_exit, i32::from(code)) };
    }
}

/// Waits for a child; its raw status.
pub(crate) fn wait(pid: u64) -> Result<i32, i32> {
    let mut status = 0;
    // SAFETY: `status` is valid for the call to fill.
    outcome(unsafe { libc::waitpid(pid as i32, &raw mut status, 0) })?;
    Ok(status)
}

/// Replaces this process's program; returns only on failure, with the errno.
pub(crate) fn exec(program: &Path, arguments: &[&str]) -> i32 {
    let program = c_path(program);
    let arguments: Vec<CString> =
        arguments.iter().map(|argument| CString::new(*argument).expect("no NUL in an argument")).collect();
    let mut pointers: Vec<_> = arguments.iter().map(|argument| argument.as_ptr()).collect();
    pointers.push(std::ptr::null());
    let environment: [*const libc::c_char; 1] = [std::ptr::null()];
    // SAFETY: both vectors end with a null pointer and everything they point to outlives the call.
    unsafe { libc::execve(program.as_ptr(), pointers.as_ptr(), environment.as_ptr()) };
    super::errno()
}

/// Leaves shared namespaces, e.g. `CLONE_NEWNS`.
pub(crate) fn unshare(flags: i32) -> Outcome {
    // SAFETY: takes a number only.
    outcome(unsafe { libc::unshare(flags) })
}

/// Binds a folder or file over another.
pub(crate) fn bind_mount(from: &Path, to: &Path) -> Outcome {
    let (from, to) = (c_path(from), c_path(to));
    let none = std::ptr::null();
    // SAFETY: both paths are NUL-terminated and outlive the call; a bind mount needs neither type nor data.
    outcome(unsafe { libc::mount(from.as_ptr(), to.as_ptr(), none, libc::MS_BIND, none.cast()) })
}

/// Takes away the mount that was made last at a place.
pub(crate) fn unmount(at: &Path) -> Outcome {
    let at = c_path(at);
    // SAFETY: the path is NUL-terminated and outlives the call.
    outcome(unsafe { libc::umount2(at.as_ptr(), 0) })
}

/// Mounts a tmpfs.
pub(crate) fn mount_tmpfs(to: &Path) -> Outcome {
    let to = c_path(to);
    let none = std::ptr::null();
    // SAFETY: the path and the type are NUL-terminated and outlive the call.
    outcome(unsafe { libc::mount(c"tmpfs".as_ptr(), to.as_ptr(), c"tmpfs".as_ptr(), 0, none) })
}

/// Makes every mount of this namespace private, so that nothing done here is seen outside.
pub(crate) fn mounts_private() -> Outcome {
    let none = std::ptr::null();
    // SAFETY: changes the propagation of the tree at `/`; source, type and data are not used.
    outcome(unsafe { libc::mount(none, c"/".as_ptr(), none, libc::MS_REC | libc::MS_PRIVATE, none.cast()) })
}

/// `pivot_root`, then lets go of the old root. The working directory is the new root afterwards.
pub(crate) fn pivot_root(to: &Path) -> Result<(), i32> {
    chdir(to)?;
    // SAFETY: `.` over `.` stacks the old root upon the new one, from where it is detached next.
    outcome(unsafe { libc::syscall(libc::SYS_pivot_root, c".".as_ptr(), c".".as_ptr()) })?;
    // SAFETY: takes a NUL-terminated path.
    outcome(unsafe { libc::umount2(c".".as_ptr(), libc::MNT_DETACH) })?;
    chdir(Path::new("/"))?;
    Ok(())
}

/// `chdir`.
pub(crate) fn chdir(to: &Path) -> Outcome {
    let to = c_path(to);
    // SAFETY: the path is NUL-terminated and outlives the call.
    outcome(unsafe { libc::chdir(to.as_ptr()) })
}

/// `chroot`, and the working directory with it.
pub(crate) fn chroot(to: &Path) -> Outcome {
    chdir(to)?;
    // SAFETY: takes a NUL-terminated path.
    outcome(unsafe { libc::chroot(c".".as_ptr()) })
}

/// Becomes an ordinary user for good.
pub(crate) fn become_user(id: u32) -> Outcome {
    // SAFETY: takes numbers only.
    outcome(unsafe { libc::setresgid(id, id, id) })?;
    // SAFETY: takes numbers only.
    outcome(unsafe { libc::setresuid(id, id, id) })
}

/// Runs this thread on one CPU only.
pub(crate) fn pin(cpu: usize) -> Outcome {
    // SAFETY: an all-zero set is a valid empty set.
    let mut set: libc::cpu_set_t = unsafe { std::mem::zeroed() };
    // SAFETY: `set` is valid, and a CPU beyond it is ignored.
    unsafe { libc::CPU_SET(cpu, &mut set) };
    // SAFETY: `set` outlives the call and the size given is its own.
    outcome(unsafe { libc::sched_setaffinity(0, size_of_val(&set), &raw const set) })
}

/// What this thread used so far.
fn usage() -> libc::rusage {
    // SAFETY: an all-zero rusage is valid.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    // SAFETY: `usage` is valid for the call to fill.
    unsafe { libc::getrusage(libc::RUSAGE_THREAD, &raw mut usage) };
    usage
}

/// How often this thread gave up the CPU of its own accord so far.
pub(crate) fn voluntary_switches() -> u64 {
    usage().ru_nvcsw as u64
}

/// How often the CPU was taken from this thread so far.
pub(crate) fn involuntary_switches() -> u64 {
    usage().ru_nivcsw as u64
}
