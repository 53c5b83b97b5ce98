//! Processes: programs started, forks, exits.

use std::borrow::Cow;

use nix::sys::signal::Signal;

use super::Family;
use super::Handler;
use super::Op;
use super::call;
use crate::event::Kind;
use crate::event::KindId;
use crate::event::kind::ObjectKind;
use crate::event::kind::Quantity;
use crate::event::kind::Unit;
use crate::event::kind::errno_name;
use crate::profile::ProbeRequest;
use crate::wire;
use crate::wire::types::podtrace_process_kind as Wire;

/// The kind that tells a process's end.
pub(super) const EXIT: &str = "process.exit";

/// How a process ended, as `wait` encodes it: the exit code in the high byte or a signal's number in the low one.
fn status(status: u16) -> Cow<'static, str> {
    match (status >> 8, i32::from(status & 127)) {
        (code, 0) => format!("exit {code}").into(),
        (_, signal) => {
            Signal::try_from(signal).map_or_else(|_| format!("signal {signal}").into(), |s| s.as_str().into())
        }
    }
}

/// The family.
pub(super) static PROCESS: Family = Family {
    name: "process",
    about: "Process life cycle: programs started, forks, exits with code or signal",
    options: &[],
    kinds: &[
        Kind {
            id: wire::kind(Wire::PODTRACE_PROCESS_EXEC.0),
            name: "process.exec",
            about: "Programs started, by the path the caller named.",
            duration: None,
            waits: false,
            amount: None,
            object: ObjectKind::Path,
            by: None,
            aux: None,
            error: errno_name,
        },
        Kind {
            id: wire::kind(Wire::PODTRACE_PROCESS_EXEC_FAILED.0),
            name: "process.exec_failed",
            about: "execve calls that failed; a search along PATH makes some with ENOENT.",
            duration: None,
            waits: false,
            amount: None,
            object: ObjectKind::Path,
            by: None,
            aux: None,
            error: errno_name,
        },
        Kind {
            id: wire::kind(Wire::PODTRACE_PROCESS_FORK.0),
            name: "process.fork",
            about: "Processes forked (threads are not counted).",
            duration: None,
            waits: false,
            amount: None,
            object: ObjectKind::None,
            by: None,
            aux: None,
            error: errno_name,
        },
        Kind {
            id: wire::kind(Wire::PODTRACE_PROCESS_EXIT.0),
            name: EXIT,
            about: "Processes that ended, with all their threads; an exit code other than 0 or a signal is an error.",
            duration: None,
            waits: false,
            amount: None,
            object: ObjectKind::None,
            by: None,
            aux: Some(Quantity {
                name: "cpu",
                unit: Unit::Nanoseconds,
                about: "CPU time the process used in its life.",
            }),
            error: status,
        },
    ],
    // Who belongs to a target is found out by the same hooks: they are the plan's own.
    hooks: &[],
    calls: &[&[call(libc::SYS_execve, Op::PODTRACE_OP_EXEC), call(libc::SYS_execveat, Op::PODTRACE_OP_EXECAT)]],
    handlers: &[(Handler::PODTRACE_EXIT_EXEC, "exit_exec")],
    waits: &[],
    notable,
    joined_late: &[],
    blind_spots: &[],
};

/// The life cycle is always told.
fn notable(_request: &ProbeRequest) -> Vec<(KindId, u64)> {
    PROCESS.kinds.iter().map(|kind| (kind.id, 0)).collect()
}
