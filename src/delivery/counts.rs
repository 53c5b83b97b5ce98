//! What became of everything that was handed over: one set of counters per destination, read by metrics and at the end.

use std::sync::Mutex;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

/// Why something did not arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Undelivered {
    /// The queue was full.
    Full,
    /// It was tried as often as the settings allow, or was too old.
    GivenUp,
    /// The destination refused it for good, or it was larger than allowed.
    Rejected,
    /// podtrace ended before it could be sent.
    Unsent,
}

impl Undelivered {
    /// Every cause, in the order they are listed.
    pub const ALL: [Self; 4] = [Self::Full, Self::GivenUp, Self::Rejected, Self::Unsent];

    /// Its name in metrics and messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Full => "queue_full",
            Self::GivenUp => "given_up",
            Self::Rejected => "rejected",
            Self::Unsent => "unsent_at_exit",
        }
    }
}

/// One destination's counters. Every item that was handed over is delivered, dropped for a cause, kept on disk, or queued.
#[derive(Debug, Default)]
pub struct Counts {
    /// Handed over.
    taken: AtomicU64,
    /// Arrived.
    delivered: AtomicU64,
    dropped: [AtomicU64; 4],
    /// Tries that failed and were or will be repeated.
    retries: AtomicU64,
    /// Waiting now.
    queued: AtomicU64,
    /// Left on disk at the end, for the next process.
    kept: AtomicU64,
    open: AtomicBool,
    /// The last failure, in words without secrets.
    last_error: Mutex<Option<String>>,
}

impl Counts {
    /// Items were handed over.
    pub fn take(&self, items: u64) {
        self.taken.fetch_add(items, Relaxed);
        self.queued.fetch_add(items, Relaxed);
    }

    /// Items arrived.
    pub fn deliver(&self, items: u64) {
        self.delivered.fetch_add(items, Relaxed);
        self.unqueue(items);
    }

    /// Items did not arrive and never will.
    pub fn lose(&self, cause: Undelivered, items: u64) {
        self.dropped[cause as usize].fetch_add(items, Relaxed);
        self.unqueue(items);
    }

    /// Items stay on disk for the next process.
    pub fn keep(&self, items: u64) {
        self.kept.fetch_add(items, Relaxed);
        self.unqueue(items);
    }

    /// A try failed and will be repeated.
    pub fn retry(&self) {
        self.retries.fetch_add(1, Relaxed);
    }

    /// Says what went wrong last.
    pub fn say(&self, error: &str) {
        if let Ok(mut last) = self.last_error.lock() {
            *last = Some(error.to_owned());
        }
    }

    /// Whether the destination counts as down.
    pub fn set_open(&self, open: bool) {
        self.open.store(open, Relaxed);
    }

    fn unqueue(&self, items: u64) {
        let _ = self.queued.fetch_update(Relaxed, Relaxed, |queued| Some(queued.saturating_sub(items)));
    }

    /// Handed over so far.
    pub fn taken(&self) -> u64 {
        self.taken.load(Relaxed)
    }

    /// Arrived so far.
    pub fn delivered(&self) -> u64 {
        self.delivered.load(Relaxed)
    }

    /// Dropped so far for a cause.
    pub fn dropped(&self, cause: Undelivered) -> u64 {
        self.dropped[cause as usize].load(Relaxed)
    }

    /// Failed tries so far that were repeated.
    pub fn retries(&self) -> u64 {
        self.retries.load(Relaxed)
    }

    /// Waiting now.
    pub fn queued(&self) -> u64 {
        self.queued.load(Relaxed)
    }

    /// Left on disk.
    pub fn kept(&self) -> u64 {
        self.kept.load(Relaxed)
    }

    /// Whether the destination counts as down.
    pub fn is_open(&self) -> bool {
        self.open.load(Relaxed)
    }

    /// What went wrong last.
    pub fn last_error(&self) -> Option<String> {
        self.last_error.lock().ok().and_then(|last| last.clone())
    }

    /// What was lost, in words; `None` if nothing was.
    pub fn loss(&self) -> Option<String> {
        let causes: Vec<_> = Undelivered::ALL
            .into_iter()
            .map(|cause| (self.dropped(cause), cause.name()))
            .filter(|(count, _)| *count > 0)
            .map(|(count, name)| format!("{count} {name}"))
            .collect();
        let why = self.last_error().map(|error| format!(" (last error: {error})")).unwrap_or_default();
        (!causes.is_empty()).then(|| format!("{} of {} not delivered{why}", causes.join(", "), self.taken()))
    }
}
