//! TCP: connects, accepts, bytes, answers, round-trip times, states, resets, retransmits.

use std::borrow::Cow;

use super::DESCRIPTOR_CALLS;
use super::Family;
use super::Handler;
use super::Hook;
use super::NEVER;
use super::Op;
use super::SOCKET_CALLS;
use super::call;
use super::duration;
use super::raw;
use super::typed;
use super::wants_all;
use crate::event::Kind;
use crate::event::KindId;
use crate::event::kind::Dimension;
use crate::event::kind::ObjectKind;
use crate::event::kind::Quantity;
use crate::event::kind::Unit;
use crate::event::kind::errno_name;
use crate::event::kind::never_idle;
use crate::profile::OptionKind;
use crate::profile::OptionSpec;
use crate::profile::ProbeRequest;
use crate::wire;
use crate::wire::types::podtrace_tcp_kind as Wire;

const BYTES: Quantity = Quantity { name: "bytes", unit: Unit::Bytes, about: "Payload moved." };

/// The names of `enum` `TCP_ESTABLISHED` and its followers, from the kernel's `include/net/tcp_states.h`.
const STATES: [&str; 13] = [
    "NONE",
    "ESTABLISHED",
    "SYN_SENT",
    "SYN_RECV",
    "FIN_WAIT1",
    "FIN_WAIT2",
    "TIME_WAIT",
    "CLOSE",
    "CLOSE_WAIT",
    "LAST_ACK",
    "LISTEN",
    "CLOSING",
    "NEW_SYN_RECV",
];

fn state(number: u8) -> &'static str {
    STATES.get(usize::from(number)).copied().unwrap_or("UNKNOWN")
}

fn transition(detail: u8) -> Cow<'static, str> {
    format!("{}->{}", state(detail >> 4), state(detail & 15)).into()
}

fn direction(detail: u8) -> Cow<'static, str> {
    match detail {
        0 => "received",
        1 => "sent",
        _ => "after close",
    }
    .into()
}

fn waiting(detail: u8) -> Cow<'static, str> {
    match detail {
        0 => "connect",
        1 => "answer",
        2 => "given up",
        _ => "ended by peer",
    }
    .into()
}

/// What is told when the trace ends, and when a connection does.
pub(super) const UNANSWERED: &str = "tcp.unanswered";

/// What is told when the trace ends.
pub(super) const SILENT: &str = "tcp.silent";

/// What is missing of connections that the trace did not see open.
const OPEN_BEFORE: &str = "connections that were open before the trace count from their first send or receive in it";

/// The family.
pub(super) static TCP: Family = Family {
    name: "tcp",
    about: "TCP connections: handshakes, bytes, answers, round-trip times, states, resets, retransmits",
    options: &[
        OptionSpec {
            name: "slow",
            kind: OptionKind::Duration,
            about: "Connects and answers that take longer are kept as events (default 100ms).",
        },
        OptionSpec {
            name: "detail",
            kind: OptionKind::Words(&["notable", "all"]),
            about: "`all` keeps every operation as an event, for a short look (default notable).",
        },
    ],
    kinds: &[
        Kind {
            id: wire::kind(Wire::PODTRACE_TCP_CONNECT.0),
            name: "tcp.connect",
            about: "Connections the target opened: time of the handshake, failures by errno.",
            duration: Some("from the first SYN to the established or refused connection"),
            waits: true,
            amount: None,
            object: ObjectKind::Peer,
            by: None,
            aux: None,
            error: errno_name,
        },
        Kind {
            id: wire::kind(Wire::PODTRACE_TCP_ACCEPT.0),
            name: "tcp.accept",
            about: "Connections the target accepted.",
            duration: None,
            waits: false,
            amount: None,
            object: ObjectKind::Peer,
            by: None,
            aux: None,
            error: errno_name,
        },
        Kind {
            id: wire::kind(Wire::PODTRACE_TCP_SEND.0),
            name: "tcp.send",
            about: "Send operations that moved bytes or failed; one that would block is not an operation.",
            duration: Some("inside the call, waiting for buffer space included"),
            waits: true,
            amount: Some(BYTES),
            object: ObjectKind::Peer,
            by: None,
            aux: None,
            error: errno_name,
        },
        Kind {
            id: wire::kind(Wire::PODTRACE_TCP_RECV.0),
            name: "tcp.recv",
            about: "Receive operations that moved bytes, met the end or failed. Waiting inside them is not counted as \
                    latency: see tcp.response and sched.offcpu.",
            duration: None,
            waits: false,
            amount: Some(BYTES),
            object: ObjectKind::Peer,
            by: None,
            aux: None,
            error: errno_name,
        },
        Kind {
            id: wire::kind(Wire::PODTRACE_TCP_RESPONSE.0),
            name: "tcp.response",
            about: "Answers on connections the target opened: what the peer and the network took.",
            duration: Some("from the end of the last send to the first bytes received after it"),
            waits: true,
            amount: None,
            object: ObjectKind::Peer,
            by: None,
            aux: None,
            error: errno_name,
        },
        Kind {
            id: wire::kind(Wire::PODTRACE_TCP_SERVICE.0),
            name: "tcp.service",
            about: "Answers on connections the target accepted: what the target itself took.",
            duration: Some("from the last bytes received to the first send after them"),
            waits: false,
            amount: None,
            object: ObjectKind::Peer,
            by: None,
            aux: None,
            error: errno_name,
        },
        Kind {
            id: wire::kind(Wire::PODTRACE_TCP_RTT.0),
            name: "tcp.rtt",
            about: "Samples of the smoothed round-trip time that the kernel keeps per connection, taken when it changed. \
                    A peer that answers within 40 ms acknowledges with its answer, and what it took is in it: see \
                    tcp.rtt_min.",
            duration: Some("smoothed round-trip time"),
            waits: false,
            amount: Some(Quantity {
                name: "variance",
                unit: Unit::Nanoseconds,
                about: "Mean deviation of the round-trip time, as the kernel keeps it.",
            }),
            object: ObjectKind::Peer,
            by: None,
            aux: None,
            error: errno_name,
        },
        Kind {
            id: wire::kind(Wire::PODTRACE_TCP_RTT_MIN.0),
            name: "tcp.rtt_min",
            about: "The least round-trip time of the connection in the last five minutes, sampled with tcp.rtt: what the \
                    network itself takes.",
            duration: Some("least round-trip time"),
            waits: false,
            amount: None,
            object: ObjectKind::Peer,
            by: None,
            aux: None,
            error: errno_name,
        },
        Kind {
            id: wire::kind(Wire::PODTRACE_TCP_UNANSWERED.0),
            name: UNANSWERED,
            about: "What peers did not answer. When the trace ended: connects, and requests for whose answer a thread \
                    was inside a receive, or a poll of that connection alone (`sched` finds the threads). When the \
                    connection ended, 100 ms after the last send or later: requests of more than 64 bytes, or that a \
                    thread was seen to wait for.",
            duration: Some(
                "from the first SYN, or the end of the last send, to the end of the connection or the trace",
            ),
            waits: true,
            amount: None,
            object: ObjectKind::Peer,
            by: Some(Dimension {
                name: "waiting",
                about: "For a connection, or for the answer to what was sent, when the trace ended; or until the target \
                        had given up and closed the connection, or it was ended by the peer or for want of one.",
                label: waiting,
                idle: never_idle,
            }),
            aux: None,
            error: errno_name,
        },
        Kind {
            id: wire::kind(Wire::PODTRACE_TCP_SILENT.0),
            name: SILENT,
            about: "Connections the target opened that were silent when the trace ended: it had sent more than 64 bytes, \
                    received nothing since, and no thread was inside a receive. With epoll, a request that is owed an \
                    answer looks like this, and so does a connection over which nothing is answered. (64 bytes: what \
                    HTTP/2 sends by itself is less.)",
            duration: Some("from the end of the last send to the end of the trace"),
            waits: false,
            amount: None,
            object: ObjectKind::Peer,
            by: None,
            aux: None,
            error: errno_name,
        },
        Kind {
            id: wire::kind(Wire::PODTRACE_TCP_STATE.0),
            name: "tcp.state",
            about: "State transitions of the target's connections.",
            duration: None,
            waits: false,
            amount: None,
            object: ObjectKind::Peer,
            by: Some(Dimension {
                name: "transition",
                about: "From which state to which.",
                label: transition,
                idle: never_idle,
            }),
            aux: None,
            error: errno_name,
        },
        Kind {
            id: wire::kind(Wire::PODTRACE_TCP_RESET.0),
            name: "tcp.reset",
            about: "Resets, received or sent. One that the kernel sends for a connection which it has forgotten is nobody's.",
            duration: None,
            waits: false,
            amount: None,
            object: ObjectKind::Peer,
            by: Some(Dimension {
                name: "direction",
                about: "Received from the peer or sent to it. after close: the target had closed the connection already, \
                        and the peer reset it or sent what nobody reads, which the kernel answers by a reset: it does \
                        not tell which.",
                label: direction,
                idle: never_idle,
            }),
            aux: None,
            error: errno_name,
        },
        Kind {
            id: wire::kind(Wire::PODTRACE_TCP_RETRANSMIT.0),
            name: "tcp.retransmit",
            about: "Segments sent again.",
            duration: None,
            waits: false,
            amount: None,
            object: ObjectKind::Peer,
            by: None,
            aux: None,
            error: errno_name,
        },
    ],
    hooks: &[
        Hook {
            point: "inet_sock_set_state",
            alternatives: &[typed("tcp_state")],
            blinds: &["tcp.connect", "tcp.state", UNANSWERED],
        },
        Hook { point: "tcp_destroy_sock", alternatives: &[typed("tcp_destroy")], blinds: &[] },
        Hook {
            point: "tcp_retransmit_skb",
            alternatives: &[typed("tcp_retransmit"), raw("tcp_retransmit_raw")],
            blinds: &["tcp.retransmit"],
        },
        Hook {
            point: "tcp_receive_reset",
            alternatives: &[typed("tcp_reset_received"), raw("tcp_reset_received_raw")],
            blinds: &["tcp.reset"],
        },
        Hook {
            point: "tcp_send_reset",
            alternatives: &[typed("tcp_reset_sent"), raw("tcp_reset_sent_raw")],
            blinds: &["tcp.reset"],
        },
    ],
    calls: &[
        DESCRIPTOR_CALLS,
        SOCKET_CALLS,
        &[
            call(libc::SYS_connect, Op::PODTRACE_OP_CONNECT),
            call(libc::SYS_accept, Op::PODTRACE_OP_ACCEPT),
            call(libc::SYS_accept4, Op::PODTRACE_OP_ACCEPT),
            #[cfg(target_arch = "x86_64")]
            call(libc::SYS_poll, Op::PODTRACE_OP_POLL),
            call(libc::SYS_ppoll, Op::PODTRACE_OP_POLL),
        ],
    ],
    handlers: &[
        (Handler::PODTRACE_EXIT_TCP, "exit_tcp"),
        (Handler::PODTRACE_EXIT_TCP_MESSAGES, "exit_tcp_messages"),
        (Handler::PODTRACE_EXIT_CONNECT, "exit_connect"),
        (Handler::PODTRACE_EXIT_ACCEPT, "exit_accept"),
        (Handler::PODTRACE_EXIT_POLL, "exit_poll"),
        (Handler::PODTRACE_EXIT_PAIR, "exit_pair"),
        (Handler::PODTRACE_EXIT_PAIR_WRITE, "exit_pair_write"),
    ],
    waits: &[],
    notable,
    joined_late: &[
        ("tcp.state", OPEN_BEFORE),
        ("tcp.reset", OPEN_BEFORE),
        ("tcp.retransmit", OPEN_BEFORE),
        ("tcp.response", "a request sent before the trace began has no begin: its answer is not counted"),
    ],
    blind_spots: &[("tcp: io_uring", "operations that a program submits through io_uring are not seen")],
};

/// Connects, answers and sends are slow from 100 ms: what a person begins to notice.
const SLOW_NS: u64 = 100_000_000;

fn notable(request: &ProbeRequest) -> Vec<(KindId, u64)> {
    let slow = if wants_all(request) { 0 } else { duration(request, "slow", SLOW_NS) };
    let life_cycle = if wants_all(request) { 0 } else { NEVER };
    TCP.kinds
        .iter()
        .map(|kind| {
            let from = match kind.name {
                "tcp.reset" | "tcp.retransmit" => 0,
                _ if kind.duration.is_some() => slow,
                _ => life_cycle,
            };
            (kind.id, from)
        })
        .collect()
}
