//! What a rule's file returns: the declaration, checked field by field.

use mlua::Function;
use mlua::Table;
use mlua::Value;

use super::sandbox::Failure;
use super::source::RuleText;
use crate::event::Kind;
use crate::profile::ParamKind;
use crate::profile::ParamSpec;
use crate::profile::ParamValue;
use crate::profile::RuleSpec;
use crate::profile::did_you_mean;
use crate::profile::either;

/// The version of what rules are handed and may return. Goes up when something changes its meaning or goes away.
pub const API: u32 = 1;

/// The fields of a declaration, with their types in stubs and a sentence each.
pub(super) const FIELDS: [(&str, &str, &str); 9] = [
    ("name", "string", "Its name: small letters, digits and `-`."),
    ("about", "string", "One sentence: what it finds."),
    ("api", "integer?", "The version of this interface it was written for."),
    ("needs", "podtrace.KindName[]?", "Kinds it cannot do without: where one is not watched, it is not run."),
    ("wants", "podtrace.KindName[]?", "Kinds it also looks at: where one is not watched, its view is `nil`."),
    ("params", "table<string, podtrace.Param>?", "Its parameters."),
    ("metrics", "table<string, podtrace.Metric>?", "Numbers it hands out, as a second result of `evaluate`."),
    (
        "evaluate",
        "fun(window: podtrace.Window, params: table<string, any>): podtrace.Finding[]?, table<string, any>?",
        "Judges a window. Pure: the same window gives the same findings.",
    ),
    (
        "section",
        "fun(report: podtrace.Window, params: table<string, any>): podtrace.Section?",
        "Makes a section of the report from the whole trace, at its end.",
    ),
];

/// The fields of a parameter.
pub(super) const PARAM_FIELDS: [(&str, &str, &str); 6] = [
    (
        "type",
        "\"duration\"|\"share\"|\"size\"|\"number\"|\"text\"|\"flag\"",
        "What it takes: `\"250ms\"`, `\"5%\"`, `\"1MiB\"`, `3`, `\"a\"`, `true`. Lua gets seconds, a share of 1, bytes.",
    ),
    ("default", "string|number|boolean", "Its value where none is given, written as in a profile."),
    ("about", "string", "One sentence."),
    ("min", "string|number|nil", "The smallest it may be."),
    ("max", "string|number|nil", "The largest it may be."),
    ("words", "string[]?", "For a text: the words it may be."),
];

/// The fields of a metric.
pub(super) const METRIC_FIELDS: [(&str, &str, &str); 4] = [
    ("type", "\"gauge\"|\"counter\"", "What it is; a counter is handed out as what is to be added."),
    ("about", "string", "One sentence."),
    ("unit", "string?", "Its unit: `seconds`, `bytes`, `ratio`."),
    ("label", "string?", "What its values are told apart by; then the value is a table from label to number."),
];

/// The most parameters, kinds or metrics of a rule.
const LISTED_MAX: usize = 32;

/// The most bytes of a name or a sentence.
const TEXT_MAX: usize = 400;

/// A rule that is right as far as one can see without running it.
#[derive(Clone, Debug)]
pub struct Declaration {
    /// What a profile sees of it.
    pub spec: RuleSpec,
    /// Kinds it cannot do without.
    pub needs: Vec<&'static Kind>,
    /// Kinds it also looks at.
    pub wants: Vec<&'static Kind>,
    /// Numbers it hands out.
    pub metrics: Vec<MetricSpec>,
    /// Whether it makes a section of the report.
    pub has_section: bool,
    /// Its text.
    pub text: RuleText,
}

/// A number that a rule hands out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetricSpec {
    /// Its name.
    pub name: String,
    /// Whether values add up.
    pub counter: bool,
    /// Its unit.
    pub unit: Option<String>,
    /// What its values are told apart by.
    pub label: Option<String>,
    /// One sentence.
    pub about: String,
}

/// What a rule's file returned.
#[derive(Debug)]
pub(super) struct Returned {
    pub(super) declaration: Declaration,
    pub(super) evaluate: Function,
    pub(super) section: Option<Function>,
}

/// Reads what a rule's file returned.
pub(super) fn read(value: Value, text: &RuleText, kinds: &[&'static Kind]) -> Result<Returned, Failure> {
    let reader = Reader { text, kinds };
    let Value::Table(table) = value else {
        return Err(
            reader.failure(None, format!("returns {}, expected one table: `return {{ name = … }}`", value.type_name()))
        );
    };
    let known: Vec<_> = FIELDS.iter().map(|(name, ..)| *name).collect();
    reader.only(&table, &known, "a rule")?;
    let name = reader.text(&table, "name", true)?.unwrap_or_default();
    if name.is_empty() || !name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-') {
        let message = format!("the name `{name}` may have small letters, digits and `-` only");
        return Err(reader.failure(Some("name"), message));
    }
    let about = reader.text(&table, "about", true)?.unwrap_or_default();
    match reader.get(&table, "api")? {
        Value::Nil => {}
        Value::Integer(version) if i64::from(API) == version => {}
        Value::Number(version) if version == f64::from(API) => {}
        other => {
            let message = format!("was written for version {} of the interface, this one has {API}", shown(&other));
            return Err(reader.failure(Some("api"), message));
        }
    }
    let needs = reader.kinds(&table, "needs")?;
    let wants = reader.kinds(&table, "wants")?;
    if needs.is_empty() && wants.is_empty() {
        return Err(reader.failure(Some("needs"), "looks at no kind: name them in `needs` or `wants`".to_owned()));
    }
    let params = reader.entries(&table, "params", |name, table| reader.param(name, table))?;
    let metrics = reader.entries(&table, "metrics", |name, table| reader.metric(name, table))?;
    let evaluate = match reader.get(&table, "evaluate")? {
        Value::Function(function) => function,
        other => return Err(reader.wrong("evaluate", &other, "a function")),
    };
    let section = match reader.get(&table, "section")? {
        Value::Function(function) => Some(function),
        Value::Nil => None,
        other => return Err(reader.wrong("section", &other, "a function")),
    };
    let needs_names = needs.iter().map(|kind| kind.name.to_owned()).collect();
    let spec = RuleSpec { name, about, needs: needs_names, params };
    let has_section = section.is_some();
    let declaration = Declaration { spec, needs, wants, metrics, has_section, text: text.clone() };
    Ok(Returned { declaration, evaluate, section })
}

struct Reader<'a> {
    text: &'a RuleText,
    kinds: &'a [&'static Kind],
}

impl Reader<'_> {
    /// A failure at the line where a word stands as a field, or as a string.
    fn failure(&self, word: Option<&str>, message: String) -> Failure {
        let line = word.and_then(|word| line_of(&self.text.text, word));
        Failure { file: self.text.path.clone(), line, message }
    }

    fn wrong(&self, field: &str, value: &Value, expected: &str) -> Failure {
        let found = if value.is_nil() { "is missing".to_owned() } else { format!("is {}", shown(value)) };
        self.failure(Some(field), format!("`{field}` {found}, expected {expected}"))
    }

    fn get(&self, table: &Table, field: &str) -> Result<Value, Failure> {
        table.raw_get(field).map_err(|error| self.failure(Some(field), error.to_string()))
    }

    /// Refuses fields that nobody reads.
    fn only(&self, table: &Table, known: &[&str], what: &str) -> Result<(), Failure> {
        for pair in table.pairs::<Value, Value>() {
            let (key, _) = pair.map_err(|error| self.failure(None, error.to_string()))?;
            let Value::String(key) = &key else {
                return Err(self.failure(None, format!("{what} has the key {}, expected names only", shown(&key))));
            };
            let key = key.to_string_lossy();
            if !known.contains(&key.as_str()) {
                let near = did_you_mean(&key, known.iter().copied()).map(|near| format!("; {near}"));
                let expected = either(known.iter().copied());
                let message = format!("{what} has no field `{key}`, expected {expected}{}", near.unwrap_or_default());
                return Err(self.failure(Some(&key), message));
            }
        }
        Ok(())
    }

    fn text(&self, table: &Table, field: &str, required: bool) -> Result<Option<String>, Failure> {
        match self.get(table, field)? {
            Value::String(text) if text.as_bytes().len() <= TEXT_MAX => Ok(Some(text.to_string_lossy())),
            Value::String(_) => Err(self.failure(Some(field), format!("`{field}` has more than {TEXT_MAX} bytes"))),
            Value::Nil if !required => Ok(None),
            other => Err(self.wrong(field, &other, "a text")),
        }
    }

    fn kinds(&self, table: &Table, field: &str) -> Result<Vec<&'static Kind>, Failure> {
        let list = match self.get(table, field)? {
            Value::Nil => return Ok(Vec::new()),
            Value::Table(list) => list,
            other => return Err(self.wrong(field, &other, "a list of kinds such as `{ \"tcp.connect\" }`")),
        };
        let mut kinds = Vec::new();
        for value in list.sequence_values::<Value>().take(LISTED_MAX) {
            let value = value.map_err(|error| self.failure(Some(field), error.to_string()))?;
            let Value::String(name) = &value else {
                return Err(self.wrong(field, &value, "names of kinds such as `\"tcp.connect\"`"));
            };
            let name = name.to_string_lossy();
            let Some(kind) = self.kinds.iter().find(|kind| kind.name == name) else {
                let near = did_you_mean(&name, self.kinds.iter().map(|kind| kind.name));
                let near = near.unwrap_or_else(|| "`podtrace list kinds` shows them".to_owned());
                return Err(self.failure(Some(&name), format!("unknown kind `{name}`; {near}")));
            };
            kinds.push(*kind);
        }
        Ok(kinds)
    }

    /// The tables of a table of tables, by name.
    fn entries<T>(
        &self,
        table: &Table,
        field: &str,
        read: impl Fn(&str, &Table) -> Result<T, Failure>,
    ) -> Result<Vec<T>, Failure> {
        let entries = match self.get(table, field)? {
            Value::Nil => return Ok(Vec::new()),
            Value::Table(entries) => entries,
            other => return Err(self.wrong(field, &other, "a table")),
        };
        let mut named = Vec::new();
        for pair in entries.pairs::<Value, Value>().take(LISTED_MAX) {
            let (key, value) = pair.map_err(|error| self.failure(Some(field), error.to_string()))?;
            let name = key.as_string().map(|name| name.to_string_lossy()).unwrap_or_default();
            if !is_name(&name) {
                let message =
                    format!("`{}` in `{field}` is no name, expected letters, digits, `-` and `_`", shown(&key));
                return Err(self.failure(Some(field), message));
            }
            match value {
                Value::Table(entry) => named.push((name, entry)),
                other => return Err(self.wrong(&name, &other, "a table")),
            }
        }
        // The order of a Lua table is nobody's intention.
        named.sort_by(|(one, _), (other, _)| one.cmp(other));
        named.iter().map(|(name, entry)| read(name, entry)).collect()
    }

    fn param(&self, name: &str, table: &Table) -> Result<ParamSpec, Failure> {
        let known: Vec<_> = PARAM_FIELDS.iter().map(|(field, ..)| *field).collect();
        self.only(table, &known, &format!("the parameter `{name}`"))?;
        if ["for", "severity", "name"].contains(&name) {
            return Err(
                self.failure(Some(name), format!("`{name}` means something else in a profile: name it otherwise"))
            );
        }
        let at = |message: String| self.failure(Some(name), message);
        let names = || ParamKind::NAMES.into_iter().map(|(name, _)| name);
        let word = self.text(table, "type", false)?;
        let word =
            word.ok_or_else(|| at(format!("the parameter `{name}` has no `type`, expected {}", either(names()))))?;
        let Some((_, mut kind)) = ParamKind::NAMES.into_iter().find(|(known, _)| *known == word) else {
            let near = did_you_mean(&word, names()).map(|near| format!("; {near}")).unwrap_or_default();
            return Err(at(format!(
                "the parameter `{name}` has the unknown type `{word}`, expected {}{near}",
                either(names())
            )));
        };
        if let Value::Table(words) = self.get(table, "words")? {
            let words: Result<Vec<String>, _> = words.sequence_values::<String>().take(LISTED_MAX).collect();
            kind = ParamKind::Words(words.map_err(|_| at(format!("`words` of `{name}` are not all texts")))?);
        }
        let value = |field: &str| -> Result<Option<ParamValue>, Failure> {
            let value = self.get(table, field)?;
            let written = match (&value, &kind) {
                (Value::Nil, _) => return Ok(None),
                (Value::Boolean(flag), ParamKind::Flag) => return Ok(Some(ParamValue::Flag(*flag))),
                (Value::String(text), _) => text.to_string_lossy(),
                (Value::Integer(number), _) => number.to_string(),
                (Value::Number(number), _) => number.to_string(),
                (other, _) => shown(other),
            };
            let unfit = |why| at(format!("`{field}` of `{name}`: `{written}` {why}, expected {}", kind.expected()));
            kind.read(&written).map(Some).map_err(unfit)
        };
        let number = |field: &str| -> Result<Option<f64>, Failure> {
            Ok(value(field)?.and_then(|value| if let ParamValue::Number(number) = value { Some(number) } else { None }))
        };
        let (min, max) = (number("min")?, number("max")?);
        let default = value("default")?.ok_or_else(|| at(format!("the parameter `{name}` has no `default`")))?;
        let about = self.text(table, "about", false)?;
        let about = about.ok_or_else(|| at(format!("the parameter `{name}` has no `about`: one sentence")))?;
        let spec = ParamSpec { name: name.to_owned(), kind: kind.clone(), default, min, max, about };
        match spec.out_of_range(&spec.default) {
            Some(range) => Err(at(format!("the default of `{name}` is out of range, expected {range}"))),
            None => Ok(spec),
        }
    }

    fn metric(&self, name: &str, table: &Table) -> Result<MetricSpec, Failure> {
        let known: Vec<_> = METRIC_FIELDS.iter().map(|(field, ..)| *field).collect();
        self.only(table, &known, &format!("the metric `{name}`"))?;
        if name.contains('-') || name.starts_with(|c: char| c.is_ascii_digit()) {
            let message =
                format!("the metric `{name}` may have letters, digits and `_` only, and begins with a letter");
            return Err(self.failure(Some(name), message));
        }
        let counter = match self.text(table, "type", false)?.as_deref() {
            Some("gauge") => false,
            Some("counter") => true,
            _ => {
                let message = format!("the metric `{name}` has no `type` that is known, expected `gauge` or `counter`");
                return Err(self.failure(Some(name), message));
            }
        };
        let about = self.text(table, "about", false)?;
        let about = about.ok_or_else(|| self.failure(Some(name), format!("the metric `{name}` has no `about`")))?;
        let (unit, label) = (self.text(table, "unit", false)?, self.text(table, "label", false)?);
        let is_label = |label: &str| {
            let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
            label.len() <= 64 && label.starts_with(|c: char| c.is_ascii_alphabetic()) && label.chars().all(plain)
        };
        // Two names that exported figures have already.
        let is_taken = |label: &str| ["rule", "le"].contains(&label);
        if let Some(label) = label.as_deref().filter(|label| !is_label(label) || is_taken(label)) {
            let message = format!(
                "the metric `{name}` has the label `{label}`, expected letters, digits and `_` that begin with a letter, \
                 and neither `rule` nor `le`"
            );
            return Err(self.failure(Some("label"), message));
        }
        Ok(MetricSpec { name: name.to_owned(), counter, unit, label, about })
    }
}

fn is_name(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
    !name.is_empty() && name.len() <= 64 && name.chars().all(plain)
}

/// A value as a message shows it.
pub(super) fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => format!("{:?}", text.to_string_lossy().chars().take(60).collect::<String>()),
        Value::Integer(number) => number.to_string(),
        Value::Number(number) => number.to_string(),
        Value::Boolean(flag) => flag.to_string(),
        Value::Nil => "nil".to_owned(),
        other => format!("a {}", other.type_name()),
    }
}

/// The first line where a word is a field (`word =`), else where it stands in quotes.
fn line_of(text: &str, word: &str) -> Option<u32> {
    let is_field = |line: &str| {
        line.match_indices(word).any(|(at, _)| {
            let before = line[..at].chars().next_back().is_none_or(|c| !c.is_alphanumeric() && c != '_');
            let after = line[at + word.len()..].trim_start_matches(['"', ']']).trim_start();
            before && after.starts_with('=') && !after.starts_with("==")
        })
    };
    let is_quoted = |line: &str| line.contains(&format!("\"{word}\"")) || line.contains(&format!("'{word}'"));
    let line = text.lines().position(is_field).or_else(|| text.lines().position(is_quoted))?;
    u32::try_from(line + 1).ok()
}
