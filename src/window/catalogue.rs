//! Which kinds a session has, by the numbers they have there.

use crate::event::Kind;
use crate::event::KindId;
use crate::event::Session;

/// The kinds of one session. A recording may come from another version, so numbers are looked up by name.
#[derive(Clone, Debug, Default)]
pub struct Catalogue {
    kinds: Vec<(KindId, &'static Kind)>,
    blind: Vec<KindId>,
    unknown: Vec<String>,
}

impl Catalogue {
    /// The kinds of a session, out of those that this version knows, in the order reports show them.
    pub fn new(session: &Session, known: impl Iterator<Item = &'static Kind>) -> Self {
        let find = |kind: &'static Kind| {
            session.kinds.iter().find(|named| named.name == kind.name).map(|named| (named.id, kind))
        };
        let kinds: Vec<_> = known.filter_map(find).collect();
        let is_known = |name: &str| kinds.iter().any(|(_, kind)| kind.name == name);
        let unknown = session.kinds.iter().map(|named| named.name.clone()).filter(|name| !is_known(name)).collect();
        let is_blind = |kind: &Kind| session.coverage.iter().any(|f| f.feature == kind.name && f.blind.is_some());
        let blind = kinds.iter().filter(|(_, kind)| is_blind(kind)).map(|(id, _)| *id).collect();
        Self { blind, unknown, kinds }
    }

    /// The declaration of a kind; `None` if it was not asked for or this version does not know it.
    pub fn kind(&self, id: KindId) -> Option<&'static Kind> {
        self.kinds.iter().find(|(known, _)| *known == id).map(|(_, kind)| *kind)
    }

    /// Whether a kind was said to be invisible here, so that nothing counted does not mean that nothing happened.
    pub fn is_blind(&self, id: KindId) -> bool {
        self.blind.contains(&id)
    }

    /// The number of a kind's name in this session.
    pub fn id(&self, name: &str) -> Option<KindId> {
        self.kinds.iter().find(|(_, kind)| kind.name == name).map(|(id, _)| *id)
    }

    /// Every kind with its number, in the order reports show them.
    pub fn kinds(&self) -> impl Iterator<Item = (KindId, &'static Kind)> + '_ {
        self.kinds.iter().copied()
    }

    /// Names of kinds that this version does not know.
    pub fn unknown(&self) -> &[String] {
        &self.unknown
    }
}
