//! What the cluster knows and the kernel does not: who has a peer's address, and what happens to the traced pods.
//!
//! An [`Enricher`] takes what is traced, the peers as they are defined and what the API tells ([`Word`]), says what else
//! the API is to be asked ([`Ask`]), and gives items: names of peers, incidents, and what of it cannot be had. It asks for
//! nothing itself, keeps no clock and no thread, so that all of it is tested without a cluster. Every table is bounded,
//! and what found no room is said.

mod directory;
mod feeds;
mod incidents;
mod peers;
mod shelf;

use std::collections::BTreeSet;
use std::net::IpAddr;

use jiff::Timestamp;

pub use feeds::Ask;
pub use feeds::Source;

use crate::event::Definition;
use crate::event::Item;
use crate::event::PeerObject;
use crate::event::session::Target;
use crate::targets::kubernetes::Change;
use crate::targets::kubernetes::Endpoints;
use crate::targets::kubernetes::PodAddress;
use crate::targets::kubernetes::PodEvent;
use crate::targets::kubernetes::Service;
use directory::Directory;
use feeds::Feeds;
use incidents::Incidents;
use peers::Peers;

/// What the API tells.
#[derive(Clone, Debug)]
pub enum Word {
    /// Of a service.
    Service(Change<Service>),
    /// Of endpoints.
    Endpoints(Change<Endpoints>),
    /// Of a pod's addresses.
    Pod(Change<PodAddress>),
    /// Of an event.
    Event(Change<PodEvent>),
}

/// Puts together what is known.
#[derive(Debug)]
pub struct Enricher {
    directory: Directory,
    peers: Peers,
    incidents: Incidents,
    feeds: Feeds,
    items: Vec<Item>,
}

impl Enricher {
    /// Of a trace that began at `started`, by the clock on the wall.
    pub fn new(started: Timestamp) -> Self {
        Self {
            directory: Directory::default(),
            peers: Peers::default(),
            incidents: Incidents::new(started),
            feeds: Feeds::default(),
            items: Vec::new(),
        }
    }

    /// A target that is traced. What is no container of a pod has nothing to do with a cluster.
    pub fn target(&mut self, target: &Target) {
        let Some(pod) = &target.pod else { return };
        match &target.namespace {
            Some(namespace) => {
                self.incidents.pod(namespace, pod);
                self.feeds.pod(namespace, pod);
            }
            None => self.feeds.without_namespace(),
        }
    }

    /// Takes note of what was defined: peers, and targets that came later.
    pub fn define(&mut self, definition: &Definition) {
        match definition {
            Definition::Peer(peer) => self.peer(peer),
            Definition::Target(target) => self.target(target),
            Definition::Process(_) | Definition::Path(_) | Definition::PeerName(_) => {}
        }
    }

    fn peer(&mut self, peer: &PeerObject) {
        let Some(address) = peer.address else { return };
        match self.peers.add(peer.clone()) {
            peers::Added::New => {
                self.feeds.want_names();
                self.name(&BTreeSet::from([address]));
                self.explain();
            }
            peers::Added::Known => {}
            peers::Added::NoRoom => self.feeds.peers_turned_away(self.peers.turned_away()),
        }
    }

    /// Takes in what the API tells to what it was asked.
    pub fn word(&mut self, ask: &Ask, word: Word) {
        let was_settled = self.feeds.names_are_settled();
        let touched = match word {
            Word::Service(change) => self.feeds.heard(ask, change).map(|change| self.directory.service(change)),
            Word::Endpoints(change) => self.feeds.heard(ask, change).map(|change| self.directory.endpoints(change)),
            Word::Pod(change) => self.feeds.heard(ask, change).map(|change| self.directory.pod(change)),
            Word::Event(change) => {
                let listed = !self.feeds.is_synced(ask);
                if let Some(Change::Added(event) | Change::Changed(event)) = self.feeds.heard(ask, change) {
                    self.items.extend(self.incidents.event(&event, listed).map(Item::from));
                    self.feeds.events_turned_away(self.incidents.turned_away());
                }
                None
            }
        };
        if !was_settled && self.feeds.names_are_settled() {
            self.name(&self.peers.addresses());
        } else if let Some(touched) = touched {
            self.name(&touched);
        }
        self.explain();
    }

    /// Asks for pods where an address of the cluster is neither a service's nor an endpoint's.
    fn explain(&mut self) {
        if self.peers.any_unnamed_inside() {
            self.feeds.want_pods();
        }
    }

    /// Names peers at these addresses. Before all that was asked is told, a name may be a lesser one than is told next.
    fn name(&mut self, addresses: &BTreeSet<IpAddr>) {
        if self.feeds.names_are_settled() {
            let names = self.peers.names(&self.directory, addresses);
            self.items.extend(names.into_iter().map(Item::from));
        }
    }

    /// What the API is to be asked from now on.
    pub fn asks(&mut self) -> Vec<Ask> {
        self.feeds.take_asks()
    }

    /// What it need not be asked any more.
    pub fn ended(&mut self) -> Vec<Ask> {
        self.feeds.take_ended()
    }

    /// The API cannot be asked at all, or not for this.
    pub fn refused(&mut self, ask: Option<&Ask>, why: &str) {
        self.feeds.refused(ask, why);
    }

    /// What is new since this was called last.
    pub fn take(&mut self) -> Vec<Item> {
        let mut items = std::mem::take(&mut self.items);
        items.extend(self.feeds.take_features().into_iter().map(Item::Feature));
        items
    }

    /// Whether everything that was asked has been told, or cannot be.
    pub fn is_settled(&self) -> bool {
        self.feeds.are_settled()
    }

    /// The trace is over: names of what is known by now, whether all was told or not.
    pub fn finish(mut self) -> Vec<Item> {
        if !self.feeds.are_settled() {
            self.feeds.give_up();
            self.name(&self.peers.addresses());
        }
        self.take()
    }
}

#[cfg(test)]
mod tests;
