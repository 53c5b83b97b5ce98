//! Label selectors, as `kubectl -l` takes them: `app=web,tier!=cache,env in (a, b),!legacy`.
//!
//! They are read and matched here, and not only handed on, because a container runtime is asked where there is no API.

use std::collections::BTreeMap;
use std::fmt;

use super::SelectorError;

/// The most characters of a label's name and value (Kubernetes: names of labels).
const NAME_MAX: usize = 63;

/// The most characters of a label's prefix: a DNS name.
const PREFIX_MAX: usize = 253;

/// What labels must be; all of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Labels(Vec<Requirement>);

/// What one label must be.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Requirement {
    Is(String, String),
    IsNot(String, String),
    In(String, Vec<String>),
    NotIn(String, Vec<String>),
    There(String),
    Absent(String),
}

impl Labels {
    /// Reads a selector.
    ///
    /// # Errors
    /// It is none; with the part that is wrong.
    pub fn parse(text: &str) -> Result<Self, SelectorError> {
        let parts = split(text)?;
        parts.into_iter().map(|part| requirement(part.trim())).collect::<Result<_, _>>().map(Self)
    }

    /// Whether labels are what they must be. As in Kubernetes, a label that is not there is not equal to anything.
    pub fn matches(&self, labels: &BTreeMap<String, String>) -> bool {
        self.0.iter().all(|requirement| match requirement {
            Requirement::Is(key, value) => labels.get(key) == Some(value),
            Requirement::IsNot(key, value) => labels.get(key) != Some(value),
            Requirement::In(key, values) => labels.get(key).is_some_and(|value| values.contains(value)),
            Requirement::NotIn(key, values) => labels.get(key).is_none_or(|value| !values.contains(value)),
            Requirement::There(key) => labels.contains_key(key),
            Requirement::Absent(key) => !labels.contains_key(key),
        })
    }
}

/// As the API takes it.
impl fmt::Display for Labels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, requirement) in self.0.iter().enumerate() {
            if at > 0 {
                f.write_str(",")?;
            }
            match requirement {
                Requirement::Is(key, value) => write!(f, "{key}={value}")?,
                Requirement::IsNot(key, value) => write!(f, "{key}!={value}")?,
                Requirement::In(key, values) => write!(f, "{key} in ({})", values.join(","))?,
                Requirement::NotIn(key, values) => write!(f, "{key} notin ({})", values.join(","))?,
                Requirement::There(key) => write!(f, "{key}")?,
                Requirement::Absent(key) => write!(f, "!{key}")?,
            }
        }
        Ok(())
    }
}

/// The parts between commas that stand in no parentheses.
fn split(text: &str) -> Result<Vec<&str>, SelectorError> {
    let mut parts = Vec::new();
    let (mut from, mut inside) = (0, false);
    for (at, letter) in text.char_indices() {
        match letter {
            '(' if !inside => inside = true,
            ')' if inside => inside = false,
            '(' | ')' => return Err(SelectorError::Parentheses(text.to_owned())),
            ',' if !inside => {
                parts.push(&text[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    if inside {
        return Err(SelectorError::Parentheses(text.to_owned()));
    }
    parts.push(&text[from..]);
    Ok(parts)
}

fn requirement(text: &str) -> Result<Requirement, SelectorError> {
    if let Some(list) = text.strip_suffix(')') {
        let wrong = || SelectorError::Requirement(text.to_owned());
        let (left, values) = list.split_once('(').ok_or_else(wrong)?;
        let mut words = left.split_whitespace();
        let (name, operator) = (words.next().ok_or_else(wrong)?, words.next().ok_or_else(wrong)?);
        let name = key(name)?;
        let values = values.split(',').map(|one| value(one.trim())).collect::<Result<_, _>>()?;
        return match (operator, words.next()) {
            ("in", None) => Ok(Requirement::In(name, values)),
            ("notin", None) => Ok(Requirement::NotIn(name, values)),
            _ => Err(wrong()),
        };
    }
    if let Some((name, one)) = text.split_once("!=") {
        return Ok(Requirement::IsNot(key(name.trim())?, value(one.trim())?));
    }
    if let Some((name, one)) = text.split_once("==").or_else(|| text.split_once('=')) {
        return Ok(Requirement::Is(key(name.trim())?, value(one.trim())?));
    }
    match text.strip_prefix('!') {
        Some(name) => Ok(Requirement::Absent(key(name.trim())?)),
        None => Ok(Requirement::There(key(text)?)),
    }
}

/// `PREFIX/NAME` or `NAME`.
fn key(text: &str) -> Result<String, SelectorError> {
    let (prefix, name) = match text.split_once('/') {
        Some((prefix, name)) => (Some(prefix), name),
        None => (None, text),
    };
    let dns = |prefix: &str| {
        let letters = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'.');
        prefix.len() <= PREFIX_MAX && !prefix.is_empty() && prefix.bytes().all(letters)
    };
    let fits = is_name(name) && prefix.is_none_or(dns);
    if fits { Ok(text.to_owned()) } else { Err(SelectorError::LabelName(text.to_owned())) }
}

/// A value; it may be empty.
fn value(text: &str) -> Result<String, SelectorError> {
    let fits = text.is_empty() || is_name(text);
    if fits { Ok(text.to_owned()) } else { Err(SelectorError::LabelValue(text.to_owned())) }
}

/// Letters, digits, and between them also `-`, `_` and `.`.
fn is_name(text: &str) -> bool {
    let bytes = text.as_bytes();
    let ends = [bytes.first(), bytes.last()];
    bytes.len() <= NAME_MAX
        && ends.iter().all(|byte| byte.is_some_and(u8::is_ascii_alphanumeric))
        && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}
