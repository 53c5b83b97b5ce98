//! From text to KDL nodes: limits first, then a first look, then the parser; a node that cannot be parsed does not hide
//! the mistakes in the others.

use std::collections::BTreeSet;
use std::ops::Range;
use std::thread;

use kdl::KdlDiagnostic;
use kdl::KdlDocument;
use kdl::KdlNode;

use super::diagnostic::Mistake;
use super::guard;
use super::scan;
use super::scan::Repair;
use super::suggest::quoted;

/// What could be read of a text.
#[derive(Debug, Default)]
pub(super) struct Syntax {
    /// The top-level nodes.
    pub(super) nodes: Vec<KdlNode>,
    /// From places in the nodes to places in the file.
    pub(super) places: Places,
    /// What is wrong.
    pub(super) mistakes: Vec<Mistake>,
}

/// Places in a repaired text, and in the file it came from.
#[derive(Debug, Default)]
pub(super) struct Places {
    /// Where a repair begins in the repaired text, how long it is there, and which bytes of the file it replaces.
    repairs: Vec<(usize, usize, Range<usize>)>,
}

/// Reads the nodes of a text, on a stack of its own.
///
/// # Errors
///
/// When no thread can be started.
pub(super) fn parse(text: &str) -> std::io::Result<Syntax> {
    if let Some(excess) = guard::excess(text) {
        return Ok(Syntax { mistakes: vec![excess], ..Syntax::default() });
    }
    thread::scope(|scope| {
        let parser = thread::Builder::new().name("profile".to_owned()).stack_size(guard::STACK);
        let nodes = parser.spawn_scoped(scope, || nodes(text))?.join();
        Ok(nodes.unwrap_or_else(|_| Syntax {
            mistakes: vec![Mistake::new(0..0, "the KDL parser failed on this file", "please report this file")],
            ..Syntax::default()
        }))
    })
}

fn nodes(text: &str) -> Syntax {
    let look = scan::scan(text);
    let mut mistakes = look.mistakes;
    let (mut repaired, places) = repair(&text[..look.readable], &look.repairs);
    let mut document = KdlDocument::parse_v2(&repaired);
    if let Err(whole) = &document {
        let parts: Vec<_> = scan::scan(&repaired).nodes;
        let mut found = Vec::new();
        for part in parts {
            if let Err(error) = KdlDocument::parse_v2(&repaired[part.clone()]) {
                found.extend(translated(&error.diagnostics, &repaired[part.clone()], part.start));
                let blank =
                    repaired[part.clone()].bytes().map(|b| if b == b'\n' { '\n' } else { ' ' }).collect::<String>();
                repaired.replace_range(part, &blank);
            }
        }
        if found.is_empty() {
            found = translated(&whole.diagnostics, &repaired, 0);
        }
        mistakes.extend(found.into_iter().map(|mistake| Mistake { at: places.original(&mistake.at), ..mistake }));
        document = KdlDocument::parse_v2(&repaired);
    }
    let nodes = document.map(|mut document| std::mem::take(document.nodes_mut())).unwrap_or_default();
    Syntax { nodes, places, mistakes }
}

/// The parser's complaints in our words, one a line: what follows a first one is mostly its echo.
fn translated(diagnostics: &[KdlDiagnostic], part: &str, offset: usize) -> Vec<Mistake> {
    let ends: Vec<usize> = part.match_indices('\n').map(|(at, _)| at).collect();
    let mut lines = BTreeSet::new();
    let mut mistakes = Vec::new();
    for diagnostic in diagnostics {
        let start = floor(part, diagnostic.span.offset());
        let end = floor(part, start + diagnostic.span.len());
        if !lines.insert(ends.partition_point(|line_end| *line_end < start)) {
            continue;
        }
        let shown = quoted(part[start..end].lines().next().unwrap_or_default().trim());
        let (message, expected, help) = match diagnostic.message.as_deref().unwrap_or_default() {
            "Expected end of document" => (format!("{shown} cannot stand here"), "expected `;` or a new line", None),
            "Found invalid node name" => (format!("{shown} is no name"), "expected a node's name", None),
            "Found child block instead of node name" => {
                let help = "a block begins on the line of its node's name";
                ("this block has no name".to_owned(), "expected a node's name before it", Some(help.to_owned()))
            }
            "Expected quoted string" => {
                let help = r"a `\` in a string is written `\\`";
                (format!("{shown} is no string"), "expected a string in quotes", Some(help.to_owned()))
            }
            message => {
                let help = diagnostic.help.as_deref().map(|help| lower(help.trim_end_matches('.')));
                (format!("{shown} cannot be read"), message, help)
            }
        };
        let expected = if expected.is_empty() { "expected KDL 2".to_owned() } else { lower(expected) };
        mistakes.push(Mistake::new(offset + start..offset + end, message, expected).help(help));
    }
    mistakes
}

/// Down to the nearest place where a character begins.
fn floor(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

fn lower(message: &str) -> String {
    let mut characters = message.chars();
    characters.next().map_or_else(String::new, |first| first.to_lowercase().chain(characters).collect())
}

fn repair(text: &str, repairs: &[Repair]) -> (String, Places) {
    let mut repaired = String::with_capacity(text.len() + repairs.len());
    let mut places = Places::default();
    let mut done = 0;
    for repair in repairs.iter().filter(|repair| repair.at.end <= text.len()) {
        repaired.push_str(&text[done..repair.at.start]);
        places.repairs.push((repaired.len(), repair.with.len(), repair.at.clone()));
        repaired.push_str(repair.with);
        done = repair.at.end;
    }
    repaired.push_str(&text[done..]);
    (repaired, places)
}

impl Places {
    /// The place in the file of a place in a node.
    pub(super) fn original(&self, at: &Range<usize>) -> Range<usize> {
        self.start(at.start)..self.end(at.end)
    }

    fn start(&self, at: usize) -> usize {
        let before = self.repairs.partition_point(|(from, ..)| *from <= at);
        self.repairs[..before].last().map_or(at, |(from, length, original)| {
            if at < from + length { original.start } else { original.end + (at - from - length) }
        })
    }

    fn end(&self, at: usize) -> usize {
        let before = self.repairs.partition_point(|(from, ..)| *from < at);
        self.repairs[..before].last().map_or(at, |(from, length, original)| {
            if at <= from + length { original.end } else { original.end + (at - from - length) }
        })
    }
}
