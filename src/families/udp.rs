//! UDP: datagrams and bytes per peer.

use super::DESCRIPTOR_CALLS;
use super::Family;
use super::Handler;
use super::NEVER;
use super::SOCKET_CALLS;
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
use crate::wire::types::podtrace_udp_kind as Wire;

const BYTES: Quantity = Quantity { name: "bytes", unit: Unit::Bytes, about: "Payload moved." };

/// The family.
pub(super) static UDP: Family = Family {
    name: "udp",
    about: "UDP datagrams: operations, bytes, errors per peer",
    options: &[
        OptionSpec {
            name: "slow",
            kind: OptionKind::Duration,
            about: "Sends that take longer are kept as events (default 100ms).",
        },
        OptionSpec {
            name: "detail",
            kind: OptionKind::Words(&["notable", "all"]),
            about: "`all` keeps every operation as an event, for a short look (default notable).",
        },
    ],
    kinds: &[
        Kind {
            id: wire::kind(Wire::PODTRACE_UDP_SEND.0),
            name: "udp.send",
            about: "Datagrams sent, or failures to send one.",
            duration: Some("inside the call"),
            waits: true,
            amount: Some(BYTES),
            object: ObjectKind::Peer,
            by: None,
            aux: None,
            error: errno_name,
        },
        Kind {
            id: wire::kind(Wire::PODTRACE_UDP_RECV.0),
            name: "udp.recv",
            about: "Datagrams received, or failures to receive one. Waiting for one is not counted as latency.",
            duration: None,
            waits: false,
            amount: Some(BYTES),
            object: ObjectKind::Peer,
            by: None,
            aux: None,
            error: errno_name,
        },
    ],
    hooks: &[],
    calls: &[DESCRIPTOR_CALLS, SOCKET_CALLS],
    handlers: &[(Handler::PODTRACE_EXIT_UDP, "exit_udp"), (Handler::PODTRACE_EXIT_UDP_MESSAGES, "exit_udp_messages")],
    waits: &[],
    notable,
    joined_late: &[],
    blind_spots: &[("udp: io_uring", "datagrams that a program sends or receives through io_uring are not seen")],
};

/// Sends are slow from 100 ms: they wait for buffer space only.
const SLOW_NS: u64 = 100_000_000;

fn notable(request: &ProbeRequest) -> Vec<(KindId, u64)> {
    let all = wants_all(request);
    let slow = if all { 0 } else { duration(request, "slow", SLOW_NS) };
    let of = |kind: &Kind| if kind.duration.is_some() { slow } else { NEVER };
    UDP.kinds.iter().map(|kind| (kind.id, if all { 0 } else { of(kind) })).collect()
}
