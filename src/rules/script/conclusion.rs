//! What a rule returns, checked field by field: findings, metrics, a section.

#[cfg(test)]
mod tests;

use mlua::Table;
use mlua::Value;

use super::declaration::MetricSpec;
use super::declaration::shown;
use crate::event::Kind;
use crate::event::Severity;
use crate::finding::Aspect;
use crate::finding::Confidence;
use crate::profile::did_you_mean;
use crate::profile::either;
use crate::window::snapshot;

/// The fields of a finding, with their types in stubs and a sentence each.
pub(super) const FIELDS: [(&str, &str, &str); 11] = [
    ("severity", "\"info\"|\"error\"|\"warning\"|\"critical\"|\"fatal\"", "How bad it is."),
    ("title", "string", "One line: what is wrong, and in parentheses where."),
    ("evidence", "string[]", "How one can see it, the most telling first; at least one."),
    (
        "confidence",
        "\"low\"|\"medium\"|\"high\"|nil",
        "How sure it is; high if not said. Where operations are missing from counts it is medium at most.",
    ),
    ("kind", "podtrace.KindName?", "The kind it is about: the next command to run is made from it."),
    (
        "figure",
        "\"duration\"|\"errors\"|\"count\"|\"quantity\"|nil",
        "Which figure of `kind` is bad: a threshold on it that says the same of the same `key` is not said beside it.",
    ),
    ("dimension", "string?", "What `key` is: `peer`, `path`, `process`, …"),
    ("key", "string?", "The peer, path or process it is about: findings of one key are one finding."),
    ("id", "string?", "Tells it from other findings of the rule, where `kind` and `key` do not."),
    ("next", "string?", "What to do next, where the command made from `kind` and `key` is not it."),
    ("effect", "number?", "How far beyond what is good, as a ratio; orders findings of a severity."),
];

/// The fields of a section.
pub(super) const SECTION_FIELDS: [(&str, &str, &str); 4] = [
    ("title", "string", "Its title."),
    ("columns", "string[]?", "Names of columns, for `rows`."),
    ("rows", "string[][]?", "Rows, each with a text per column."),
    ("lines", "string[]?", "Lines of text."),
];

/// The most findings of a window that are kept of a rule; the worst are.
pub const FINDINGS_MAX: usize = 20;

/// The most findings of a window that are looked at.
const LOOKED_AT_MAX: usize = 1_000;

/// The most bytes of a title, and of a piece of evidence.
const TEXT_MAX: usize = 300;

/// The most pieces of evidence, rows and lines.
const EVIDENCE_MAX: usize = 10;
const ROWS_MAX: usize = 100;
const COLUMNS_MAX: usize = 10;

/// The most values of a metric.
pub(super) const SERIES_MAX: usize = 100;

/// A finding, as a rule said it of one window.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Concluded {
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong.
    pub title: String,
    /// How one can see it.
    pub evidence: Vec<String>,
    /// How sure it is.
    pub confidence: Confidence,
    /// The kind it is about.
    pub kind: Option<&'static str>,
    /// Which of its figures.
    pub figure: Option<Aspect>,
    /// What `key` is.
    pub dimension: Option<&'static str>,
    /// What it is about.
    pub key: Option<String>,
    /// Tells it from others of the rule.
    pub id: Option<String>,
    /// What to do next.
    pub next: Option<String>,
    /// How far beyond what is good.
    pub effect: f64,
}

impl Concluded {
    /// What tells it from others of the rule: what it is about, else its words.
    pub(super) fn identity(&self) -> String {
        match (&self.id, &self.key) {
            (Some(id), _) => format!("id {id}"),
            (None, Some(key)) => {
                format!("{} {} {key}", self.kind.unwrap_or_default(), self.dimension.unwrap_or_default())
            }
            (None, None) => format!("title {}", self.title),
        }
    }
}

/// The value of a metric.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct MetricValue {
    /// Its place among the rule's metrics.
    pub metric: usize,
    /// What it is of, for metrics with a label.
    pub label: Option<String>,
    /// The number.
    pub value: f64,
}

/// A section of the report.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Section {
    /// Its title.
    pub title: String,
    /// Names of columns.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<String>,
    /// Rows, each with a text per column.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rows: Vec<Vec<String>>,
    /// Lines of text.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<String>,
}

/// What a rule said of one window.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Evaluated {
    /// Its findings, worst first.
    pub findings: Vec<Concluded>,
    /// Findings that are not among them, because they were too many.
    pub omitted: u64,
    /// Its numbers.
    pub metrics: Vec<MetricValue>,
}

/// Reads what `evaluate` returned; `kinds` are those that the rule named. What is wrong is said in a sentence.
pub(super) fn evaluated(
    findings: &Value,
    metrics: &Value,
    kinds: &[&'static Kind],
    declared: &[MetricSpec],
) -> Result<Evaluated, String> {
    let mut evaluated = Evaluated::default();
    match findings {
        Value::Nil => {}
        Value::Table(list) => {
            let count = list.raw_len();
            if count == 0 && !list.is_empty() {
                return Err(
                    "`evaluate` returned a table with names, expected a list of findings `{ { … } }`".to_owned()
                );
            }
            for place in 1..=count.min(LOOKED_AT_MAX) {
                let value: Value = list.raw_get(place).map_err(|error| error.to_string())?;
                let found = finding(&value, kinds).map_err(|what| format!("finding {place}: {what}"))?;
                evaluated.findings.push(found);
            }
            evaluated.findings.sort_by(|a, b| b.severity.cmp(&a.severity).then(b.effect.total_cmp(&a.effect)));
            evaluated.findings.truncate(FINDINGS_MAX);
            evaluated.omitted = (count - evaluated.findings.len()) as u64;
        }
        other => return Err(format!("`evaluate` returned {}, expected a list of findings or nil", shown(other))),
    }
    evaluated.metrics = numbers(metrics, declared)?;
    Ok(evaluated)
}

fn finding(value: &Value, kinds: &[&'static Kind]) -> Result<Concluded, String> {
    let Value::Table(table) = value else {
        return Err(format!("{}, expected a table", shown(value)));
    };
    only(table, &FIELDS.map(|(name, ..)| name))?;
    let severity = word(table, "severity", &Severity::ALL.map(|severity| (severity.name(), severity)))?;
    let confidences = [("low", Confidence::Low), ("medium", Confidence::Medium), ("high", Confidence::High)];
    let confidence = match get(table, "confidence")? {
        Value::Nil => Confidence::High,
        _ => word(table, "confidence", &confidences)?,
    };
    let evidence = texts(table, "evidence", EVIDENCE_MAX)?;
    if evidence.is_empty() {
        return Err("`evidence` is empty, expected at least one sentence".to_owned());
    }
    let kind = text(table, "kind")?.map(|name| match kinds.iter().find(|kind| kind.name == name) {
        Some(kind) => Ok(*kind),
        None => {
            let near = did_you_mean(&name, kinds.iter().map(|kind| kind.name)).map(|near| format!("; {near}"));
            Err(format!("`kind` is `{name}`, which is in neither `needs` nor `wants`{}", near.unwrap_or_default()))
        }
    });
    let kind = kind.transpose()?;
    let figure = match get(table, "figure")? {
        Value::Nil => None,
        _ if kind.is_none() => return Err("`figure` stands without `kind`".to_owned()),
        _ => Some(word(table, "figure", &Aspect::ALL)?),
    };
    let dimension = text(table, "dimension")?.map(|name| {
        let known = || kind.into_iter().flat_map(snapshot::dimensions);
        known().find(|known| *known == name).ok_or_else(|| match kind {
            None => "`dimension` stands without `kind`".to_owned(),
            Some(kind) => format!("`{}` has no dimension `{name}`, expected {}", kind.name, either(known())),
        })
    });
    let effect = match get(table, "effect")? {
        Value::Nil => 1.0,
        Value::Number(effect) if effect.is_finite() => effect,
        Value::Integer(effect) => effect as f64,
        other => return Err(format!("`effect` is {}, expected a number", shown(&other))),
    };
    let required = |field: &'static str| -> Result<String, String> {
        match text(table, field)? {
            Some(text) if !text.trim().is_empty() => Ok(text),
            Some(_) => Err(format!("`{field}` is empty")),
            None => Err(format!("`{field}` is missing, expected a text")),
        }
    };
    Ok(Concluded {
        severity,
        title: required("title")?,
        evidence,
        confidence,
        kind: kind.map(|kind| kind.name),
        figure,
        dimension: dimension.transpose()?,
        key: text(table, "key")?,
        id: text(table, "id")?,
        next: text(table, "next")?,
        effect,
    })
}

fn numbers(value: &Value, declared: &[MetricSpec]) -> Result<Vec<MetricValue>, String> {
    let table = match value {
        Value::Nil => return Ok(Vec::new()),
        Value::Table(table) => table,
        other => {
            return Err(format!("the second result of `evaluate` is {}, expected a table of metrics", shown(other)));
        }
    };
    let names: Vec<_> = declared.iter().map(|metric| metric.name.as_str()).collect();
    only(table, &names).map_err(|what| format!("metrics: {what}"))?;
    let number = |name: &str, value: &Value| match value {
        Value::Number(number) if number.is_finite() => Ok(*number),
        Value::Integer(number) => Ok(*number as f64),
        other => Err(format!("the metric `{name}` is {}, expected a number", shown(other))),
    };
    let mut numbers = Vec::new();
    for (metric, spec) in declared.iter().enumerate() {
        match (get(table, &spec.name)?, &spec.label) {
            (Value::Nil, _) => {}
            (Value::Table(series), Some(_)) => {
                let mut values = Vec::new();
                for pair in series.pairs::<String, Value>().take(LOOKED_AT_MAX) {
                    let (label, value) = pair.map_err(|error| format!("the metric `{}`: {error}", spec.name))?;
                    values.push((clean(&label), number(&spec.name, &value)?));
                }
                values.sort_by(|(one, _), (other, _)| one.cmp(other));
                values.truncate(SERIES_MAX);
                numbers.extend(values.into_iter().map(|(label, value)| MetricValue {
                    metric,
                    label: Some(label),
                    value,
                }));
            }
            (value, Some(label)) => {
                return Err(format!("the metric `{}` is {}, expected a table by {label}", spec.name, shown(&value)));
            }
            (value, None) => numbers.push(MetricValue { metric, label: None, value: number(&spec.name, &value)? }),
        }
    }
    Ok(numbers)
}

/// Reads what `section` returned.
pub(super) fn section(value: &Value) -> Result<Option<Section>, String> {
    let table = match value {
        Value::Nil => return Ok(None),
        Value::Table(table) => table,
        other => return Err(format!("`section` returned {}, expected a table or nil", shown(other))),
    };
    only(table, &SECTION_FIELDS.map(|(name, ..)| name)).map_err(|what| format!("section: {what}"))?;
    let title = text(table, "title")?.ok_or("a section has no `title`, expected a text")?;
    let columns = texts(table, "columns", COLUMNS_MAX)?;
    let mut rows = Vec::new();
    match get(table, "rows")? {
        Value::Nil => {}
        Value::Table(list) => {
            for place in 1..=list.raw_len().min(ROWS_MAX) {
                let row: Value = list.raw_get(place).map_err(|error| error.to_string())?;
                let row = match &row {
                    Value::Table(row) => list_of(row, "rows", COLUMNS_MAX)?,
                    other => {
                        return Err(format!("row {place} of a section is {}, expected a list of texts", shown(other)));
                    }
                };
                if row.len() != columns.len() {
                    return Err(format!(
                        "row {place} of a section has {} texts for {} columns",
                        row.len(),
                        columns.len()
                    ));
                }
                rows.push(row);
            }
        }
        other => return Err(format!("`rows` is {}, expected a list of rows", shown(&other))),
    }
    Ok(Some(Section { title, columns, rows, lines: texts(table, "lines", ROWS_MAX)? }))
}

fn get(table: &Table, field: &str) -> Result<Value, String> {
    table.raw_get(field).map_err(|error| error.to_string())
}

fn only(table: &Table, known: &[&str]) -> Result<(), String> {
    for pair in table.pairs::<Value, Value>() {
        let (key, _) = pair.map_err(|error| error.to_string())?;
        let name = key.as_string().map(|name| name.to_string_lossy());
        if !name.as_ref().is_some_and(|name| known.contains(&name.as_str())) {
            let name = name.unwrap_or_else(|| shown(&key));
            let near = did_you_mean(&name, known.iter().copied()).map(|near| format!("; {near}")).unwrap_or_default();
            return Err(format!(
                "no field `{}` is known, expected {}{near}",
                clean(&name),
                either(known.iter().copied())
            ));
        }
    }
    Ok(())
}

fn text(table: &Table, field: &str) -> Result<Option<String>, String> {
    match get(table, field)? {
        Value::Nil => Ok(None),
        Value::String(text) => Ok(Some(clean(&text.to_string_lossy()))),
        other => Err(format!("`{field}` is {}, expected a text", shown(&other))),
    }
}

fn word<T: Copy>(table: &Table, field: &str, words: &[(&str, T)]) -> Result<T, String> {
    let value = get(table, field)?;
    let said = value.as_string().map(|word| word.to_string_lossy()).unwrap_or_default();
    let known = words.iter().find(|(word, _)| *word == said);
    known.map(|(_, meaning)| *meaning).ok_or_else(|| {
        let near = did_you_mean(&said, words.iter().map(|(word, _)| *word)).map(|near| format!("; {near}"));
        let expected = either(words.iter().map(|(word, _)| *word));
        format!("`{field}` is {}, expected {expected}{}", shown(&value), near.unwrap_or_default())
    })
}

fn texts(table: &Table, field: &str, most: usize) -> Result<Vec<String>, String> {
    match get(table, field)? {
        Value::Nil => Ok(Vec::new()),
        Value::Table(list) => list_of(&list, field, most),
        other => Err(format!("`{field}` is {}, expected a list of texts", shown(&other))),
    }
}

fn list_of(list: &Table, field: &str, most: usize) -> Result<Vec<String>, String> {
    let mut texts = Vec::new();
    for place in 1..=list.raw_len().min(most) {
        match list.raw_get(place).map_err(|error| error.to_string())? {
            Value::String(text) => texts.push(clean(&text.to_string_lossy())),
            other => return Err(format!("`{field}` has {} at {place}, expected texts", shown(&other))),
        }
    }
    Ok(texts)
}

/// A text as it may be printed anywhere: one line, without control characters, not too long.
fn clean(text: &str) -> String {
    let mut clean = String::new();
    for c in text.chars() {
        if clean.len() + c.len_utf8() > TEXT_MAX {
            clean.push('…');
            break;
        }
        clean.push(if c.is_control() { ' ' } else { c });
    }
    clean
}
