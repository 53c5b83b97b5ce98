//! Things by their uid and by the addresses that lead to them.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::net::IpAddr;

use crate::targets::kubernetes::Change;
use crate::targets::kubernetes::Watched;

/// Something that addresses lead to.
pub(super) trait Addressed: Watched {
    /// Which.
    fn addresses(&self) -> BTreeSet<IpAddr>;
}

/// Things by uid and address. Bounded by whoever tells of them: a feed has a limit.
#[derive(Debug)]
pub(super) struct Shelf<T> {
    things: BTreeMap<String, T>,
    uids: BTreeMap<IpAddr, BTreeSet<String>>,
}

impl<T> Default for Shelf<T> {
    fn default() -> Self {
        Self { things: BTreeMap::new(), uids: BTreeMap::new() }
    }
}

impl<T: Addressed> Shelf<T> {
    /// Takes in a change, and says which addresses it concerns.
    pub(super) fn apply(&mut self, change: Change<T>) -> BTreeSet<IpAddr> {
        match change {
            Change::Added(one) | Change::Changed(one) => {
                let mut touched = self.remove(one.uid());
                let uid = one.uid().to_owned();
                for address in one.addresses() {
                    self.uids.entry(address).or_default().insert(uid.clone());
                    touched.insert(address);
                }
                self.things.insert(uid, one);
                touched
            }
            Change::Gone(one) => self.remove(one.uid()),
            Change::Synced | Change::LeftOut(_) | Change::Troubled(_) | Change::Recovered => BTreeSet::new(),
        }
    }

    fn remove(&mut self, uid: &str) -> BTreeSet<IpAddr> {
        let addresses = self.things.remove(uid).map(|one| one.addresses()).unwrap_or_default();
        for address in &addresses {
            if let Some(uids) = self.uids.get_mut(address) {
                uids.remove(uid);
                if uids.is_empty() {
                    self.uids.remove(address);
                }
            }
        }
        addresses
    }

    /// What an address leads to.
    pub(super) fn at(&self, address: IpAddr) -> impl Iterator<Item = &T> {
        self.uids.get(&address).into_iter().flatten().filter_map(|uid| self.things.get(uid))
    }
}
