//! From items to a report.

use super::completeness::completeness;
use super::coverage::coverage;
use super::live;
use super::live::Live;
use super::model::Command;
use super::model::LifeEntry;
use super::model::Named;
use super::model::Report;
use super::model::SCHEMA;
use super::model::Sections;
use super::model::Status;
use super::model::TargetEntry;
use super::sections;
use super::signals;
use super::verdict;
use crate::event::Ending;
use crate::event::Item;
use crate::event::Session;
use crate::event::session::CommandStatus;
use crate::event::session::Target;
use crate::families;
use crate::finding;
use crate::finding::Finding;
use crate::profile::Profile;
use crate::rules;
use crate::rules::Scripts;
use crate::rules::Thresholds;
use crate::window::Catalogue;
use crate::window::Names;
use crate::window::Store;
use crate::window::Tallies;
use crate::window::Windows;
use crate::window::tumbling;

/// Keys kept per kind and dimension for the live view, which names one.
const LIVE_KEYS_MAX: usize = 64;

/// Takes a session's items and makes the report. Bounded in memory whatever comes.
#[derive(Debug)]
pub struct Builder {
    session: Session,
    catalogue: Catalogue,
    store: Store,
    /// `None` once the last one is judged.
    windows: Option<Windows>,
    windows_judged: u64,
    thresholds: Thresholds,
    scripts: Scripts,
    last_tick: LastTick,
}

/// What the live view shows.
#[derive(Clone, Debug)]
struct LastTick {
    from_ns: i64,
    to_ns: i64,
    tallies: Tallies,
}

impl Builder {
    /// Begins a report on a session, judged by a profile's thresholds.
    pub fn new(session: &Session, profile: &Profile) -> Self {
        let catalogue = Catalogue::new(session, families::kinds());
        Self {
            session: session.clone(),
            store: Store::new(session, catalogue.id(families::PROCESS_EXIT)),
            windows: Some(Windows::new(profile.window_ns.unwrap_or(tumbling::LENGTH_NS), profile.step_ns)),
            windows_judged: 0,
            thresholds: Thresholds::new(profile, &catalogue),
            scripts: Scripts::start(session, profile, &catalogue, families::kinds()),
            catalogue,
            last_tick: LastTick { from_ns: 0, to_ns: 0, tallies: Tallies::new(LIVE_KEYS_MAX) },
        }
    }

    /// From now on nothing waits for rules that are behind: they miss windows instead, and the report says so.
    pub fn hurry(&mut self) {
        self.scripts.hurry();
    }

    /// Adds an item.
    pub fn item(&mut self, item: &Item) {
        self.store.add(item);
        if let (Item::Event(event), Some(windows)) = (item, &mut self.windows) {
            windows.event(event);
        }
        if let Item::Tick(tick) = item {
            if let Some(window) = self.windows.as_mut().and_then(|windows| windows.tick(tick, &self.store.names)) {
                self.thresholds.judge(&window, &self.store.names);
                self.scripts.judge(&window, &self.catalogue, &self.store.names);
                self.windows_judged += 1;
            }
            self.scripts.look();
            let mut tallies = Tallies::new(LIVE_KEYS_MAX);
            tallies.add(&tick.tallies, &self.store.names);
            self.last_tick = LastTick { from_ns: self.last_tick.to_ns, to_ns: tick.at_ns, tallies };
        }
    }

    /// What happened during the last tick.
    pub fn live(&self) -> Live {
        let LastTick { from_ns, to_ns, ref tallies } = self.last_tick;
        live::live(&self.catalogue, tallies, &self.store.names, from_ns, to_ns, &self.findings())
    }

    /// What thresholds and rules concluded from the windows that are over, worst first.
    pub fn findings(&self) -> Vec<Finding> {
        let Store { losses, names, .. } = &self.store;
        let findings = rules::findings(&self.thresholds, &self.session, &self.catalogue, losses, names.peers());
        finding::fold(findings, self.scripts.findings(&self.session, names.peers()))
    }

    /// What thresholds and rules find in the last window that each has judged, worst first. Rules run beside the trace and
    /// may be a window behind.
    pub fn firing(&self) -> Vec<Finding> {
        let Store { losses, names, .. } = &self.store;
        let findings = rules::firing(&self.thresholds, &self.session, &self.catalogue, losses, names.peers());
        finding::fold(findings, self.scripts.firing(&self.session, names.peers()))
    }

    /// How many windows were judged so far.
    pub fn windows_judged(&self) -> u64 {
        self.windows_judged
    }

    /// Whether rules have yet to say what they conclude from the last window.
    pub fn is_behind(&self) -> bool {
        self.scripts.is_behind()
    }

    /// Windows from which rules have said what they conclude.
    pub fn windows_judged_by_rules(&self) -> u64 {
        self.scripts.taken()
    }

    /// What became of each rule so far.
    pub fn rules(&self) -> impl Iterator<Item = rules::Status<'_>> {
        self.scripts.statuses()
    }

    /// What numbers stand for.
    pub fn names(&self) -> &Names {
        &self.store.names
    }

    /// Judges what is left; no ticks come after it.
    pub fn last_window(&mut self, duration_ns: u64) {
        if let Some(window) = self.windows.take().and_then(|windows| windows.finish(duration_ns)) {
            self.thresholds.judge(&window, &self.store.names);
            // There is nothing to keep up with any more: no window needs to be left out now.
            self.scripts.settle();
            self.scripts.judge(&window, &self.catalogue, &self.store.names);
            self.scripts.settle();
            self.windows_judged += 1;
        }
    }

    /// Ends the report.
    pub fn finish(mut self, ending: &Ending) -> Report {
        self.last_window(ending.duration_ns);
        let Self { session, catalogue, store, thresholds, mut scripts, .. } = self;
        scripts.finish(&store, &catalogue, ending.duration_ns);
        let peers = store.names.peers();
        let findings = rules::findings(&thresholds, &session, &catalogue, &store.losses, peers);
        let findings = finding::fold(findings, scripts.findings(&session, peers));
        let duration_seconds = signals::in_seconds(ending.duration_ns);
        let coverage = coverage(&session, ending, &catalogue, &store);
        let blind = |name: &str| coverage.iter().any(|f| f.feature == name && f.status == Status::Blind);
        let signals: Named<_> = catalogue
            .kinds()
            .filter(|(_, kind)| !blind(kind.name))
            .map(|(id, kind)| {
                let counted = store.tallies.kind(id);
                (kind.name.to_owned(), signals::signal(kind, counted, &store.names, duration_seconds))
            })
            .collect();
        let completeness = completeness(&catalogue, &store);
        let command = session.command.as_ref().map(|argv| command(argv, ending.command));
        let mut report = Report {
            schema: SCHEMA,
            podtrace: session.podtrace.clone(),
            host: session.host.clone(),
            profile: session.profiles.iter().map(|profile| profile.name.clone()).collect(),
            targets: store.names.targets().map(target).collect(),
            started: session.started,
            duration_seconds,
            command,
            sections: Sections {
                verdict: verdict::unsaid(ending),
                time: sections::time(&signals, duration_seconds, peers),
                thresholds: sections::thresholds(&thresholds),
                rules: sections::rules(&scripts),
                peers: sections::peers(&signals, peers),
                processes: sections::processes(&store.names),
                events: sections::events(&catalogue, &store),
                timeline: sections::timeline(&store.timeline, &catalogue, &store.incidents),
                kubernetes: sections::kubernetes(&store.incidents),
                cost: sections::cost(&ending.cost, duration_seconds),
            },
            findings,
            signals,
            coverage,
            completeness,
            peers: peers.clone(),
        };
        report.sections.verdict.sentences = verdict::sentences(&report);
        report
    }
}

fn target(target: &Target) -> TargetEntry {
    TargetEntry {
        index: target.index,
        kind: target.kind,
        name: target.name.clone(),
        namespace: target.namespace.clone(),
        pod: target.pod.clone(),
        container: target.container.clone(),
        node: target.node.clone(),
        workload: target.workload.clone(),
        labels: target.labels.clone(),
        life: target.life.as_ref().map(|life| LifeEntry {
            container_id: life.container_id.clone(),
            restarts: life.restarts,
            began_seconds: life.began_ns.map(sections::signed),
            ended_seconds: life.ended_ns.map(sections::signed),
            exit_code: life.exit_code,
            reason: life.reason.clone(),
        }),
    }
}

fn command(argv: &[String], status: Option<CommandStatus>) -> Command {
    let (exit_code, signal) = match status {
        None => (None, None),
        Some(CommandStatus::Exited(code)) => (Some(code), None),
        Some(CommandStatus::Signalled(number)) => {
            let known = nix::sys::signal::Signal::try_from(number);
            (None, Some(known.map_or_else(|_| format!("signal {number}"), |known| known.as_str().to_owned())))
        }
    };
    Command { argv: argv.to_vec(), exit_code, signal }
}
