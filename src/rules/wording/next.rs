//! The next command to run.

use std::collections::BTreeSet;

use crate::event::Session;
use crate::event::session::Target;
use crate::event::session::TargetKind;
use crate::profile::Figure;

/// What of a kind is to be looked at next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::rules) enum Look {
    /// The single events: for slow and failed operations.
    Events,
    /// The ranking: for the rest.
    Ranking,
}

/// What is to be looked at behind a figure.
pub(super) fn of_figure(figure: Figure) -> Look {
    match figure {
        Figure::Mean
        | Figure::P50
        | Figure::P90
        | Figure::P95
        | Figure::P99
        | Figure::Max
        | Figure::Errors
        | Figure::ErrorRate => Look::Events,
        Figure::Count | Figure::Rate | Figure::Throughput | Figure::CpuShare => Look::Ranking,
    }
}

/// A command line that shows what is behind a finding about a kind, and a dimension and key of it. It can be pasted into
/// a shell.
pub(in crate::rules) fn command(
    session: &Session,
    kind: Option<&str>,
    look: Look,
    about: Option<(&str, &str)>,
) -> String {
    let mut words = vec!["podtrace".to_owned()];
    let run = session.command.is_some();
    if run {
        words.push("run".to_owned());
    }
    for profile in &session.profiles {
        words.extend(["-p".to_owned(), quoted(&profile.name)]);
    }
    let mut pods = BTreeSet::new();
    for target in session.targets.iter().filter(|_| !run) {
        match target.kind {
            TargetKind::Process => words.extend(["--pid".to_owned(), quoted(target.name.trim_start_matches("pid "))]),
            TargetKind::Cgroup => words.extend(["--cgroup".to_owned(), quoted(&target.name)]),
            TargetKind::Unit => words.extend(["--unit".to_owned(), quoted(&target.name)]),
            TargetKind::Container => {
                // One of several containers, or lives, of it.
                if !pods.insert((&target.namespace, target.pod.as_ref().unwrap_or(&target.name))) {
                    continue;
                }
                if let Some(namespace) = &target.namespace {
                    words.extend(["-n".to_owned(), quoted(namespace)]);
                }
                words.push(quoted(target.pod.as_ref().unwrap_or(&target.name)));
            }
            TargetKind::Command => {}
        }
    }
    if !run {
        words.extend(["--for".to_owned(), "10s".to_owned()]);
    }
    let events = look == Look::Events && kind.is_some();
    words.extend(["-o".to_owned(), if events { "csv" } else { "json" }.to_owned()]);
    if let Some(command) = session.command.as_ref().filter(|_| run) {
        words.push("--".to_owned());
        words.extend(command.iter().map(|word| quoted(word)));
    }
    let filter = match (kind, about) {
        (None, _) => "jq .signals".to_owned(),
        (Some(kind), _) if !events => format!("jq '.signals[\"{kind}\"].top'"),
        (Some(kind), Some((dimension, key))) => {
            format!("grep -F ,{kind}, | grep -F -e {}", quoted(&cell(session, dimension, key)))
        }
        (Some(kind), None) => format!("grep -F ,{kind},"),
    };
    format!("{} | {filter}", words.join(" "))
}

/// What the CSV has in a cell for it. Of a process that is a target, its pid; of another its name: when the command is run,
/// it may have ended, and one like it has another pid.
fn cell(session: &Session, dimension: &str, key: &str) -> String {
    let process = key.rsplit_once('[').filter(|_| dimension == "process");
    let Some((name, pid)) = process.and_then(|(name, end)| Some((name, end.strip_suffix(']')?))) else {
        return key.to_owned();
    };
    let is_target = |target: &Target| {
        target.kind == TargetKind::Process && target.name.strip_prefix("pid ").is_some_and(|target| target == pid)
    };
    format!(",{},", if session.targets.iter().any(is_target) { pid } else { name })
}

/// A word as a shell reads it back.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}
