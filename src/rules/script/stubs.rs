//! The interface for editors: stubs in the notation of LuaCATS, made from the declarations of kinds.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::conclusion;
use super::declaration;
use super::field;
use super::view;
use crate::event::Kind;

/// What a file begins with.
const HEAD: &str = "---@meta\n\n-- For editors that understand LuaCATS; nothing here can be required. Made from the \
                    kinds: `podtrace rules stubs lua/meta`.\n";

/// The files of `lua/meta`: one for what all rules share, one for each family.
pub fn stubs(kinds: impl Iterator<Item = &'static Kind>) -> Vec<(String, String)> {
    let mut families = BTreeMap::<&str, Vec<&'static Kind>>::new();
    let mut names = Vec::new();
    for kind in kinds {
        families.entry(kind.family()).or_default().push(kind);
        names.push(kind.name);
    }
    let mut files = vec![("podtrace.lua".to_owned(), shared(&names, families.keys().copied()))];
    for (family, kinds) in families {
        files.push((format!("{family}.lua"), of_family(family, &kinds)));
    }
    files
}

fn shared<'f>(kinds: &[&str], families: impl Iterator<Item = &'f str>) -> String {
    let mut text = format!("{HEAD}-- Version {} of the interface.\n\n---@alias podtrace.KindName\n", declaration::API);
    for kind in kinds {
        let _ = writeln!(text, "---| \"{kind}\"");
    }
    text.push('\n');
    class(&mut text, "Rule", "What a rule's file returns.", &declaration::FIELDS);
    class(&mut text, "Param", "A parameter of a rule.", &declaration::PARAM_FIELDS);
    class(&mut text, "Metric", "A number that a rule hands out.", &declaration::METRIC_FIELDS);
    class(&mut text, "Finding", "What a rule concluded.", &conclusion::FIELDS);
    class(&mut text, "Section", "A section of the report.", &conclusion::SECTION_FIELDS);
    class(&mut text, "Event", "A single event that was kept.", &view::EVENT_FIELDS);
    let errors = ("error_names", "table<string, integer>", "Failed operations by the name of the error.");
    let always = field::ALWAYS.iter().map(|field| (&*field.name, field.lua, &*field.about));
    let always: Vec<_> = always.chain([errors]).chain(view::FIGURE_METHODS).collect();
    class(&mut text, "Figures", "Figures of a kind or a part of it.", &always);
    let timed: Vec<_> = field::DURATION.iter().map(|field| (&*field.name, field.lua, &*field.about)).collect();
    class(&mut text, "TimedFigures: podtrace.Figures", "Figures of a kind with a duration, or a part of it.", &timed);
    class(&mut text, "Window", "A stretch of the trace; of a report, the whole of it.", &view::WINDOW_FIELDS);
    text.truncate(text.trim_end().len());
    for family in families {
        let _ = write!(text, "\n---@field {family} podtrace.{family}");
    }
    text.push('\n');
    text
}

fn of_family(family: &str, kinds: &[&'static Kind]) -> String {
    let mut text = format!("{HEAD}\n");
    for kind in kinds {
        of_kind(&mut text, kind);
    }
    let _ = writeln!(text, "---@class podtrace.{family}");
    for kind in kinds {
        let (_, what) = kind.name.split_once('.').unwrap_or(("", kind.name));
        let _ = writeln!(text, "---@field {what} podtrace.{}? {}", class_of(kind), kind.about);
    }
    text
}

fn class(text: &mut String, name: &str, about: &str, fields: &[(&str, &str, &str)]) {
    let _ = writeln!(text, "--- {about}\n---@class podtrace.{name}");
    for (field, lua, about) in fields {
        let _ = writeln!(text, "---@field {field} {lua} {about}");
    }
    text.push('\n');
}

fn class_of(kind: &Kind) -> String {
    kind.name.replace('.', "_")
}

fn of_kind(text: &mut String, kind: &Kind) {
    let class = class_of(kind);
    let base = if kind.duration.is_some() { "TimedFigures" } else { "Figures" };
    let inherited = field::ALWAYS.len() + if kind.duration.is_some() { field::DURATION.len() } else { 0 };
    let own: Vec<_> = field::fields(kind).into_iter().skip(inherited).collect();
    let figures = |text: &mut String| {
        for field in &own {
            let _ = writeln!(text, "---@field {} {} {}", field.name, field.lua, field.about);
        }
    };
    let _ = writeln!(text, "--- A row of `{}`.\n---@class podtrace.{class}.Row: podtrace.{base}", kind.name);
    let _ = writeln!(text, "---@field key string The peer, path, process, target or value.");
    figures(text);
    let _ = writeln!(text, "\n--- {}\n---@class podtrace.{class}: podtrace.{base}", kind.about);
    let _ = writeln!(text, "---@field kind \"{}\" Its name.", kind.name);
    let _ = writeln!(text, "---@field missing integer Operations that may be missing from the counts.");
    figures(text);
    for (method, lua, about) in view::KIND_METHODS {
        let lua = lua.replace("ROW", &format!("podtrace.{class}.Row"));
        let _ = writeln!(text, "---@field {method} {lua} {about}");
    }
    text.push('\n');
}
