//! Which kinds a session has, by the numbers they have there.

use crate::event::Kind;
use crate::event::KindId;
use crate::event::Session;
use crate::families;

/// The kinds of one session. A recording may come from another version, so numbers are looked up by name.
#[derive(Clone, Debug, Default)]
pub struct Catalogue {
    kinds: Vec<(KindId, &'static Kind)>,
    unknown: Vec<String>,
}

impl Catalogue {
    /// The kinds of a session, in the order reports show them.
    pub fn new(session: &Session) -> Self {
        let find = |kind: &'static Kind| {
            session.kinds.iter().find(|named| named.name == kind.name).map(|named| (named.id, kind))
        };
        let unknown = session.kinds.iter().filter(|named| families::kind_named(&named.name).is_none());
        Self {
            kinds: families::kinds().filter_map(find).collect(),
            unknown: unknown.map(|named| named.name.clone()).collect(),
        }
    }

    /// The declaration of a kind; `None` if it was not asked for or this version does not know it.
    pub fn kind(&self, id: KindId) -> Option<&'static Kind> {
        self.kinds.iter().find(|(known, _)| *known == id).map(|(_, kind)| *kind)
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
