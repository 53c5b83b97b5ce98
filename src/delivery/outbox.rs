//! What waits for one destination, oldest first, bounded by parcels and by what is in them.

use std::collections::VecDeque;
use std::time::SystemTime;

/// Something to carry.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Parcel<L> {
    /// What.
    pub(super) load: L,
    /// How many things it holds, for counting.
    pub(super) items: u64,
    /// When it was handed over; wall time, because parcels survive restarts.
    pub(super) born: SystemTime,
    /// Its name in the spool, if it has one.
    pub(super) spooled: Option<u64>,
    /// Tries that failed.
    pub(super) failures: u32,
}

/// What waits, oldest first.
#[derive(Debug)]
pub(super) struct Outbox<L> {
    parcels: VecDeque<Parcel<L>>,
    limit: usize,
    items: u64,
    items_max: u64,
}

impl<L> Outbox<L> {
    /// An empty one for so many parcels (at least 1) with so many items in all; one parcel finds room whatever is in it.
    pub(super) fn new(limit: usize, items_max: u64) -> Self {
        Self { parcels: VecDeque::new(), limit: limit.max(1), items: 0, items_max }
    }

    /// Whether there is no room for a parcel of so many items.
    pub(super) fn is_full(&self, items: u64) -> bool {
        let too_many = !self.parcels.is_empty() && self.items.saturating_add(items) > self.items_max;
        self.parcels.len() >= self.limit || too_many
    }

    /// Adds one at the end; gives it back if there is no room. What waits already is not pushed out: the first alert of a
    /// storm tells more than the last.
    pub(super) fn push(&mut self, parcel: Parcel<L>) -> Result<(), Parcel<L>> {
        if self.is_full(parcel.items) {
            return Err(parcel);
        }
        self.items = self.items.saturating_add(parcel.items);
        self.parcels.push_back(parcel);
        Ok(())
    }

    /// The oldest.
    pub(super) fn first(&self) -> Option<&Parcel<L>> {
        self.parcels.front()
    }

    /// The oldest, to change.
    pub(super) fn first_mut(&mut self) -> Option<&mut Parcel<L>> {
        self.parcels.front_mut()
    }

    /// Takes the oldest away.
    pub(super) fn pop(&mut self) -> Option<Parcel<L>> {
        let parcel = self.parcels.pop_front()?;
        self.items = self.items.saturating_sub(parcel.items);
        Some(parcel)
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::Outbox;
    use super::Parcel;

    /// Check that what waits is bounded by parcels and by items, that a large parcel alone finds room, and that what leaves
    /// makes room.
    #[test]
    fn bounded() {
        let parcel = |items| Parcel { load: (), items, born: SystemTime::UNIX_EPOCH, spooled: None, failures: 0 };
        let mut outbox = Outbox::new(3, 1_000);
        assert!(outbox.push(parcel(1_500)).is_ok());
        assert!(outbox.push(parcel(1)).is_err());
        outbox.pop();
        for items in [400, 599, 1] {
            assert!(outbox.push(parcel(items)).is_ok());
        }
        assert!(outbox.push(parcel(0)).is_err(), "three parcels are there");
        outbox.pop();
        assert!(outbox.is_full(401) && !outbox.is_full(400));
    }
}
