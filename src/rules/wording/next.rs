//! The next command to run.

use std::collections::BTreeSet;

use super::super::Contributor;
use crate::event::Kind;
use crate::event::Session;
use crate::event::session::TargetKind;
use crate::profile::Figure;

/// A command line that shows what is behind a finding: the single events for slow and failed operations, the ranking of
/// a kind for the rest. It can be pasted into a shell.
pub(super) fn command(session: &Session, kind: &Kind, figure: Figure, culprit: Option<&Contributor>) -> String {
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
    let events = matches!(
        figure,
        Figure::Mean
            | Figure::P50
            | Figure::P90
            | Figure::P95
            | Figure::P99
            | Figure::Max
            | Figure::Errors
            | Figure::ErrorRate
    );
    words.extend(["-o".to_owned(), if events { "csv" } else { "json" }.to_owned()]);
    if let Some(command) = session.command.as_ref().filter(|_| run) {
        words.push("--".to_owned());
        words.extend(command.iter().map(|word| quoted(word)));
    }
    let filter = match culprit {
        _ if !events => format!("jq '.signals[\"{}\"].top'", kind.name),
        Some(culprit) => format!("grep -F ,{}, | grep -F -e {}", kind.name, quoted(&cell(culprit))),
        None => format!("grep -F ,{},", kind.name),
    };
    format!("{} | {filter}", words.join(" "))
}

/// What the CSV has in a cell for it: processes are told apart by their pid there.
fn cell(culprit: &Contributor) -> String {
    let pid = culprit.label.rsplit_once('[').and_then(|(_, end)| end.strip_suffix(']'));
    pid.filter(|_| culprit.dimension == "process").map_or_else(|| culprit.label.clone(), |pid| format!(",{pid},"))
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
