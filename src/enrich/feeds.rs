//! What the API is asked, what came of it, and what is therefore missing.
//!
//! Names are asked for once there is a peer to name, pods once there is one that neither services nor endpoints explain.
//! Where reading a whole cluster is forbidden, the namespaces of the targets are read.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fmt;

use crate::event::session::PlannedFeature;
use crate::event::unit;
use crate::targets::kubernetes::Change;
use crate::targets::kubernetes::KubernetesError;
use crate::targets::kubernetes::Query;
use crate::targets::kubernetes::Watched;

/// Namespaces that are read one by one where all together are forbidden.
const NAMESPACES_MAX: usize = 8;

/// Things of a sort that are kept to name peers by. Some 400 bytes each.
const NAMES_MAX: usize = 20_000;

/// Events that are kept. The API forgets them after an hour.
const EVENTS_MAX: usize = 2_000;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// Services, to name peers by.
    Services,
    /// Their endpoints.
    Endpoints,
    /// Pods, and by them nodes.
    Pods,
    /// Events of the traced pods.
    Events,
}

impl Source {
    const ALL: [Self; 4] = [Self::Services, Self::Endpoints, Self::Pods, Self::Events];

    /// The most that is kept of it.
    pub fn limit(self) -> usize {
        match self {
            Self::Services | Self::Endpoints | Self::Pods => NAMES_MAX,
            Self::Events => EVENTS_MAX,
        }
    }

    fn names(self) -> bool {
        matches!(self, Self::Services | Self::Endpoints | Self::Pods)
    }

    /// What it is for, as the coverage calls it.
    fn feature(self) -> &'static str {
        match self {
            Self::Services => "peer names: services",
            Self::Endpoints => "peer names: endpoints",
            Self::Pods => "peer names: pods and nodes",
            Self::Events => "kubernetes: events",
        }
    }
}

/// Something to ask the API, from now on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ask {
    /// For what.
    pub source: Source,
    /// In this namespace; all, if none.
    pub namespace: Option<String>,
    /// Of this pod only.
    pub pod: Option<String>,
}

impl Ask {
    /// As the API takes it.
    pub fn query(&self) -> Query {
        let mut query = Query { namespace: self.namespace.clone(), ..Query::default() };
        match self.source {
            Source::Services | Source::Endpoints | Source::Pods => {}
            Source::Events => {
                let of_pod = self.pod.iter().map(|pod| format!(",involvedObject.name={pod}"));
                query.fields = Some(format!("involvedObject.kind=Pod{}", of_pod.collect::<String>()));
            }
        }
        query
    }
}

impl fmt::Display for Ask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.source.feature())
    }
}

/// What came of what was asked.
#[derive(Clone, Debug, Default)]
struct State {
    synced: bool,
    trouble: Option<String>,
    left_out: u64,
}

/// Everything that is asked.
#[derive(Debug, Default)]
pub(super) struct Feeds {
    states: BTreeMap<Ask, State>,
    begun: Vec<Ask>,
    ended: Vec<Ask>,
    /// The pods of each namespace.
    pods: BTreeMap<String, BTreeSet<String>>,
    /// There are pods without a namespace.
    nameless: bool,
    names_wanted: bool,
    /// Why only namespaces are read.
    narrowed: BTreeMap<Source, String>,
    peers_turned_away: u64,
    events_turned_away: u64,
    given_up: bool,
    /// What was said last.
    said: Vec<PlannedFeature>,
}

impl Feeds {
    /// A pod is traced: what happens to it is asked. Of several in a namespace, all are asked for together.
    pub(super) fn pod(&mut self, namespace: &str, pod: &str) {
        let pods = self.pods.entry(namespace.to_owned()).or_default();
        if !pods.insert(pod.to_owned()) {
            return;
        }
        let alone = (pods.len() == 1).then(|| pod.to_owned());
        let ask = Ask { source: Source::Events, namespace: Some(namespace.to_owned()), pod: alone };
        if self.states.contains_key(&ask) {
            return;
        }
        let others =
            self.states.keys().filter(|known| (known.source, &known.namespace) == (ask.source, &ask.namespace));
        for other in others.cloned().collect::<Vec<_>>() {
            self.end(&other);
        }
        self.begin(ask);
    }

    /// A pod is traced whose namespace is not known.
    pub(super) fn without_namespace(&mut self) {
        self.nameless = true;
    }

    /// There is a peer to name.
    pub(super) fn want_names(&mut self) {
        if !self.names_wanted {
            self.names_wanted = true;
            self.begin_everywhere(Source::Services);
            self.begin_everywhere(Source::Endpoints);
        }
    }

    /// There is a peer that is neither a service nor an endpoint, as far as all of those are known.
    pub(super) fn want_pods(&mut self) {
        if self.names_are_settled() && !self.given_up && !self.is_asked(Source::Pods) {
            self.begin_everywhere(Source::Pods);
        }
    }

    fn begin_everywhere(&mut self, source: Source) {
        self.begin(Ask { source, namespace: None, pod: None });
    }

    fn begin(&mut self, ask: Ask) {
        self.states.insert(ask.clone(), State::default());
        self.begun.push(ask);
    }

    fn end(&mut self, ask: &Ask) {
        self.states.remove(ask);
        match self.begun.iter().position(|begun| begun == ask) {
            Some(place) => drop(self.begun.remove(place)),
            None => self.ended.push(ask.clone()),
        }
    }

    fn is_asked(&self, source: Source) -> bool {
        self.states.keys().any(|ask| ask.source == source)
    }

    /// Peers that found no room.
    pub(super) fn peers_turned_away(&mut self, count: u64) {
        self.peers_turned_away = count;
    }

    /// Events that found no room.
    pub(super) fn events_turned_away(&mut self, count: u64) {
        self.events_turned_away = count;
    }

    /// Takes note of how it goes; hands back what is told about things. What is told after an ask was ended is nothing.
    pub(super) fn heard<T: Watched>(&mut self, ask: &Ask, change: Change<T>) -> Option<Change<T>> {
        let state = self.states.get_mut(ask)?;
        match change {
            Change::Synced => {
                state.synced = true;
                state.trouble = None;
                None
            }
            Change::LeftOut(count) => {
                state.left_out = count;
                None
            }
            Change::Recovered => {
                state.trouble = None;
                None
            }
            Change::Troubled(error) => {
                self.troubled(ask, &error);
                None
            }
            change => Some(change),
        }
    }

    fn troubled(&mut self, ask: &Ask, error: &KubernetesError) {
        let text = error.to_string();
        let forbidden = matches!(error, KubernetesError::Forbidden { .. });
        let few = !self.pods.is_empty() && self.pods.len() <= NAMESPACES_MAX;
        if forbidden && ask.namespace.is_none() && few {
            self.narrowed.insert(ask.source, text);
            self.end(ask);
            for namespace in self.pods.keys().cloned().collect::<Vec<_>>() {
                self.begin(Ask { namespace: Some(namespace), ..ask.clone() });
            }
        } else if let Some(state) = self.states.get_mut(ask) {
            state.trouble = Some(text);
        }
    }

    /// It cannot be asked: one thing, or all.
    pub(super) fn refused(&mut self, ask: Option<&Ask>, why: &str) {
        for (_, state) in self.states.iter_mut().filter(|(known, _)| ask.is_none_or(|ask| ask == *known)) {
            state.trouble = Some(why.to_owned());
        }
    }

    pub(super) fn is_synced(&self, ask: &Ask) -> bool {
        self.states.get(ask).is_some_and(|state| state.synced)
    }

    /// Whether all that names are made of is known, or is known not to be had.
    pub(super) fn names_are_settled(&self) -> bool {
        self.given_up || (self.names_wanted && self.settled(Source::names))
    }

    /// The same for everything.
    pub(super) fn are_settled(&self) -> bool {
        self.given_up || self.settled(|_| true)
    }

    fn settled(&self, concerns: impl Fn(Source) -> bool) -> bool {
        let mut states = self.states.iter().filter(|(ask, _)| concerns(ask.source));
        states.all(|(_, state)| state.synced || state.trouble.is_some())
    }

    /// Nothing more is waited for.
    pub(super) fn give_up(&mut self) {
        for state in self.states.values_mut().filter(|state| !state.synced && state.trouble.is_none()) {
            state.trouble = Some("the API had not answered when the trace ended".into());
        }
        self.given_up = true;
    }

    pub(super) fn take_asks(&mut self) -> Vec<Ask> {
        std::mem::take(&mut self.begun)
    }

    pub(super) fn take_ended(&mut self) -> Vec<Ask> {
        std::mem::take(&mut self.ended)
    }

    /// What is to be said of what cannot be had, as far as it was not said.
    pub(super) fn take_features(&mut self) -> Vec<PlannedFeature> {
        let sources = Source::ALL.into_iter().filter(|source| self.is_asked(*source));
        let mut now: Vec<PlannedFeature> = sources.map(|source| self.of_source(source)).collect();
        let nothing = |feature: &str| PlannedFeature { feature: feature.to_owned(), blind: None, degraded: None };
        if self.nameless {
            let why = "the namespaces of some pods are not known, so their events cannot be asked for";
            now.push(PlannedFeature { blind: Some(why.into()), ..nothing("kubernetes: namespaces") });
        }
        let tables = [
            ("peer names: table of peers", self.peers_turned_away),
            ("kubernetes: table of events", self.events_turned_away),
        ];
        for (feature, count) in tables.into_iter().filter(|(_, count)| *count > 0) {
            let text = format!("{} found no room in it and are not told", unit::count(count));
            now.push(PlannedFeature { degraded: Some(text), ..nothing(feature) });
        }
        let is_news = |feature: &PlannedFeature| {
            let before = self.said.iter().find(|said| said.feature == feature.feature);
            // That nothing is missing is said only after something was.
            before.map_or(*feature != nothing(&feature.feature), |said| said != feature)
        };
        let news: Vec<PlannedFeature> = now.into_iter().filter(is_news).collect();
        for feature in &news {
            self.said.retain(|said| said.feature != feature.feature);
            self.said.push(feature.clone());
        }
        news
    }

    fn of_source(&self, source: Source) -> PlannedFeature {
        let states = || self.states.iter().filter(move |(ask, _)| ask.source == source);
        let mut troubles: Vec<&str> = states().filter_map(|(_, state)| state.trouble.as_deref()).collect();
        troubles.dedup();
        let never = states().all(|(_, state)| !state.synced && state.trouble.is_some());
        let (mut blind, mut missing) = (None, Vec::new());
        if never {
            blind = Some(troubles.join("; "));
        } else {
            missing.extend(troubles.into_iter().map(|trouble| format!("not all is known: {trouble}")));
        }
        if let Some(why) = self.narrowed.get(&source).filter(|_| !never) {
            let namespaces: Vec<String> = self.pods.keys().map(|namespace| format!("`{namespace}`")).collect();
            missing.push(format!("only what is in {} is known: {why}", namespaces.join(", ")));
        }
        let left_out: u64 = states().map(|(_, state)| state.left_out).sum();
        if left_out > 0 {
            let (more, kept) = (unit::count(left_out), unit::count(source.limit() as u64));
            missing.push(format!("there are at least {more} more than the {kept} that are kept"));
        }
        let degraded = (!missing.is_empty()).then(|| missing.join("; "));
        PlannedFeature { feature: source.feature().to_owned(), blind, degraded }
    }
}
