//! A bounded table of figures by key, whose totals stay exact.

use std::collections::BTreeMap;

use super::Figures;

/// Figures by key, at most `limit` of them. When a further one comes, the lighter half ([`Figures::weight`]) is folded
/// into [`Self::other`]: heavy keys stay whatever the order they came in, totals stay exact, and a key that returns
/// after having been folded shows what was counted since.
#[derive(Clone, Debug)]
pub struct Table<K> {
    rows: BTreeMap<K, Figures>,
    other: Figures,
    limit: usize,
    folded: u64,
}

impl<K: Copy + Ord> Table<K> {
    /// A table of at most `limit` keys (at least 2).
    pub fn new(limit: usize) -> Self {
        Self { rows: BTreeMap::new(), other: Figures::default(), limit: limit.max(2), folded: 0 }
    }

    /// The figures of a key.
    pub fn row(&mut self, key: K) -> &mut Figures {
        if self.rows.len() >= self.limit && !self.rows.contains_key(&key) {
            self.fold();
        }
        self.rows.entry(key).or_default()
    }

    fn fold(&mut self) {
        let mut ranked: Vec<_> = self.rows.iter().map(|(key, figures)| (figures.weight(), *key)).collect();
        ranked.sort_unstable();
        ranked.truncate(ranked.len() / 2);
        for (_, key) in ranked {
            if let Some(figures) = self.rows.remove(&key) {
                self.other.merge(&figures);
                self.folded += 1;
            }
        }
    }

    /// Every key with its figures, by rising key.
    pub fn rows(&self) -> impl Iterator<Item = (K, &Figures)> {
        self.rows.iter().map(|(key, figures)| (*key, figures))
    }

    /// Every key's figures, to change.
    pub(super) fn all_mut(&mut self) -> impl Iterator<Item = &mut Figures> {
        self.rows.values_mut().chain([&mut self.other])
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
}
