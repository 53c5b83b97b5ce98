//! The verdict: the answer in a few sentences, made from the rest of the report.

use super::model::Contribution;
use super::model::Report;
use super::model::RuleStatus;
use super::model::Status;
use super::model::Verdict;
use super::sections;
use crate::event::Ending;
use crate::event::Severity;
use crate::event::unit;
use crate::finding::Finding;

/// Findings that are named.
const FINDINGS: usize = 3;

/// Contributions that are named.
const CONTRIBUTIONS: usize = 3;

/// Kinds that are named for their errors.
const FAILING: usize = 4;

/// The verdict before it is said: the report it is made from comes first.
pub(super) fn unsaid(ending: &Ending) -> Verdict {
    Verdict { sentences: Vec::new(), interrupted: ending.interrupted.clone() }
}

/// The sentences: findings or their absence, how the command ended, errors, where the time went, what was not seen. Where
/// no firm finding is more than information, where the time went comes first: that is what was asked.
pub(super) fn sentences(report: &Report) -> Vec<String> {
    let mut sentences = Vec::new();
    let happened = report.signals.iter().any(|(_, signal)| signal.figures.count > 0 || signal.figures.failed() > 0);
    if happened || !report.findings.is_empty() {
        let serious = |finding: &Finding| finding.severity > Severity::Info && finding.confidence.is_firm();
        let serious = report.findings.iter().any(serious);
        let (first, last) = if serious { (None, time(report)) } else { (time(report), None) };
        sentences.extend(first);
        sentences.push(findings(report));
        sentences.extend(command(report));
        sentences.extend(errors(report));
        sentences.extend(last);
    } else {
        sentences.push(nothing(report));
        sentences.extend(command(report));
    }
    sentences.extend(sections::ends(&report.targets));
    sentences.extend(report.sections.kubernetes.as_ref().and_then(sections::during));
    sentences.extend(blindness(report));
    sentences.extend(not_judged(report));
    sentences.extend(rules(report));
    sentences.extend(losses(report));
    if let Some(reason) = &report.sections.verdict.interrupted {
        sentences.push(format!("The trace ended early: {reason}."));
    }
    sentences
}

fn command(report: &Report) -> Option<String> {
    let command = report.command.as_ref()?;
    match (command.exit_code, &command.signal) {
        (Some(0), _) => None,
        (Some(code), _) => Some(format!("The command exited with code {code}.")),
        (None, Some(signal)) => Some(format!("The command was ended by {signal}.")),
        (None, None) => Some("The command was still running.".to_owned()),
    }
}

fn findings(report: &Report) -> String {
    let findings = &report.findings;
    if findings.is_empty() {
        let judged = report.sections.rules.iter().filter(|rule| rule.status == RuleStatus::Judged).count();
        return match report.sections.thresholds.iter().filter(|threshold| threshold.windows_held > 0).count() {
            0 if judged > 0 && report.sections.thresholds.is_empty() => "No rule found anything.".to_owned(),
            0 if judged > 0 => "Nothing crossed a threshold, and no rule found anything.".to_owned(),
            0 if report.sections.thresholds.is_empty() => "The profile has no thresholds.".to_owned(),
            0 => "Nothing crossed a threshold.".to_owned(),
            _ => not_long_enough(report),
        };
    }
    let count = |severity: &Severity| {
        let count = findings.iter().filter(|finding| finding.severity == *severity).count();
        (count > 0).then(|| format!("{count} {}", severity.name()))
    };
    let counts: Vec<_> = Severity::ALL.iter().rev().filter_map(count).collect();
    let titles: Vec<_> = findings.iter().take(FINDINGS).map(|finding| finding.title.as_str()).collect();
    let more = findings.len().saturating_sub(FINDINGS);
    let more = if more > 0 { format!("; and {more} more") } else { String::new() };
    format!("{}: {}{more}.", counts.join(", "), titles.join("; "))
}

fn not_long_enough(report: &Report) -> String {
    let held = report.sections.thresholds.iter().filter(|threshold| threshold.windows_held > 0);
    let held: Vec<_> = held
        .map(|held| {
            let (longest, needed) = (unit::seconds(held.longest_seconds), unit::seconds(held.for_seconds));
            format!("{} held for {longest} of the {needed} it must", held.rule)
        })
        .collect();
    format!("No threshold was crossed for long enough: {}.", held.join("; "))
}

fn errors(report: &Report) -> Option<String> {
    let failing = report.signals.iter().filter(|(_, signal)| signal.figures.failed() > 0);
    let failing: Vec<_> = failing
        .map(|(name, signal)| {
            let figures = &signal.figures;
            let first = figures.errors.iter().next().map_or("", |(name, _)| name);
            let more = if figures.errors.iter().count() > 1 { ", ..." } else { "" };
            let (failed, count) = (unit::count(figures.failed()), unit::count(figures.count));
            format!("{name} {failed} of {count} ({first}{more})")
        })
        .collect();
    let more = if failing.len() > FAILING { ", ..." } else { "" };
    let named = failing.get(..FAILING.min(failing.len()))?.join(", ");
    (!named.is_empty()).then(|| format!("Failed: {named}{more}."))
}

fn time(report: &Report) -> Option<String> {
    let contributions = &report.sections.time.contributions;
    let causes = contributions.iter().filter(|cause| cause.share >= sections::CAUSE).take(CONTRIBUTIONS);
    let causes: Vec<_> = causes.map(|of| cause(of, report)).collect();
    match (causes.is_empty(), contributions.first()) {
        (false, _) => Some(format!("Most time, as shares of the trace: {}.", causes.join(", "))),
        (true, Some(first)) => {
            Some(format!("Mostly idle; the most time, as a share of the trace: {}.", cause(first, report)))
        }
        (true, None) => None,
    }
}

/// A contribution in a few words.
fn cause(of: &Contribution, report: &Report) -> String {
    let key = of.key.as_ref().map_or_else(String::new, |key| match of.name {
        Some(_) => format!(" {}", report.peers.title(key)),
        None => format!(" {key}"),
    });
    format!("{}{key} {}", of.kind, unit::share(of.share))
}

fn nothing(report: &Report) -> String {
    let watched = report.signals.iter().count();
    let length = unit::seconds(report.duration_seconds);
    match (watched, report.sections.processes.lives.len()) {
        (0, _) => "Nothing could be watched.".to_owned(),
        (_, 0) => format!("Nothing happened: in {length} no process of the target was seen."),
        (_, lives) => format!(
            "Nothing happened: in {length} none of the {watched} kinds watched was seen, in {lives} {}.",
            if lives == 1 { "process" } else { "processes" }
        ),
    }
}

/// Whole kinds that were asked for and cannot be seen. A part of one (`file: mmap`) is never seen anywhere: that belongs
/// into the coverage, not into every verdict.
fn blindness(report: &Report) -> Option<String> {
    let is_whole = |feature: &str| !feature.contains(": ");
    let blind: Vec<_> = report
        .coverage
        .iter()
        .filter(|feature| feature.status == Status::Blind && is_whole(&feature.feature))
        .collect();
    let first = blind.first()?;
    let reason = first.reason.as_deref().unwrap_or("no reason known");
    Some(match blind.len() {
        1 => format!("Not seen: {} ({reason}).", first.feature),
        more => format!("Not seen: {} ({reason}) and {} more, see coverage.", first.feature, more - 1),
    })
}

fn not_judged(report: &Report) -> Option<String> {
    let seen = |rule: &str| report.signals.get(rule.split(' ').next().unwrap_or(rule)).is_some();
    let rules = report.sections.thresholds.iter().map(|threshold| threshold.rule.as_str());
    let rules: Vec<_> = rules.filter(|rule| !seen(rule)).map(|rule| format!("`{rule}`")).collect();
    (!rules.is_empty()).then(|| format!("Not judged, because its kind was not seen: {}.", rules.join(", ")))
}

/// Rules that failed, each with its place, and what rules left out.
fn rules(report: &Report) -> Vec<String> {
    let rules = &report.sections.rules;
    let of = |status| rules.iter().filter(move |rule| rule.status == status);
    let mut sentences: Vec<_> = of(RuleStatus::Disabled)
        .map(|rule| format!("Disabled: rule `{}`: {}.", rule.rule, rule.reason.as_deref().unwrap_or("no reason known")))
        .collect();
    let idle: Vec<_> = of(RuleStatus::Idle).map(|rule| format!("`{}`", rule.rule)).collect();
    if !idle.is_empty() {
        sentences.push(format!("Not run, because what they need was not watched: {}.", idle.join(", ")));
    }
    let omitted: Vec<_> = rules
        .iter()
        .filter(|rule| rule.findings_omitted > 0)
        .map(|rule| format!("{} of `{}`", unit::count(rule.findings_omitted), rule.rule))
        .collect();
    if !omitted.is_empty() {
        sentences.push(format!("Left out, because they were too many: findings {}.", omitted.join(", ")));
    }
    let skipped = rules.iter().map(|rule| rule.windows_skipped).max().unwrap_or(0);
    if skipped > 0 {
        sentences.push(format!("Rules were behind and did not see {} windows.", unit::count(skipped)));
    }
    sentences
}

fn losses(report: &Report) -> Option<String> {
    let lost = report.completeness.events_lost.iter().fold(0, |sum: u64, (_, count)| sum.saturating_add(*count));
    (lost > 0).then(|| format!("Incomplete: {} lost, see completeness.", unit::count(lost)))
}
