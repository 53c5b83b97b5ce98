//! What waits for one destination, oldest first, bounded by number.

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
}

impl<L> Outbox<L> {
    /// An empty one for so many parcels (at least 1).
    pub(super) fn new(limit: usize) -> Self {
        Self { parcels: VecDeque::new(), limit: limit.max(1) }
    }

    /// Whether there is no room.
    pub(super) fn is_full(&self) -> bool {
        self.parcels.len() >= self.limit
    }

    /// Adds one at the end; gives it back if there is no room. What waits already is not pushed out: the first alert of a
    /// storm tells more than the last.
    pub(super) fn push(&mut self, parcel: Parcel<L>) -> Result<(), Parcel<L>> {
        if self.is_full() {
            return Err(parcel);
        }
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
        self.parcels.pop_front()
    }
}
