//! The scheduler: time off the CPU by reason, time in the run queue, CPU time.

use std::borrow::Cow;

use super::Family;
use super::Hook;
use super::Reason;
use super::duration;
use super::typed;
use crate::event::Kind;
use crate::event::KindId;
use crate::event::kind::Dimension;
use crate::event::kind::ObjectKind;
use crate::event::kind::Quantity;
use crate::event::kind::Unit;
use crate::event::kind::errno_name;
use crate::profile::OptionKind;
use crate::profile::OptionSpec;
use crate::profile::ProbeRequest;
use crate::wire;
use crate::wire::types::podtrace_sched_kind as Wire;

/// The kind whose figure is a share of a CPU.
pub(super) const CPU: &str = "sched.cpu";

/// The kind of waits.
pub(super) const WAIT: &str = "sched.offcpu";

/// The words for a reason, by its number in `bpf/include/podtrace/sched.h`.
const REASONS: [&str; 11] =
    ["other", "disk", "lock", "network", "sleep", "poll", "pipe", "child", "condition", "accept", "stopped"];

fn reason(detail: u8) -> Cow<'static, str> {
    REASONS.get(usize::from(detail)).copied().unwrap_or("other").into()
}

/// `sleep`, `poll`, `condition` and `accept` wait for work; `child` waits for a process whose own time is shown in its
/// place.
fn idle(detail: u8) -> bool {
    matches!(reason(detail).as_ref(), "sleep" | "poll" | "condition" | "child" | "accept")
}

/// The family.
pub(super) static SCHED: Family = Family {
    name: "sched",
    about: "Where threads wait: off the CPU by reason, in the run queue; and how much CPU they use",
    options: &[OptionSpec {
        name: "offcpu-over",
        kind: OptionKind::Duration,
        about: "Off-CPU periods (other than idle ones) that last longer are kept as events (default 100ms).",
    }],
    kinds: &[
        Kind {
            id: wire::kind(Wire::PODTRACE_SCHED_OFFCPU.0),
            name: "sched.offcpu",
            about: "Periods in which a thread waited, by what it waited for. `sleep`, `poll`, `condition`, `accept` and \
                    `child` are idle, not blocked.",
            duration: Some("from leaving the CPU to being woken"),
            waits: true,
            amount: None,
            object: ObjectKind::None,
            by: Some(Dimension {
                name: "reason",
                about: "disk: block I/O and syncs. lock: a contended mutex or read-write lock, a lock on a file. network: \
                        a call on a socket. sleep: nanosleep and its relatives. poll: epoll, poll, select. pipe: a \
                        pipe or FIFO. child: wait for a process. condition: another thread's signal, as idle pools \
                        wait. accept: a server waits for a connection. stopped: by a signal, a debugger or a frozen \
                        cgroup. other: the rest.",
                label: reason,
                idle,
            }),
            aux: None,
            error: errno_name,
        },
        Kind {
            id: wire::kind(Wire::PODTRACE_SCHED_RUNQ.0),
            name: "sched.runq",
            about: "Times a runnable thread waited for a CPU.",
            duration: Some("from being woken or preempted to running"),
            waits: true,
            amount: None,
            object: ObjectKind::None,
            by: None,
            aux: None,
            error: errno_name,
        },
        Kind {
            id: wire::kind(Wire::PODTRACE_SCHED_CPU.0),
            name: CPU,
            about: "CPU time used during the trace.",
            duration: None,
            waits: false,
            amount: Some(Quantity { name: "cpu", unit: Unit::Nanoseconds, about: "CPU time, user and system." }),
            object: ObjectKind::None,
            by: None,
            aux: None,
            error: errno_name,
        },
    ],
    hooks: &[
        Hook { point: "sched_switch", alternatives: &[typed("sched_switch")], blinds: &["sched.offcpu", "sched.runq"] },
        Hook { point: "sched_wakeup", alternatives: &[typed("sched_wakeup")], blinds: &["sched.offcpu", "sched.runq"] },
        Hook { point: "sched_wakeup_new", alternatives: &[typed("sched_wakeup_new")], blinds: &[] },
    ],
    calls: &[],
    handlers: &[],
    waits: WAITS,
    notable,
    joined_late: &[(
        "sched.offcpu",
        "a wait that goes on when the trace begins or ends counts with its part in the trace",
    )],
    blind_spots: &[],
};

/// Off-CPU periods and delays in the run queue are events from 100 ms.
const OVER_NS: u64 = 100_000_000;

fn notable(request: &ProbeRequest) -> Vec<(KindId, u64)> {
    let over = duration(request, "offcpu-over", OVER_NS);
    SCHED.kinds.iter().map(|kind| (kind.id, over)).collect()
}

/// What a thread inside each of these calls waits for.
const WAITS: &[(i64, Reason)] = &[
    (libc::SYS_futex, Reason::PODTRACE_ASK_FUTEX),
    (libc::SYS_nanosleep, Reason::PODTRACE_WAIT_SLEEP),
    (libc::SYS_clock_nanosleep, Reason::PODTRACE_WAIT_SLEEP),
    (libc::SYS_rt_sigsuspend, Reason::PODTRACE_WAIT_SLEEP),
    (libc::SYS_rt_sigtimedwait, Reason::PODTRACE_WAIT_SLEEP),
    (libc::SYS_ppoll, Reason::PODTRACE_WAIT_POLL),
    (libc::SYS_pselect6, Reason::PODTRACE_WAIT_POLL),
    (libc::SYS_epoll_pwait, Reason::PODTRACE_WAIT_POLL),
    (libc::SYS_epoll_pwait2, Reason::PODTRACE_WAIT_POLL),
    (libc::SYS_io_uring_enter, Reason::PODTRACE_WAIT_POLL),
    (libc::SYS_wait4, Reason::PODTRACE_WAIT_CHILD),
    (libc::SYS_waitid, Reason::PODTRACE_WAIT_CHILD),
    (libc::SYS_connect, Reason::PODTRACE_WAIT_NETWORK),
    (libc::SYS_accept, Reason::PODTRACE_WAIT_ACCEPT),
    (libc::SYS_accept4, Reason::PODTRACE_WAIT_ACCEPT),
    (libc::SYS_sendto, Reason::PODTRACE_WAIT_NETWORK),
    (libc::SYS_recvfrom, Reason::PODTRACE_WAIT_NETWORK),
    (libc::SYS_sendmsg, Reason::PODTRACE_WAIT_NETWORK),
    (libc::SYS_recvmsg, Reason::PODTRACE_WAIT_NETWORK),
    (libc::SYS_sendmmsg, Reason::PODTRACE_WAIT_NETWORK),
    (libc::SYS_recvmmsg, Reason::PODTRACE_WAIT_NETWORK),
    (libc::SYS_read, Reason::PODTRACE_ASK_DESCRIPTOR),
    (libc::SYS_readv, Reason::PODTRACE_ASK_DESCRIPTOR),
    (libc::SYS_pread64, Reason::PODTRACE_ASK_DESCRIPTOR),
    (libc::SYS_preadv, Reason::PODTRACE_ASK_DESCRIPTOR),
    (libc::SYS_preadv2, Reason::PODTRACE_ASK_DESCRIPTOR),
    (libc::SYS_write, Reason::PODTRACE_ASK_DESCRIPTOR),
    (libc::SYS_writev, Reason::PODTRACE_ASK_DESCRIPTOR),
    (libc::SYS_pwrite64, Reason::PODTRACE_ASK_DESCRIPTOR),
    (libc::SYS_pwritev, Reason::PODTRACE_ASK_DESCRIPTOR),
    (libc::SYS_pwritev2, Reason::PODTRACE_ASK_DESCRIPTOR),
    (libc::SYS_splice, Reason::PODTRACE_ASK_DESCRIPTOR),
    (libc::SYS_sendfile, Reason::PODTRACE_ASK_DESCRIPTOR),
    // Neither waits for anything else than a lock that another process has.
    (libc::SYS_flock, Reason::PODTRACE_WAIT_LOCK),
    (libc::SYS_fcntl, Reason::PODTRACE_WAIT_LOCK),
    (libc::SYS_fsync, Reason::PODTRACE_ASK_SYNC),
    (libc::SYS_fdatasync, Reason::PODTRACE_ASK_SYNC),
    (libc::SYS_sync_file_range, Reason::PODTRACE_ASK_SYNC),
    (libc::SYS_sync, Reason::PODTRACE_ASK_SYNC),
    (libc::SYS_syncfs, Reason::PODTRACE_ASK_SYNC),
    (libc::SYS_msync, Reason::PODTRACE_ASK_SYNC),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_pause, Reason::PODTRACE_WAIT_SLEEP),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_poll, Reason::PODTRACE_WAIT_POLL),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_select, Reason::PODTRACE_WAIT_POLL),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_epoll_wait, Reason::PODTRACE_WAIT_POLL),
];
