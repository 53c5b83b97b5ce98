//! Calls on files and other descriptors.

use std::ffi::CString;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use super::Outcome;
use super::outcome;

/// A path for the kernel.
pub(crate) fn c_path(path: &Path) -> CString {
    CString::new(path.as_os_str().as_bytes()).expect("a path has no NUL")
}

/// `openat(AT_FDCWD, …)`, which is what libc's `open` makes.
pub(crate) fn open(path: &Path, flags: i32) -> Outcome {
    open_at(libc::AT_FDCWD, path, flags)
}

/// `openat`; created files get mode 0644.
pub(crate) fn open_at(directory: i32, path: &Path, flags: i32) -> Outcome {
    let path = c_path(path);
    // SAFETY: `path` is a NUL-terminated string that outlives the call.
    outcome(unsafe { libc::openat(directory, path.as_ptr(), flags | libc::O_CLOEXEC, 0o644) })
}

/// The old `open` itself, where the architecture has it.
#[cfg(target_arch = "x86_64")]
pub(crate) fn old_open(path: &Path, flags: i32) -> Outcome {
    let path = c_path(path);
    // SAFETY: `path` is a NUL-terminated string that outlives the call.
    outcome(unsafe { libc::syscall(libc::SYS_open, path.as_ptr(), flags | libc::O_CLOEXEC, 0o644) })
}

/// The old `creat` itself, where the architecture has it.
#[cfg(target_arch = "x86_64")]
pub(crate) fn creat(path: &Path) -> Outcome {
    let path = c_path(path);
    // SAFETY: `path` is a NUL-terminated string that outlives the call.
    outcome(unsafe { libc::syscall(libc::SYS_creat, path.as_ptr(), 0o644) })
}

/// `openat2`.
pub(crate) fn open_at2(directory: i32, path: &Path, flags: i32) -> Outcome {
    let path = c_path(path);
    // flags, mode, resolve: `struct open_how` of the kernel's include/uapi/linux/openat2.h.
    let how: [u64; 3] = [(flags | libc::O_CLOEXEC) as u64, 0, 0];
    // SAFETY: `path` and `how` outlive the call, and the size given is that of `how`.
    outcome(unsafe { libc::syscall(libc::SYS_openat2, directory, path.as_ptr(), &raw const how, size_of_val(&how)) })
}

/// `close`.
pub(crate) fn close(fd: i32) -> Outcome {
    // SAFETY: the descriptor is a number the job got from the kernel and owns.
    outcome(unsafe { libc::close(fd) })
}

/// `read`.
pub(crate) fn read(fd: i32, buffer: &mut [u8]) -> Outcome {
    // SAFETY: the buffer is valid for writes of its length.
    outcome(unsafe { libc::read(fd, buffer.as_mut_ptr().cast(), buffer.len()) } as i64)
}

/// `pread64`.
pub(crate) fn pread(fd: i32, buffer: &mut [u8], offset: i64) -> Outcome {
    // SAFETY: the buffer is valid for writes of its length.
    outcome(unsafe { libc::pread(fd, buffer.as_mut_ptr().cast(), buffer.len(), offset) } as i64)
}

/// `write`.
pub(crate) fn write(fd: i32, bytes: &[u8]) -> Outcome {
    // SAFETY: the bytes are valid for reads of their length.
    outcome(unsafe { libc::write(fd, bytes.as_ptr().cast(), bytes.len()) } as i64)
}

/// `pwrite64`.
pub(crate) fn pwrite(fd: i32, bytes: &[u8], offset: i64) -> Outcome {
    // SAFETY: the bytes are valid for reads of their length.
    outcome(unsafe { libc::pwrite(fd, bytes.as_ptr().cast(), bytes.len(), offset) } as i64)
}

/// A buffer in three parts, for the calls that take vectors.
fn parts(start: *mut u8, length: usize) -> [libc::iovec; 3] {
    let third = length / 3;
    let part = |from: usize, to: usize| libc::iovec { iov_base: start.wrapping_add(from).cast(), iov_len: to - from };
    [part(0, third), part(third, third), part(third, length)]
}

/// `readv` into three parts, of which one is empty.
pub(crate) fn readv(fd: i32, buffer: &mut [u8]) -> Outcome {
    let parts = parts(buffer.as_mut_ptr(), buffer.len());
    // SAFETY: the parts lie in the buffer, which is valid for writes.
    outcome(unsafe { libc::readv(fd, parts.as_ptr(), 3) } as i64)
}

/// `preadv` into three parts.
pub(crate) fn preadv(fd: i32, buffer: &mut [u8], offset: i64) -> Outcome {
    let parts = parts(buffer.as_mut_ptr(), buffer.len());
    // SAFETY: the parts lie in the buffer, which is valid for writes.
    outcome(unsafe { libc::preadv(fd, parts.as_ptr(), 3, offset) } as i64)
}

/// `preadv2` into three parts; offset -1 is the file's own position.
pub(crate) fn preadv2(fd: i32, buffer: &mut [u8], offset: i64) -> Outcome {
    let parts = parts(buffer.as_mut_ptr(), buffer.len());
    // SAFETY: the parts lie in the buffer, which is valid for writes.
    outcome(unsafe { libc::preadv2(fd, parts.as_ptr(), 3, offset, 0) } as i64)
}

/// `writev` of three parts.
pub(crate) fn writev(fd: i32, bytes: &[u8]) -> Outcome {
    let parts = parts(bytes.as_ptr().cast_mut(), bytes.len());
    // SAFETY: the parts lie in the bytes, which the call only reads.
    outcome(unsafe { libc::writev(fd, parts.as_ptr(), 3) } as i64)
}

/// `pwritev` of three parts.
pub(crate) fn pwritev(fd: i32, bytes: &[u8], offset: i64) -> Outcome {
    let parts = parts(bytes.as_ptr().cast_mut(), bytes.len());
    // SAFETY: the parts lie in the bytes, which the call only reads.
    outcome(unsafe { libc::pwritev(fd, parts.as_ptr(), 3, offset) } as i64)
}

/// `pwritev2` of three parts.
pub(crate) fn pwritev2(fd: i32, bytes: &[u8], offset: i64) -> Outcome {
    let parts = parts(bytes.as_ptr().cast_mut(), bytes.len());
    // SAFETY: the parts lie in the bytes, which the call only reads.
    outcome(unsafe { libc::pwritev2(fd, parts.as_ptr(), 3, offset, 0) } as i64)
}

/// `fsync`.
pub(crate) fn fsync(fd: i32) -> Outcome {
    // SAFETY: takes a number only.
    outcome(unsafe { libc::fsync(fd) })
}

/// `fdatasync`.
pub(crate) fn fdatasync(fd: i32) -> Outcome {
    // SAFETY: takes a number only.
    outcome(unsafe { libc::fdatasync(fd) })
}

/// `sync_file_range` of the whole file, waiting for it.
pub(crate) fn sync_file_range(fd: i32) -> Outcome {
    let flags = libc::SYNC_FILE_RANGE_WRITE | libc::SYNC_FILE_RANGE_WAIT_AFTER;
    // SAFETY: takes numbers only.
    outcome(unsafe { libc::sync_file_range(fd, 0, 0, flags) })
}

/// `truncate`.
pub(crate) fn truncate(path: &Path, length: i64) -> Outcome {
    let path = c_path(path);
    // SAFETY: `path` is a NUL-terminated string that outlives the call.
    outcome(unsafe { libc::truncate(path.as_ptr(), length) })
}

/// `ftruncate`.
pub(crate) fn ftruncate(fd: i32, length: i64) -> Outcome {
    // SAFETY: takes numbers only.
    outcome(unsafe { libc::ftruncate(fd, length) })
}

/// `copy_file_range` at the files' own positions.
pub(crate) fn copy_file_range(from: i32, to: i32, length: usize) -> Outcome {
    let none = std::ptr::null_mut();
    // SAFETY: null offsets mean the files' own positions.
    outcome(unsafe { libc::copy_file_range(from, none, to, none, length, 0) } as i64)
}

/// `sendfile` at the file's own position.
pub(crate) fn sendfile(to: i32, from: i32, length: usize) -> Outcome {
    // SAFETY: a null offset means the file's own position.
    outcome(unsafe { libc::sendfile(to, from, std::ptr::null_mut(), length) } as i64)
}

/// `splice` at the descriptors' own positions.
pub(crate) fn splice(from: i32, to: i32, length: usize) -> Outcome {
    let none = std::ptr::null_mut();
    // SAFETY: null offsets mean the descriptors' own positions.
    outcome(unsafe { libc::splice(from, none, to, none, length, 0) } as i64)
}

/// `pipe2`: the reading and the writing end.
pub(crate) fn pipe() -> Result<(i32, i32), i32> {
    let mut ends = [0; 2];
    // SAFETY: `ends` has room for two descriptors.
    outcome(unsafe { libc::pipe2(ends.as_mut_ptr(), libc::O_CLOEXEC) })?;
    Ok((ends[0], ends[1]))
}
