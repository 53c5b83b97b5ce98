//! Comparing a report with the truth. Every difference is collected and shown with both sides; a comparison that
//! compared nothing is a failure, so that no test can pass by quietly doing nothing.

use serde_json::Map;
use serde_json::Value;

use super::scene::Traced;

/// The largest relative error of a percentile because of the histogram's buckets, as the product states it.
const HISTOGRAM_ERROR: f64 = 0.0313;

/// How far a percentile may be from the generator's own besides that.
const PERCENTILE_ERROR: f64 = 0.05;

/// On an emulated CPU, how long it takes from the generator's clock into a call and back, both ways, programs of tracers
/// included: seen were 15 to 40 microseconds with QEMU's TCG.
const WAY_SECONDS: f64 = 50e-6;

/// A comparison under way. Dropped without [`Compared::end`] it panics.
#[derive(Debug)]
pub(crate) struct Compared<'a> {
    report: &'a Value,
    truth: &'a Value,
    errors: &'a str,
    done: usize,
    wrong: Vec<String>,
    ended: bool,
}

impl<'a> Compared<'a> {
    /// Nothing compared yet.
    pub(crate) fn of(traced: &'a Traced) -> Self {
        Self::sides(&traced.report, &traced.truth, &traced.errors)
    }

    /// The same, of a report and a truth from elsewhere.
    pub(crate) fn sides(report: &'a Value, truth: &'a Value, errors: &'a str) -> Self {
        Self { report, truth, errors, done: 0, wrong: Vec::new(), ended: false }
    }

    /// The report.
    pub(crate) fn report(&self) -> &'a Value {
        self.report
    }

    /// A figure of the report must be what was true.
    pub(crate) fn equal(&mut self, what: &str, reported: impl Into<Value>, truly: impl Into<Value>) {
        let (reported, truly) = (reported.into(), truly.into());
        self.done += 1;
        if reported != truly {
            self.wrong.push(format!("{what}: reported {reported}, truly {truly}"));
        }
    }

    /// A figure of the report must lie between two bounds.
    pub(crate) fn between(&mut self, what: &str, reported: f64, low: f64, high: f64) {
        self.done += 1;
        if !(low..=high).contains(&reported) {
            self.wrong.push(format!("{what}: reported {reported}, truly {low} to {high}"));
        }
    }

    /// Something must hold.
    pub(crate) fn holds(&mut self, what: &str, holds: bool) {
        self.done += 1;
        if !holds {
            self.wrong.push(what.to_owned());
        }
    }

    /// The kind's figures in all; empty where nothing was counted.
    pub(crate) fn signal(&self, kind: &str) -> &'a Value {
        &self.report["signals"][kind]
    }

    /// A key's figures of a kind.
    pub(crate) fn entry(&self, kind: &str, dimension: &str, key: &str) -> Option<&'a Value> {
        self.signal(kind)["top"][dimension].as_array()?.iter().find(|entry| entry["key"] == key)
    }

    /// How often something of a kind happened, in all.
    pub(crate) fn count(&self, kind: &str) -> u64 {
        self.signal(kind)["count"].as_u64().unwrap_or(0)
    }

    /// Everything the workload did, key by key, must be in the report: counts, errors and bytes exactly. Left out are
    /// kinds that are about waiting, since how often a thread waits is not for a program to know, and what is counted
    /// in all (forks, exits), since the workload's own process adds to it.
    pub(crate) fn everything_done(&mut self) -> &mut Self {
        let truth = self.truth;
        for (kind, dimensions) in object(&truth["did"]) {
            for (dimension, keys) in object(dimensions) {
                for (key, truly) in object(keys).filter(|_| !kind.starts_with("sched.") && dimension != "all") {
                    self.one_key(kind, dimension, key, truly);
                }
            }
        }
        self
    }

    fn one_key(&mut self, kind: &str, dimension: &str, key: &str, truly: &Value) {
        let what = format!("`{kind}` of {dimension} `{key}`");
        let reported: Vec<&Value> = match dimension {
            "any path of" => {
                let names = key.split('|').flat_map(|name| [name.to_owned(), format!("{name} (deleted)")]);
                names.filter_map(|name| self.entry(kind, "path", &name)).collect()
            }
            _ => self.entry(kind, dimension, key).into_iter().collect(),
        };
        let sum = |field: &str| reported.iter().filter_map(|entry| entry[field].as_u64()).sum::<u64>();
        self.equal(&format!("{what}: count"), sum("count"), truly["count"].clone());
        if reported.iter().any(|entry| entry.get("bytes").is_some()) {
            self.equal(&format!("{what}: bytes"), sum("bytes"), truly["bytes"].clone());
        }
        let mut errors = Map::new();
        for (name, count) in reported.iter().flat_map(|entry| object(&entry["errors"])) {
            let sum = errors.get(name).and_then(Value::as_u64).unwrap_or(0) + count.as_u64().unwrap_or(0);
            errors.insert(name.clone(), sum.into());
        }
        let mut expected: Map<_, _> = object(&truly["errors"]).map(|(k, v)| (k.clone(), v.clone())).collect();
        errors.sort_keys();
        expected.sort_keys();
        self.equal(&format!("{what}: errors"), errors, expected);
        // What is measured inside of a call cannot be longer than what is measured around it. Answers are no calls.
        let log = &truly["log"];
        let inside = kind.starts_with("file.") || kind == "tcp.connect";
        for figure in if inside && log["count"] == truly["count"] { &["mean", "max"][..] } else { &[] } {
            if let ([entry], Some(around)) = (&reported[..], log[*figure].as_f64()) {
                let inside = entry["latency_seconds"][*figure].as_f64().unwrap_or(f64::NAN);
                self.between(&format!("{what}: {figure}"), inside, 0.0, around);
            }
        }
    }

    /// In all, a kind happened exactly as often as the workload says under all its keys of a dimension, and moved as
    /// much: nothing of anybody else is in it.
    pub(crate) fn nothing_else(&mut self, kind: &str, dimension: &str) -> &mut Self {
        let keys = &self.truth["did"][kind][dimension];
        let sum = |field: &str| object(keys).filter_map(|(_, entry)| entry[field].as_u64()).sum::<u64>();
        self.equal(&format!("`{kind}` in all: count"), self.count(kind), sum("count"));
        if let Some(bytes) = self.signal(kind).get("bytes") {
            self.equal(&format!("`{kind}` in all: bytes"), bytes.clone(), sum("bytes"));
        }
        self
    }

    /// Percentiles of a key lie where the workload's own log has them. For calls that take much longer than to read a
    /// clock: the log also has in it what lies between the clock and the call. Most of all, a thread whose turn on the
    /// CPU is over leaves it on its way back from the kernel, after the call; so where the workload knows which calls
    /// that happened to, the lower bound takes them for having taken no time.
    pub(crate) fn percentiles(&mut self, kind: &str, dimension: &str, key: &str) -> &mut Self {
        let did = &self.truth["did"][kind][dimension][key];
        let log = &did["log"];
        let least = did.get("least_log").unwrap_or(log);
        let latency = self.entry(kind, dimension, key).map_or(&Value::Null, |entry| &entry["latency_seconds"]);
        for figure in ["p50", "p99"] {
            let (Some(reported), Some(shortest), Some(longest)) =
                (latency[figure].as_f64(), least[figure].as_f64(), log[figure].as_f64())
            else {
                self.wrong.push(format!("`{kind}` of `{key}`: no {figure}: reported {latency}, truly {log}"));
                continue;
            };
            let error = PERCENTILE_ERROR + HISTOGRAM_ERROR;
            let way = if super::slow() { WAY_SECONDS } else { 0.0 };
            let (low, high) = (shortest * (1.0 - error) - way, longest * (1.0 + error));
            self.between(&format!("`{kind}` of `{key}`: {figure}"), reported, low, high);
        }
        self
    }

    /// Nothing was lost, and every kind the workload did something of was observed.
    pub(crate) fn complete(&mut self) -> &mut Self {
        let lost: u64 = object(&self.report["completeness"]["events_lost"]).filter_map(|(_, n)| n.as_u64()).sum();
        // On a loaded machine the kernel does not show every switch to a thread; podtrace says how many. That depends on
        // the load and is no mistake, and what the waits themselves must be is compared where they are the truth.
        let unseen =
            |kind: &str| self.report["completeness"]["kinds"][kind]["lost"]["probe_skipped"].as_u64().unwrap_or(0);
        let unseen = unseen("sched.runq") + unseen("sched.offcpu");
        let skipped = self.report["completeness"]["events_lost"]["probe_skipped"].as_u64().unwrap_or(0);
        // A program that the kernel skipped, because it was running on the CPU when an interrupt came upon the same hook:
        // whose operation that was, nobody knows. What the workload did is compared by itself.
        let skipped = skipped.saturating_sub(unseen);
        assert!(skipped <= 10, "the kernel skipped {skipped} runs of programs");
        let switches = self.report["signals"]["sched.runq"]["count"].as_u64().unwrap_or(0);
        // Seen: up to one in 200. Many more would be ours.
        assert!(unseen <= 10 + switches / 20, "{unseen} switches were not seen, of {switches}");
        let lost = lost.saturating_sub(unseen + skipped);
        self.equal("events lost", lost, 0);
        let truth = self.truth;
        for (kind, _) in object(&truth["did"]) {
            let features = self.report["coverage"].as_array().map_or(&[][..], Vec::as_slice);
            let feature = features.iter().find(|feature| feature["feature"] == **kind);
            let status = feature.map_or(Value::Null, |feature| feature["status"].clone());
            self.equal(&format!("coverage of `{kind}`"), status, "observed");
        }
        self.sums()
    }

    /// Each dimension's keys add up to their kind.
    fn sums(&mut self) -> &mut Self {
        let report = self.report;
        for (kind, signal) in object(&report["signals"]) {
            for (dimension, entries) in object(&signal["top"]) {
                let entries = entries.as_array().map_or(&[][..], Vec::as_slice);
                let sum: u64 = entries.iter().filter_map(|entry| entry["count"].as_u64()).sum();
                let total = signal["count"].as_u64().unwrap_or(0);
                if !entries.is_empty() {
                    self.equal(&format!("sum of `{kind}` over {dimension}"), sum, total);
                }
            }
        }
        self
    }

    /// Ends the comparison: panics if anything was wrong or nothing was compared.
    pub(crate) fn end(&mut self) {
        self.ended = true;
        assert!(self.done > 0, "nothing was compared");
        if self.wrong.is_empty() {
            return;
        }
        let report = serde_json::to_string_pretty(&self.excerpt()).unwrap_or_default();
        let shown: String = report.chars().take(12_000).collect();
        panic!(
            "{} of {} comparisons failed:\n  {}\n\ntruth: {}\n\nreport, in part: {shown}\n\nstandard error:\n{}",
            self.wrong.len(),
            self.done,
            self.wrong.join("\n  "),
            self.truth.to_string().chars().take(6_000).collect::<String>(),
            self.errors
        );
    }

    /// What of the report has to do with what was compared.
    fn excerpt(&self) -> Value {
        let mut excerpt = Map::new();
        excerpt.insert("completeness".to_owned(), self.report["completeness"].clone());
        for (kind, signal) in object(&self.report["signals"]) {
            if self.wrong.iter().any(|line| line.contains(&format!("`{kind}`"))) {
                excerpt.insert(kind.clone(), signal.clone());
            }
        }
        excerpt.into()
    }
}

impl Drop for Compared<'_> {
    fn drop(&mut self) {
        if !self.ended && !std::thread::panicking() {
            panic!("a comparison was not ended");
        }
    }
}

/// The members of a JSON object; none if it is something else.
pub(crate) fn object(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}
