//! Completeness: what was sent, what arrived, what was lost and why.

use super::model::Completeness;
use super::model::KindCompleteness;
use crate::event::KindId;
use crate::event::LossCause;
use crate::window::Catalogue;
use crate::window::Store;

/// What arrived and what did not, over the whole run.
pub(super) fn completeness(catalogue: &Catalogue, store: &Store) -> Completeness {
    let lost = LossCause::ALL.into_iter().map(|cause| (cause.name().to_owned(), store.losses.by_cause(cause)));
    let kinds = catalogue.kinds().map(|(id, kind)| (kind.name.to_owned(), of_kind(id, store)));
    let something =
        |kind: &KindCompleteness| kind.sent > 0 || kind.seen > 0 || !kind.lost.is_empty() || !kind.folded.is_empty();
    Completeness {
        events_seen: store.notable.seen_in_all(),
        events_lost: lost.filter(|(_, count)| *count > 0).collect(),
        kinds: kinds.filter(|(_, kind)| something(kind)).collect(),
    }
}

fn of_kind(id: KindId, store: &Store) -> KindCompleteness {
    let lost = store.losses.of(Some(id)).map(|(cause, count)| (cause.name().to_owned(), count));
    let folded = store.tallies.kind(id).into_iter().flat_map(|counted| {
        [
            ("object", counted.objects.folded()),
            ("process", counted.processes.folded()),
            ("target", counted.targets.folded()),
        ]
    });
    KindCompleteness {
        sent: store.losses.sent(id),
        seen: store.notable.seen(id),
        lost: lost.collect(),
        folded: folded.filter(|(_, keys)| *keys > 0).map(|(name, keys)| (name.to_owned(), keys)).collect(),
    }
}
