//! A rule in Lua that is asked for, and what its parameters may be.

use std::collections::BTreeMap;

use super::unit;
use crate::event::Severity;

/// `rule "slow-dependency" p99="250ms" for="30s" severity="warning"`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RuleUse {
    /// Its name.
    pub name: String,
    /// Parameters that were given; every one is declared by the rule, of the declared type.
    pub params: BTreeMap<String, ParamValue>,
    /// For how long it must conclude the same before it is a finding, in nanoseconds; `None`: once is enough.
    pub for_ns: Option<u64>,
    /// How bad all its findings are; `None`: as bad as the rule says.
    pub severity: Option<Severity>,
}

impl RuleUse {
    /// A rule with its defaults.
    pub fn plain(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }

    /// Puts what a later file says about the same rule on top.
    pub(super) fn merge(&mut self, later: Self) {
        self.params.extend(later.params);
        self.for_ns = later.for_ns.or(self.for_ns);
        self.severity = later.severity.or(self.severity);
    }
}

/// The value of a rule's parameter.
#[derive(Clone, Debug, PartialEq)]
pub enum ParamValue {
    /// Seconds, a share of 1, bytes, or a plain number, by the parameter's type.
    Number(f64),
    /// A text, or one of the declared words.
    Text(String),
    /// A yes or no.
    Flag(bool),
}

/// The types of parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ParamKind {
    /// A duration such as `250ms`; seconds in Lua.
    Duration,
    /// A percentage such as `5%`; a share of 1 in Lua.
    Share,
    /// A size such as `128MiB`; bytes in Lua.
    Size,
    /// A plain number.
    Number,
    /// A text.
    Text,
    /// One of these words.
    Words(Vec<String>),
    /// `#true` or `#false`.
    Flag,
}

impl ParamKind {
    /// The types that a declaration names, with what each expects; [`Self::Words`] is `text` with `words`.
    pub const NAMES: [(&'static str, Self); 6] = [
        ("duration", Self::Duration),
        ("share", Self::Share),
        ("size", Self::Size),
        ("number", Self::Number),
        ("text", Self::Text),
        ("flag", Self::Flag),
    ];

    /// Its name in a declaration.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Words(_) => "text",
            other => Self::NAMES.iter().find(|(_, kind)| kind == other).map_or("text", |(name, _)| name),
        }
    }

    /// What was expected where a value could not be read.
    pub fn expected(&self) -> String {
        match self {
            Self::Duration => unit::DURATION.to_owned(),
            Self::Share => unit::SHARE.to_owned(),
            Self::Size => unit::SIZE.to_owned(),
            Self::Number => unit::NUMBER.to_owned(),
            Self::Text => "a text".to_owned(),
            Self::Words(words) => super::suggest::either(words.iter().map(String::as_str)),
            Self::Flag => "`#true` or `#false`".to_owned(),
        }
    }

    /// Reads a value as a profile or a declaration writes it.
    ///
    /// # Errors
    /// What is wrong with it, to be said after it.
    pub fn read(&self, text: &str) -> Result<ParamValue, String> {
        let number = match self {
            Self::Duration => unit::duration_ns(text).map(|ns| ns as f64 / 1e9),
            Self::Share => unit::share(text),
            Self::Size => unit::bytes(text).map(|bytes| bytes as f64),
            Self::Number => unit::number(text),
            Self::Text => return Ok(ParamValue::Text(text.to_owned())),
            Self::Words(words) if words.iter().any(|word| word == text) => {
                return Ok(ParamValue::Text(text.to_owned()));
            }
            Self::Words(_) => return Err("is not known".to_owned()),
            Self::Flag => return Err("is not a yes or no".to_owned()),
        };
        number.map(ParamValue::Number).map_err(|error| error.to_string())
    }

    /// A number of this type as people write it.
    pub fn written(&self, value: &ParamValue) -> String {
        match (self, value) {
            (Self::Duration, ParamValue::Number(seconds)) => unit::written_duration((seconds * 1e9).round() as u64),
            (Self::Share, ParamValue::Number(share)) => format!("{}%", (share * 1e8).round() / 1e6),
            (Self::Size, ParamValue::Number(bytes)) => unit::written_size(*bytes as u64),
            (_, ParamValue::Number(number)) => number.to_string(),
            (_, ParamValue::Text(text)) => text.clone(),
            (_, ParamValue::Flag(flag)) => format!("#{flag}"),
        }
    }
}

/// A parameter that a rule declares.
#[derive(Clone, Debug, PartialEq)]
pub struct ParamSpec {
    /// Its name.
    pub name: String,
    /// Its type.
    pub kind: ParamKind,
    /// Its value where none is given.
    pub default: ParamValue,
    /// The smallest number it may be.
    pub min: Option<f64>,
    /// The largest number it may be.
    pub max: Option<f64>,
    /// One sentence.
    pub about: String,
}

impl ParamSpec {
    /// What is wrong with a number that it could be, if it is out of its range.
    pub fn out_of_range(&self, value: &ParamValue) -> Option<String> {
        let ParamValue::Number(number) = value else { return None };
        let written = |number: f64| self.kind.written(&ParamValue::Number(number));
        match (self.min, self.max) {
            (Some(min), _) if *number < min => Some(format!("at least `{}`", written(min))),
            (_, Some(max)) if *number > max => Some(format!("at most `{}`", written(max))),
            _ => None,
        }
    }
}

/// A rule as a profile sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct RuleSpec {
    /// Its name.
    pub name: String,
    /// One sentence.
    pub about: String,
    /// Kinds it cannot do without.
    pub needs: Vec<String>,
    /// Its parameters.
    pub params: Vec<ParamSpec>,
}
