//! The slowest and the last failed events of each kind.

use super::super::model::EventEntry;
use super::super::model::KindEvents;
use super::super::model::Named;
use super::super::signals::in_seconds;
use super::signed;
use crate::event::Event;
use crate::event::Kind;
use crate::event::kind::ObjectKind;
use crate::window::Catalogue;
use crate::window::Store;

/// Events that are listed, of the slowest and of the failed ones.
const EVENTS_MAX: usize = 10;

/// The events of every kind of which some were kept.
pub(in crate::report) fn events(catalogue: &Catalogue, store: &Store) -> Named<KindEvents> {
    let of_kind = catalogue.kinds().map(|(id, kind)| {
        let entry = |event: &Event| entry(event, kind, store);
        let slowest = store.notable.slowest(id).into_iter().take(EVENTS_MAX).map(entry);
        let failed = store.notable.failed(id).take(EVENTS_MAX).map(entry);
        (kind.name.to_owned(), KindEvents { slowest: slowest.collect(), failed: failed.collect() })
    });
    of_kind.filter(|(_, kept)| !kept.slowest.is_empty() || !kept.failed.is_empty()).collect()
}

fn entry(event: &Event, kind: &Kind, store: &Store) -> EventEntry {
    let errno = u16::try_from(event.result.unsigned_abs()).unwrap_or(0);
    let object = kind.object.dimension().map(|_| store.names.object_label(event.object));
    EventEntry {
        at_seconds: signed(event.at_ns),
        process: store.names.process_label(event.process),
        thread: event.thread,
        name: object
            .as_ref()
            .filter(|_| kind.object == ObjectKind::Peer)
            .and_then(|peer| store.names.peers().name(peer)),
        object,
        detail: kind.by.as_ref().map(|by| (by.label)(event.detail).into_owned()),
        duration_seconds: kind.duration.map(|_| in_seconds(event.duration_ns)),
        error: (event.result < 0).then(|| (kind.error)(errno).into_owned()),
    }
}
