//! A bounded table of figures by key, whose totals stay exact: space-saving, in batches.

use std::collections::BTreeMap;
use std::mem::size_of;

use super::Figures;
use super::figures::Weight;

/// Figures by key, at most `limit` of them; what has no room is in [`Self::other`], so that rows and `other` together
/// are always exactly what came.
///
/// When a further key comes, the lighter half is folded into `other`, and the heaviest that a folded key may have been
/// is remembered as the floor. A key that comes later may have been among them, so it is ranked as if it had that much
/// already: a heavy key whose weight comes in small pieces is not folded away again and again. This is the space-saving
/// algorithm (Metwally, Agrawal, El Abbadi 2005) with the batches of Anderson et al. (2017), and what they show holds:
/// the floor is at most `2 / limit` of all weight, a key heavier than that always has a row, and what its row shows is
/// never more than what it has and misses at most the floor.
#[derive(Clone, Debug)]
pub struct Table<K> {
    rows: BTreeMap<K, Row>,
    other: Figures,
    limit: usize,
    folded: u64,
    floor: Weight,
}

#[derive(Clone, Debug, Default)]
struct Row {
    figures: Figures,
    /// What the key may have had before it got this row.
    missed: Weight,
}

impl Row {
    fn estimate(&self) -> Weight {
        self.figures.weight().plus(self.missed)
    }
}

impl<K: Clone + Ord> Table<K> {
    /// A table of at most `limit` keys (at least 2).
    pub fn new(limit: usize) -> Self {
        Self {
            rows: BTreeMap::new(),
            other: Figures::default(),
            limit: limit.max(2),
            folded: 0,
            floor: Weight::default(),
        }
    }

    /// The figures of a key.
    pub fn row(&mut self, key: K) -> &mut Figures {
        if self.rows.len() >= self.limit && !self.rows.contains_key(&key) {
            self.fold();
        }
        let missed = self.floor;
        &mut self.rows.entry(key).or_insert_with(|| Row { missed, ..Row::default() }).figures
    }

    fn fold(&mut self) {
        let mut ranked: Vec<_> = self.rows.iter().map(|(key, row)| (row.estimate(), key.clone())).collect();
        ranked.sort_unstable();
        ranked.truncate(ranked.len() / 2);
        for (estimate, key) in ranked {
            self.floor = self.floor.max(estimate);
            if let Some(row) = self.rows.remove(&key) {
                self.other.merge(&row.figures);
                self.folded += 1;
            }
        }
    }

    /// Adds everything of another table, by these keys.
    pub fn merge<L: Clone + Ord>(&mut self, other: &Table<L>, key: impl Fn(&L) -> K) {
        for (name, row) in &other.rows {
            self.row(key(name)).merge(&row.figures);
        }
        self.other.merge(&other.other);
        self.folded += other.folded;
        self.floor = self.floor.max(other.floor);
    }

    /// Every key with its figures, by rising key.
    pub fn rows(&self) -> impl Iterator<Item = (K, &Figures)> {
        self.rows.iter().map(|(key, row)| (key.clone(), &row.figures))
    }

    /// The figures of a key, if it has a row.
    pub fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&Figures>
    where
        K: std::borrow::Borrow<Q>,
    {
        self.rows.get(key).map(|row| &row.figures)
    }

    /// How many keys have a row.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether no key has a row.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Every key's figures, to change.
    pub(super) fn all_mut(&mut self) -> impl Iterator<Item = &mut Figures> {
        self.rows.values_mut().map(|row| &mut row.figures).chain([&mut self.other])
    }

    /// What has no key of its own.
    pub fn other(&self) -> &Figures {
        &self.other
    }

    /// What has no key of its own, to add to.
    pub fn other_mut(&mut self) -> &mut Figures {
        &mut self.other
    }

    /// How often a key was folded into [`Self::other`].
    pub fn folded(&self) -> u64 {
        self.folded
    }

    /// The most that a row may miss, and that a key without a row may have.
    pub fn floor(&self) -> Weight {
        self.floor
    }

    /// Memory of its rows, in bytes, without what keys point to: at most `limit` times the size of a row and of its
    /// histogram.
    pub fn bytes(&self) -> usize {
        let row = |row: &Row| size_of::<K>() + size_of::<Row>() + row.figures.heap_bytes();
        self.rows.values().map(row).sum::<usize>() + self.other.heap_bytes()
    }
}

#[cfg(test)]
mod tests;
