//! One destination's task: takes parcels, carries them one after the other, tries again, and says what became of them.

#[cfg(test)]
mod tests;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use std::time::SystemTime;

use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::Backoff;
use super::Counts;
use super::Undelivered;
use super::backoff::Breaker;
use super::backoff::Circuit;
use super::backoff::RETRY_AFTER_MAX;
use super::outbox::Outbox;
use super::outbox::Parcel;
use super::spool::Keeper;

/// How a destination takes a parcel.
pub trait Carrier<L>: Send + Sync + 'static {
    /// Carries one, once, within a time of its own.
    fn carry(&self, load: Arc<L>) -> impl Future<Output = Outcome> + Send;
}

/// What became of a try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It arrived.
    Delivered,
    /// It arrived, but the destination threw so many of its items away.
    Partly {
        /// How many were thrown away.
        rejected: u64,
        /// What the destination said.
        why: String,
    },
    /// It may arrive later.
    Retry {
        /// What went wrong, without secrets.
        why: String,
        /// Not before this time, if the destination said so.
        after: Option<Duration>,
    },
    /// It will never be taken.
    Rejected {
        /// What the destination said, without secrets.
        why: String,
    },
}

/// How one destination is served.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// Parcels that wait.
    pub queue: usize,
    /// Items in parcels that wait: a parcel may hold many.
    pub items_max: u64,
    /// How often a parcel is tried again; `None`: until it is too old.
    pub retries: Option<u32>,
    /// The waits between tries.
    pub backoff: Backoff,
    /// Failures in a row after which the destination counts as down.
    pub opens_after: u32,
    /// How old a parcel may get.
    pub age_max: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            queue: 1_000,
            items_max: u64::MAX,
            retries: None,
            backoff: Backoff::default(),
            opens_after: 5,
            // Who was not reached for a day reads a report.
            age_max: Duration::from_secs(24 * 3_600),
        }
    }
}

/// The longest wait between tries once podtrace is about to end.
const HURRY: Duration = Duration::from_secs(1);

/// One destination. Dropping it without [`Self::close`] ends the task as soon as it has nothing to do.
#[derive(Debug)]
pub struct Courier<L> {
    name: String,
    intake: Option<mpsc::Sender<(L, u64)>>,
    counts: Arc<Counts>,
    closing: watch::Sender<Option<Instant>>,
    task: JoinHandle<()>,
}

impl<L: Send + Sync + 'static> Courier<L> {
    /// Begins to serve a destination, first with what its spool still holds.
    pub fn start(
        runtime: &Handle,
        name: &str,
        carrier: impl Carrier<L>,
        settings: Settings,
        spool: Option<Box<dyn Keeper<L>>>,
    ) -> Self {
        let (intake, taken) = mpsc::channel(settings.queue.max(1));
        let (closing, closed) = watch::channel(None);
        let counts = Arc::new(Counts::default());
        let task = Task {
            name: name.to_owned(),
            carrier: Arc::new(carrier),
            settings,
            spool,
            counts: Arc::clone(&counts),
            intake: taken,
            closing: closed,
            outbox: Outbox::new(settings.queue, settings.items_max),
            breaker: Breaker::new(settings.opens_after),
            next_try: Instant::now(),
            not_before: Instant::now(),
            flying: None,
            deadline: None,
        };
        Self { name: name.to_owned(), intake: Some(intake), counts, closing, task: runtime.spawn(task.run()) }
    }

    /// What it is called.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its counters.
    pub fn counts(&self) -> &Arc<Counts> {
        &self.counts
    }

    /// Hands over something that holds so many items. Never waits: what finds no room is counted.
    pub fn hand_over(&self, load: L, items: u64) {
        self.counts.take(items);
        let taken = self.intake.as_ref().map(|intake| intake.try_send((load, items)));
        if !matches!(taken, Some(Ok(()))) {
            self.counts.lose(Undelivered::Full, items);
        }
    }

    /// Nothing more comes; what waits may take until the deadline.
    pub fn close(&mut self, deadline: Instant) {
        self.intake = None;
        let _ = self.closing.send(Some(deadline));
    }

    /// Waits until everything is delivered, dropped or kept. Call [`Self::close`] before.
    pub async fn ended(self) -> Arc<Counts> {
        // A task that panicked has nothing more to say.
        let _ = self.task.await;
        self.counts
    }
}

type Flight = Pin<Box<dyn Future<Output = Outcome> + Send>>;

struct Task<L, C> {
    name: String,
    carrier: Arc<C>,
    settings: Settings,
    spool: Option<Box<dyn Keeper<L>>>,
    counts: Arc<Counts>,
    intake: mpsc::Receiver<(L, u64)>,
    closing: watch::Receiver<Option<Instant>>,
    outbox: Outbox<Arc<L>>,
    breaker: Breaker,
    next_try: Instant,
    /// The destination does not want to be tried before.
    not_before: Instant,
    /// The try that is under way: of the outbox's first parcel.
    flying: Option<Flight>,
    deadline: Option<Instant>,
}

impl<L: Send + Sync + 'static, C: Carrier<L>> Task<L, C> {
    async fn run(mut self) {
        self.resume();
        let mut more = true;
        loop {
            self.expire();
            let waits = self.outbox.first().is_some();
            if !more && !waits {
                break;
            }
            // Until then there will be no further try.
            if self.flying.is_none() && waits && self.deadline.is_some_and(|deadline| self.next_try > deadline) && !more
            {
                break;
            }
            let (flies, deadline) = (self.flying.is_some(), self.deadline);
            tokio::select! {
                taken = self.intake.recv(), if more => match taken {
                    Some((load, items)) => self.accept(load, items),
                    None => more = false,
                },
                outcome = arrival(&mut self.flying), if flies => {
                    self.flying = None;
                    self.settle(outcome);
                }
                () = tokio::time::sleep_until(self.next_try), if !flies && waits => self.depart(),
                changed = self.closing.changed(), if deadline.is_none() => {
                    self.deadline = if changed.is_ok() { *self.closing.borrow() } else { Some(Instant::now()) };
                    self.next_try = self.next_try.min(Instant::now() + HURRY).max(self.not_before);
                }
                () = tokio::time::sleep_until(deadline.unwrap_or_else(Instant::now)), if deadline.is_some() => break,
            }
        }
        self.leave();
    }

    /// Takes up what a process before this one could not deliver.
    fn resume(&mut self) {
        let Some(spool) = &mut self.spool else { return };
        for kept in spool.load(&self.name) {
            self.counts.take(1);
            let parcel = Parcel {
                load: Arc::new(kept.load),
                items: 1,
                born: kept.born,
                spooled: Some(kept.number),
                failures: 0,
            };
            if let Err(parcel) = self.outbox.push(parcel) {
                spool.remove(parcel.spooled);
                self.counts.lose(Undelivered::Full, parcel.items);
            }
        }
    }

    fn accept(&mut self, load: L, items: u64) {
        if self.outbox.is_full(items) {
            self.counts.lose(Undelivered::Full, items);
            return;
        }
        let born = SystemTime::now();
        let spooled = self.spool.as_mut().and_then(|spool| spool.put(&load, born, &self.name));
        let parcel = Parcel { load: Arc::new(load), items, born, spooled, failures: 0 };
        if let Err(parcel) = self.outbox.push(parcel) {
            self.counts.lose(Undelivered::Full, parcel.items);
        }
    }

    fn depart(&mut self) {
        let Some(parcel) = self.outbox.first() else { return };
        let (carrier, load) = (Arc::clone(&self.carrier), Arc::clone(&parcel.load));
        self.flying = Some(Box::pin(async move { carrier.carry(load).await }));
    }

    fn settle(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Delivered => {
                self.reached();
                self.part(|counts, items| counts.deliver(items));
            }
            Outcome::Partly { rejected, why } => {
                self.reached();
                self.complain(&why);
                self.part(|counts, items| {
                    counts.lose(Undelivered::Rejected, rejected.min(items));
                    counts.deliver(items.saturating_sub(rejected));
                });
            }
            Outcome::Rejected { why } => {
                self.reached();
                self.complain(&why);
                self.part(|counts, items| counts.lose(Undelivered::Rejected, items));
            }
            Outcome::Retry { why, after } => self.failed(&why, after),
        }
    }

    fn reached(&mut self) {
        if self.breaker.circuit() == Circuit::Open {
            tracing::info!(sink = self.name, "reached again");
        }
        self.breaker.succeeded();
        self.counts.set_open(false);
        self.next_try = Instant::now();
    }

    fn failed(&mut self, why: &str, after: Option<Duration>) {
        self.counts.say(why);
        let before = self.breaker.circuit();
        let in_a_row = self.breaker.failed();
        let now_open = self.breaker.circuit() == Circuit::Open;
        self.counts.set_open(now_open);
        // Said when it begins and when it is down; all else would be a log of the same line.
        if in_a_row == 1 || (now_open && before == Circuit::Closed) {
            tracing::warn!(sink = self.name, error = why, failures = in_a_row, down = now_open, "not delivered yet");
        } else {
            tracing::debug!(sink = self.name, error = why, failures = in_a_row, "not delivered yet");
        }
        let mut wait = self.breaker.wait(&self.settings.backoff, fastrand::f64());
        if self.deadline.is_some() {
            wait = wait.min(HURRY);
        }
        self.not_before = Instant::now() + after.unwrap_or_default().min(RETRY_AFTER_MAX);
        self.next_try = self.not_before.max(Instant::now() + wait);
        let Some(parcel) = self.outbox.first_mut() else { return };
        parcel.failures += 1;
        if self.settings.retries.is_some_and(|retries| parcel.failures > retries) {
            self.part(|counts, items| counts.lose(Undelivered::GivenUp, items));
        } else {
            self.counts.retry();
        }
    }

    fn complain(&self, why: &str) {
        self.counts.say(why);
        tracing::warn!(sink = self.name, error = why, "refused");
    }

    /// Parts with the first parcel.
    fn part(&mut self, count: impl FnOnce(&Counts, u64)) {
        let Some(parcel) = self.outbox.pop() else { return };
        if let Some(spool) = &mut self.spool {
            spool.remove(parcel.spooled);
        }
        count(&self.counts, parcel.items);
    }

    /// Gives up what is too old. Not what is under way: it may be arriving.
    fn expire(&mut self) {
        let age_max = self.settings.age_max;
        let is_old = |born: SystemTime| SystemTime::now().duration_since(born).is_ok_and(|age| age > age_max);
        while self.flying.is_none() && self.outbox.first().is_some_and(|parcel| is_old(parcel.born)) {
            self.part(|counts, items| counts.lose(Undelivered::GivenUp, items));
        }
    }

    /// Accounts for what could not be delivered.
    fn leave(mut self) {
        self.intake.close();
        while let Ok((load, items)) = self.intake.try_recv() {
            self.accept(load, items);
        }
        while let Some(parcel) = self.outbox.pop() {
            match parcel.spooled {
                Some(_) => self.counts.keep(parcel.items),
                None => self.counts.lose(Undelivered::Unsent, parcel.items),
            }
        }
    }
}

/// The end of a try; never, if there is none.
async fn arrival(flying: &mut Option<Flight>) -> Outcome {
    match flying {
        Some(flight) => flight.await,
        None => std::future::pending().await,
    }
}
