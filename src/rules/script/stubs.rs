//! The interface for editors: stubs in the notation of LuaCATS, made from the declarations of kinds.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::conclusion;
use super::declaration;
use super::field;
use super::view;
use crate::event::Kind;

/// The text of `lua/meta/podtrace.lua`.
pub fn stubs(kinds: impl Iterator<Item = &'static Kind>) -> String {
    let kinds: Vec<_> = kinds.collect();
    let mut text = String::new();
    let _ = writeln!(
        text,
        "---@meta\n\n-- What rules are handed and may return, for editors that understand LuaCATS. Made from the kinds: \
         `podtrace rules stubs`.\n-- Version {} of the interface. Nothing here can be required.\n",
        declaration::API
    );
    let names: Vec<_> = kinds.iter().map(|kind| format!("\"{}\"", kind.name)).collect();
    let _ = writeln!(text, "---@alias podtrace.KindName\n---| {}\n", names.join("\n---| "));
    class(&mut text, "podtrace.Rule", "What a rule's file returns.", &declaration::FIELDS);
    class(&mut text, "podtrace.Param", "A parameter of a rule.", &declaration::PARAM_FIELDS);
    class(&mut text, "podtrace.Metric", "A number that a rule hands out.", &declaration::METRIC_FIELDS);
    class(&mut text, "podtrace.Finding", "What a rule concluded.", &conclusion::FIELDS);
    class(&mut text, "podtrace.Section", "A section of the report.", &conclusion::SECTION_FIELDS);
    class(&mut text, "podtrace.Event", "A single event that was kept.", &view::EVENT_FIELDS);
    class(&mut text, "podtrace.Figures", "Figures of a kind or a part of it.", &view::FIGURE_METHODS);
    text.truncate(text.trim_end().len());
    text.push_str("\n---@field error_names table<string, integer> Failed operations by the name of the error.\n\n");

    let mut families = BTreeMap::<&str, Vec<&'static Kind>>::new();
    for kind in &kinds {
        families.entry(kind.family()).or_default().push(kind);
        of_kind(&mut text, kind);
    }
    for (family, kinds) in &families {
        let _ = writeln!(text, "---@class podtrace.{family}");
        for kind in kinds {
            let (_, what) = kind.name.split_once('.').unwrap_or(("", kind.name));
            let _ = writeln!(text, "---@field {what} podtrace.{}? {}", kind.name.replace('.', "_"), kind.about);
        }
        text.push('\n');
    }
    class(&mut text, "podtrace.Window", "A stretch of the trace; of a report, the whole of it.", &view::WINDOW_FIELDS);
    text.truncate(text.trim_end().len());
    text.push('\n');
    for family in families.keys() {
        let _ = writeln!(text, "---@field {family} podtrace.{family}");
    }
    text
}

fn class(text: &mut String, name: &str, about: &str, fields: &[(&str, &str, &str)]) {
    let _ = writeln!(text, "--- {about}\n---@class {name}");
    for (field, lua, about) in fields {
        let _ = writeln!(text, "---@field {field} {lua} {about}");
    }
    text.push('\n');
}

fn of_kind(text: &mut String, kind: &Kind) {
    let class = kind.name.replace('.', "_");
    let _ = writeln!(text, "--- A row of `{}`.\n---@class podtrace.{class}.Row: podtrace.Figures", kind.name);
    let _ = writeln!(text, "---@field key string The peer, path, process, target or value.");
    let fields = field::fields(kind);
    for field in &fields {
        let _ = writeln!(text, "---@field {} {} {}", field.name, field.lua, field.about);
    }
    let _ = writeln!(text, "\n--- {}\n---@class podtrace.{class}: podtrace.Figures", kind.about);
    let _ = writeln!(text, "---@field kind \"{}\" Its name.", kind.name);
    let _ = writeln!(text, "---@field missing integer Operations that may be missing from the counts.");
    for field in &fields {
        let _ = writeln!(text, "---@field {} {} {}", field.name, field.lua, field.about);
    }
    for (method, lua, about) in view::KIND_METHODS {
        let lua = lua.replace("ROW", &format!("podtrace.{class}.Row"));
        let _ = writeln!(text, "---@field {method} {lua} {about}");
    }
    text.push('\n');
}
