//! `podtrace list`: what podtrace knows, from the registries themselves.

use std::fmt::Write as _;
use std::io;
use std::io::Write as _;

use super::arguments::List;
use super::arguments::Listed;
use super::exit::Exit;
use crate::event::kind::Unit;
use crate::families;
use crate::profile::OptionKind;
use crate::profile::OptionSpec;
use crate::profile::SHIPPED;
use crate::sinks;
use crate::sinks::terminal::Pipe;

/// Prints a list.
pub(super) fn list(list: &List) -> Exit {
    let text = match list.what {
        Listed::Families => families_list(),
        Listed::Kinds => kinds_list(),
        Listed::Fields => fields_list(),
        Listed::Profiles => profiles_list(),
        Listed::Sinks => sinks_list(),
    };
    match Pipe::new(io::stdout()).write_all(text.as_bytes()) {
        Ok(()) => Exit::Fine,
        Err(_) => Exit::Failed,
    }
}

fn families_list() -> String {
    let all = families::FAMILIES.iter().map(|family| (family.name, family.about, family.options));
    with_options(all)
}

fn sinks_list() -> String {
    let all = sinks::SINKS.iter().map(|sink| (sink.words.name, sink.words.about, sink.words.options));
    with_options(all)
}

fn with_options<'a>(all: impl Iterator<Item = (&'a str, &'a str, &'a [OptionSpec])>) -> String {
    let mut text = String::new();
    for (name, about, options) in all {
        let _ = writeln!(text, "{name:<10} {about}");
        for option in options {
            let takes = match option.kind {
                OptionKind::Duration => "DURATION".to_owned(),
                OptionKind::Words(words) => words.join("|"),
                OptionKind::Flag => "#true|#false".to_owned(),
                OptionKind::Text(_) => "TEXT".to_owned(),
                OptionKind::Number => "NUMBER".to_owned(),
                OptionKind::Share => "SHARE".to_owned(),
                OptionKind::Size => "SIZE".to_owned(),
                OptionKind::Url => "URL".to_owned(),
                OptionKind::Variable => "VARIABLE".to_owned(),
                OptionKind::Address => "ADDRESS:PORT".to_owned(),
            };
            let _ = writeln!(text, "  {}={takes}: {}", option.name, option.about);
        }
    }
    text
}

fn kinds_list() -> String {
    families::kinds().fold(String::new(), |mut text, kind| {
        let _ = writeln!(text, "{:<20} {}", kind.name, kind.about);
        text
    })
}

fn fields_list() -> String {
    let mut text = String::new();
    for kind in families::kinds() {
        let _ = writeln!(text, "{}", kind.name);
        let mut field = |name: &str, about: &str| {
            let _ = writeln!(text, "  {name:<18} {about}");
        };
        field("count", "Operations, failed ones included.");
        field("errors", "Failed operations by name.");
        if let Some(duration) = kind.duration {
            field("latency_seconds", duration);
        }
        for quantity in kind.amount.iter().chain(&kind.aux) {
            let name = match quantity.unit {
                Unit::Nanoseconds => format!("{}_seconds", quantity.name),
                Unit::Bytes | Unit::Count => quantity.name.to_owned(),
            };
            field(&name, quantity.about);
        }
        if let Some(dimension) = kind.object.dimension() {
            field(&format!("top.{dimension}"), "The same by what it concerned.");
        }
        if let Some(dimension) = &kind.by {
            field(&format!("top.{}", dimension.name), dimension.about);
        }
    }
    text
}

fn profiles_list() -> String {
    SHIPPED.iter().fold(String::new(), |mut text, profile| {
        // The opening comment says when to use it.
        let about = profile.text.lines().find_map(|line| line.strip_prefix("// ")).unwrap_or_default();
        let _ = writeln!(text, "{:<12} {about}", profile.name);
        text
    })
}
