//! Operations that go past the system calls a tracer decodes: it must say that it did not see them.

use anyhow::Context as _;

use crate::calls::descriptor;
use crate::calls::file;
use crate::calls::needed;
use crate::calls::outcome;
use crate::options::Options;
use crate::truth::Truth;

/// Where things stand in what `io_uring_setup` fills: `struct io_uring_params` of include/uapi/linux/io_uring.h, in
/// words of 32 bits.
mod parameter {
    pub(super) const WORDS: usize = 30;
    pub(super) const QUEUE_TAIL: usize = 11;
    pub(super) const QUEUE_ARRAY: usize = 16;
}

/// Memory of a ring, at one of the offsets that the kernel knows.
fn map(ring: i32, offset: i64) -> anyhow::Result<*mut u8> {
    let (protection, flags) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_SHARED | libc::MAP_POPULATE);
    // SAFETY: the kernel chooses a fresh address; nothing else is touched.
    let start = unsafe { libc::mmap(std::ptr::null_mut(), 4096, protection, flags, ring, offset) };
    anyhow::ensure!(start != libc::MAP_FAILED, "cannot map the ring: errno {}", crate::calls::errno());
    Ok(start.cast())
}

/// `--count` requests to an io_uring, each of which does nothing, submitted one by one.
pub(super) fn io_uring(options: &mut Options, truth: &mut Truth) -> anyhow::Result<()> {
    let count = options.number("count", 7)? as u32;
    let mut parameters = [0u32; parameter::WORDS];
    let entries = 8u32;
    // SAFETY: the parameters are as large as the kernel's structure and valid for it to fill.
    let made = unsafe { libc::syscall(libc::SYS_io_uring_setup, entries, parameters.as_mut_ptr()) };
    let ring = descriptor("io_uring_setup", outcome(made)).context("this kernel has no io_uring for us")?;
    let queue = map(ring, 0)?;
    // The requests themselves; all zero, a request is one to do nothing (IORING_OP_NOP).
    map(ring, 0x1000_0000)?;
    let at = |word: usize| queue.wrapping_add(parameters[word] as usize).cast::<u32>();
    for turn in 0..count {
        // SAFETY: array and tail lie in the mapped ring, where `io_uring_setup` said; only this thread writes them.
        unsafe {
            at(parameter::QUEUE_ARRAY).wrapping_add((turn % entries) as usize).write_volatile(turn % entries);
            at(parameter::QUEUE_TAIL).write_volatile(turn + 1);
        }
        let none = std::ptr::null::<libc::c_void>();
        // SAFETY: one request is submitted; no signal mask is given.
        let entered = unsafe { libc::syscall(libc::SYS_io_uring_enter, ring, 1, 0, 0, none, 0) };
        anyhow::ensure!(outcome(entered) == Ok(1), "io_uring_enter returned {entered}");
    }
    truth.fact("requests", count);
    needed("close", file::close(ring))?;
    Ok(())
}

/// 7 reads and 11 writes by the system calls of 32-bit programs, from a descriptor that is good.
#[cfg(target_arch = "x86_64")]
pub(super) fn compat(_: &mut Options, truth: &mut Truth) -> anyhow::Result<()> {
    let (drain, fill) = file::pipe().map_err(|errno| anyhow::anyhow!("pipe: errno {errno}"))?;
    // A buffer whose address fits into 32 bits.
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_32BIT;
    // SAFETY: the kernel chooses a fresh address; nothing else is touched.
    let buffer = unsafe { libc::mmap(std::ptr::null_mut(), 4096, libc::PROT_READ | libc::PROT_WRITE, flags, -1, 0) };
    anyhow::ensure!(buffer != libc::MAP_FAILED, "no memory below 4 GiB: errno {}", crate::calls::errno());
    let call = |number: i64, fd: i32, length: i64| {
        let mut result = number;
        // SAFETY: the interrupt is the system call of 32-bit programs; it reads or writes `length` bytes of the buffer
        // and changes no register but the one of the result and r8 to r11. rbx is saved: the compiler keeps it.
        unsafe {
            std::arch::asm!(
                "xchg rbx, {fd}", "int 0x80", "xchg rbx, {fd}",
                fd = inout(reg) i64::from(fd) => _,
                inout("rax") result, in("rcx") buffer, in("rdx") length,
                out("r8") _, out("r9") _, out("r10") _, out("r11") _,
            );
        }
        result as i32
    };
    // Numbers of arch/x86/entry/syscalls/syscall_32.tbl.
    let (read, write) = (3, 4);
    for turn in 0..11 {
        let written = call(write, fill, 16);
        anyhow::ensure!(written == 16, "a 32-bit write returned {written}");
        if turn < 7 {
            let got = call(read, drain, 16);
            anyhow::ensure!(got == 16, "a 32-bit read returned {got}");
        }
    }
    truth.fact("calls", 18);
    Ok(())
}

/// Other architectures have other ways; this one is for x86-64 only.
#[cfg(not(target_arch = "x86_64"))]
pub(super) fn compat(_: &mut Options, _: &mut Truth) -> anyhow::Result<()> {
    anyhow::bail!("32-bit system calls are made on x86-64 only")
}
