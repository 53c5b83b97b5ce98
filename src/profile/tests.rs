//! The language is tested with a vocabulary of its own, so that a new family changes no test here; the shipped profiles
//! and the documentation with the real one.

mod document;
mod load;
mod merge;
mod mistakes;
mod robust;
mod scan;
mod selector;
mod shipped;
mod sinks;
mod unit;

use super::Figure;
use super::OptionKind;
use super::OptionSpec;
use super::Profile;
use super::ProfileError;
use super::Vocabulary;
use super::vocabulary::FamilyWords;
use super::vocabulary::KindWords;
use super::vocabulary::SinkWords;

const TCP: &[OptionSpec] = &[
    OptionSpec { name: "slow", kind: OptionKind::Duration, about: "Slower ones are kept (default 100ms)." },
    OptionSpec {
        name: "detail",
        kind: OptionKind::Words(&["notable", "all"]),
        about: "What is kept (default notable).",
    },
    OptionSpec { name: "peers", kind: OptionKind::Flag, about: "Whether peers are told apart (default #true)." },
];

const FILE: &[OptionSpec] =
    &[OptionSpec { name: "slow", kind: OptionKind::Duration, about: "Slower ones are kept (default 10ms)." }];

const WEBHOOK: &[OptionSpec] = &[
    OptionSpec { name: "url", kind: OptionKind::Url, about: "Where to." },
    OptionSpec { name: "url-env", kind: OptionKind::Variable, about: "Where to." },
    OptionSpec { name: "retries", kind: OptionKind::Number, about: "How often again." },
    OptionSpec { name: "sample", kind: OptionKind::Share, about: "How much of it." },
    OptionSpec { name: "max-payload", kind: OptionKind::Size, about: "How large." },
    OptionSpec { name: "template", kind: OptionKind::Text("a file's path"), about: "In which form." },
];

const WHERE: &[&[&str]] = &[&["url", "url-env"]];

const PROMETHEUS: &[OptionSpec] = &[OptionSpec { name: "listen", kind: OptionKind::Address, about: "Where." }];

/// Three families, one option of each sort, kinds with and without durations.
fn vocabulary() -> Vocabulary {
    let counted = vec![Figure::Count, Figure::Rate, Figure::Errors, Figure::ErrorRate];
    let timed =
        [counted.clone(), vec![Figure::Mean, Figure::P50, Figure::P90, Figure::P95, Figure::P99, Figure::Max]].concat();
    let moved = [timed.clone(), vec![Figure::Throughput]].concat();
    Vocabulary {
        families: vec![
            FamilyWords { name: "tcp", about: "Connections", options: TCP },
            FamilyWords { name: "file", about: "File operations", options: FILE },
            FamilyWords { name: "sched", about: "Waiting and CPU", options: &[] },
        ],
        kinds: vec![
            KindWords { name: "tcp.connect", figures: timed.clone() },
            KindWords { name: "tcp.accept", figures: counted },
            KindWords { name: "tcp.rtt", figures: timed },
            KindWords { name: "file.read", figures: moved },
            KindWords { name: "sched.cpu", figures: vec![Figure::CpuShare] },
        ],
        sinks: vec![
            SinkWords { name: "webhook", about: "Alerts", options: WEBHOOK, one_of: WHERE, headers: true },
            SinkWords { name: "prometheus", about: "Figures", options: PROMETHEUS, one_of: &[], headers: false },
        ],
    }
}

/// What a text says.
fn parsed(text: &str) -> Profile {
    Profile::parse("test.kdl", text, &vocabulary()).unwrap_or_else(|error| panic!("{}", error.render(100, false)))
}

/// The report on a text with mistakes.
fn report(text: &str) -> String {
    failure(text).render(100, false)
}

fn failure(text: &str) -> ProfileError {
    Profile::parse("test.kdl", text, &vocabulary()).expect_err("the text has mistakes")
}

/// The mistakes of a text, one a line: `LINE:COLUMN "the place" message | what was expected | help`.
fn listed(text: &str) -> String {
    let ProfileError::Mistakes(file) = failure(text) else { panic!("the text is read and has mistakes") };
    let mut lines = String::new();
    for mistake in file.mistakes() {
        let before = &text[..mistake.at.start];
        let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
        let place = &text[mistake.at.clone()];
        let line = before.matches('\n').count() + 1;
        let help = mistake.help.as_deref().map(|help| format!(" | {help}")).unwrap_or_default();
        lines += &format!("{line}:{column} {place:?} {} | {}{help}\n", mistake.message, mistake.expected);
    }
    lines
}
