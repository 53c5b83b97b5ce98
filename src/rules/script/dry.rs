//! Checking a rule without a trace: what its file returns, the names its text uses, and how it takes windows of every
//! sort.
//!
//! The text is looked at for `window.FAMILY.KIND.FIELD`, so that a wrong name in a branch that no window reaches is found
//! too; then the rule is evaluated on an empty window, on full ones, and on full ones with a past.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::declaration::Declaration;
use super::field;
use super::judged_alone;
use super::sandbox::Failure;
use super::sandbox::LIMITS;
use super::source::RuleText;
use super::view::FIGURE_METHODS;
use super::view::Facts;
use super::view::KIND_METHODS;
use super::view::WINDOW_FIELDS;
use super::worker;
use crate::event::ErrorCount;
use crate::event::Histogram;
use crate::event::Kind;
use crate::event::ObjectId;
use crate::event::ProcessId;
use crate::event::TallyDelta;
use crate::event::TallyKey;
use crate::profile::RuleUse;
use crate::profile::did_you_mean;
use crate::window::Figures;
use crate::window::KindSnapshot;
use crate::window::Moment;
use crate::window::Snapshot;

/// Something that is wrong with a rule.
pub type Mistake = Failure;

/// What a view of a window may be called in a rule.
const VIEWS: [&str; 4] = ["window", "report", "previous", "baseline"];

/// Everything that is wrong with a rule, by line; its declaration if it has one.
pub fn check(text: &RuleText, kinds: impl Iterator<Item = &'static Kind>) -> Result<Declaration, Vec<Mistake>> {
    let kinds: Vec<_> = kinds.collect();
    let loaded = worker::declarations(std::slice::from_ref(text), &kinds, LIMITS);
    let loaded = loaded.map(|mut loaded| loaded.pop()).ok().flatten();
    let mut mistakes: Vec<_> = names(text, &kinds);
    let declaration = match loaded {
        Some(Ok(declaration)) => declaration,
        Some(Err(failure)) => {
            mistakes.insert(0, failure);
            return Err(sorted(mistakes));
        }
        None => return Err(sorted(mistakes)),
    };
    if mistakes.is_empty() {
        mistakes.extend(tried(&declaration, &kinds));
    }
    if mistakes.is_empty() { Ok(declaration) } else { Err(sorted(mistakes)) }
}

fn sorted(mut mistakes: Vec<Mistake>) -> Vec<Mistake> {
    mistakes.sort_by_key(|mistake| mistake.line);
    mistakes.dedup();
    mistakes
}

/// Evaluates it on windows of every sort; the first failure.
fn tried(declaration: &Declaration, kinds: &[&'static Kind]) -> Option<Mistake> {
    let named: Vec<_> = declaration.needs.iter().chain(&declaration.wants).copied().collect();
    let empty = window(&named, 0);
    let needed = Snapshot {
        kinds: declaration.needs.iter().map(|kind| (kind.name, KindSnapshot::empty(kind))).collect(),
        ..window(&[], 0)
    };
    let used = RuleUse::plain(&declaration.spec.name);
    let facts = Facts { cpus: 2, command: Some("command".to_owned()) };
    let windows =
        vec![empty, window(&named, 1), needed, window(&named, 100), window(&named, 1), window(&named, 10_007)];
    match judged_alone(&declaration.text, &used, windows, kinds, &facts, LIMITS) {
        Ok(tracker) => tracker.failure().cloned(),
        Err(failure) => Some(failure),
    }
}

/// A window in which everything happened so many times, some of it slow and some of it failed.
fn window(kinds: &[&'static Kind], times: u64) -> Snapshot {
    let length_ns = 10_000_000_000;
    Snapshot {
        from_ns: 0,
        to_ns: length_ns as i64,
        new_ns: length_ns,
        first: false,
        whole: true,
        targets: vec!["target".into()],
        kinds: kinds.iter().map(|kind| (kind.name, happened(kind, times))).collect(),
    }
}

fn happened(kind: &'static Kind, times: u64) -> KindSnapshot {
    let mut snapshot = KindSnapshot::empty(kind);
    if times == 0 {
        return snapshot;
    }
    let key = TallyKey { kind: kind.id, detail: 0, process: ProcessId::UNKNOWN, object: ObjectId::NONE };
    let duration_ns = if kind.duration.is_some() { 700_000_000 } else { 0 };
    let mut histogram = Histogram::default();
    if duration_ns > 0 {
        histogram.add(crate::event::histogram::bucket_of(duration_ns), times);
    }
    let delta = TallyDelta {
        key,
        count: times,
        amount: if kind.amount.is_some() { times * 1_000_003 } else { 0 },
        total_ns: duration_ns * times,
        max_ns: duration_ns,
        histogram,
        errors: vec![ErrorCount { errno: libc::ECONNREFUSED as u16, count: times.div_ceil(2) }],
    };
    let mut figures = Figures::default();
    figures.count_delta(&delta);
    snapshot.all.merge(&figures);
    for (dimension, table) in &mut snapshot.dimensions {
        table.row(Arc::from(format!("{dimension}[7]"))).merge(&figures);
    }
    let moment = Moment {
        at_ns: 1_000_000_000,
        duration_ns,
        process: "process[7]".into(),
        object: kind.object.dimension().map(|dimension| format!("{dimension}[7]").into()),
        detail: kind.by.as_ref().map(|by| (by.label)(0).into()),
        error: Some((kind.error)(libc::ECONNREFUSED as u16).into()),
    };
    snapshot.slowest = vec![moment.clone()];
    snapshot.failed = vec![moment];
    snapshot
}

/// Wrong names in the text.
fn names(text: &RuleText, kinds: &[&'static Kind]) -> Vec<Mistake> {
    let families: BTreeSet<_> = kinds.iter().map(|kind| kind.family()).collect();
    let mut mistakes = Vec::new();
    for (place, line) in text.text.lines().enumerate() {
        let code = line.split("--").next().unwrap_or_default();
        for chain in chains(code) {
            if !VIEWS.contains(&chain[0]) || chain.len() < 2 {
                continue;
            }
            if let Some(message) = wrong(&chain[1..], &families, kinds) {
                let line = u32::try_from(place + 1).ok();
                mistakes.push(Failure { file: text.path.clone(), line, message });
            }
        }
    }
    mistakes
}

/// What is wrong with names behind a view of a window.
fn wrong(names: &[&str], families: &BTreeSet<&'static str>, kinds: &[&'static Kind]) -> Option<String> {
    let near = |near: Option<String>| near.map(|near| format!("; {near}")).unwrap_or_default();
    let (first, rest) = names.split_first()?;
    if ["previous", "baseline"].contains(first) {
        return wrong(rest, families, kinds);
    }
    let fields = || WINDOW_FIELDS.iter().map(|(field, ..)| *field);
    if fields().any(|field| field == *first) {
        return None;
    }
    if !families.contains(first) {
        let known = did_you_mean(first, fields().chain(families.iter().copied()));
        return Some(format!("a window has no field `{first}`{}", near(known)));
    }
    let (what, rest) = rest.split_first()?;
    let name = format!("{first}.{what}");
    let Some(kind) = kinds.iter().find(|kind| kind.name == name) else {
        let siblings = kinds.iter().filter(|kind| kind.family() == *first).filter_map(|kind| kind.name.split_once('.'));
        return Some(format!("unknown kind `{name}`{}", near(did_you_mean(what, siblings.map(|(_, what)| what)))));
    };
    let (member, _) = rest.split_first()?;
    let fields = field::fields(kind);
    let methods = KIND_METHODS.iter().chain(&FIGURE_METHODS).map(|(method, ..)| *method);
    let known: Vec<_> =
        fields.iter().map(|field| &*field.name).chain(["error_names", "missing", "kind"]).chain(methods).collect();
    let is_known = known.contains(member);
    (!is_known).then(|| format!("`{name}` has no field `{member}`{}", near(did_you_mean(member, known))))
}

/// Names joined by dots (the last perhaps by a colon), outside of strings.
fn chains(code: &str) -> Vec<Vec<&str>> {
    let mut chains = Vec::new();
    for (place, part) in code.split(['"', '\'', '`']).enumerate() {
        // Every other part is inside of quotes.
        if place % 2 == 1 {
            continue;
        }
        let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | ':');
        for word in part.split(|c: char| !is_part(c)) {
            let names: Vec<_> = word.split(['.', ':']).collect();
            if names.len() > 1 && names.iter().all(|name| !name.is_empty()) {
                chains.push(names);
            }
        }
    }
    chains
}
