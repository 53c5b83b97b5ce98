//! What can be observed: one file per family, one visible list.
//!
//! A family declares its kinds and options and which hooks and system calls it wants; [`crate::plan`] decides what of
//! that is possible here. To add one: its `.bpf.c` and wire header, its `.rs`, and a line in each of the two lists
//! (`FAMILIES` here, `SOURCES` in `bpf/build.rs`). See doc/adding-a-family.md.

mod file;
mod process;
mod sched;
mod tcp;
mod udp;

use crate::event::Kind;
use crate::event::KindId;
use crate::event::kind::Unit;
use crate::profile::Figure;
use crate::profile::OptionSpec;
use crate::profile::OptionValue;
use crate::profile::ProbeRequest;
use crate::profile::Vocabulary;
use crate::profile::vocabulary::FamilyWords;
use crate::profile::vocabulary::KindWords;
use crate::wire::types;
use crate::wire::types::podtrace_handler as Handler;
use crate::wire::types::podtrace_operation as Op;
use crate::wire::types::podtrace_sched_reason as Reason;

/// Every family, in the order reports show them.
pub static FAMILIES: &[&Family] = &[&tcp::TCP, &udp::UDP, &file::FILE, &sched::SCHED, &process::PROCESS];

/// What users choose, and what it can observe.
#[derive(Debug)]
pub struct Family {
    /// Its name in profiles.
    pub name: &'static str,
    /// One sentence: what it observes.
    pub about: &'static str,
    /// Its options in profiles.
    pub options: &'static [OptionSpec],
    /// The kinds it produces.
    pub kinds: &'static [Kind],
    /// Where it hooks into the kernel.
    pub hooks: &'static [Hook],
    /// The system calls it observes, in groups that families share.
    pub calls: &'static [&'static [Call]],
    /// The programs that end those system calls: (enum podtrace_handler, program).
    pub handlers: &'static [(types::podtrace_handler, &'static str)],
    /// What a thread inside a system call waits for: (number, enum podtrace_sched_reason).
    pub waits: &'static [(i64, types::podtrace_sched_reason)],
    /// From its options: from which duration on an operation is an event, in nanoseconds. 0: every one is;
    /// [`NEVER`]: only failures are.
    pub notable: fn(&ProbeRequest) -> Vec<(KindId, u64)>,
    /// What is missing of what was there before the trace began, by kind: (kind, what people should know).
    pub joined_late: &'static [(&'static str, &'static str)],
    /// What it can never see, said in the coverage: (feature, reason).
    pub blind_spots: &'static [(&'static str, &'static str)],
}

/// No duration makes an operation an event.
pub const NEVER: u64 = u64::MAX;

/// A place in the kernel, and the programs that can be put there, best first.
#[derive(Debug)]
pub struct Hook {
    /// The tracepoint.
    pub point: &'static str,
    /// The programs, best first.
    pub alternatives: &'static [Alternative],
    /// What cannot be seen without it: kinds' names.
    pub blinds: &'static [&'static str],
}

/// A program for a hook.
#[derive(Debug)]
pub struct Alternative {
    /// Its name in the object.
    pub program: &'static str,
    /// What the kernel must have for it.
    pub needs: Needs,
}

/// What a program needs of the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// The tracepoint's type in the kernel's BTF.
    TypedTracepoint,
    /// Only the tracepoint itself.
    RawTracepoint,
}

/// A system call and how it is handled.
#[derive(Clone, Copy, Debug)]
pub struct Call {
    /// Its number on this architecture.
    pub number: i64,
    /// What it does.
    pub operation: types::podtrace_operation,
}

/// A hook with a typed program, and a raw one where there is one.
const fn typed(program: &'static str) -> Alternative {
    Alternative { program, needs: Needs::TypedTracepoint }
}

const fn raw(program: &'static str) -> Alternative {
    Alternative { program, needs: Needs::RawTracepoint }
}

const fn call(number: i64, operation: types::podtrace_operation) -> Call {
    Call { number, operation }
}

/// Reading and writing through a descriptor: files, and sockets too.
const DESCRIPTOR_CALLS: &[Call] = &[
    call(libc::SYS_read, Op::PODTRACE_OP_READ),
    call(libc::SYS_pread64, Op::PODTRACE_OP_READ),
    call(libc::SYS_readv, Op::PODTRACE_OP_READ),
    call(libc::SYS_preadv, Op::PODTRACE_OP_READ),
    call(libc::SYS_preadv2, Op::PODTRACE_OP_READ),
    call(libc::SYS_write, Op::PODTRACE_OP_WRITE),
    call(libc::SYS_pwrite64, Op::PODTRACE_OP_WRITE),
    call(libc::SYS_writev, Op::PODTRACE_OP_WRITE),
    call(libc::SYS_pwritev, Op::PODTRACE_OP_WRITE),
    call(libc::SYS_pwritev2, Op::PODTRACE_OP_WRITE),
    call(libc::SYS_sendfile, Op::PODTRACE_OP_SENDFILE),
    call(libc::SYS_splice, Op::PODTRACE_OP_SPLICE),
    call(libc::SYS_copy_file_range, Op::PODTRACE_OP_SPLICE),
    call(libc::SYS_io_uring_enter, Op::PODTRACE_OP_IO_URING),
];

/// Reading and writing through a socket only.
const SOCKET_CALLS: &[Call] = &[
    call(libc::SYS_recvfrom, Op::PODTRACE_OP_RECVFROM),
    call(libc::SYS_sendto, Op::PODTRACE_OP_SENDTO),
    call(libc::SYS_recvmsg, Op::PODTRACE_OP_RECVMSG),
    call(libc::SYS_sendmsg, Op::PODTRACE_OP_SENDMSG),
    call(libc::SYS_recvmmsg, Op::PODTRACE_OP_RECVMMSG),
    call(libc::SYS_sendmmsg, Op::PODTRACE_OP_SENDMMSG),
];

impl Family {
    /// Every system call it observes.
    pub fn calls(&self) -> impl Iterator<Item = Call> {
        self.calls.iter().flat_map(|calls| calls.iter()).copied()
    }
}

/// A duration among a request's options, or its default.
fn duration(request: &ProbeRequest, option: &str, default_ns: u64) -> u64 {
    match request.options.get(option) {
        Some(OptionValue::DurationNs(ns)) => *ns,
        _ => default_ns,
    }
}

/// Whether a request asks for every operation.
fn wants_all(request: &ProbeRequest) -> bool {
    request.options.get("detail") == Some(&OptionValue::Word("all".into()))
}

/// The family of a name.
pub fn family(name: &str) -> Option<&'static Family> {
    FAMILIES.iter().find(|family| family.name == name).copied()
}

/// Every kind of every family, in the order reports show them.
pub fn kinds() -> impl Iterator<Item = &'static Kind> {
    FAMILIES.iter().flat_map(|family| family.kinds)
}

/// The kind of a number.
pub fn kind(id: KindId) -> Option<&'static Kind> {
    kinds().find(|kind| kind.id == id)
}

/// The kind of a name.
pub fn kind_named(name: &str) -> Option<&'static Kind> {
    kinds().find(|kind| kind.name == name)
}

/// The kind whose amount is CPU time per process, which is read from `/proc`, not counted by a program.
pub const CPU_TIME: &str = sched::CPU;

/// The kind that is told of connections when the trace ends.
pub const UNANSWERED: &str = tcp::UNANSWERED;

/// The kind of connections on which nothing came when the trace ended.
pub const SILENT: &str = tcp::SILENT;

/// The kind that waits of threads are told as.
pub const WAIT: &str = sched::WAIT;

/// The kind that tells a process's end and its CPU time.
pub const PROCESS_EXIT: &str = process::EXIT;

/// The words profiles may use about families and kinds; those of sinks and rules are theirs.
pub fn vocabulary() -> Vocabulary {
    Vocabulary {
        families: FAMILIES
            .iter()
            .map(|family| FamilyWords { name: family.name, about: family.about, options: family.options })
            .collect(),
        kinds: kinds().map(|kind| KindWords { name: kind.name, figures: figures(kind) }).collect(),
        rules: Vec::new(),
        sinks: Vec::new(),
    }
}

/// The figures that make sense for a kind.
fn figures(kind: &Kind) -> Vec<Figure> {
    let mut figures = vec![Figure::Count, Figure::Rate, Figure::Errors, Figure::ErrorRate];
    if kind.duration.is_some() {
        figures.extend([Figure::Mean, Figure::P50, Figure::P90, Figure::P95, Figure::P99, Figure::Max]);
    }
    // Of other quantities (a variance) a sum per second means nothing.
    if kind.amount.is_some_and(|amount| amount.unit == Unit::Bytes) {
        figures.push(Figure::Throughput);
    }
    if kind.name == sched::CPU {
        figures = vec![Figure::CpuShare];
    }
    figures
}
