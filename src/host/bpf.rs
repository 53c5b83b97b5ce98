//! Asking the kernel's BPF: is this accepted, here, from this process.
//!
//! Every question is a tiny program or map that is loaded and dropped at once; nothing stays. Programs are loaded by
//! hand, because libbpf's own questions answer "no" where the answer is "not you".

use std::os::fd::FromRawFd;
use std::os::fd::OwnedFd;
use std::ptr;

use libbpf_rs::libbpf_sys;
use nix::errno::Errno;

/// `r0 = 0; exit`, the shortest program: `BPF_ALU64 | BPF_MOV | BPF_K` and `BPF_JMP | BPF_EXIT` (`linux/bpf.h`).
const NOTHING: [[u8; 8]; 2] = [[0xb7, 0, 0, 0, 0, 0, 0, 0], [0x95, 0, 0, 0, 0, 0, 0, 0]];

/// A map type the kernel is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MapType {
    /// Events to user space (Linux 5.8).
    RingBuffer,
    /// State that belongs to a task (Linux 5.11).
    TaskStorage,
    /// Tallies.
    PerCpuHash,
    /// Dispatch by tail call.
    ProgramArray,
}

/// Loads a raw tracepoint program that does nothing.
///
/// # Errors
/// What the kernel answered; `EPERM` if this process may not.
pub fn load_program() -> Result<(), Errno> {
    load(libbpf_sys::BPF_PROG_TYPE_RAW_TRACEPOINT, 0, 0)
}

/// Loads a program for a tracepoint with typed arguments (`tp_btf`) that does nothing; `type_id` is
/// [`super::Btf::tracepoint`].
///
/// # Errors
/// What the kernel answered.
pub fn load_typed_tracepoint(type_id: u32) -> Result<(), Errno> {
    load(libbpf_sys::BPF_PROG_TYPE_TRACING, libbpf_sys::BPF_TRACE_RAW_TP, type_id)
}

fn load(kind: libbpf_sys::bpf_prog_type, attach: libbpf_sys::bpf_attach_type, type_id: u32) -> Result<(), Errno> {
    let mut options = libbpf_sys::bpf_prog_load_opts {
        sz: size_of::<libbpf_sys::bpf_prog_load_opts>() as libbpf_sys::size_t,
        expected_attach_type: attach,
        attach_btf_id: type_id,
        ..Default::default()
    };
    // Aligned as the instructions are: their fields of 16 and 32 bits are read as such.
    let program = NOTHING.map(u64::from_ne_bytes);
    // SAFETY: the name and the licence are static strings closed by a zero, `program` holds as many instructions of
    // 8 bytes as stated, `options` says its own size; all outlive the call, and the kernel keeps none of them.
    let fd = unsafe {
        libbpf_sys::bpf_prog_load(
            kind,
            c"podtrace_ask".as_ptr(),
            c"GPL".as_ptr(),
            program.as_ptr().cast(),
            program.len() as libbpf_sys::size_t,
            &raw mut options,
        )
    };
    dropped(fd)
}

/// Makes an array of so many bytes, which on kernels before 5.11 counts against the limit on locked memory.
///
/// # Errors
/// What the kernel answered; `EPERM` or `ENOMEM` where memory is limited.
pub fn make_array(bytes: u32) -> Result<(), Errno> {
    // SAFETY: the name is a static string closed by a zero; no options are given, which the call allows.
    let fd = unsafe {
        libbpf_sys::bpf_map_create(libbpf_sys::BPF_MAP_TYPE_ARRAY, c"podtrace_ask".as_ptr(), 4, bytes, 1, ptr::null())
    };
    dropped(fd)
}

/// Closes what the kernel handed out, or says why it did not.
fn dropped(fd: i32) -> Result<(), Errno> {
    if fd < 0 {
        return Err(Errno::from_raw(-fd));
    }
    // SAFETY: the call before made this descriptor, and nobody else knows of it.
    drop(unsafe { OwnedFd::from_raw_fd(fd) });
    Ok(())
}

/// Whether the kernel has a type of map. Only asked where programs can be loaded: without the privilege the answer is
/// always no.
pub fn has_map(kind: MapType) -> bool {
    let kind = match kind {
        MapType::RingBuffer => libbpf_sys::BPF_MAP_TYPE_RINGBUF,
        MapType::TaskStorage => libbpf_sys::BPF_MAP_TYPE_TASK_STORAGE,
        MapType::PerCpuHash => libbpf_sys::BPF_MAP_TYPE_PERCPU_HASH,
        MapType::ProgramArray => libbpf_sys::BPF_MAP_TYPE_PROG_ARRAY,
    };
    // SAFETY: the options are reserved and have to be null.
    unsafe { libbpf_sys::libbpf_probe_bpf_map_type(kind, ptr::null()) == 1 }
}

/// Whether raw tracepoint programs may call a helper (`BPF_FUNC_*`). Only asked where programs can be loaded: without
/// the privilege the answer is always yes.
pub fn has_helper(helper: libbpf_sys::bpf_func_id) -> bool {
    // SAFETY: the options are reserved and have to be null.
    unsafe { libbpf_sys::libbpf_probe_bpf_helper(libbpf_sys::BPF_PROG_TYPE_RAW_TRACEPOINT, helper, ptr::null()) == 1 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::Btf;

    /// Check that a kernel that traces says so, that a wrong type is refused, and that no descriptor stays open.
    #[test]
    fn root_asks_the_kernel() {
        assert!(nix::unistd::geteuid().is_root(), "needs root");
        let btf = Btf::read("/".as_ref()).unwrap();
        assert_eq!(load_program(), Ok(()));
        assert_eq!(load_typed_tracepoint(btf.tracepoint("sched_switch").unwrap()), Ok(()));
        assert_eq!(load_typed_tracepoint(1), Err(Errno::EINVAL));
        assert_eq!(make_array(1 << 20), Ok(()));
        assert!(has_map(MapType::RingBuffer) && has_map(MapType::PerCpuHash) && has_map(MapType::ProgramArray));
        assert!(has_helper(libbpf_sys::BPF_FUNC_probe_read_kernel));
        assert!(!has_helper(9999));
    }
}
