//! Reading one KDL node: each value is asked for by what it should be, and what nobody asked for is a mistake.
//!
//! Knows KDL and the language's manners, no section. A reader returns `None` where it has reported a mistake.

use std::ops::Range;

use kdl::KdlEntry;
use kdl::KdlIdentifier;
use kdl::KdlNode;
use kdl::KdlValue;

use super::Vocabulary;
use super::diagnostic::Mistake;
use super::suggest::did_you_mean;
use super::suggest::either;
use super::suggest::quoted;
use super::syntax::Places;
use super::unit;
use super::unit::UnitError;

/// What reading needs beside the node: the words there are, and where mistakes go.
#[derive(Debug)]
pub(super) struct Context<'v> {
    /// The words a profile may use.
    pub(super) vocabulary: &'v Vocabulary,
    /// From places in nodes to places in the file.
    pub(super) places: Places,
    /// What is wrong so far.
    pub(super) mistakes: Vec<Mistake>,
}

/// A node, and which of its values have been read.
#[derive(Debug)]
pub(super) struct Node<'n> {
    node: &'n KdlNode,
    read: Vec<bool>,
    block_read: bool,
}

/// A value with its place, and its property's name if it has one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Value<'n> {
    entry: &'n KdlEntry,
}

impl Context<'_> {
    /// Reports a mistake at a place in a node.
    pub(super) fn mistake(&mut self, at: &Range<usize>, message: String, expected: impl Into<String>) -> &mut Mistake {
        let at = self.places.original(at);
        self.mistakes.push(Mistake::new(at, message, expected));
        self.mistakes.last_mut().expect("one was pushed in the line before")
    }
}

impl<'n> Node<'n> {
    /// Begins to read a node.
    pub(super) fn new(node: &'n KdlNode, context: &mut Context) -> Self {
        let annotations = node.ty().into_iter().chain(node.entries().iter().filter_map(KdlEntry::ty));
        for annotation in annotations {
            let message = format!("the type annotation {} has no meaning in a profile", quoted(annotation.value()));
            context.mistake(&range(annotation.span()), message, "expected none");
        }
        Self { node, read: vec![false; node.entries().len()], block_read: false }
    }

    /// Its name.
    pub(super) fn name(&self) -> &'n str {
        self.node.name().value()
    }

    /// Where its name stands.
    pub(super) fn place(&self) -> Range<usize> {
        identifier(self.node.name())
    }

    /// The next argument; a mistake if there is none.
    pub(super) fn argument(&mut self, context: &mut Context, what: &str) -> Option<Value<'n>> {
        let next = self.next_argument();
        if next.is_none() {
            context.mistake(
                &self.place(),
                format!("`{}` says nothing", self.name()),
                format!("expected {what} after it"),
            );
        }
        next
    }

    fn next_argument(&mut self) -> Option<Value<'n>> {
        let unread = |(index, entry): &(usize, &KdlEntry)| !self.read[*index] && entry.name().is_none();
        let (index, entry) = self.node.entries().iter().enumerate().find(unread)?;
        self.read[index] = true;
        Some(Value { entry })
    }

    /// A property; given twice, it is a mistake, and the first counts.
    pub(super) fn property(&mut self, context: &mut Context, name: &str) -> Option<Value<'n>> {
        let mut first = None;
        for (index, entry) in self.node.entries().iter().enumerate() {
            let Some(key) = entry.name().filter(|key| key.value() == name) else { continue };
            self.read[index] = true;
            match first {
                None => first = Some(Value { entry }),
                Some(_) => {
                    let message = format!("`{name}` is given twice for `{}`", self.name());
                    context.mistake(&identifier(key), message, "expected it once");
                }
            }
        }
        first
    }

    /// Whether it has a block.
    pub(super) fn has_block(&self) -> bool {
        self.node.children().is_some()
    }

    /// Whether it has properties that nobody asked for.
    pub(super) fn has_unread_properties(&self) -> bool {
        self.node.entries().iter().zip(&self.read).any(|(entry, read)| !read && entry.name().is_some())
    }

    /// The nodes of its block; a mistake if there is no block or nothing in it.
    pub(super) fn block(&mut self, context: &mut Context, what: &str) -> &'n [KdlNode] {
        self.block_read = true;
        let nodes = self.node.children().map_or(&[][..], |block| block.nodes());
        if nodes.is_empty() && self.node.entries().is_empty() {
            let message = format!("`{}` has nothing in it", self.name());
            context.mistake(&self.place(), message, format!("expected {what}"));
        } else if nodes.is_empty() {
            context.mistake(&self.place(), format!("`{}` has no block", self.name()), format!("expected {what}"));
        }
        nodes
    }

    /// Reports what nobody asked for; `properties` are the names that exist.
    pub(super) fn finish(self, context: &mut Context, properties: &[&str]) {
        let name = self.name();
        for (entry, _) in self.node.entries().iter().zip(&self.read).filter(|(_, read)| !**read) {
            match entry.name() {
                Some(key) if properties.is_empty() => {
                    let message = format!("`{name}` has no property {}", quoted(key.value()));
                    context.mistake(&identifier(key), message, "expected no properties");
                }
                Some(key) => {
                    let message = format!("`{name}` has no property {}", quoted(key.value()));
                    let expected = format!("expected {}", either(properties.iter().copied()));
                    context.mistake(&identifier(key), message, expected).help =
                        did_you_mean(key.value(), properties.iter().copied());
                }
                None => {
                    let value = Value { entry };
                    let message = format!("{} is one argument too many for `{name}`", value.shown());
                    context.mistake(&value.place(), message, "expected nothing more");
                }
            }
        }
        if self.node.children().is_some() && !self.block_read {
            let help = (!properties.is_empty()).then(|| {
                let example = properties.first().unwrap_or(&"name");
                format!("write properties behind the name: `{name} {example}=…`")
            });
            context.mistake(&self.place(), format!("`{name}` takes no block"), "expected no `{` after it").help = help;
        }
    }
}

impl<'n> Value<'n> {
    /// Where the value stands, without its property's name.
    pub(super) fn place(&self) -> Range<usize> {
        let whole = range(self.entry.span());
        let length = self.entry.format().map_or(0, |format| format.value_repr.len());
        if (1..=whole.len()).contains(&length) { whole.end - length..whole.end } else { whole }
    }

    /// Where its property's name stands, or the value if it has none.
    pub(super) fn name_place(&self) -> Range<usize> {
        self.entry.name().map_or_else(|| self.place(), identifier)
    }

    /// The value as a message shows it.
    pub(super) fn shown(&self) -> String {
        match self.entry.value() {
            KdlValue::String(text) if text.is_empty() => "`\"\"`".to_owned(),
            KdlValue::String(text) => quoted(text),
            other => quoted(&other.to_string()),
        }
    }

    /// Reports that the value is not what it should be.
    pub(super) fn unfit(&self, context: &mut Context, why: &str, expected: &str) {
        let message = match self.entry.name() {
            Some(name) => format!("{} of `{}` {why}", self.shown(), name.value()),
            None => format!("{} {why}", self.shown()),
        };
        context.mistake(&self.place(), message, format!("expected {expected}"));
    }

    /// A string that is not empty.
    pub(super) fn string(&self, context: &mut Context, expected: &str) -> Option<&'n str> {
        match self.entry.value() {
            KdlValue::String(text) if text.trim().is_empty() => self.unfit(context, "is empty", expected),
            KdlValue::String(text) => return Some(text),
            _ => self.unfit(context, "is not a string", expected),
        }
        None
    }

    /// One of some words.
    pub(super) fn word(&self, context: &mut Context, words: &[&str]) -> Option<&'n str> {
        let expected = either(words.iter().copied());
        let word = self.string(context, &expected)?;
        if words.contains(&word) {
            return Some(word);
        }
        self.unfit(context, "is not known", &expected);
        if let Some(mistake) = context.mistakes.last_mut() {
            mistake.help = did_you_mean(word, words.iter().copied());
        }
        None
    }

    /// `#true` or `#false`.
    pub(super) fn flag(&self, context: &mut Context) -> Option<bool> {
        let flag = self.entry.value().as_bool();
        if flag.is_none() {
            self.unfit(context, "is not a yes or no", "`#true` or `#false`");
        }
        flag
    }

    /// A whole number of a range.
    pub(super) fn integer(&self, context: &mut Context, within: Range<u32>, expected: &str) -> Option<u32> {
        let integer = self.entry.value().as_integer().and_then(|integer| u32::try_from(integer).ok());
        let fits = integer.filter(|integer| within.contains(integer));
        if fits.is_none() {
            let why = if self.entry.value().is_integer() { "is out of range" } else { "is not a whole number" };
            self.unfit(context, why, expected);
        }
        fits
    }

    /// A quantity in quotes, read by one of the functions in [`mod@unit`].
    pub(super) fn quantity<T>(
        &self,
        context: &mut Context,
        read: fn(&str) -> Result<T, UnitError>,
        expected: &str,
    ) -> Option<T> {
        let text = match self.entry.value() {
            KdlValue::String(text) => text.clone(),
            KdlValue::Integer(number) => number.to_string(),
            KdlValue::Float(number) => number.to_string(),
            _ => {
                self.unfit(context, "is not a quantity", expected);
                return None;
            }
        };
        match read(&text) {
            Ok(quantity) => Some(quantity),
            Err(error) => {
                self.unfit(context, &error.to_string(), expected);
                None
            }
        }
    }

    /// A duration, in nanoseconds.
    pub(super) fn duration_ns(&self, context: &mut Context) -> Option<u64> {
        self.quantity(context, unit::duration_ns, unit::DURATION)
    }
}

/// A span as a range.
fn range(span: miette::SourceSpan) -> Range<usize> {
    span.offset()..span.offset() + span.len()
}

/// Where an identifier stands.
fn identifier(identifier: &KdlIdentifier) -> Range<usize> {
    range(identifier.span())
}
