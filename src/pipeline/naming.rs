//! What the cluster knows, asked beside the trace: a thread of its own owns the [`Enricher`] and what feeds it.
//!
//! The trace never waits for it. Definitions go in through a channel of bounded length, and what finds no room is counted;
//! items come out through another, and are taken up when the trace looks. When the trace is over, what was asked is waited
//! for a moment, so that also a short trace has names.

use std::collections::BTreeMap;
use std::sync::mpsc;
use std::sync::mpsc::Receiver;
use std::sync::mpsc::RecvTimeoutError;
use std::sync::mpsc::SyncSender;
use std::sync::mpsc::TryRecvError;
use std::thread;
use std::time::Duration;
use std::time::Instant;

use jiff::Timestamp;

use crate::enrich::Ask;
use crate::enrich::Enricher;
use crate::enrich::Source;
use crate::enrich::Word;
use crate::event::Definition;
use crate::event::Item;
use crate::event::session::PlannedFeature;
use crate::event::session::Target;
use crate::targets::kubernetes::Access;
use crate::targets::kubernetes::Feed;
use crate::targets::kubernetes::Feeds;

/// Definitions that may wait: more peers than are new in a tenth of a second.
const DEFINITIONS_MAX: usize = 8_192;

/// Words of the API that may wait.
const WORDS_MAX: usize = 1_024;

/// Batches of items that may wait for the trace.
const BATCHES_MAX: usize = 64;

/// How often new peers are looked at.
const LOOK: Duration = Duration::from_millis(100);

/// How long what was asked is waited for when the trace is over.
const GRACE: Duration = Duration::from_secs(2);

/// The same, with what it takes to end.
const PATIENCE: Duration = Duration::from_secs(3);

/// What is known of a cluster while a trace runs.
#[derive(Debug)]
pub(super) struct Naming {
    definitions: SyncSender<Definition>,
    items: Receiver<Vec<Item>>,
    /// Peers and pods that found no room in the channel.
    turned_away: u64,
}

impl Naming {
    /// Begins; nothing if no pod is traced, since then no cluster is concerned.
    pub(super) fn start(access: &Access, started: Timestamp, targets: &[Target]) -> Option<Self> {
        if targets.iter().all(|target| target.pod.is_none()) {
            return None;
        }
        let (definitions, defined) = mpsc::sync_channel(DEFINITIONS_MAX);
        let (sender, items) = mpsc::sync_channel(BATCHES_MAX);
        let mut enricher = Enricher::new(started);
        targets.iter().for_each(|target| enricher.target(target));
        let access = access.clone();
        let body = move || work(enricher, &access, &defined, sender);
        match thread::Builder::new().name("podtrace-names".into()).spawn(body) {
            Ok(_) => Some(Self { definitions, items, turned_away: 0 }),
            Err(error) => {
                tracing::warn!(%error, "cannot start the thread that names peers");
                None
            }
        }
    }

    /// Looks for peers and pods among what is observed.
    pub(super) fn look_at(&mut self, items: &[Item]) {
        for item in items {
            if let Item::Definition(definition @ (Definition::Peer(_) | Definition::Target(_))) = item {
                // A thread that has ended has nothing more to say.
                if let Err(mpsc::TrySendError::Full(_)) = self.definitions.try_send(definition.clone()) {
                    self.turned_away += 1;
                }
            }
        }
    }

    /// What is new.
    pub(super) fn items(&self) -> Vec<Item> {
        self.items.try_iter().flatten().collect()
    }

    /// The trace is over: what is left, waited for a moment if need be.
    pub(super) fn finish(self) -> Vec<Item> {
        let Self { definitions, items, turned_away } = self;
        drop(definitions);
        let deadline = Instant::now() + PATIENCE;
        let mut last = Vec::new();
        while let Ok(more) = items.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            last.extend(more);
        }
        if turned_away > 0 {
            last.push(Item::Feature(PlannedFeature {
                feature: "peer names: queue".into(),
                blind: None,
                degraded: Some(format!("{turned_away} peers or pods came faster than they could be looked up")),
            }));
        }
        last
    }
}

/// What is asked, with the thread that asks it.
struct Asking {
    // In this order: what waits for room to tell something fails once the receiver is gone, and the thread ends.
    words: Receiver<(Ask, Word)>,
    sender: SyncSender<(Ask, Word)>,
    asked: BTreeMap<Ask, Feed>,
    feeds: Result<Feeds, String>,
}

impl Asking {
    /// Nothing yet.
    fn of(access: &Access) -> Self {
        let (sender, words) = mpsc::sync_channel(WORDS_MAX);
        let feeds = Feeds::connect(access).map_err(|error| error.to_string());
        Self { words, sender, asked: BTreeMap::new(), feeds }
    }

    /// Begins to ask.
    fn begin(&mut self, ask: &Ask) -> Result<(), String> {
        let feeds = self.feeds.as_ref().map_err(Clone::clone)?;
        let (query, limit) = (ask.query(), ask.source.limit());
        let (sender, asked) = (self.sender.clone(), ask.clone());
        let feed = match ask.source {
            Source::Services => feeds.add(&query, limit, move |change| tell(&sender, &asked, Word::Service(change))),
            Source::Endpoints => feeds.add(&query, limit, move |change| tell(&sender, &asked, Word::Endpoints(change))),
            Source::Pods => feeds.add(&query, limit, move |change| tell(&sender, &asked, Word::Pod(change))),
            Source::Events => feeds.add(&query, limit, move |change| tell(&sender, &asked, Word::Event(change))),
        };
        self.asked.insert(ask.clone(), feed);
        Ok(())
    }
}

fn tell(sender: &SyncSender<(Ask, Word)>, ask: &Ask, word: Word) -> bool {
    sender.send((ask.clone(), word)).is_ok()
}

/// The thread's whole life.
fn work(mut enricher: Enricher, access: &Access, defined: &Receiver<Definition>, items: SyncSender<Vec<Item>>) {
    let mut asking = Asking::of(access);
    let mut until: Option<Instant> = None;
    loop {
        for ask in enricher.asks() {
            if let Err(why) = asking.begin(&ask) {
                enricher.refused(Some(&ask), &why);
            }
        }
        for ask in enricher.ended() {
            asking.asked.remove(&ask);
        }
        let news = enricher.take();
        if !news.is_empty() && items.send(news).is_err() {
            return;
        }
        if until.is_some_and(|until| enricher.is_settled() || Instant::now() >= until) {
            let _ = items.send(enricher.finish());
            // Nobody waits for the feeds to end.
            drop(items);
            return;
        }
        match asking.words.recv_timeout(LOOK) {
            Ok((ask, word)) => {
                enricher.word(&ask, word);
                for (ask, word) in asking.words.try_iter().take(WORDS_MAX) {
                    enricher.word(&ask, word);
                }
            }
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {}
        }
        loop {
            match defined.try_recv() {
                Ok(definition) => enricher.define(&definition),
                Err(TryRecvError::Empty) => break,
                Err(TryRecvError::Disconnected) => {
                    until.get_or_insert(Instant::now() + GRACE);
                    break;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
