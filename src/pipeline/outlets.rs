//! Everybody outside: from findings to alerts, from events to spans, from ticks to figures, and on to the sinks.
//!
//! It follows a trace like the terminal does. Nothing here waits: sinks are tasks behind bounded queues, and what finds no
//! room there is counted. Outlets outlive a session, so that a daemon that begins a new one goes on with the same queues
//! and the same open alerts.

mod follower;
mod session;
mod state;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use std::time::SystemTime;

use jiff::SignedDuration;
use thiserror::Error;
use tokio::runtime::Runtime;

use crate::delivery::Counts;
use crate::delivery::Redactor;
use crate::delivery::Secret;
use crate::event::Ending;
use crate::event::Item;
use crate::event::Session;
use crate::event::Severity;
use crate::event::session::KernelUse;
use crate::finding::About;
use crate::finding::Confidence;
use crate::finding::Finding;
use crate::finding::Fingerprint;
use crate::finding::Pace;
use crate::finding::desk::Open;
use crate::finding::desk::Withheld;
use crate::metrics::Family;
use crate::metrics::own;
use crate::metrics::own::Own;
use crate::metrics::rule;
use crate::profile::AlertPace;
use crate::profile::Profile;
use crate::profile::SinkRequest;
use crate::report::Builder;
use crate::sinks;
use crate::sinks::Opened;
use crate::sinks::Opening;
use crate::sinks::SinkError;
pub use follower::Delivering;
use session::Present;
use state::State;

/// How long the end waits for what is not delivered yet.
const FAREWELL: Duration = Duration::from_secs(10);

/// What is said of a sink that is down.
const SINK_DOWN: &str = "podtrace sink down";

/// Why sinks cannot be opened.
#[derive(Debug, Error)]
pub enum OutletError {
    /// One of them cannot.
    #[error("the sink `{sink}`: {error}")]
    Sink {
        /// Its name.
        sink: String,
        /// Why.
        error: SinkError,
    },
    /// There is no runtime for them.
    #[error("cannot start a thread for sinks: {0}")]
    Runtime(io::Error),
    /// What must survive a restart cannot be kept.
    #[error("cannot use the folder `{folder}` for what must survive a restart: {error}")]
    State {
        /// The folder.
        folder: PathBuf,
        /// What the system said.
        error: io::Error,
    },
}

/// A sink that is open.
#[derive(Debug)]
struct OpenSink {
    request: SinkRequest,
    opened: Opened,
}

/// All sinks, and what goes to them.
#[derive(Debug)]
pub struct Outlets {
    runtime: Runtime,
    sinks: Vec<OpenSink>,
    pace: Pace,
    scope: String,
    redactor: Redactor,
    state: Option<State>,
    open: Vec<Open>,
    withheld: Withheld,
    sent: BTreeMap<Severity, u64>,
    reloads: (u64, u64),
    present: Option<Present>,
    /// Whether targets are being traced.
    tracing: bool,
}

/// How often people are told, as a profile says it.
fn pace(said: &AlertPace) -> Pace {
    let default = Pace::default();
    let dedup = said.dedup_ns.and_then(|ns| i64::try_from(ns).ok()).map(SignedDuration::from_nanos);
    Pace {
        dedup: dedup.unwrap_or(default.dedup),
        rate: said.rate_per_minute.unwrap_or(default.rate),
        min_severity: said.min_severity.unwrap_or(default.min_severity),
    }
}

impl Outlets {
    /// Opens the sinks of a profile; `None` where it has none. `scope` tells the same finding in different places apart.
    /// With a state folder, alerts survive a restart.
    ///
    /// # Errors
    /// A secret is missing, an address wrong or taken. A destination that is down is no error.
    pub fn open(profile: &Profile, scope: &str, state: Option<&Path>) -> Result<Option<Self>, OutletError> {
        if profile.sinks.is_empty() && state.is_none() {
            return Ok(None);
        }
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("sinks")
            .enable_all()
            .build()
            .map_err(OutletError::Runtime)?;
        let state = state
            .map(|folder| State::open(folder).map_err(|error| OutletError::State { folder: folder.to_owned(), error }));
        let state = state.transpose()?;
        let open = state.as_ref().map(State::load).unwrap_or_default();
        let mut outlets = Self {
            runtime,
            sinks: Vec::new(),
            pace: pace(&profile.alerts),
            scope: scope.to_owned(),
            redactor: Redactor::default(),
            state,
            open,
            withheld: Withheld::default(),
            sent: BTreeMap::new(),
            reloads: (0, 0),
            present: None,
            tracing: false,
        };
        outlets.change(profile)?;
        Ok(Some(outlets))
    }

    /// Goes over to the sinks of another profile: those that both have stay as they are, with what waits in them.
    ///
    /// # Errors
    /// As [`Self::open`]; then nothing has changed.
    pub fn change(&mut self, profile: &Profile) -> Result<(), OutletError> {
        let pace = pace(&profile.alerts);
        let is_kept = |request: &SinkRequest| self.sinks.iter().any(|sink| sink.request == *request);
        let mut opened = Vec::new();
        for (place, request) in profile.sinks.iter().enumerate() {
            if is_kept(request) {
                continue;
            }
            let same = |other: &&SinkRequest| other.sink == request.sink;
            let number = profile.sinks[..place].iter().filter(same).count() + 1;
            let several = profile.sinks.iter().filter(same).count() > 1;
            let name = if several { format!("{} {number}", request.sink) } else { request.sink.clone() };
            let opening = Opening {
                request,
                name: &name,
                runtime: self.runtime.handle(),
                state: self.state.as_ref().map(State::folder),
                dedup: pace.dedup,
            };
            let sink = sinks::open(&opening).map_err(|error| OutletError::Sink { sink: name.clone(), error })?;
            opened.push(OpenSink { request: request.clone(), opened: sink });
        }
        let (kept, gone) = std::mem::take(&mut self.sinks)
            .into_iter()
            .partition::<Vec<_>, _>(|sink| profile.sinks.contains(&sink.request));
        self.sinks = kept;
        self.sinks.extend(opened);
        self.pace = pace;
        let secrets: Vec<Secret> = self.sinks.iter().flat_map(|sink| sink.opened.secrets.clone()).collect();
        self.redactor = Redactor::new(secrets);
        // They end on their own: what they hold is delivered meanwhile, or kept.
        for mut sink in gone {
            close_couriers(&mut sink.opened, tokio::time::Instant::now() + FAREWELL);
            self.runtime.spawn(end(sink.opened));
        }
        Ok(())
    }

    /// Notes that a profile was read again, and whether it was taken.
    pub fn reloaded(&mut self, taken: bool) {
        if taken {
            self.reloads.0 += 1;
        } else {
            self.reloads.1 += 1;
        }
    }

    /// A session begins.
    pub(super) fn begin(&mut self, session: &Session) {
        let wants = |wanted: fn(&Opened) -> bool| self.sinks.iter().any(|sink| wanted(&sink.opened));
        let series = self.sinks.iter().filter_map(|sink| sink.opened.scrape.as_ref()).map(|scrape| scrape.series_max());
        let figures = self.wants_figures();
        let series_max = figures.then(|| series.max().unwrap_or(crate::metrics::ledger::SERIES_MAX));
        let spans = wants(|opened| opened.spans.is_some());
        let (open, withheld) = (std::mem::take(&mut self.open), self.withheld);
        let scope = format!("{} {}", session.host.name, self.scope);
        self.present = Some(Present::new(session, self.pace, &scope, series_max, spans, open, withheld));
        self.tracing = true;
        self.look();
    }

    /// Something was observed; `report` has taken it in already.
    pub(super) fn item(&mut self, item: &Item, report: &Builder) {
        let Some(mut present) = self.present.take() else { return };
        if let Some(span) = present.span(item) {
            let span = span.redacted(&self.redactor);
            self.span_outlets().for_each(|outlet| outlet.take(&span));
        }
        match item {
            Item::Definition(definition) => present.define(definition, report),
            Item::Event(_) | Item::Incident(_) | Item::Feature(_) => {}
            Item::Tick(tick) => {
                present.tick(tick, report);
                self.span_outlets().for_each(sinks::span::SpanOutlet::flush);
                if present.has_judged(report) {
                    self.judge(&mut present, tick.at_ns, report.firing());
                }
                self.push(&mut present, tick.at_ns);
            }
        }
        self.present = Some(present);
    }

    /// The trace is over; its last window is judged.
    pub(super) fn end(&mut self, ending: &Ending, report: &Builder) {
        let Some(mut present) = self.present.take() else { return };
        let at_ns = i64::try_from(ending.duration_ns).unwrap_or(i64::MAX);
        for span in present.last_spans(ending.duration_ns) {
            let span = span.redacted(&self.redactor);
            self.span_outlets().for_each(|outlet| outlet.take(&span));
        }
        self.span_outlets().for_each(sinks::span::SpanOutlet::flush);
        if present.has_judged(report) {
            self.judge(&mut present, at_ns, report.firing());
        }
        present.kernel.cost = ending.cost.clone();
        present.last_rules(report);
        self.push(&mut present, i64::MAX);
        (self.open, self.withheld) = present.leave();
        self.tracing = false;
        self.present = Some(present);
        self.look();
    }

    /// Gives a sign of life, and answers those who ask for figures. To be called often.
    pub fn look(&mut self) {
        let tracing = self.tracing;
        let mut waiting = Vec::new();
        for scrape in self.sinks.iter_mut().filter_map(|sink| sink.opened.scrape.as_mut()) {
            scrape.beat(tracing);
            waiting.extend(scrape.waiting());
        }
        if waiting.is_empty() {
            return;
        }
        let families = Arc::new(self.families());
        for scrape in waiting {
            // Who asked may have gone.
            let _ = scrape.send(Arc::clone(&families));
        }
    }

    fn judge(&mut self, present: &mut Present, at_ns: i64, mut findings: Vec<Finding>) {
        findings.extend(self.silent_sinks());
        let alerts = present.judged(at_ns, &findings);
        for alert in alerts {
            *self.sent.entry(alert.severity).or_default() += 1;
            let alert = self.redactor.alert(&alert);
            let outlets = self.sinks.iter().filter_map(|sink| sink.opened.alerts.as_ref());
            for outlet in outlets.filter(|outlet| alert.severity >= outlet.min_severity) {
                outlet.courier.hand_over(alert.clone(), 1);
            }
        }
        if let Some(state) = &mut self.state {
            state.save(present.open(), self.runtime.handle());
        }
    }

    /// A sink that is down is worth telling: to the others.
    fn silent_sinks(&self) -> Vec<Finding> {
        let down = self.counts().filter(|(_, counts)| counts.is_open());
        down.map(|(name, counts)| Finding {
            severity: Severity::Warning,
            rule: SINK_DOWN.to_owned(),
            title: format!("podtrace cannot reach its sink {name}"),
            evidence: counts.last_error().into_iter().chain([format!("{} wait for it", counts.queued())]).collect(),
            confidence: Confidence::High,
            next: "see podtrace's log".to_owned(),
            about: About::default(),
            fingerprint: Fingerprint::of(SINK_DOWN, name),
            effect: 1.0,
        })
        .collect()
    }

    /// Pushes figures whose time has come.
    fn push(&mut self, present: &mut Present, at_ns: i64) {
        let due: Vec<usize> = (0..self.sinks.len())
            .filter(|place| {
                let outlet = self.sinks[*place].opened.figures.as_ref();
                outlet.is_some_and(|outlet| present.is_due(*place, outlet.every, at_ns))
            })
            .collect();
        if due.is_empty() {
            return;
        }
        let mut snapshot = match present.snapshot(SystemTime::now()) {
            Some(snapshot) => snapshot,
            None => return,
        };
        snapshot.families.extend(self.own_families(Some(present)));
        for place in due {
            if let Some(outlet) = &self.sinks[place].opened.figures {
                outlet.courier.hand_over(snapshot.clone(), 1);
            }
        }
    }

    /// Everything there is to scrape.
    fn families(&self) -> Vec<Family> {
        let snapshot = self.present.as_ref().and_then(|present| present.snapshot(SystemTime::now()));
        let mut families = snapshot.map(|snapshot| snapshot.families).unwrap_or_default();
        families.extend(self.own_families(self.present.as_ref()));
        families
    }

    fn own_families(&self, present: Option<&Present>) -> Vec<Family> {
        let kernel = present.map(|present| present.kernel.clone()).unwrap_or_default();
        let own = Own {
            cost: session::with_own_use(kernel.cost),
            tables: kernel.tables,
            findings: present.map(|present| present.findings.clone()).unwrap_or_default(),
            alerts: self.sent.clone(),
            withheld: present.map_or(self.withheld, Present::withheld),
            reloads: self.reloads,
        };
        let mut families = own::families(&own, self.counts());
        families.extend(rule::families(present.map_or(&[], |present| &present.rules)));
        families
    }

    /// Whether anybody wants to know what tracing uses.
    pub(super) fn wants_figures(&self) -> bool {
        self.sinks.iter().any(|sink| sink.opened.scrape.is_some() || sink.opened.figures.is_some())
    }

    /// Takes what the kernel's side uses now.
    pub(super) fn kernel_use(&mut self, kernel: &KernelUse) {
        if let Some(present) = &mut self.present {
            present.kernel = kernel.clone();
        }
    }

    fn span_outlets(&mut self) -> impl Iterator<Item = &mut sinks::span::SpanOutlet> {
        self.sinks.iter_mut().filter_map(|sink| sink.opened.spans.as_mut())
    }

    fn counts(&self) -> impl Iterator<Item = (&str, &Counts)> + Clone {
        self.sinks.iter().flat_map(|sink| {
            let alerts = sink.opened.alerts.iter().map(|outlet| (outlet.courier.name(), outlet.courier.counts()));
            let spans = sink.opened.spans.iter().map(|outlet| (outlet.courier.name(), outlet.courier.counts()));
            let figures = sink.opened.figures.iter().map(|outlet| (outlet.courier.name(), outlet.courier.counts()));
            alerts.chain(spans).chain(figures).map(|(name, counts)| (name, counts.as_ref()))
        })
    }

    /// Delivers what waits, until a deadline, and tells what was lost and what people should know.
    pub fn close(mut self) -> (Vec<String>, Vec<String>) {
        let families = self.families();
        let deadline = tokio::time::Instant::now() + FAREWELL;
        let mut scrapes = Vec::new();
        for sink in &mut self.sinks {
            close_couriers(&mut sink.opened, deadline);
            if let Some(mut scrape) = sink.opened.scrape.take() {
                scrape.leave(families.clone());
                scrapes.push(scrape);
            }
        }
        let Self { runtime, sinks, withheld, mut state, open, .. } = self;
        if let Some(state) = &mut state {
            state.save_now(&open);
        }
        let (mut failures, mut remarks) = (Vec::new(), Vec::new());
        runtime.block_on(async {
            for sink in sinks {
                for (name, counts) in end(sink.opened).await {
                    failures.extend(counts.loss().map(|loss| format!("sink {name}: {loss}")));
                    let kept = counts.kept();
                    if kept > 0 {
                        remarks.push(format!("sink {name}: {kept} not delivered yet, kept for the next start"));
                    }
                }
            }
            for scrape in scrapes {
                scrape.close(deadline.min(tokio::time::Instant::now() + Duration::from_secs(1))).await;
            }
        });
        let Withheld { duplicate: _, rate_limited, too_many } = withheld;
        if rate_limited + too_many > 0 {
            remarks.push(format!(
                "{rate_limited} findings were held back from alerting by the rate limit, {too_many} because there were too many"
            ));
        }
        runtime.shutdown_timeout(Duration::from_secs(1));
        (failures, remarks)
    }
}

fn close_couriers(opened: &mut Opened, deadline: tokio::time::Instant) {
    if let Some(outlet) = &mut opened.alerts {
        outlet.courier.close(deadline);
    }
    if let Some(outlet) = &mut opened.spans {
        outlet.flush();
        outlet.courier.close(deadline);
    }
    if let Some(outlet) = &mut opened.figures {
        outlet.courier.close(deadline);
    }
}

/// Waits for the couriers of a sink; tells what became of what they carried.
async fn end(opened: Opened) -> Vec<(String, Arc<Counts>)> {
    let mut ended = Vec::new();
    if let Some(outlet) = opened.alerts {
        ended.push((outlet.courier.name().to_owned(), outlet.courier.ended().await));
    }
    if let Some(outlet) = opened.spans {
        ended.push((outlet.courier.name().to_owned(), outlet.courier.ended().await));
    }
    if let Some(outlet) = opened.figures {
        ended.push((outlet.courier.name().to_owned(), outlet.courier.ended().await));
    }
    if let Some(scrape) = opened.scrape {
        scrape.close(tokio::time::Instant::now() + Duration::from_secs(1)).await;
    }
    ended
}
