//! A first look at a profile's text, before the KDL parser: finds the mistakes that parser explains badly, and mends
//! them so that the rest of the file can be checked too.
//!
//! Found here: blocks, strings and comments that are never closed, a `}` too many, bare `true`, quantities and paths
//! without quotes, `name = value`. It is no second parser: what it does not know it leaves to `kdl`.

use std::ops::Range;

use kdl::KdlEntry;

use super::diagnostic::Mistake;
use super::guard::DEPTH_MAX;
use super::suggest::quoted;

/// What a first look found.
#[derive(Debug, Default)]
pub(super) struct Scan {
    /// The mistakes.
    pub(super) mistakes: Vec<Mistake>,
    /// What to change so that the text can be parsed nevertheless, by rising place.
    pub(super) repairs: Vec<Repair>,
    /// The top-level nodes' places, each up to its end of line or `;`.
    pub(super) nodes: Vec<Range<usize>>,
    /// Where something begins that never ends: the top-level node around it, and all after it, cannot be read.
    pub(super) readable: usize,
}

/// A change to the text: put something in place of a few bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Repair {
    /// The bytes to replace; may be none.
    pub(super) at: Range<usize>,
    /// What to put there.
    pub(super) with: &'static str,
}

/// Takes a first look.
pub(super) fn scan(text: &str) -> Scan {
    let mut scanner = Scanner { text, at: 0, open: Vec::new(), node: 0, place: Place::Name, scan: Scan::default() };
    scanner.scan.readable = text.len();
    scanner.run();
    scanner.scan
}

/// What may come next in a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// The node's name.
    Name,
    /// Directly behind the node's name.
    AfterName,
    /// Its arguments, properties and block.
    Entries,
    /// What a `/-` strikes out; line ends do not count.
    Struck,
}

struct Scanner<'t> {
    text: &'t str,
    at: usize,
    open: Vec<usize>,
    node: usize,
    place: Place,
    scan: Scan,
}

impl Scanner<'_> {
    fn run(&mut self) {
        while let Some(next) = self.rest().chars().next() {
            let start = self.at;
            let whole = match next {
                _ if is_newline(next) || next == ';' => {
                    self.at += next.len_utf8();
                    self.end_node(next == ';');
                    true
                }
                _ if is_space(next) => self.advance(next.len_utf8()),
                '\\' => self.continued_line(),
                '/' => self.slash(),
                '"' => self.string(0),
                '#' => self.hash(),
                '{' => self.open_block(),
                '}' => self.close_block(),
                '=' => self.equals(),
                _ if ends_word(next) => self.advance(1),
                _ => self.word(),
            };
            if !whole {
                self.scan.readable = self.node.min(start);
                break;
            }
        }
        if let (true, Some(&brace)) = (self.scan.readable == self.text.len(), self.open.last()) {
            self.scan.readable = self.node;
            self.scan.mistakes.push(
                Mistake::new(brace..brace + 1, "this block is never closed", "expected a `}` for this `{`")
                    .help("what follows it could not be checked".to_owned()),
            );
        }
        self.open.clear();
        self.at = self.scan.readable;
        self.end_node(true);
    }

    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn advance(&mut self, bytes: usize) -> bool {
        self.at += bytes;
        true
    }

    fn end_node(&mut self, always: bool) {
        if self.place == Place::Struck && !always {
            return;
        }
        self.place = Place::Name;
        if self.open.is_empty() {
            if self.node < self.at {
                self.scan.nodes.push(self.node..self.at);
            }
            self.node = self.at;
        }
    }

    /// A `\` joins the next line to this one.
    fn continued_line(&mut self) -> bool {
        self.at += 1;
        let rest = self.rest();
        let blank = rest.len() - rest.trim_start_matches(is_space).len();
        self.at += blank;
        if self.rest().starts_with("//") {
            self.at += self.rest().find(is_newline).unwrap_or(self.rest().len());
        }
        if self.rest().starts_with("\r\n") {
            return self.advance(2);
        }
        match self.rest().chars().next() {
            Some(next) if is_newline(next) => self.advance(next.len_utf8()),
            _ => true,
        }
    }

    fn slash(&mut self) -> bool {
        let rest = self.rest();
        if rest.starts_with("//") {
            let end = rest.find(is_newline).unwrap_or(rest.len());
            return self.advance(end);
        }
        if rest.starts_with("/-") {
            if self.place == Place::Name {
                self.place = Place::Struck;
            }
            return self.advance(2);
        }
        if rest.starts_with("/*") {
            return self.block_comment();
        }
        let end = rest.find(|c: char| is_space(c) || is_newline(c) || "{};\"".contains(c)).unwrap_or(rest.len());
        let at = self.at..self.at + end;
        if self.place != Place::Name && self.place != Place::Struck && !rest[..end].contains('\\') {
            let message = format!("{} needs quotes: a bare word may not contain `/`", quoted(&rest[..end]));
            self.quote(at.clone(), message);
        }
        self.at = at.end;
        true
    }

    fn block_comment(&mut self) -> bool {
        let start = self.at;
        let mut depth = 0usize;
        loop {
            let rest = self.rest();
            if rest.starts_with("/*") {
                depth += 1;
                self.at += 2;
            } else if rest.starts_with("*/") {
                depth -= 1;
                self.at += 2;
            } else if let Some(next) = rest.chars().next() {
                self.at += next.len_utf8();
            } else {
                return self.never_closed(start..start + 2, "comment", "`*/`");
            }
            if depth == 0 {
                return true;
            }
        }
    }

    /// A string whose quotes stand behind `hashes` number signs (0: a string with escapes).
    fn string(&mut self, hashes: usize) -> bool {
        let start = self.at;
        self.entry();
        self.at += hashes;
        let many = self.rest().starts_with("\"\"\"");
        let quotes = if many { "\"\"\"" } else { "\"" };
        self.at += quotes.len();
        let end = format!("{quotes}{}", "#".repeat(hashes));
        loop {
            let rest = self.rest();
            if rest.starts_with(&end) {
                return self.advance(end.len());
            }
            match rest.chars().next() {
                Some('\\') if hashes == 0 => {
                    self.at += 1;
                    self.at += self.rest().chars().next().map_or(0, char::len_utf8);
                }
                Some(next) if many || !is_newline(next) => self.at += next.len_utf8(),
                _ => return self.never_closed(start..start + hashes + quotes.len(), "string", &format!("`{end}`")),
            }
        }
    }

    fn never_closed(&mut self, at: Range<usize>, what: &str, end: &str) -> bool {
        let expected = format!("expected {end} at its end");
        self.scan.mistakes.push(
            Mistake::new(at, format!("this {what} is never closed"), expected)
                .help("what follows it could not be checked".to_owned()),
        );
        false
    }

    fn hash(&mut self) -> bool {
        let hashes = self.rest().len() - self.rest().trim_start_matches('#').len();
        if self.rest()[hashes..].starts_with('"') {
            return self.string(hashes);
        }
        self.at += hashes;
        let rest = self.rest();
        let keyword = rest.find(|c: char| is_space(c) || is_newline(c) || ends_word(c)).unwrap_or(rest.len());
        self.entry();
        self.advance(keyword)
    }

    fn open_block(&mut self) -> bool {
        self.open.push(self.at);
        self.place = Place::Name;
        if self.open.len() > DEPTH_MAX {
            self.scan.mistakes.push(Mistake::new(
                self.at..self.at + 1,
                "blocks are nested too deeply",
                format!("expected at most {DEPTH_MAX} levels"),
            ));
            return false;
        }
        self.advance(1)
    }

    fn close_block(&mut self) -> bool {
        if self.open.pop().is_none() {
            let at = self.at..self.at + 1;
            self.scan.mistakes.push(Mistake::new(at.clone(), "this `}` closes nothing", "expected a node or the end"));
            self.scan.repairs.push(Repair { at, with: " " });
            self.at += 1;
            self.end_node(true);
            return true;
        }
        self.place = Place::Entries;
        self.advance(1)
    }

    fn equals(&mut self) -> bool {
        let at = self.at..self.at + 1;
        if self.place == Place::AfterName {
            self.place = Place::Entries;
            self.scan.mistakes.push(
                Mistake::new(at.clone(), "a node takes its value without `=`", "expected the value here")
                    .help("write `window \"10s\"`; only properties behind a node's name have a `=`".to_owned()),
            );
            self.scan.repairs.push(Repair { at, with: " " });
        }
        self.advance(1)
    }

    fn word(&mut self) -> bool {
        let rest = self.rest();
        let end = rest.find(|c: char| is_space(c) || is_newline(c) || ends_word(c)).unwrap_or(rest.len());
        let at = self.at..self.at + end;
        let word = &self.text[at.clone()];
        let is_value = matches!(self.place, Place::AfterName | Place::Entries)
            && !self.text[at.end..].trim_start_matches(is_space).starts_with('=');
        if is_value && ["true", "false", "null", "inf", "-inf", "nan"].contains(&word) {
            let message = format!("`{word}` is written `#{word}`");
            let help = format!("or `\"{word}\"` for the word itself");
            let mistake = Mistake::new(at.clone(), message, "expected a value").help(help);
            self.scan.mistakes.push(Mistake { provisional: true, ..mistake });
            self.scan.repairs.push(Repair { at: at.start..at.start, with: "#" });
        } else if is_value && is_quantity(word) && KdlEntry::parse(word).is_err() {
            let message = format!("{} needs quotes: it is no plain number", quoted(word));
            self.quote(at.clone(), message);
        }
        self.entry();
        self.at = at.end;
        true
    }

    /// Says that a value needs quotes, and gives it some.
    fn quote(&mut self, at: Range<usize>, message: String) {
        let help = format!("write `\"{}\"`", quoted(&self.text[at.clone()]).trim_matches('`'));
        self.scan.mistakes.push(Mistake::new(at.clone(), message, "expected a string in quotes").help(help));
        self.scan.repairs.push(Repair { at: at.start..at.start, with: "\"" });
        self.scan.repairs.push(Repair { at: at.end..at.end, with: "\"" });
    }

    fn entry(&mut self) {
        self.place = match self.place {
            Place::Name | Place::Struck => Place::AfterName,
            Place::AfterName | Place::Entries => Place::Entries,
        };
    }
}

/// The line ends of KDL 2 (specification, "Newline").
fn is_newline(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// The white space of KDL 2 (specification, "Whitespace"), and a byte order mark.
fn is_space(c: char) -> bool {
    !is_newline(c) && (c.is_whitespace() || c == '\u{feff}')
}

/// The characters that no bare word has (specification, "Identifier String"), beside white space.
fn ends_word(c: char) -> bool {
    "\\/(){};[]\"#=".contains(c)
}

/// Whether a word is a number with something behind it.
fn is_quantity(word: &str) -> bool {
    let number = word.trim_start_matches(['+', '-']).trim_start_matches('.');
    number.starts_with(|c: char| c.is_ascii_digit()) && word.ends_with(|c: char| c.is_alphabetic() || c == '%')
}
