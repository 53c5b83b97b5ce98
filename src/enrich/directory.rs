//! Who has which address, and which of several answers is the right one.
//!
//! Where two claim the same address and nothing tells them apart, none of them is named: a wrong name is worse than none.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::shelf::Addressed;
use super::shelf::Shelf;
use crate::event::PeerKind;
use crate::event::PeerName;
use crate::event::PeerObject;
use crate::event::definition::Side;
use crate::targets::kubernetes::Change;
use crate::targets::kubernetes::Endpoints;
use crate::targets::kubernetes::PodAddress;
use crate::targets::kubernetes::Service;

/// Services, endpoints, pods and their nodes.
#[derive(Debug, Default)]
pub(super) struct Directory {
    services: Shelf<Service>,
    endpoints: Shelf<Endpoints>,
    pods: Shelf<PodAddress>,
}

impl Addressed for Service {
    fn addresses(&self) -> BTreeSet<IpAddr> {
        self.addresses.clone()
    }
}

impl Addressed for Endpoints {
    fn addresses(&self) -> BTreeSet<IpAddr> {
        self.addresses.iter().map(|(address, _)| *address).collect()
    }
}

impl Addressed for PodAddress {
    /// Its node's too: they lead to the node.
    fn addresses(&self) -> BTreeSet<IpAddr> {
        self.addresses.union(&self.node_addresses).copied().collect()
    }
}

/// The only one of several, where all are the same.
fn only<T: PartialEq>(mut all: impl Iterator<Item = T>) -> Option<T> {
    let first = all.next()?;
    all.all(|other| other == first).then_some(first)
}

impl Directory {
    pub(super) fn service(&mut self, change: Change<Service>) -> BTreeSet<IpAddr> {
        self.services.apply(change)
    }

    pub(super) fn endpoints(&mut self, change: Change<Endpoints>) -> BTreeSet<IpAddr> {
        self.endpoints.apply(change)
    }

    pub(super) fn pod(&mut self, change: Change<PodAddress>) -> BTreeSet<IpAddr> {
        self.pods.apply(change)
    }

    /// What a peer is called. An address that a service has is the service's; one that a pod has alone is the pod's; a
    /// port of an endpoint is that of the pod or service behind it; what is left of a node's address is the node's.
    pub(super) fn name(&self, peer: &PeerObject) -> Option<PeerName> {
        let address = unmapped(peer.address?);
        match peer.side {
            // The port is the target's own, and says nothing about the peer: pods that share their node's address
            // cannot be told apart.
            Side::Server => self.of_pod(peer, address).or_else(|| self.of_node(peer, address)),
            Side::Client => self
                .of_service(peer, address)
                .or_else(|| self.of_pod(peer, address))
                .or_else(|| self.of_endpoint(peer, address))
                .or_else(|| self.of_node(peer, address)),
        }
    }

    fn of_service(&self, peer: &PeerObject, address: IpAddr) -> Option<PeerName> {
        let with_port = |service: &&Service| service.ports.iter().any(|(port, _)| *port == peer.port);
        // Several may share an address outside of the cluster, each with ports of its own.
        let service = only(self.services.at(address).filter(with_port)).or_else(|| only(self.services.at(address)))?;
        // A port may have two names, one for each protocol; which of them it is, is not known.
        let names = service.ports.iter().filter(|(port, _)| *port == peer.port).map(|(_, name)| name.clone());
        Some(PeerName {
            port: only(names).flatten(),
            ..name(peer, PeerKind::Service, Some(&service.namespace), &service.name)
        })
    }

    fn of_pod(&self, peer: &PeerObject, address: IpAddr) -> Option<PeerName> {
        let pod = only(self.pods.at(address).filter(|pod| pod.addresses.contains(&address)))?;
        Some(PeerName {
            workload: pod.workload.clone(),
            service: self.service_behind(peer, address),
            ..name(peer, PeerKind::Pod, Some(&pod.namespace), &pod.name)
        })
    }

    /// The service whose endpoint it is, if it is a single one.
    fn service_behind(&self, peer: &PeerObject, address: IpAddr) -> Option<String> {
        let of_port = |one: &&Endpoints| peer.side == Side::Client && one.ports.contains(&peer.port);
        only(self.endpoints.at(address).filter(of_port).map(|one| &one.service))
            .filter(|name| !name.is_empty())
            .cloned()
    }

    fn of_endpoint(&self, peer: &PeerObject, address: IpAddr) -> Option<PeerName> {
        let matching = || self.endpoints.at(address).filter(|one| one.ports.contains(&peer.port));
        let pods = matching().flat_map(|one| {
            let here = one.addresses.iter().filter(|(other, _)| *other == address);
            here.map(|(_, pod)| (one.namespace.as_str(), pod.as_deref()))
        });
        match only(pods)? {
            (namespace, Some(pod)) => {
                // One that shares its node's address is found there.
                let of_node = self.pods.at(address).find(|other| other.namespace == namespace && other.name == pod);
                Some(PeerName {
                    workload: of_node.and_then(|pod| pod.workload.clone()),
                    service: self.service_behind(peer, address),
                    ..name(peer, PeerKind::Pod, Some(namespace), pod)
                })
            }
            (namespace, None) => {
                let service = only(matching().map(|one| one.service.as_str())).filter(|service| !service.is_empty())?;
                Some(name(peer, PeerKind::Service, Some(namespace), service))
            }
        }
    }

    fn of_node(&self, peer: &PeerObject, address: IpAddr) -> Option<PeerName> {
        let there = self.pods.at(address).filter(|pod| pod.node_addresses.contains(&address));
        let node = only(there.map(|pod| pod.node.as_deref()))??;
        Some(name(peer, PeerKind::Node, None, node))
    }
}

/// IPv4 as an IPv6 socket shows it is IPv4 all the same.
pub(super) fn unmapped(address: IpAddr) -> IpAddr {
    address.to_canonical()
}

fn name(peer: &PeerObject, kind: PeerKind, namespace: Option<&str>, name: &str) -> PeerName {
    PeerName {
        object: peer.id,
        kind,
        namespace: namespace.map(str::to_owned),
        name: name.to_owned(),
        workload: None,
        port: None,
        service: None,
    }
}
