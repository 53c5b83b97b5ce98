//! Rules in Lua: read, checked, and put to work on windows, on a thread of their own.
//!
//! A rule's file returns a table that declares what the rule is and what it looks at (`declaration`); it runs in a state
//! of its own (`sandbox`) over views of a window (`view`, `field`); what it returns is checked (`conclusion`) and, over
//! the windows of a trace, becomes findings (`tracker`). A rule that fails is disabled for the rest of the trace, and the
//! report says where it failed; the others go on. doc/rules.md is for those who write rules.

mod conclusion;
mod declaration;
mod described;
mod dry;
mod engine;
mod field;
mod library;
mod sandbox;
mod source;
mod stubs;
mod tracker;
mod trial;
mod view;
mod worker;

#[cfg(test)]
mod tests;

pub use conclusion::FINDINGS_MAX;
pub use conclusion::Section;
pub use declaration::API;
pub use declaration::Declaration;
pub use dry::Mistake;
pub use dry::check;
pub use library::Library;
pub use library::LibraryError;
pub use sandbox::Failure;
pub use sandbox::LIMITS;
pub use sandbox::Limits;
pub use source::RuleText;
pub use source::SHIPPED;
pub use source::Shipped;
pub use source::SourceError;
pub use source::find;
pub use source::recording;
pub use stubs::stubs;
pub use tracker::MetricEntry;
pub use tracker::Status;
pub use trial::Case;
pub use trial::Expected;
pub use trial::Input;
pub use trial::Trial;
pub use view::Facts;

use crate::event::Kind;
use crate::event::KindId;
use crate::event::Session;
use crate::finding::Finding;
use crate::profile::Profile;
use crate::profile::RuleUse;
use crate::window::Catalogue;
use crate::window::Names;
use crate::window::PeerNames;
use crate::window::Snapshot;
use crate::window::Store;
use crate::window::Window;
use tracker::Tracker;
use worker::Worker;

/// A share of the planned length below which the last window is not judged.
const LENGTH_MIN: f64 = 0.1;

/// The rules of a session at work.
#[derive(Debug)]
pub struct Scripts {
    trackers: Vec<Tracker>,
    /// Place in `trackers` of each rule of the worker.
    at_work: Vec<usize>,
    worker: Option<Worker>,
    /// Kinds that any rule looks at.
    wanted: Vec<KindId>,
    patient: bool,
    /// Windows whose results were taken.
    taken: u64,
}

impl Scripts {
    /// Puts the rules of a session to work that a profile asks for. `known` are all kinds there are.
    pub fn start(
        session: &Session,
        profile: &Profile,
        catalogue: &Catalogue,
        known: impl Iterator<Item = &'static Kind>,
    ) -> Self {
        let mut scripts = Self::none();
        if profile.rules.is_empty() {
            return scripts;
        }
        let kinds: Vec<_> = known.collect();
        let of = |used: &RuleUse| session.rules.iter().find(|text| text.name == used.name);
        let chosen: Vec<_> = profile.rules.iter().filter_map(|used| Some((used, of(used)?))).collect();
        let texts: Vec<_> = chosen.iter().map(|(_, text)| RuleText::from_recorded(text)).collect();
        let loaded = worker::declarations(&texts, &kinds, LIMITS).unwrap_or_else(|error| {
            let failure = |text: &RuleText| Failure { file: text.path.clone(), line: None, message: error.to_string() };
            texts.iter().map(|text| Err(failure(text))).collect()
        });
        let mut at_work = Vec::new();
        for (((used, _), text), declaration) in chosen.iter().zip(&texts).zip(loaded) {
            let mut tracker = Tracker::new(used, &text.path);
            match declaration {
                Ok(declaration) => {
                    tracker.declare(&declaration, catalogue);
                    if tracker.is_judging() {
                        scripts.want(&declaration, catalogue);
                        scripts.at_work.push(scripts.trackers.len());
                        at_work.push((text.clone(), RuleUse::clone(used)));
                    }
                }
                Err(failure) => tracker.fail(failure),
            }
            scripts.trackers.push(tracker);
        }
        if at_work.is_empty() {
            return scripts;
        }
        let facts = Facts { cpus: session.host.cpus, command: session.command.as_ref().map(|words| words.join(" ")) };
        match Worker::start(at_work, kinds, facts, LIMITS) {
            Ok(worker) => scripts.worker = Some(worker),
            Err(error) => {
                let message = format!("no thread for rules: {error}");
                for tracker in &mut scripts.trackers {
                    let file = tracker.file().to_owned();
                    tracker.fail(Failure { file, line: None, message: message.clone() });
                }
            }
        }
        scripts
    }

    /// No rules.
    fn none() -> Self {
        Self { trackers: Vec::new(), at_work: Vec::new(), worker: None, wanted: Vec::new(), patient: true, taken: 0 }
    }

    /// From now on, windows that come while rules are behind are left out and counted, instead of waited for: a trace
    /// must not be held up by its judges.
    pub fn hurry(&mut self) {
        self.patient = false;
    }

    fn want(&mut self, declaration: &Declaration, catalogue: &Catalogue) {
        for kind in declaration.needs.iter().chain(&declaration.wants) {
            if let Some(id) = catalogue.id(kind.name).filter(|id| !self.wanted.contains(id)) {
                self.wanted.push(id);
            }
        }
    }

    /// Hands a window on to be judged.
    pub fn judge(&mut self, window: &Window, catalogue: &Catalogue, names: &Names) {
        let Some(worker) = &mut self.worker else { return };
        // The last one may be a fraction of a second: rates and shares of it are noise.
        if !window.first && (window.length_ns() as f64) < window.nominal_ns as f64 * LENGTH_MIN {
            return;
        }
        worker.judge(Snapshot::of_window(window, catalogue, names, &self.wanted), self.patient);
        let judged = worker.judged();
        self.take(judged);
    }

    /// Takes what was concluded by now, without waiting.
    pub fn look(&mut self) {
        let judged = self.worker.as_mut().map(Worker::judged).unwrap_or_default();
        self.take(judged);
        let skipped = self.worker.as_ref().map_or(0, |worker| worker.skipped);
        for place in &self.at_work {
            self.trackers[*place].windows_skipped = skipped;
        }
    }

    /// Windows whose results were taken.
    pub fn taken(&self) -> u64 {
        self.taken
    }

    /// Whether windows are being judged.
    pub fn is_behind(&self) -> bool {
        self.worker.as_ref().is_some_and(Worker::is_behind)
    }

    /// Waits for windows that are under way.
    pub fn settle(&mut self) {
        let judged = self.worker.as_mut().map(Worker::settled).unwrap_or_default();
        self.take(judged);
    }

    /// Waits for what is under way, and has sections of the report made.
    pub fn finish(&mut self, store: &Store, catalogue: &Catalogue, duration_ns: u64) {
        let Some(worker) = &mut self.worker else { return };
        let judged = worker.settled();
        let sections = worker.sections(Snapshot::of_trace(store, catalogue, &self.wanted, duration_ns));
        let (skipped, lost) = (worker.skipped, worker.lost);
        self.take(judged);
        for (place, section) in self.at_work.iter().zip(sections) {
            match section {
                Some(Ok(section)) => self.trackers[*place].section = section,
                Some(Err(failure)) => self.trackers[*place].fail(failure),
                None => {}
            }
        }
        for place in &self.at_work {
            self.trackers[*place].windows_skipped = skipped;
            if lost && self.trackers[*place].failure().is_none() {
                let file = self.trackers[*place].file().to_owned();
                let message = "the thread of the rules did not answer in time".to_owned();
                self.trackers[*place].fail(Failure { file, line: None, message });
            }
        }
    }

    fn take(&mut self, judged: Vec<worker::Judged>) {
        self.taken += judged.len() as u64;
        if !judged.is_empty() {
            self.trackers.iter_mut().for_each(Tracker::begin);
        }
        for window in judged {
            let (from_ns, to_ns, new_ns) = (window.from_ns, window.to_ns, window.new_ns);
            for (place, verdict) in self.at_work.iter().zip(window.verdicts) {
                match verdict {
                    Some(Ok(evaluated)) => self.trackers[*place].add(evaluated, from_ns, to_ns, new_ns),
                    Some(Err(failure)) => self.trackers[*place].fail(failure),
                    None => {}
                }
            }
        }
    }

    /// What the rules concluded from the windows that were judged by now, in no order.
    pub fn findings(&self, session: &Session, peers: &PeerNames) -> Vec<Finding> {
        self.trackers.iter().flat_map(|tracker| tracker.findings(session, peers)).collect()
    }

    /// The same as of the last window that each rule judged: what people are alerted of.
    pub fn firing(&self, session: &Session, peers: &PeerNames) -> Vec<Finding> {
        self.trackers.iter().flat_map(|tracker| tracker.firing(session, peers)).collect()
    }

    /// What became of each rule, in the order of the profile.
    pub fn statuses(&self) -> impl Iterator<Item = Status<'_>> {
        self.trackers.iter().map(Tracker::status)
    }
}

/// Declarations of rules, each right or with what is wrong with it.
///
/// # Errors
/// No thread can be started to load them on.
pub fn declarations(
    texts: &[RuleText],
    kinds: impl Iterator<Item = &'static Kind>,
) -> std::io::Result<Vec<Result<Declaration, Failure>>> {
    worker::declarations(texts, &kinds.collect::<Vec<_>>(), LIMITS)
}

/// A rule judged on windows given by hand: for tests of rules.
fn judged_alone(
    text: &RuleText,
    used: &RuleUse,
    windows: Vec<Snapshot>,
    kinds: &[&'static Kind],
    facts: &Facts,
    limits: Limits,
) -> Result<Tracker, Failure> {
    let alone = worker::aside(|| {
        let loaded = engine::load(text, kinds, limits)?;
        let mut tracker = Tracker::new(used, &text.path);
        tracker.declare_all(&loaded.declaration);
        let mut running = engine::Running::new(loaded, used, kinds, facts)?;
        let mut history = engine::History::default();
        for window in windows {
            let window = std::rc::Rc::new(window);
            match running.evaluate(&window, &history.past(window.from_ns), history.next()) {
                Some(Ok(evaluated)) => tracker.add(evaluated, window.from_ns, window.to_ns, window.new_ns),
                Some(Err(failure)) => tracker.fail(failure),
                None => {}
            }
            tracker.steps_max = tracker.steps_max.max(running.steps());
            history.add(&window);
        }
        Ok(tracker)
    });
    alone.unwrap_or_else(|error| {
        Err(Failure { file: text.path.clone(), line: None, message: format!("no thread for rules: {error}") })
    })
}
