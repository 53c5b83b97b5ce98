//! The scheduler: time off the CPU by reason, time in the run queue, CPU time.

use std::borrow::Cow;

use super::Family;
use crate::event::Kind;
use crate::event::KindId;
use crate::event::kind::Dimension;
use crate::event::kind::ObjectKind;
use crate::event::kind::Quantity;
use crate::event::kind::Unit;
use crate::event::kind::errno_name;
use crate::profile::OptionKind;
use crate::profile::OptionSpec;

/// The kind whose figure is a share of a CPU.
pub(super) const CPU: &str = "sched.cpu";

/// The words for a reason, by its number in `bpf/sched.h`.
const REASONS: [&str; 8] = ["other", "disk", "lock", "network", "sleep", "poll", "pipe", "child"];

fn reason(detail: u8) -> Cow<'static, str> {
    REASONS.get(usize::from(detail)).copied().unwrap_or("other").into()
}

/// The family.
pub(super) static SCHED: Family = Family {
    name: "sched",
    about: "Where threads wait: off the CPU by reason, in the run queue; and how much CPU they use",
    options: &[OptionSpec {
        name: "offcpu-over",
        kind: OptionKind::Duration,
        about: "Off-CPU periods (other than sleep and poll) that last longer are kept as events (default 100ms).",
    }],
    kinds: &[
        Kind {
            id: KindId(0x40),
            name: "sched.offcpu",
            about: "Periods in which a thread waited, by what it waited for. `sleep` and `poll` are idle, not blocked.",
            duration: Some("from leaving the CPU to being woken"),
            amount: None,
            object: ObjectKind::None,
            by: Some(Dimension {
                name: "reason",
                about: "disk: block I/O. lock: futex. network: a socket call. sleep: nanosleep and its relatives. \
                        poll: epoll, poll, select. pipe: a pipe or FIFO. child: wait for a process. other: the rest.",
                label: reason,
            }),
            aux: None,
            error: errno_name,
        },
        Kind {
            id: KindId(0x41),
            name: "sched.runq",
            about: "Times a runnable thread waited for a CPU.",
            duration: Some("from being woken or preempted to running"),
            amount: None,
            object: ObjectKind::None,
            by: None,
            aux: None,
            error: errno_name,
        },
        Kind {
            id: KindId(0x42),
            name: CPU,
            about: "CPU time used during the trace.",
            duration: None,
            amount: Some(Quantity { name: "cpu", unit: Unit::Nanoseconds, about: "CPU time, user and system." }),
            object: ObjectKind::None,
            by: None,
            aux: None,
            error: errno_name,
        },
    ],
};
