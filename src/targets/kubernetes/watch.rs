//! What becomes of things in a cluster: a watch on the API that goes on through restarts of it.
//!
//! A thread of its own ([`Feeds`]) keeps the watch and sends changes through a channel of bounded length; while that is full,
//! nothing more is read. Whatever happens to the connection, nothing is lost: the watch resumes where it was, and where the API does
//! not remember that (410), everything is listed anew and compared.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::mpsc;
use std::sync::mpsc::Receiver;
use std::time::Duration;
use std::time::Instant;

use futures_util::StreamExt;
use kube::Api;
use kube::Client;
use kube::Resource as _;
use kube::api::WatchEvent;
use kube::api::WatchParams;
use tokio::time::sleep;
use tokio::time::timeout;

use super::Feed;
use super::Feeds;
use super::KubernetesError;
use super::PATIENCE;
use super::Query;
use super::Verb;
use super::error::Asked;
use super::watched::Watched;
use crate::targets::pod::Pod;

/// Changes that wait to be taken. A rollout of a whole node is some hundreds.
const CHANGES_MAX: usize = 1024;

/// After so long without a word the API ends a watch and it is resumed; a dead connection is noticed 5 s later.
const ROUND_SECONDS: u32 = 60;

/// The first pause after an error. Each further one is twice as long.
const PAUSE: Duration = Duration::from_millis(100);

/// The longest pause in the first minute, so that an API that is restarted is back within two seconds.
const PAUSE_MAX: Duration = Duration::from_millis(1500);

/// The longest pause later, so that one that is gone is left in peace.
const PAUSE_MAX_LATER: Duration = Duration::from_secs(15);

/// When later begins.
const LATER: Duration = Duration::from_secs(60);

/// A watch that ends sooner is not begun again at once.
const HASTE: Duration = Duration::from_millis(500);

/// What became of a thing.
#[derive(Clone, Debug, PartialEq)]
pub enum Change<T = Pod> {
    /// There is a new one.
    Added(T),
    /// Something about it is different: as it is now.
    Changed(T),
    /// It is gone: as it was last.
    Gone(T),
    /// All that there are were told; after this only what changes.
    Synced,
    /// There are at least so many more than are kept here; they are not told.
    LeftOut(u64),
    /// The API cannot be watched at present; it is tried again. Told once until it is well.
    Troubled(KubernetesError),
    /// It is watched again; what was missed is told next.
    Recovered,
}

/// A watch of pods that runs, and what it told and was not taken yet. Dropping it ends it.
#[derive(Debug)]
pub struct Watch {
    // In this order: what waits for room to tell something fails once the receiver is gone, and the thread ends.
    changes: Receiver<Change>,
    _feed: Feed,
    _feeds: Feeds,
}

impl Watch {
    pub(super) fn start(feeds: Feeds, query: &Query) -> Self {
        let (sender, changes) = mpsc::sync_channel(CHANGES_MAX);
        let feed = feeds.add(query, usize::MAX, move |change| sender.send(change).is_ok());
        Self { changes, _feed: feed, _feeds: feeds }
    }

    /// The next change; waits for it so long at most. `None` if there was none.
    pub fn next(&self, timeout: Duration) -> Option<Change> {
        self.changes.recv_timeout(timeout).ok()
    }

    /// The next change, if there is one already.
    pub fn try_next(&self) -> Option<Change> {
        self.changes.try_recv().ok()
    }
}

/// Nobody listens any more.
struct Unheard;

/// Keeps a watch going, and tells what is new.
pub(super) struct Follower<T> {
    asked: Asked,
    tell: Box<dyn FnMut(Change<T>) -> bool + Send>,
    /// The most that are kept.
    limit: usize,
    /// How many there are beyond it, as far as is known.
    left_out: u64,
    /// By uid, as last told.
    known: BTreeMap<String, T>,
    /// Up to where everything was told; `None` before the first listing, and where the API does not remember it.
    version: Option<String>,
    trouble: Option<Trouble>,
}

/// Errors without a good answer between them.
struct Trouble {
    since: Instant,
    count: u32,
    /// Whether it was told.
    told: bool,
}

/// What a list has.
struct Listed<T> {
    things: Vec<T>,
    /// How many more there are.
    more: u64,
    /// What it is true for.
    version: String,
}

impl<T: Watched> Follower<T> {
    pub(super) fn new(asked: Asked, limit: usize, tell: impl FnMut(Change<T>) -> bool + Send + 'static) -> Self {
        let tell = Box::new(tell);
        Self { asked, tell, limit, left_out: 0, known: BTreeMap::new(), version: None, trouble: None }
    }

    /// Goes on until nobody listens any more.
    pub(super) async fn run(mut self, client: Client, query: Query) {
        let api = query.api(&client);
        while let Ok(()) = self.round(&api, &query).await {}
    }

    /// Lists if need be, and watches until the connection ends.
    async fn round(&mut self, api: &Api<T::Api>, query: &Query) -> Result<(), Unheard> {
        let version = match self.version.clone() {
            Some(version) => version,
            None => match self.list(api, query).await {
                Ok(listed) => {
                    let version = listed.version.clone();
                    self.compare(listed)?;
                    version
                }
                Err(error) => return self.fail(error).await,
            },
        };
        let parameters = WatchParams {
            field_selector: query.field_selector(),
            label_selector: query.labels.clone(),
            timeout: Some(ROUND_SECONDS),
            ..WatchParams::default()
        };
        self.version = Some(version.clone());
        let began = Instant::now();
        let mut stream = match timeout(PATIENCE, api.watch(&parameters, &version)).await {
            Ok(Ok(stream)) => stream.boxed(),
            Ok(Err(error)) => return self.fail(KubernetesError::of(error, &self.asked)).await,
            Err(_) => return self.fail(self.slow()).await,
        };
        self.recover()?;
        let silence = Duration::from_secs(u64::from(ROUND_SECONDS) + 5);
        // Silence means that the connection is dead and nobody said so.
        while let Ok(Some(event)) = timeout(silence, stream.next()).await {
            match event {
                Ok(WatchEvent::Added(one)) => {
                    self.version = one.meta().resource_version.clone().or(self.version.take());
                    self.apply(T::of(&one))?;
                }
                Ok(WatchEvent::Modified(one)) => {
                    self.version = one.meta().resource_version.clone().or(self.version.take());
                    let one = T::of(&one);
                    // One that was left out was counted when it was.
                    if self.known.len() < self.limit || self.known.contains_key(one.uid()) {
                        self.apply(one)?;
                    }
                }
                Ok(WatchEvent::Deleted(one)) => {
                    self.version = one.meta().resource_version.clone().or(self.version.take());
                    let one = T::of(&one);
                    if self.known.remove(one.uid()).is_some() {
                        self.tell(Change::Gone(one))?;
                    }
                }
                Ok(WatchEvent::Bookmark(mark)) => self.version = Some(mark.metadata.resource_version),
                Ok(WatchEvent::Error(status)) => {
                    return self.fail(KubernetesError::of_status(status.code, &status.message, &self.asked)).await;
                }
                Err(error) => return self.fail(KubernetesError::of(error, &self.asked)).await,
            }
        }
        if began.elapsed() < HASTE {
            sleep(HASTE).await;
        }
        Ok(())
    }

    /// All there are, page by page, and the version that is true for. What is beyond the limit is not asked for.
    async fn list(&mut self, api: &Api<T::Api>, query: &Query) -> Result<Listed<T>, KubernetesError> {
        let asked = Asked { verb: Verb::List, ..self.asked.clone() };
        let mut parameters = query.list();
        let mut things = Vec::new();
        loop {
            let page = match timeout(PATIENCE, api.list(&parameters)).await {
                Ok(page) => page.map_err(|error| KubernetesError::of(error, &asked))?,
                Err(_) => return Err(self.slow()),
            };
            things.extend(page.items.iter().map(T::of));
            parameters.continue_token = page.metadata.continue_.filter(|token| !token.is_empty());
            if parameters.continue_token.is_none() || things.len() >= self.limit {
                let server = self.asked.server.clone();
                let without = || KubernetesError::Foreign { server, why: "its list has no `resourceVersion`".into() };
                let beyond = things.len().saturating_sub(self.limit) as u64;
                // How many remain is not always said.
                let rest = page.metadata.remaining_item_count.and_then(|count| u64::try_from(count).ok());
                let rest = rest.unwrap_or(u64::from(parameters.continue_token.is_some()));
                things.truncate(self.limit);
                let version = page.metadata.resource_version.ok_or_else(without)?;
                return Ok(Listed { things, more: beyond + rest, version });
            }
        }
    }

    /// Tells what is different from what was told before.
    fn compare(&mut self, listed: Listed<T>) -> Result<(), Unheard> {
        let there: BTreeSet<&str> = listed.things.iter().map(T::uid).collect();
        let gone: Vec<String> = self.known.keys().filter(|uid| !there.contains(uid.as_str())).cloned().collect();
        for one in gone.iter().filter_map(|uid| self.known.remove(uid)).collect::<Vec<_>>() {
            self.tell(Change::Gone(one))?;
        }
        self.left_out = 0;
        for one in listed.things {
            self.apply(one)?;
        }
        if listed.more > 0 {
            self.leave_out(listed.more)?;
        }
        self.tell(Change::Synced)
    }

    /// Tells what is new about one, if anything of it is of use.
    fn apply(&mut self, one: T) -> Result<(), Unheard> {
        if self.known.len() >= self.limit && !self.known.contains_key(one.uid()) {
            return self.leave_out(1);
        }
        match self.known.insert(one.uid().to_owned(), one.clone()) {
            None => self.tell(Change::Added(one)),
            Some(before) if before != one => self.tell(Change::Changed(one)),
            Some(_) => Ok(()),
        }
    }

    fn leave_out(&mut self, count: u64) -> Result<(), Unheard> {
        self.left_out = self.left_out.saturating_add(count);
        self.tell(Change::LeftOut(self.left_out))
    }

    fn recover(&mut self) -> Result<(), Unheard> {
        let told = self.trouble.take().is_some_and(|trouble| trouble.told);
        if told { self.tell(Change::Recovered) } else { Ok(()) }
    }

    /// Tells of an error, once, and pauses.
    async fn fail(&mut self, error: KubernetesError) -> Result<(), Unheard> {
        let expired = matches!(error, KubernetesError::Expired { .. });
        if expired {
            self.version = None;
        }
        // What it does not remember is asked anew: nobody need know.
        let now = Instant::now();
        let trouble = self.trouble.get_or_insert(Trouble { since: now, count: 0, told: false });
        trouble.count += 1;
        let pause = pause(trouble.count, now.duration_since(trouble.since));
        if !trouble.told && !expired {
            trouble.told = true;
            self.tell(Change::Troubled(error))?;
        }
        sleep(pause).await;
        Ok(())
    }

    fn slow(&self) -> KubernetesError {
        KubernetesError::Slow { server: self.asked.server.clone(), seconds: PATIENCE.as_secs_f64() }
    }

    fn tell(&mut self, change: Change<T>) -> Result<(), Unheard> {
        if (self.tell)(change) { Ok(()) } else { Err(Unheard) }
    }
}

/// How long to pause after so many errors in a row, the first of them so long ago. Not the same for all who watch.
fn pause(count: u32, since: Duration) -> Duration {
    let longest = if since < LATER { PAUSE_MAX } else { PAUSE_MAX_LATER };
    let pause = PAUSE.saturating_mul(1 << count.saturating_sub(1).min(16)).min(longest);
    // Up to a quarter less, by what differs between processes and tries.
    let spread = (std::process::id().wrapping_mul(2_654_435_761).wrapping_add(count * 40_503)) % 256;
    pause - pause * spread / 1024
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::pause;

    /// Check that pauses grow, stay short enough in the first minute to be back within two seconds, and are bounded after.
    #[test]
    fn pauses() {
        let early = Duration::from_secs(5);
        assert!(pause(1, Duration::ZERO) <= Duration::from_millis(100));
        assert!(pause(1, Duration::ZERO) >= Duration::from_millis(75));
        for count in 1..100 {
            assert!(pause(count, early) <= Duration::from_millis(1500), "{count}");
            assert!(pause(count, Duration::from_secs(600)) <= Duration::from_secs(15), "{count}");
        }
        assert!(pause(50, early) > Duration::from_millis(1100));
        assert!(pause(50, Duration::from_secs(600)) > Duration::from_secs(11));
    }
}
