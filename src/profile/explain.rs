//! A profile in plain words, for `podtrace check`: what it observes, what it judges, what it may cost.
//!
//! Says what the profile says; what of that is possible on this machine is the plan's to explain.

use std::fmt::Write;

use super::OptionKind;
use super::OptionValue;
use super::Pattern;
use super::Profile;
use super::Threshold;
use super::Vocabulary;
use super::suggest::all;
use super::suggest::either;
use super::suggest::quoted;
use super::unit::written_duration;
use super::unit::written_size;

/// What is said about a budget wherever one is shown.
pub const BUDGET_NOTE: &str = "parsed, not enforced yet";

impl Profile {
    /// The profile in plain words, ending with a new line.
    pub fn explain(&self, vocabulary: &Vocabulary) -> String {
        let mut text = String::new();
        for line in self.lines(vocabulary) {
            // Lines are padded to columns; what stands last needs none.
            let _ = writeln!(text, "{}", line.trim_end());
        }
        text
    }

    /// The thresholds that can never fire, because no probe observes their kind.
    pub fn unobserved(&self) -> impl Iterator<Item = &Threshold> {
        self.thresholds.iter().filter(|threshold| {
            let family = threshold.kind.split('.').next();
            !self.probes.iter().any(|request| Some(request.family.as_str()) == family)
        })
    }

    fn lines(&self, vocabulary: &Vocabulary) -> Vec<String> {
        let mut lines = Vec::new();
        let sources = all(self.sources.iter().map(|source| source.name.as_str()));
        lines.push(format!("{} {sources}", if self.sources.len() == 1 { "profile" } else { "profiles" }));
        lines.extend(
            self.description.as_ref().map(|description| format!("  {}", quoted(description).trim_matches('`'))),
        );

        lines.extend(["".to_owned(), "traces".to_owned()]);
        lines.extend(self.targets.iter().map(|target| format!("  {target}, with everything below it")));
        if self.targets.is_empty() {
            lines.push("  what the command line names".to_owned());
        }
        let only = self.narrowing.containers.iter().map(Pattern::as_str);
        if !self.narrowing.containers.is_empty() {
            lines.push(format!("  of pods only the containers {}", either(only)));
        }
        lines.extend(self.narrowing.without.iter().map(|exclusion| format!("  without {exclusion}")));

        lines.extend(["".to_owned(), "observes".to_owned()]);
        self.probe_lines(vocabulary, &mut lines);

        lines.extend(["".to_owned(), "judges".to_owned()]);
        for threshold in &self.thresholds {
            let held = match threshold.for_ns {
                0 => "in one window".to_owned(),
                for_ns => format!("for {}", written_duration(for_ns)),
            };
            lines.push(format!("  {:<9} {:<15} {} {held}", threshold.severity.name(), threshold.kind, threshold.text));
        }
        if self.thresholds.is_empty() {
            lines.push("  nothing: it has no thresholds".to_owned());
        }
        for threshold in self.unobserved() {
            let family = threshold.kind.split('.').next().unwrap_or_default();
            let (kind, text) = (&threshold.kind, &threshold.text);
            lines.push(format!("  never fires: `{kind}` {text}, because `probes` has no `{family}`"));
        }

        if !self.sinks.is_empty() {
            lines.extend(["".to_owned(), "sends to".to_owned()]);
            self.sink_lines(vocabulary, &mut lines);
        }

        lines.push(String::new());
        let default = if self.window_ns.is_none() { " (the default)" } else { "" };
        lines.push(format!("window {}{default}", written_duration(self.window_ns())));
        lines.extend(self.budget_line());
        lines
    }

    fn probe_lines(&self, vocabulary: &Vocabulary, lines: &mut Vec<String>) {
        for request in &self.probes {
            let words = vocabulary.families.iter().find(|family| family.name == request.family);
            lines.push(format!("  {:<9} {}", request.family, words.map_or("", |words| words.about)));
            for option in words.map_or(&[][..], |words| words.options) {
                let given = match request.options.get(option.name) {
                    Some(value) => format!("={}", written(value)),
                    None => format!(" not given ({})", takes(option.kind)),
                };
                lines.push(format!("  {:<9} {}{given}: {}", "", option.name, option.about));
            }
        }
        if self.probes.is_empty() {
            lines.push("  nothing: it has no `probes`".to_owned());
        }
    }

    /// Where to is not repeated: an address may hold a secret although it should not.
    fn sink_lines(&self, vocabulary: &Vocabulary, lines: &mut Vec<String>) {
        for request in &self.sinks {
            let words = vocabulary.sinks.iter().find(|sink| sink.name == request.sink);
            lines.push(format!("  {:<11} {}", request.sink, words.map_or("", |words| words.about)));
            let shown = |name: &str| name != "url" && name != "endpoint";
            let given = request.options.iter().filter(|(name, _)| shown(name));
            lines.extend(given.map(|(name, value)| format!("  {:<11} {name}={}", "", written(value))));
            lines.extend(request.headers.iter().map(|header| format!("  {:<11} with the header {}", "", header.name)));
        }
        let dedup = self.alerts.dedup_ns.map(|ns| format!("the same thing once in {}", written_duration(ns)));
        let rate = self.alerts.rate_per_minute.map(|rate| format!("at most {rate} a minute"));
        let mild = self.alerts.min_severity.map(|severity| format!("from {} on", severity.name()));
        let pace: Vec<_> = dedup.into_iter().chain(rate).chain(mild).collect();
        if !pace.is_empty() {
            lines.push(format!("  alerts: {}", pace.join(", ")));
        }
    }

    fn budget_line(&self) -> Option<String> {
        let budget = self.budget.as_ref()?;
        let cpu = budget.cpu.map(|share| format!("{}% of one CPU", rounded(share * 100.0)));
        let memory = budget.memory_bytes.map(|bytes| format!("{} of memory", written_size(bytes)));
        let limits: Vec<_> = cpu.into_iter().chain(memory).collect();
        Some(format!("budget {}: {BUDGET_NOTE}", limits.join(", ")))
    }
}

/// A number without the noise of binary fractions.
fn rounded(number: f64) -> f64 {
    (number * 1e6).round() / 1e6
}

fn written(value: &OptionValue) -> String {
    match value {
        OptionValue::DurationNs(ns) => format!("\"{}\"", written_duration(*ns)),
        OptionValue::Word(word) => format!("\"{word}\""),
        OptionValue::Flag(flag) => format!("#{flag}"),
        OptionValue::Text(text) => format!("\"{text}\""),
        OptionValue::Number(number) => number.to_string(),
        OptionValue::Share(share) => format!("\"{}%\"", rounded(share * 100.0)),
        OptionValue::Bytes(bytes) => format!("\"{}\"", written_size(*bytes)),
        OptionValue::Address(address) => format!("\"{address}\""),
    }
}

fn takes(kind: OptionKind) -> String {
    match kind {
        OptionKind::Duration => "a duration".to_owned(),
        OptionKind::Words(words) => either(words.iter().copied()),
        OptionKind::Flag => "`#true` or `#false`".to_owned(),
        OptionKind::Text(what) => what.to_owned(),
        OptionKind::Number => "a whole number".to_owned(),
        OptionKind::Share => "a percentage".to_owned(),
        OptionKind::Size => "a size".to_owned(),
        OptionKind::Url => "an address".to_owned(),
        OptionKind::Variable => "the name of an environment variable".to_owned(),
        OptionKind::Address => "an address to listen on".to_owned(),
    }
}
