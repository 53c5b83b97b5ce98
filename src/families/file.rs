//! Files: open, close, read, write, sync, truncate, with the path as the target sees it.

use super::Family;
use crate::event::Kind;
use crate::event::KindId;
use crate::event::kind::ObjectKind;
use crate::event::kind::Quantity;
use crate::event::kind::Unit;
use crate::event::kind::errno_name;
use crate::profile::OptionKind;
use crate::profile::OptionSpec;

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
            id: KindId(0x30),
            name: "file.open",
            about: "open, openat, openat2, creat of a file, directory or device; failures under the path as it was given.",
            duration: Some("inside the call"),
            amount: None,
            object: ObjectKind::Path,
            by: None,
            aux: None,
            error: errno_name,
        },
        Kind {
            id: KindId(0x31),
            name: "file.close",
            about: "close of a file, directory or device.",
            duration: Some("inside the call"),
            amount: None,
            object: ObjectKind::Path,
            by: None,
            aux: None,
            error: errno_name,
        },
        Kind {
            id: KindId(0x32),
            name: "file.read",
            about: "read, pread64, readv, preadv, preadv2, and the file side of sendfile, splice and copy_file_range. \
                    Reads through mmap and io_uring are not seen.",
            duration: Some("inside the call"),
            amount: Some(BYTES),
            object: ObjectKind::Path,
            by: None,
            aux: None,
            error: errno_name,
        },
        Kind {
            id: KindId(0x33),
            name: "file.write",
            about: "write, pwrite64, writev, pwritev, pwritev2, and the file side of sendfile, splice and \
                    copy_file_range. Writes through mmap and io_uring are not seen.",
            duration: Some("inside the call"),
            amount: Some(BYTES),
            object: ObjectKind::Path,
            by: None,
            aux: None,
            error: errno_name,
        },
        Kind {
            id: KindId(0x34),
            name: "file.fsync",
            about: "fsync, fdatasync and sync_file_range.",
            duration: Some("inside the call"),
            amount: None,
            object: ObjectKind::Path,
            by: None,
            aux: None,
            error: errno_name,
        },
        Kind {
            id: KindId(0x35),
            name: "file.truncate",
            about: "truncate and ftruncate.",
            duration: Some("inside the call"),
            amount: None,
            object: ObjectKind::Path,
            by: None,
            aux: None,
            error: errno_name,
        },
    ],
};
