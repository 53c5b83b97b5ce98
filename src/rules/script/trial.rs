//! Tests of rules: windows or a recording in, findings out, and how the two differ.

use std::fmt::Write;

use mlua::Table;
use mlua::Value;

use super::conclusion::Concluded;
use super::declaration::Declaration;
use super::described;
use super::judged_alone;
use super::library::Library;
use super::sandbox::Failure;
use super::sandbox::LIMITS;
use super::sandbox::Sandbox;
use super::source::RuleText;
use super::view::Facts;
use super::worker;
use crate::event::Kind;
use crate::finding::Confidence;
use crate::finding::Finding;
use crate::profile::ParamKind;
use crate::profile::RuleUse;
use crate::profile::did_you_mean;
use crate::profile::either;
use crate::window::Snapshot;

/// The tests of one rule.
#[derive(Clone, Debug)]
pub struct Trial {
    /// The rule's name.
    pub rule: String,
    /// The file they are in, as messages call it.
    pub file: String,
    /// Each.
    pub cases: Vec<Case>,
}

/// One test.
#[derive(Clone, Debug)]
pub struct Case {
    /// What it tests.
    pub name: String,
    /// The rule with its parameters.
    pub used: RuleUse,
    /// What goes in.
    pub input: Input,
    /// What should come out, worst first.
    pub expected: Vec<Expected>,
    /// CPUs of the machine.
    pub cpus: u32,
}

/// What goes into a test.
#[derive(Clone, Debug)]
pub enum Input {
    /// Windows by hand.
    Windows(Vec<Snapshot>),
    /// A recording, by a path from the test's folder.
    Recording(String),
}

/// A finding that should come out; what is not said is not compared.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Expected {
    /// Each field's name and value.
    pub fields: Vec<(&'static str, String)>,
    /// Pieces of evidence, each of which should be there.
    pub evidence: Vec<String>,
}

/// The fields of an expected finding beside `evidence`.
const EXPECTED: [&str; 8] = ["severity", "title", "confidence", "kind", "dimension", "key", "id", "next"];

/// A finding that came out, as fields.
#[derive(Clone, Debug)]
struct Seen {
    fields: Vec<(&'static str, String)>,
    evidence: Vec<String>,
}

impl Seen {
    fn concluded(found: &Concluded) -> Self {
        let confidence = confidence(found.confidence);
        let mut fields = vec![
            ("severity", found.severity.name().to_owned()),
            ("title", found.title.clone()),
            ("confidence", confidence.to_owned()),
        ];
        let optional = [
            ("kind", found.kind.map(str::to_owned)),
            ("dimension", found.dimension.map(str::to_owned)),
            ("key", found.key.clone()),
            ("id", found.id.clone()),
            ("next", found.next.clone()),
        ];
        fields.extend(optional.into_iter().filter_map(|(name, value)| Some((name, value?))));
        Self { fields, evidence: found.evidence.clone() }
    }

    fn finding(found: &Finding) -> Self {
        let mut fields = vec![
            ("severity", found.severity.name().to_owned()),
            ("title", found.title.clone()),
            ("confidence", confidence(found.confidence).to_owned()),
            ("next", found.next.clone()),
        ];
        let about = &found.about;
        let optional = [
            ("kind", about.kind.map(str::to_owned)),
            ("dimension", about.dimension.map(str::to_owned)),
            ("key", about.key.clone()),
            ("id", about.id.clone()),
        ];
        fields.extend(optional.into_iter().filter_map(|(name, value)| Some((name, value?))));
        Self { fields, evidence: found.evidence.clone() }
    }

    fn get(&self, field: &str) -> &str {
        self.fields.iter().find(|(name, _)| *name == field).map_or("", |(_, value)| value)
    }
}

fn confidence(confidence: Confidence) -> &'static str {
    match confidence {
        Confidence::Low => "low",
        Confidence::Medium => "medium",
        Confidence::High => "high",
    }
}

impl Trial {
    /// Reads the file of a test.
    ///
    /// # Errors
    /// It is wrong, or its rule is not in the library.
    pub fn read(text: &RuleText, library: &Library, kinds: &[&'static Kind]) -> Result<Self, Failure> {
        let failed = |message: String| Failure { file: text.path.clone(), line: None, message };
        let read = worker::aside(|| {
            let sandbox = Sandbox::new(text, LIMITS)?;
            let Value::Table(table) = sandbox.load()? else {
                return Err(failed("returns no table, expected `return { rule = …, tests = { … } }`".to_owned()));
            };
            read(&table, text, library, kinds).map_err(failed)
        });
        read.unwrap_or_else(|error| Err(failed(error.to_string())))
    }
}

fn read(table: &Table, text: &RuleText, library: &Library, kinds: &[&'static Kind]) -> Result<Trial, String> {
    described::only(table, &["rule", "tests"])?;
    let rule: String = table.get("rule").map_err(|_| "has no `rule`, expected a rule's name".to_owned())?;
    let names = || library.declarations().map(|declaration| declaration.spec.name.as_str());
    let declaration = library.get(&rule).ok_or_else(|| {
        let near = did_you_mean(&rule, names()).map(|near| format!("; {near}")).unwrap_or_default();
        format!("tests the unknown rule `{rule}`{near}")
    })?;
    let tests: Table = table.get("tests").map_err(|_| "has no `tests`, expected a list of tests".to_owned())?;
    let mut cases = Vec::new();
    for place in 1..=tests.raw_len() {
        let test: Table = tests.raw_get(place).map_err(|_| format!("tests[{place}]: expected a table"))?;
        cases.push(case(&test, declaration, kinds).map_err(|what| format!("tests[{place}]: {what}"))?);
    }
    if cases.is_empty() {
        return Err("`tests` is empty, expected at least one test".to_owned());
    }
    Ok(Trial { rule, file: text.path.clone(), cases })
}

fn case(test: &Table, declaration: &Declaration, kinds: &[&'static Kind]) -> Result<Case, String> {
    described::only(test, &["name", "params", "for", "windows", "recording", "expect", "cpus"])?;
    let name: String = test.get("name").map_err(|_| "has no `name`: what it tests".to_owned())?;
    let mut used = RuleUse::plain(&declaration.spec.name);
    if let Some(params) = test.get::<Option<Table>>("params").map_err(|error| error.to_string())? {
        for pair in params.pairs::<String, Value>() {
            let (name, value) = pair.map_err(|error| format!("params: {error}"))?;
            let specs = &declaration.spec.params;
            let spec = specs.iter().find(|spec| spec.name == name).ok_or_else(|| {
                let known = || specs.iter().map(|spec| spec.name.as_str());
                let near = did_you_mean(&name, known()).map(|near| format!("; {near}")).unwrap_or_default();
                format!("params: the rule has no `{name}`, expected {}{near}", either(known()))
            })?;
            let value = match value {
                Value::Boolean(flag) => crate::profile::ParamValue::Flag(flag),
                value => {
                    let written = value.to_string().unwrap_or_default();
                    let unfit =
                        |why| format!("params: `{written}` of `{name}` {why}, expected {}", spec.kind.expected());
                    spec.kind.read(&written).map_err(unfit)?
                }
            };
            used.params.insert(name, value);
        }
    }
    if let Some(written) = test.get::<Option<String>>("for").map_err(|error| error.to_string())? {
        let crate::profile::ParamValue::Number(seconds) = ParamKind::Duration.read(&written)? else {
            return Err("`for` is no duration".to_owned());
        };
        used.for_ns = Some((seconds * 1e9) as u64);
    }
    let windows: Option<Table> = test.get("windows").map_err(|_| "`windows` is no list".to_owned())?;
    let recording: Option<String> = test.get("recording").map_err(|_| "`recording` is no path".to_owned())?;
    let input = match (windows, recording) {
        (Some(windows), None) => Input::Windows(described::windows(&windows, kinds)?),
        (None, Some(path)) => Input::Recording(path),
        _ => return Err("expected either `windows` or `recording`".to_owned()),
    };
    let expect: Table =
        test.get("expect").map_err(|_| "has no `expect`: a list of findings, `{}` for none".to_owned())?;
    let mut expected = Vec::new();
    for place in 1..=described::unnamed(&expect).map_err(|what| format!("`expect` {what}"))? {
        let at = |what: String| format!("expect[{place}]: {what}");
        let finding: Table = expect.raw_get(place).map_err(|_| at("expected a table".to_owned()))?;
        let known: Vec<_> = EXPECTED.into_iter().chain(["evidence"]).collect();
        described::only(&finding, &known).map_err(at)?;
        let mut fields = Vec::new();
        for name in EXPECTED {
            let value: Option<String> = finding.get(name).map_err(|_| at(format!("`{name}` is no text")))?;
            fields.extend(value.map(|value| (name, value)));
        }
        let evidence: Option<Vec<String>> =
            finding.get("evidence").map_err(|_| at("`evidence` is no list".to_owned()))?;
        expected.push(Expected { fields, evidence: evidence.unwrap_or_default() });
    }
    let cpus: Option<u32> = test.get("cpus").map_err(|_| "`cpus` is no number".to_owned())?;
    Ok(Case { name, used, input, expected, cpus: cpus.unwrap_or(2) })
}

impl Case {
    /// Runs it on windows by hand; hands out how what came out differs from what should have, if it does.
    pub fn run(&self, rule: &RuleText, windows: &[Snapshot], kinds: &[&'static Kind]) -> Result<(), String> {
        let facts = Facts { cpus: self.cpus, command: None };
        let judged = judged_alone(rule, &self.used, windows.to_vec(), kinds, &facts, LIMITS);
        let tracker = judged.map_err(|failure| failure.to_string())?;
        if let Some(failure) = tracker.failure() {
            return Err(failure.to_string());
        }
        let seen: Vec<_> = tracker.concluded().into_iter().map(Seen::concluded).collect();
        self.compare(&seen)
    }

    /// Compares with the findings of a report.
    ///
    /// # Errors
    /// How they differ.
    pub fn compare_findings(&self, findings: &[Finding]) -> Result<(), String> {
        let own = findings.iter().filter(|finding| finding.rule == self.used.name);
        self.compare(&own.map(Seen::finding).collect::<Vec<_>>())
    }

    fn compare(&self, seen: &[Seen]) -> Result<(), String> {
        let mut text = String::new();
        for place in 0..self.expected.len().max(seen.len()) {
            match (self.expected.get(place), seen.get(place)) {
                (Some(expected), Some(seen)) => differ(place + 1, expected, seen, &mut text),
                (Some(expected), None) => {
                    let _ = writeln!(text, "finding {}: was not found", place + 1);
                    for (name, value) in &expected.fields {
                        let _ = writeln!(text, "  - {name}: {value}");
                    }
                }
                (None, Some(seen)) => {
                    let _ = writeln!(text, "finding {}: was not expected", place + 1);
                    for (name, value) in &seen.fields {
                        let _ = writeln!(text, "  + {name}: {value}");
                    }
                    for evidence in &seen.evidence {
                        let _ = writeln!(text, "  + evidence: {evidence}");
                    }
                }
                (None, None) => {}
            }
        }
        if text.is_empty() { Ok(()) } else { Err(text) }
    }
}

fn differ(place: usize, expected: &Expected, seen: &Seen, text: &mut String) {
    let wrong = expected.fields.iter().filter(|(name, value)| seen.get(name) != value);
    let missing: Vec<_> = expected.evidence.iter().filter(|evidence| !seen.evidence.contains(evidence)).collect();
    let wrong: Vec<_> = wrong.collect();
    if wrong.is_empty() && missing.is_empty() {
        return;
    }
    let _ = writeln!(text, "finding {place}: differs (- expected, + found)");
    for (name, value) in wrong {
        let _ = writeln!(text, "  - {name}: {value}\n  + {name}: {}", seen.get(name));
    }
    for evidence in &missing {
        let _ = writeln!(text, "  - evidence: {evidence}");
    }
    for evidence in seen.evidence.iter().filter(|_| !missing.is_empty()) {
        let _ = writeln!(text, "  + evidence: {evidence}");
    }
}
