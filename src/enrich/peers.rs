//! Peers, named and not: each is looked up once, and again only when something about its address changes.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::net::IpAddr;

use super::directory::Directory;
use super::directory::unmapped;
use crate::event::ObjectId;
use crate::event::PeerName;
use crate::event::PeerObject;

/// Peers that are remembered: as many as a report can tell apart of a kind, four times.
const PEERS_MAX: usize = 16_384;

/// Peers by number and address.
#[derive(Debug, Default)]
pub(super) struct Peers {
    peers: BTreeMap<ObjectId, Known>,
    at: BTreeMap<IpAddr, BTreeSet<ObjectId>>,
    /// Peers without a name that may be inside of the cluster.
    unnamed_inside: usize,
    turned_away: u64,
}

#[derive(Debug)]
struct Known {
    peer: PeerObject,
    /// As said last.
    said: Option<PeerName>,
}

/// What became of a peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Added {
    New,
    Known,
    NoRoom,
}

/// Whether an address may be one of a cluster's pods or nodes: a private one. Who has a public address is not asked for,
/// since all pods would have to be listed for it; it is named where it is known anyhow.
fn may_be_inside(address: IpAddr) -> bool {
    match address {
        // 100.64.0.0/10 (RFC 6598) is what some providers give to pods.
        IpAddr::V4(address) => {
            let [first, second, ..] = address.octets();
            address.is_private() || (first == 100 && second & 0xc0 == 64)
        }
        IpAddr::V6(address) => address.is_unique_local(),
    }
}

impl Peers {
    pub(super) fn add(&mut self, peer: PeerObject) -> Added {
        let Some(address) = peer.address.map(unmapped) else { return Added::Known };
        if self.peers.contains_key(&peer.id) {
            return Added::Known;
        }
        if self.peers.len() >= PEERS_MAX {
            self.turned_away += 1;
            return Added::NoRoom;
        }
        self.unnamed_inside += usize::from(may_be_inside(address));
        self.at.entry(address).or_default().insert(peer.id);
        self.peers.insert(peer.id, Known { peer, said: None });
        Added::New
    }

    /// Peers that found no room.
    pub(super) fn turned_away(&self) -> u64 {
        self.turned_away
    }

    /// Whether there are peers that may be pods or nodes, and are not named.
    pub(super) fn any_unnamed_inside(&self) -> bool {
        self.unnamed_inside > 0
    }

    /// The addresses of all.
    pub(super) fn addresses(&self) -> BTreeSet<IpAddr> {
        self.at.keys().copied().collect()
    }

    /// The names that peers at these addresses have now and were not said to have. Who is not named any more keeps the
    /// name: that is what the figures belong to.
    pub(super) fn names(&mut self, directory: &Directory, addresses: &BTreeSet<IpAddr>) -> Vec<PeerName> {
        let mut names = Vec::new();
        let ids = addresses.iter().filter_map(|address| self.at.get(&unmapped(*address))).flatten();
        for id in ids {
            let Some(known) = self.peers.get_mut(id) else { continue };
            let Some(mut name) = directory.name(&known.peer) else { continue };
            if let Some(said) = known.said.as_ref().filter(|said| said.is_same_as(&name)) {
                // What was known of it is not forgotten because somebody else tells of it now.
                name.workload = name.workload.or_else(|| said.workload.clone());
                name.port = name.port.or_else(|| said.port.clone());
                name.service = name.service.or_else(|| said.service.clone());
            }
            if known.said.as_ref() == Some(&name) {
                continue;
            }
            if known.said.is_none() && known.peer.address.map(unmapped).is_some_and(may_be_inside) {
                self.unnamed_inside -= 1;
            }
            known.said = Some(name.clone());
            names.push(name);
        }
        names
    }
}

#[cfg(test)]
mod tests {
    use super::Added;
    use super::PEERS_MAX;
    use super::Peers;
    use super::may_be_inside;
    use crate::event::Definition;
    use crate::event::Item;
    use crate::event::example;

    /// Check that what found no room is counted, and what is known is not looked up again.
    #[test]
    fn bounded() {
        let mut peers = Peers::default();
        let peer = |number: usize| match example::peer(number as u64, "10.0.0.7", number as u16) {
            Item::Definition(Definition::Peer(peer)) => peer,
            _ => panic!(),
        };
        for number in 0..PEERS_MAX {
            assert_eq!(peers.add(peer(number)), Added::New);
        }
        assert_eq!(peers.add(peer(7)), Added::Known);
        assert_eq!(peers.add(peer(PEERS_MAX)), Added::NoRoom);
        assert_eq!((peers.turned_away(), peers.addresses().len()), (1, 1));
    }

    /// Check which addresses make it worth to list all pods of a cluster.
    #[test]
    fn inside() {
        let inside = ["10.244.0.17", "172.16.0.1", "192.168.1.1", "100.64.0.1", "100.127.255.255", "fd00::1"];
        assert!(inside.iter().all(|address| may_be_inside(address.parse().unwrap())));
        let outside = ["127.0.0.1", "8.8.8.8", "100.128.0.1", "169.254.169.254", "::1", "2001:db8::1", "fe80::1"];
        assert!(!outside.iter().any(|address| may_be_inside(address.parse().unwrap())));
    }
}
