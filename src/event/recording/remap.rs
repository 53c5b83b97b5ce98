//! Numbers of kinds in a recording, for a version that numbers them in another way.
//!
//! Names of kinds are stable, their numbers are not. A session says which number each kind had; every item passes
//! through a [`KindMap`] before anything else sees it, which is also what keeps numbers that no kind has away from it.

use std::fmt;

use crate::event::Event;
use crate::event::Item;
use crate::event::KindId;
use crate::event::Session;
use crate::event::Tick;

/// Renumbers the kinds of a recording.
#[derive(Debug)]
pub struct KindMap {
    /// By recorded number.
    fates: Vec<Fate>,
}

/// What becomes of a number.
#[derive(Debug)]
enum Fate {
    Known(KindId),
    Dropped(Dropped),
}

/// What was left out because this version does not know its kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dropped {
    /// The kind's name; `None` for a number that the session does not list.
    pub name: Option<String>,
    /// The number it was recorded under.
    pub number: u8,
    /// Operations that were counted.
    pub operations: u64,
    /// Events.
    pub events: u64,
}

impl fmt::Display for Dropped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, "`{name}`")?,
            None => write!(f, "number {}", self.number)?,
        }
        let Self { operations, events, .. } = self;
        write!(f, ": not known to this version, left out (operations: {operations}, events: {events})")
    }
}

impl KindMap {
    /// A map from a session's numbers to those that `resolve` gives for the kinds' names.
    pub fn new(session: &Session, resolve: impl Fn(&str) -> Option<KindId>) -> Self {
        let unlisted = |number| Fate::Dropped(Dropped { name: None, number, operations: 0, events: 0 });
        let mut fates: Vec<_> = (0..=u8::MAX).map(unlisted).collect();
        for kind in &session.kinds {
            let KindId(number) = kind.id;
            fates[usize::from(number)] = match resolve(&kind.name) {
                Some(id) => Fate::Known(id),
                None => Fate::Dropped(Dropped { name: Some(kind.name.clone()), number, operations: 0, events: 0 }),
            };
        }
        Self { fates }
    }

    /// The session with this version's numbers, without the kinds this version does not know.
    pub fn session(&self, session: &Session) -> Session {
        let mut session = session.clone();
        session.kinds.retain_mut(|kind| self.known(kind.id).map(|id| kind.id = id).is_some());
        session
    }

    /// The item with this version's numbers; `None` if nothing is left of it. A tick always stays, since it closes its
    /// stretch of time, but loses what concerns unknown kinds, their losses included; losses of unlisted numbers become
    /// losses of no certain kind.
    pub fn item(&mut self, item: Item) -> Option<Item> {
        match item {
            Item::Definition(_) | Item::Incident(_) | Item::Feature(_) => Some(item),
            Item::Event(event) => {
                let kind = self.renumber(event.kind, |dropped| dropped.events += 1)?;
                Some(Item::Event(Event { kind, ..event }))
            }
            Item::Tick(tick) => Some(Item::Tick(self.tick(tick))),
        }
    }

    /// What was left out so far: every kind of the session that this version does not know, and every number that came
    /// without being listed.
    pub fn dropped(&self) -> impl Iterator<Item = &Dropped> {
        self.fates.iter().filter_map(|fate| match fate {
            Fate::Dropped(dropped) => {
                (dropped.name.is_some() || dropped.operations > 0 || dropped.events > 0).then_some(dropped)
            }
            Fate::Known(_) => None,
        })
    }

    fn tick(&mut self, mut tick: Tick) -> Tick {
        tick.tallies.retain_mut(|delta| {
            let count = delta.count;
            self.renumber(delta.key.kind, |dropped| dropped.operations = dropped.operations.saturating_add(count))
                .map(|kind| delta.key.kind = kind)
                .is_some()
        });
        tick.losses.retain_mut(|loss| match loss.kind.map(|KindId(number)| &self.fates[usize::from(number)]) {
            None => true,
            Some(Fate::Known(id)) => {
                loss.kind = Some(*id);
                true
            }
            Some(Fate::Dropped(dropped)) => {
                loss.kind = None;
                dropped.name.is_none()
            }
        });
        tick.sent.retain_mut(|(kind, _)| self.known(*kind).map(|known| *kind = known).is_some());
        tick
    }

    fn known(&self, KindId(number): KindId) -> Option<KindId> {
        match self.fates[usize::from(number)] {
            Fate::Known(id) => Some(id),
            Fate::Dropped(_) => None,
        }
    }

    fn renumber(&mut self, KindId(number): KindId, count: impl FnOnce(&mut Dropped)) -> Option<KindId> {
        match &mut self.fates[usize::from(number)] {
            Fate::Known(id) => Some(*id),
            Fate::Dropped(dropped) => {
                count(dropped);
                None
            }
        }
    }
}
