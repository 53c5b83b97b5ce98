//! What was truly done, in the words of a report.

use std::collections::BTreeMap;
use std::path::Path;

use nix::errno::Errno;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use crate::calls::Outcome;
use crate::clock;

/// What one job did.
#[derive(Debug)]
pub(crate) struct Truth {
    job: &'static str,
    did: BTreeMap<&'static str, BTreeMap<&'static str, BTreeMap<String, Entry>>>,
    facts: Map<String, Value>,
    began_ns: u64,
    cpu_began_ns: u64,
}

/// What was done under one key.
#[derive(Debug, Default)]
pub(crate) struct Entry {
    count: u64,
    errors: BTreeMap<String, u64>,
    bytes: u64,
    log_ns: Vec<u64>,
    least_ns: Vec<u64>,
}

impl Entry {
    /// Adds one operation.
    pub(crate) fn add(&mut self, outcome: Outcome) {
        self.count += 1;
        match outcome {
            Ok(bytes) => self.bytes += bytes,
            Err(errno) => self.error(&format!("{:?}", Errno::from_raw(errno))),
        }
    }

    /// Adds one operation with the time it took.
    pub(crate) fn add_timed(&mut self, (outcome, took_ns): (Outcome, u64)) {
        self.add(outcome);
        self.log_ns.push(took_ns);
    }

    /// Adds one operation with the time it took, and whether its thread had to leave the CPU to others meanwhile. It
    /// does so on the way back from the kernel, when the call is over and the clock not yet read; how long the call took
    /// is then not known, at least nothing.
    pub(crate) fn add_watched(&mut self, (outcome, took_ns): (Outcome, u64), disturbed: bool) {
        self.add_within((outcome, took_ns), if disturbed { 0 } else { took_ns });
    }

    /// Adds one operation with the time it took at most, and the time it took at least.
    pub(crate) fn add_within(&mut self, (outcome, took_ns): (Outcome, u64), least_ns: u64) {
        self.add_timed((outcome, took_ns));
        self.least_ns.push(least_ns);
    }

    /// Adds `count` operations of `bytes` in all.
    pub(crate) fn add_many(&mut self, count: u64, bytes: u64) {
        self.count += count;
        self.bytes += bytes;
    }

    /// Adds an error, without an operation.
    pub(crate) fn error(&mut self, name: &str) {
        *self.errors.entry(name.to_owned()).or_default() += 1;
    }

    fn value(&self) -> Value {
        let mut value = json!({ "count": self.count, "errors": self.errors, "bytes": self.bytes });
        if !self.log_ns.is_empty() {
            value["log"] = distribution(&self.log_ns);
        }
        if !self.least_ns.is_empty() {
            value["least_log"] = distribution(&self.least_ns);
        }
        value
    }
}

/// A latency log as figures: percentiles by nearest rank, in seconds, as reports have them.
fn distribution(log_ns: &[u64]) -> Value {
    let mut sorted = log_ns.to_vec();
    sorted.sort_unstable();
    let seconds = |ns: u64| ns as f64 / clock::SECOND_NS as f64;
    let rank = |share: f64| {
        let rank = (share * sorted.len() as f64).ceil() as usize;
        seconds(sorted[rank.clamp(1, sorted.len()) - 1])
    };
    let total: u64 = sorted.iter().sum();
    json!({
        "count": sorted.len(),
        "total": seconds(total),
        "mean": seconds(total) / sorted.len() as f64,
        "min": seconds(sorted[0]),
        "p50": rank(0.5),
        "p90": rank(0.9),
        "p95": rank(0.95),
        "p99": rank(0.99),
        "max": seconds(sorted[sorted.len() - 1]),
    })
}

impl Truth {
    /// Nothing done yet.
    pub(crate) fn of(job: &'static str) -> Self {
        Self { job, did: BTreeMap::new(), facts: Map::new(), began_ns: 0, cpu_began_ns: 0 }
    }

    /// What was done of a kind under a key of a dimension.
    pub(crate) fn entry(&mut self, kind: &'static str, dimension: &'static str, key: &str) -> &mut Entry {
        let keys = self.did.entry(kind).or_default().entry(dimension).or_default();
        if !keys.contains_key(key) {
            keys.insert(key.to_owned(), Entry::default());
        }
        keys.get_mut(key).expect("it was just put there")
    }

    /// What was done of a kind to a path.
    pub(crate) fn path(&mut self, kind: &'static str, path: &Path) -> &mut Entry {
        self.entry(kind, "path", &path.to_string_lossy())
    }

    /// What was done of a kind with a peer; see [`crate::calls::socket::client_label`].
    pub(crate) fn peer(&mut self, kind: &'static str, peer: &str) -> &mut Entry {
        self.entry(kind, "peer", peer)
    }

    /// Anything else worth telling.
    pub(crate) fn fact(&mut self, name: &str, value: impl Into<Value>) {
        self.facts.insert(name.to_owned(), value.into());
    }

    /// The work begins.
    pub(crate) fn begin(&mut self) {
        self.began_ns = clock::now_ns();
        self.cpu_began_ns = clock::process_cpu_ns();
    }

    /// The work ended.
    pub(crate) fn end(&mut self) {
        let seconds = |ns: u64| ns as f64 / clock::SECOND_NS as f64;
        self.fact("seconds", seconds(clock::now_ns() - self.began_ns));
        self.fact("cpu_seconds", seconds(clock::process_cpu_ns() - self.cpu_began_ns));
        // Since the process was forked: what ran in it before this program, and the program's own start.
        self.fact("life_cpu_seconds", seconds(clock::process_cpu_ns()));
        self.fact("pid", std::process::id());
    }

    /// One line of JSON.
    pub(crate) fn line(&self) -> String {
        let mut did = Map::new();
        for (kind, dimensions) in &self.did {
            let mut of_kind = Map::new();
            for (dimension, keys) in dimensions {
                let keys: Map<String, Value> = keys.iter().map(|(key, entry)| (key.clone(), entry.value())).collect();
                of_kind.insert((*dimension).to_owned(), keys.into());
            }
            did.insert((*kind).to_owned(), of_kind.into());
        }
        format!("{}\n", json!({ "job": self.job, "facts": self.facts, "did": did }))
    }
}
