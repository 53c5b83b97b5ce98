//! Windows as a rule's test describes them: kinds, keys, durations and errors, without a recording.

use std::sync::Arc;

use mlua::Table;
use mlua::Value;

use super::declaration::shown;
use crate::event::ErrorCount;
use crate::event::Kind;
use crate::event::TallyDelta;
use crate::event::kind::Unit;
use crate::profile::ParamKind;
use crate::profile::ParamValue;
use crate::profile::did_you_mean;
use crate::profile::either;
use crate::window::Figures;
use crate::window::KindSnapshot;
use crate::window::Moment;
use crate::window::Snapshot;

/// The length of a described window that does not say one, in seconds.
const SECONDS: f64 = 10.0;

/// The most windows of a test.
const WINDOWS_MAX: usize = 1_000;

/// Reads the list of windows. What is wrong is said with the way to it.
pub(super) fn windows(list: &Table, kinds: &[&'static Kind]) -> Result<Vec<Snapshot>, String> {
    let mut windows: Vec<Snapshot> = Vec::new();
    if unnamed(list)? == 0 {
        return Err("`windows` is empty: nothing would be judged".to_owned());
    }
    for place in 1..=list.raw_len() {
        let at = |what: String| format!("windows[{place}]: {what}");
        let Value::Table(table) = list.raw_get::<Value>(place).map_err(|error| at(error.to_string()))? else {
            return Err(at("expected a table".to_owned()));
        };
        let repeats = number(&table, "repeats").map_err(at)?.unwrap_or(1.0).clamp(1.0, WINDOWS_MAX as f64) as usize;
        let window = window(&table, kinds).map_err(at)?;
        for _ in 0..repeats {
            if windows.len() >= WINDOWS_MAX {
                return Err(format!("more than {WINDOWS_MAX} windows"));
            }
            let from_ns = windows.last().map_or(0, |last| last.to_ns);
            let first = windows.is_empty();
            let length_ns = window.to_ns;
            windows.push(Snapshot { from_ns, to_ns: from_ns + length_ns, first, ..window.clone() });
        }
    }
    Ok(windows)
}

fn window(table: &Table, kinds: &[&'static Kind]) -> Result<Snapshot, String> {
    let seconds = number(table, "seconds")?.unwrap_or(SECONDS);
    if !(0.001..=1e6).contains(&seconds) {
        return Err(format!("`seconds` is {seconds}, expected 0.001 to 1000000"));
    }
    let length_ns = (seconds * 1e9) as u64;
    let mut window = Snapshot {
        from_ns: 0,
        to_ns: length_ns as i64,
        new_ns: length_ns,
        first: false,
        whole: flag(table, "whole")?.unwrap_or(true),
        targets: vec!["test".into()],
        kinds: kinds.iter().map(|kind| (kind.name, KindSnapshot::empty(kind))).collect(),
    };
    for pair in table.pairs::<String, Value>() {
        let (name, value) = pair.map_err(|error| error.to_string())?;
        if ["seconds", "repeats", "whole"].contains(&name.as_str()) {
            continue;
        }
        let Some(kind) = kinds.iter().find(|kind| kind.name == name) else {
            let near = did_you_mean(&name, kinds.iter().map(|kind| kind.name)).map(|near| format!("; {near}"));
            return Err(format!("unknown kind `{name}`{}", near.unwrap_or_default()));
        };
        match value {
            Value::Table(counted) => {
                let snapshot = counted_kind(&counted, kind).map_err(|what| format!("{name}: {what}"))?;
                window.kinds.insert(kind.name, snapshot);
            }
            // Not watched.
            Value::Boolean(false) => drop(window.kinds.remove(kind.name)),
            other => {
                return Err(format!("{name}: {}, expected a table, or false for what is not watched", shown(&other)));
            }
        }
    }
    Ok(window)
}

fn counted_kind(table: &Table, kind: &'static Kind) -> Result<KindSnapshot, String> {
    let mut counted = KindSnapshot::empty(kind);
    let dimensions: Vec<_> = counted.dimensions.iter().map(|(name, _)| *name).collect();
    let known = own_fields(kind).into_iter().chain(["missing", "slowest", "failed"]);
    let known: Vec<_> = known.chain(dimensions.iter().copied()).collect();
    for pair in table.pairs::<String, Value>() {
        let (name, _) = pair.map_err(|error| error.to_string())?;
        if !known.contains(&name.as_str()) {
            let near = did_you_mean(&name, known.iter().copied()).map(|near| format!("; {near}")).unwrap_or_default();
            return Err(format!("has no `{name}`, expected {}{near}", either(known.iter().copied())));
        }
    }
    let mut all = figures(table, kind)?;
    for (place, dimension) in dimensions.iter().enumerate() {
        let Some(rows) = inner(table, dimension)? else { continue };
        let mut sum = Figures::default();
        for pair in rows.pairs::<String, Value>() {
            let (key, row) = pair.map_err(|error| format!("{dimension}: {error}"))?;
            let at = |what: String| format!("{dimension}[{key:?}]: {what}");
            let Value::Table(row) = row else { return Err(at(format!("{}, expected a table", shown(&row)))) };
            only(&row, &own_fields(kind)).map_err(at)?;
            let row = figures(&row, kind).map_err(at)?;
            sum.merge(&row);
            if key == crate::window::names::OTHER {
                counted.dimensions[place].1.other_mut().merge(&row);
            } else {
                counted.dimensions[place].1.row(Arc::from(key.as_str())).merge(&row);
            }
        }
        // The first dimension that is described says what there was in all, unless the kind itself says it.
        if all.is_empty() {
            all = sum;
        }
    }
    for (_, table) in counted.dimensions.iter_mut().filter(|(_, table)| table.is_empty()) {
        table.other_mut().merge(&all);
    }
    counted.all = all;
    counted.missing = number(table, "missing")?.unwrap_or(0.0) as u64;
    counted.slowest = events(table, "slowest")?;
    counted.failed = events(table, "failed")?;
    Ok(counted)
}

/// What can be said of figures of a kind.
fn own_fields(kind: &Kind) -> Vec<&'static str> {
    let durations = kind.duration.map(|_| "durations");
    ["count", "errors"].into_iter().chain(durations).chain(kind.amount.map(|amount| amount.name)).collect()
}

fn figures(table: &Table, kind: &Kind) -> Result<Figures, String> {
    let key = crate::event::TallyKey {
        kind: kind.id,
        detail: 0,
        process: crate::event::ProcessId::UNKNOWN,
        object: crate::event::ObjectId::NONE,
    };
    let mut delta = TallyDelta {
        key,
        count: 0,
        amount: 0,
        total_ns: 0,
        max_ns: 0,
        histogram: crate::event::Histogram::default(),
        errors: Vec::new(),
    };
    if let Some(durations) = inner(table, "durations")? {
        for pair in durations.pairs::<String, f64>() {
            let (written, count) = pair.map_err(|error| format!("durations: {error}"))?;
            let ns = nanoseconds(&written)?;
            let count = count.max(0.0) as u64;
            delta.count += count;
            delta.total_ns = delta.total_ns.saturating_add(ns.saturating_mul(count));
            delta.max_ns = delta.max_ns.max(ns);
            delta.histogram.add(crate::event::histogram::bucket_of(ns), count);
        }
    }
    if let Some(count) = number(table, "count")? {
        delta.count = count.max(0.0) as u64;
    }
    if let Some(amount) = kind.amount {
        delta.amount = match (amount.unit, get(table, amount.name)?) {
            (_, Value::Nil) => 0,
            (Unit::Nanoseconds, Value::String(text)) => nanoseconds(&text.to_string_lossy())?,
            (Unit::Bytes, Value::String(text)) => match ParamKind::Size.read(&text.to_string_lossy())? {
                ParamValue::Number(bytes) => bytes as u64,
                _ => 0,
            },
            (_, value) => plain(&value).ok_or_else(|| format!("`{}` is {}", amount.name, shown(&value)))? as u64,
        };
    }
    if let Some(errors) = inner(table, "errors")? {
        for pair in errors.pairs::<String, f64>() {
            let (name, count) = pair.map_err(|error| format!("errors: {error}"))?;
            let named = |errno: &u16| (kind.error)(*errno) == name;
            // Errnos are small; a process's status is not.
            let errno = (0..=4_096).chain(4_097..=u16::MAX).find(named);
            let errno = errno.ok_or_else(|| format!("`{}` has no error `{name}`", kind.name))?;
            delta.errors.push(ErrorCount { errno, count: count.max(0.0) as u64 });
        }
        let failed: u64 = delta.errors.iter().map(|error| error.count).sum();
        delta.count = delta.count.max(failed);
    }
    let mut figures = Figures::default();
    figures.count_delta(&delta);
    Ok(figures)
}

fn nanoseconds(text: &str) -> Result<u64, String> {
    match ParamKind::Duration.read(text) {
        Ok(ParamValue::Number(seconds)) => Ok((seconds * 1e9).round() as u64),
        Ok(_) => Ok(0),
        Err(why) => Err(format!("`{text}` {why}, expected {}", ParamKind::Duration.expected())),
    }
}

fn events(table: &Table, field: &str) -> Result<Vec<Moment>, String> {
    let Some(list) = inner(table, field)? else { return Ok(Vec::new()) };
    let mut events = Vec::new();
    for place in 1..=unnamed(&list).map_err(|what| format!("{field}: {what}"))? {
        let at = |what: String| format!("{field}[{place}]: {what}");
        let event: Table = list.raw_get(place).map_err(|error| at(error.to_string()))?;
        only(&event, &["at", "seconds", "process", "object", "detail", "error"]).map_err(at)?;
        let word = |name: &str| -> Result<Option<Arc<str>>, String> {
            let word: Option<String> = event.get(name).map_err(|error| at(error.to_string()))?;
            Ok(word.map(Into::into))
        };
        events.push(Moment {
            at_ns: (number(&event, "at").map_err(at)?.unwrap_or(0.0) * 1e9) as i64,
            duration_ns: (number(&event, "seconds").map_err(at)?.unwrap_or(0.0) * 1e9) as u64,
            process: word("process")?.unwrap_or_else(|| crate::window::names::UNKNOWN.into()),
            object: word("object")?,
            detail: word("detail")?,
            error: word("error")?,
        });
    }
    Ok(events)
}

fn get(table: &Table, field: &str) -> Result<Value, String> {
    table.raw_get(field).map_err(|error| error.to_string())
}

/// A table in a table, if it is there.
fn inner(table: &Table, field: &str) -> Result<Option<Table>, String> {
    match get(table, field)? {
        Value::Nil => Ok(None),
        Value::Table(inner) => Ok(Some(inner)),
        other => Err(format!("`{field}` is {}, expected a table", shown(&other))),
    }
}

/// The length of a list. One whose braces were forgotten has names instead, and would read as empty.
pub(super) fn unnamed(list: &Table) -> Result<usize, String> {
    let length = list.raw_len();
    for pair in list.pairs::<Value, Value>() {
        let (key, _) = pair.map_err(|error| error.to_string())?;
        if !matches!(key, Value::Integer(_) | Value::Number(_)) {
            return Err(format!("has the name {}, expected a list: `{{ {{ … }} }}`", shown(&key)));
        }
    }
    Ok(length)
}

fn number(table: &Table, field: &str) -> Result<Option<f64>, String> {
    match get(table, field)? {
        Value::Nil => Ok(None),
        value => plain(&value).map(Some).ok_or_else(|| format!("`{field}` is {}, expected a number", shown(&value))),
    }
}

/// A number, whole or not.
fn plain(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => Some(*number),
        Value::Integer(number) => Some(*number as f64),
        _ => None,
    }
}

fn flag(table: &Table, field: &str) -> Result<Option<bool>, String> {
    match get(table, field)? {
        Value::Nil => Ok(None),
        Value::Boolean(flag) => Ok(Some(flag)),
        value => Err(format!("`{field}` is {}, expected true or false", shown(&value))),
    }
}

/// Refuses fields that nobody reads.
pub(super) fn only(table: &Table, known: &[&str]) -> Result<(), String> {
    for pair in table.pairs::<Value, Value>() {
        let (key, _) = pair.map_err(|error| error.to_string())?;
        let name = key.as_string().map(|name| name.to_string_lossy()).unwrap_or_else(|| shown(&key));
        if !known.contains(&name.as_str()) {
            let near = did_you_mean(&name, known.iter().copied()).map(|near| format!("; {near}")).unwrap_or_default();
            return Err(format!("has no `{name}`, expected {}{near}", either(known.iter().copied())));
        }
    }
    Ok(())
}
