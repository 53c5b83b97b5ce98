//! The report as text for people: the verdict first, then what it rests on.
//!
//! Plain text unless asked for colours; the width is given, so the same report gives the same bytes anywhere.

mod containers;
mod footer;
pub(super) mod grid;
mod label;
pub(super) mod page;
mod rules;
mod sections;
mod signals;
#[cfg(test)]
mod tests;

use page::Page;
use page::Role;
pub use page::Style;

use crate::event::Severity;
use crate::event::unit;
use crate::report::Report;
use crate::report::model::TargetEntry;

/// Targets that the title names.
const NAMED: usize = 8;

/// The narrowest page there is.
const WIDTH_MIN: usize = 80;

/// How text is written.
#[derive(Clone, Copy, Debug)]
pub struct TextOptions {
    /// Columns of a line; fewer than 80 are taken as 80.
    pub width: usize,
    /// Whether colours are used.
    pub style: Style,
    /// How many peers, paths or processes are listed per kind.
    pub top: usize,
}

impl Default for TextOptions {
    fn default() -> Self {
        Self { width: 100, style: Style::Plain, top: 10 }
    }
}

/// The report as text. Ends with a line break.
pub fn text(report: &Report, options: &TextOptions) -> String {
    let mut page = Page::new(options.width.max(WIDTH_MIN), options.style);
    header(report, &mut page);
    verdict(report, &mut page);
    findings(report, &mut page);
    sections::time(report, options.top, &mut page);
    rules::rules(report, &mut page);
    sections::timeline(report, &mut page);
    signals::families(report, options.top, &mut page);
    containers::containers(report, options.top, &mut page);
    sections::slowest(report, &mut page);
    sections::kubernetes(report, options.top, &mut page);
    sections::processes(report, options.top, &mut page);
    footer::completeness(report, &mut page);
    footer::coverage(report, &mut page);
    footer::cost(report, &mut page);
    page.finish()
}

fn header(report: &Report, page: &mut Page) {
    let what = match &report.command {
        Some(command) => format!("`{}`", command.argv.join(" ")),
        None => named(report),
    };
    let host = &report.host;
    let cpus = if host.cpus == 1 { "1 CPU".to_owned() } else { format!("{} CPUs", host.cpus) };
    let length = unit::seconds(report.duration_seconds);
    page.wrapped(0, 2, Role::Plain, &format!("podtrace {}: {what}", report.podtrace));
    page.wrapped(
        0,
        2,
        Role::Faint,
        &format!(
            "{length} from {:.0} on {} (Linux {} {}, {cpus}), profile {}",
            report.started,
            host.name,
            host.kernel,
            host.architecture,
            report.profile.join(" + ")
        ),
    );
}

/// The targets: those that were there from the beginning, unless only others came.
fn named(report: &Report) -> String {
    let came = |target: &&TargetEntry| target.life.as_ref().is_some_and(|life| life.began_seconds.is_some());
    let mut names: Vec<&str> =
        report.targets.iter().filter(|target| !came(target)).map(|target| target.name.as_str()).collect();
    if names.is_empty() {
        names = report.targets.iter().map(|target| target.name.as_str()).collect();
    }
    let more = names.len().saturating_sub(NAMED);
    names.truncate(NAMED);
    if more > 0 { format!("{} and {more} more", names.join(", ")) } else { names.join(", ") }
}

fn verdict(report: &Report, page: &mut Page) {
    page.heading("verdict");
    let worst = report.findings.first().map(|finding| finding.severity);
    let mut role = worst.map_or(Role::Strong, severity_role);
    for sentence in &report.sections.verdict.sentences {
        page.wrapped(2, 4, role, sentence);
        role = Role::Plain;
    }
}

fn findings(report: &Report, page: &mut Page) {
    if report.findings.is_empty() {
        return;
    }
    page.heading("findings");
    for finding in &report.findings {
        page.wrapped(2, 4, severity_role(finding.severity), &format!("{}: {}", finding.severity.name(), finding.title));
        for evidence in &finding.evidence {
            page.wrapped(4, 6, Role::Plain, evidence);
        }
        if finding.confidence != crate::finding::Confidence::High {
            page.wrapped(4, 6, Role::Plain, &format!("confidence: {}", confidence(finding.confidence)));
        }
        // Not wrapped: it is there to be copied.
        page.line(Role::Faint, &format!("    next: {}", finding.next));
    }
}

fn confidence(confidence: crate::finding::Confidence) -> &'static str {
    match confidence {
        crate::finding::Confidence::Low => "low, a single operation",
        crate::finding::Confidence::Medium => "medium, few operations or gaps in the figures",
        crate::finding::Confidence::High => "high",
    }
}

fn severity_role(severity: Severity) -> Role {
    match severity {
        Severity::Info => Role::Strong,
        Severity::Error | Severity::Warning => Role::Warning,
        Severity::Critical | Severity::Fatal => Role::Bad,
    }
}
