//! UDP: datagrams and bytes per peer.

use super::Family;
use crate::event::Kind;
use crate::event::KindId;
use crate::event::kind::ObjectKind;
use crate::event::kind::Quantity;
use crate::event::kind::Unit;
use crate::event::kind::errno_name;
use crate::profile::OptionKind;
use crate::profile::OptionSpec;

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
            id: KindId(0x20),
            name: "udp.send",
            about: "Datagrams sent, or failures to send one.",
            duration: Some("inside the call"),
            amount: Some(BYTES),
            object: ObjectKind::Peer,
            by: None,
            aux: None,
            error: errno_name,
        },
        Kind {
            id: KindId(0x21),
            name: "udp.recv",
            about: "Datagrams received, or failures to receive one. Waiting for one is not counted as latency.",
            duration: None,
            amount: Some(BYTES),
            object: ObjectKind::Peer,
            by: None,
            aux: None,
            error: errno_name,
        },
    ],
};
