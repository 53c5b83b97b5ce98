//! The value of an option that a family or a sink declared.

use std::net::SocketAddr;

use super::super::OptionKind;
use super::super::OptionSpec;
use super::super::OptionValue;
use super::super::node::Context;
use super::super::node::Value;
use super::super::unit;

/// One past the highest number an option takes.
const NUMBER_END: u32 = 1_000_000_001;

/// Reads it; `None` where it is a mistake.
pub(super) fn read(option: &OptionSpec, value: Value, context: &mut Context) -> Option<OptionValue> {
    match option.kind {
        OptionKind::Duration => value.duration_ns(context).map(OptionValue::DurationNs),
        OptionKind::Words(words) => value.word(context, words).map(|word| OptionValue::Word(word.to_owned())),
        OptionKind::Flag => value.flag(context).map(OptionValue::Flag),
        OptionKind::Text(expected) => value.string(context, expected).map(|text| OptionValue::Text(text.to_owned())),
        OptionKind::Number => {
            value.integer(context, 0..NUMBER_END, "a whole number such as `5`").map(OptionValue::Number)
        }
        OptionKind::Share => share(value, context).map(OptionValue::Share),
        OptionKind::Size => value.quantity(context, unit::bytes, unit::SIZE).map(OptionValue::Bytes),
        OptionKind::Url => url(value, context).map(OptionValue::Text),
        OptionKind::Variable => variable(value, context).map(OptionValue::Text),
        OptionKind::Address => address(value, context).map(OptionValue::Address),
    }
}

fn share(value: Value, context: &mut Context) -> Option<f64> {
    let share = value.quantity(context, unit::share, unit::SHARE)?;
    if share > 1.0 {
        value.unfit(context, "is more than all", "at most `100%`");
        return None;
    }
    Some(share)
}

fn url(value: Value, context: &mut Context) -> Option<String> {
    let expected = "an address such as `\"http://alerts.example:9093\"`";
    let text = value.string(context, expected)?;
    let rest = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
    let host = rest.map(|rest| rest.split(['/', '?', '#']).next().unwrap_or_default());
    match host {
        Some(host) if host.contains('@') => {
            // Not shown: it holds a password.
            let message = "the address holds a user or password".to_owned();
            context.mistake(&value.place(), message, "expected none: recordings keep a copy of the profile").help =
                Some("put the whole address into the environment, and name the variable with `url-env=`".to_owned());
            None
        }
        Some(host) if !host.is_empty() && !host.contains(char::is_whitespace) => Some(text.to_owned()),
        _ => {
            value.unfit(context, "is no address", expected);
            None
        }
    }
}

/// The name of an environment variable.
pub(super) fn variable(value: Value, context: &mut Context) -> Option<String> {
    let expected = "the name of an environment variable such as `\"ALERT_URL\"`";
    let text = value.string(context, expected)?;
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if text.starts_with(|c: char| c.is_ascii_digit()) || !text.chars().all(fits) {
        // It may be the secret itself.
        let message = "this is no name of an environment variable".to_owned();
        context.mistake(&value.place(), message, format!("expected {expected}")).help =
            Some("what the variable holds belongs into the environment, not into the profile".to_owned());
        return None;
    }
    Some(text.to_owned())
}

fn address(value: Value, context: &mut Context) -> Option<SocketAddr> {
    let expected = "an address to listen on such as `\"127.0.0.1:3000\"`";
    let text = value.string(context, expected)?;
    let parsed = text.parse().ok();
    if parsed.is_none() {
        value.unfit(context, "is no address with a port", expected);
    }
    parsed
}
