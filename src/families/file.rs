//! Files: open, close, read, write, sync, truncate, with the path as the target sees it.

use super::Call;
use super::DESCRIPTOR_CALLS;
use super::Family;
use super::Handler;
use super::Op;
use super::call;
use super::duration;
use super::wants_all;
use crate::event::Kind;
use crate::event::KindId;
use crate::event::kind::ObjectKind;
use crate::event::kind::Quantity;
use crate::event::kind::Unit;
use crate::event::kind::errno_name;
use crate::profile::OptionKind;
use crate::profile::OptionSpec;
use crate::profile::ProbeRequest;
use crate::wire;
use crate::wire::types::podtrace_file_kind as Wire;

const BYTES: Quantity = Quantity { name: "bytes", unit: Unit::Bytes, about: "Bytes moved." };

/// The family.
pub(super) static FILE: Family = Family {
    name: "file",
    about: "File operations: counts, bytes, latency, errors per path; sockets, pipes and terminals are not files",
    options: &[
        OptionSpec {
            name: "slow",
            kind: OptionKind::Duration,
            about: "Operations that take longer are kept as events (default 10ms).",
        },
        OptionSpec {
            name: "detail",
            kind: OptionKind::Words(&["notable", "all"]),
            about: "`all` keeps every operation as an event, for a short look (default notable).",
        },
    ],
    kinds: &[
        Kind {
            id: wire::kind(Wire::PODTRACE_FILE_OPEN.0),
            name: "file.open",
            about: "open, openat, openat2, creat of a file, directory or device; failures under the path as it was given.",
            duration: Some("inside the call"),
            waits: true,
            amount: None,
            object: ObjectKind::Path,
            by: None,
            aux: None,
            error: errno_name,
        },
        Kind {
            id: wire::kind(Wire::PODTRACE_FILE_CLOSE.0),
            name: "file.close",
            about: "close of a file, directory or device.",
            duration: Some("inside the call"),
            waits: true,
            amount: None,
            object: ObjectKind::Path,
            by: None,
            aux: None,
            error: errno_name,
        },
        Kind {
            id: wire::kind(Wire::PODTRACE_FILE_READ.0),
            name: "file.read",
            about: "read, pread64, readv, preadv, preadv2, and the file side of sendfile, splice and copy_file_range. \
                    Reads through mmap and io_uring are not seen.",
            duration: Some("inside the call"),
            waits: true,
            amount: Some(BYTES),
            object: ObjectKind::Path,
            by: None,
            aux: None,
            error: errno_name,
        },
        Kind {
            id: wire::kind(Wire::PODTRACE_FILE_WRITE.0),
            name: "file.write",
            about: "write, pwrite64, writev, pwritev, pwritev2, and the file side of sendfile, splice and \
                    copy_file_range. Writes through mmap and io_uring are not seen.",
            duration: Some("inside the call"),
            waits: true,
            amount: Some(BYTES),
            object: ObjectKind::Path,
            by: None,
            aux: None,
            error: errno_name,
        },
        Kind {
            id: wire::kind(Wire::PODTRACE_FILE_FSYNC.0),
            name: "file.fsync",
            about: "fsync, fdatasync and sync_file_range.",
            duration: Some("inside the call"),
            waits: true,
            amount: None,
            object: ObjectKind::Path,
            by: None,
            aux: None,
            error: errno_name,
        },
        Kind {
            id: wire::kind(Wire::PODTRACE_FILE_TRUNCATE.0),
            name: "file.truncate",
            about: "truncate and ftruncate.",
            duration: Some("inside the call"),
            waits: true,
            amount: None,
            object: ObjectKind::Path,
            by: None,
            aux: None,
            error: errno_name,
        },
    ],
    hooks: &[],
    calls: &[
        DESCRIPTOR_CALLS,
        &[
            call(libc::SYS_close, Op::PODTRACE_OP_CLOSE),
            call(libc::SYS_fsync, Op::PODTRACE_OP_FSYNC),
            call(libc::SYS_fdatasync, Op::PODTRACE_OP_FSYNC),
            call(libc::SYS_sync_file_range, Op::PODTRACE_OP_FSYNC),
            call(libc::SYS_ftruncate, Op::PODTRACE_OP_FTRUNCATE),
            call(libc::SYS_truncate, Op::PODTRACE_OP_TRUNCATE),
            call(libc::SYS_openat, Op::PODTRACE_OP_OPENAT),
            call(libc::SYS_openat2, Op::PODTRACE_OP_OPENAT),
        ],
        OLD_CALLS,
    ],
    handlers: &[
        (Handler::PODTRACE_EXIT_OPEN, "exit_open"),
        (Handler::PODTRACE_EXIT_PAIR, "exit_pair"),
        (Handler::PODTRACE_EXIT_PAIR_WRITE, "exit_pair_write"),
        (Handler::PODTRACE_EXIT_TRUNCATE, "exit_truncate"),
    ],
    waits: &[],
    notable,
    joined_late: &[],
    blind_spots: &[
        ("file: io_uring", "operations that a program submits through io_uring are not seen"),
        ("file: mmap", "reads and writes through mapped memory are page faults, not calls, and are not seen"),
    ],
};

/// Calls that newer architectures have not got.
#[cfg(target_arch = "x86_64")]
const OLD_CALLS: &[Call] = &[call(libc::SYS_open, Op::PODTRACE_OP_OPEN), call(libc::SYS_creat, Op::PODTRACE_OP_OPEN)];
#[cfg(not(target_arch = "x86_64"))]
const OLD_CALLS: &[Call] = &[];

/// Operations on files are slow from 10 ms: more than a cached one ever takes, less than a person notices.
const SLOW_NS: u64 = 10_000_000;

fn notable(request: &ProbeRequest) -> Vec<(KindId, u64)> {
    let slow = if wants_all(request) { 0 } else { duration(request, "slow", SLOW_NS) };
    FILE.kinds.iter().map(|kind| (kind.id, slow)).collect()
}
