//! TCP: connects, accepts, bytes, answers, round-trip times, states, resets, retransmits.

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
    if detail == 0 { "received" } else { "sent" }.into()
}

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
            id: KindId(0x10),
            name: "tcp.connect",
            about: "Connections the target opened: time of the handshake, failures by errno.",
            duration: Some("from the first SYN to the established or refused connection"),
            amount: None,
            object: ObjectKind::Peer,
            by: None,
            aux: None,
            error: errno_name,
        },
        Kind {
            id: KindId(0x11),
            name: "tcp.accept",
            about: "Connections the target accepted.",
            duration: None,
            amount: None,
            object: ObjectKind::Peer,
            by: None,
            aux: None,
            error: errno_name,
        },
        Kind {
            id: KindId(0x12),
            name: "tcp.send",
            about: "Send operations that moved bytes or failed; one that would block is not an operation.",
            duration: Some("inside the call, waiting for buffer space included"),
            amount: Some(BYTES),
            object: ObjectKind::Peer,
            by: None,
            aux: None,
            error: errno_name,
        },
        Kind {
            id: KindId(0x13),
            name: "tcp.recv",
            about: "Receive operations that moved bytes, met the end or failed. Waiting inside them is not counted as \
                    latency: see tcp.response and sched.offcpu.",
            duration: None,
            amount: Some(BYTES),
            object: ObjectKind::Peer,
            by: None,
            aux: None,
            error: errno_name,
        },
        Kind {
            id: KindId(0x14),
            name: "tcp.response",
            about: "Answers on connections the target opened: what the peer and the network took.",
            duration: Some("from the end of the last send to the first bytes received after it"),
            amount: None,
            object: ObjectKind::Peer,
            by: None,
            aux: None,
            error: errno_name,
        },
        Kind {
            id: KindId(0x15),
            name: "tcp.service",
            about: "Answers on connections the target accepted: what the target itself took.",
            duration: Some("from the last bytes received to the first send after them"),
            amount: None,
            object: ObjectKind::Peer,
            by: None,
            aux: None,
            error: errno_name,
        },
        Kind {
            id: KindId(0x16),
            name: "tcp.rtt",
            about: "Samples of the smoothed round-trip time that the kernel keeps per connection, taken when it changed.",
            duration: Some("smoothed round-trip time"),
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
            id: KindId(0x17),
            name: "tcp.state",
            about: "State transitions of the target's connections.",
            duration: None,
            amount: None,
            object: ObjectKind::Peer,
            by: Some(Dimension { name: "transition", about: "From which state to which.", label: transition }),
            aux: None,
            error: errno_name,
        },
        Kind {
            id: KindId(0x18),
            name: "tcp.reset",
            about: "Resets, received or sent.",
            duration: None,
            amount: None,
            object: ObjectKind::Peer,
            by: Some(Dimension { name: "direction", about: "Received from the peer or sent to it.", label: direction }),
            aux: None,
            error: errno_name,
        },
        Kind {
            id: KindId(0x19),
            name: "tcp.retransmit",
            about: "Segments sent again.",
            duration: None,
            amount: None,
            object: ObjectKind::Peer,
            by: None,
            aux: None,
            error: errno_name,
        },
    ],
};
