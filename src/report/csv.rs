//! Events as comma-separated values: one line each, written as they come.
//!
//! Quoted as RFC 4180 says, with line feeds alone as line ends. Every event the source hands over is written, also those
//! that a report would not keep.

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::io;
use std::io::Write;

use jiff::SignedDuration;
use jiff::Timestamp;

use crate::event::Event;
use crate::event::Item;
use crate::event::Session;
use crate::families;
use crate::window::Catalogue;
use crate::window::Names;
use crate::window::names::InUse;

/// The names of the columns.
///
/// `time` is RFC 3339 with nanoseconds, UTC. `duration_ns` is empty for kinds without a duration, `result` (bytes, or
/// another number by kind) is empty for a failed operation and `error` (its name) for one that did not fail. `aux` is
/// the kind's further number, in the unit that `podtrace list fields` names.
pub const COLUMNS: [&str; 12] =
    ["time", "kind", "target", "process", "pid", "thread", "object", "detail", "duration_ns", "result", "error", "aux"];

/// Writes events as they come.
#[derive(Debug)]
pub struct Writer<W> {
    out: W,
    started: Timestamp,
    catalogue: Catalogue,
    names: Names,
    used: InUse,
}

impl<W: Write> Writer<W> {
    /// Begins with the line of the columns' names.
    ///
    /// # Errors
    /// If `out` cannot be written to.
    pub fn new(mut out: W, session: &Session) -> io::Result<Self> {
        writeln!(out, "{}", COLUMNS.join(","))?;
        let (catalogue, names) = (Catalogue::new(session, families::kinds()), Names::new(session));
        Ok(Self { out, started: session.started, catalogue, names, used: InUse::default() })
    }

    /// Takes an item: writes events, remembers names, flushes at ticks.
    ///
    /// # Errors
    /// If `out` cannot be written to.
    pub fn item(&mut self, item: &Item) -> io::Result<()> {
        match item {
            Item::Definition(definition) => self.names.define(definition),
            Item::Event(event) => {
                self.names.note_use(event, &mut self.used);
                self.event(event)?;
            }
            Item::Incident(_) | Item::Feature(_) => {}
            Item::Tick(_) => {
                // Names that no event used since names were last forgotten are the ones to forget.
                let Self { names, used, .. } = self;
                names.end_tick(|| std::mem::take(used));
                self.out.flush()?;
            }
        }
        Ok(())
    }

    /// Flushes what is left and hands back the destination.
    ///
    /// # Errors
    /// If `out` cannot be written to.
    pub fn finish(mut self) -> io::Result<W> {
        self.out.flush()?;
        Ok(self.out)
    }

    fn event(&mut self, event: &Event) -> io::Result<()> {
        let kind = self.catalogue.kind(event.kind);
        let process = self.names.process(event.process);
        let number =
            |known: bool, number: &dyn std::fmt::Display| if known { number.to_string() } else { String::new() };
        let errno = u16::try_from(event.result.unsigned_abs()).unwrap_or(0);
        let object = kind.and_then(|kind| kind.object.dimension()).map(|_| self.names.object_label(event.object));
        let detail = kind.and_then(|kind| kind.by.as_ref()).map(|by| (by.label)(event.detail));
        let cells: [Cow<'_, str>; 12] = [
            self.time(event.at_ns).into(),
            kind.map_or_else(|| format!("kind {}", event.kind.0).into(), |kind| kind.name.into()),
            self.names.target_label(self.names.target(event.process)).into(),
            process.map_or("", |process| &process.comm).into(),
            process.map_or_else(String::new, |process| process.pid.to_string()).into(),
            number(event.thread != 0, &event.thread).into(),
            object.unwrap_or_default().into(),
            detail.unwrap_or_default(),
            number(kind.is_none_or(|kind| kind.duration.is_some()), &event.duration_ns).into(),
            number(event.result >= 0, &event.result).into(),
            match kind {
                Some(kind) if event.result < 0 => (kind.error)(errno),
                _ => "".into(),
            },
            number(kind.is_some_and(|kind| kind.aux.is_some()), &event.aux).into(),
        ];
        let line: Vec<_> = cells.iter().map(|cell| quoted(cell)).collect();
        writeln!(self.out, "{}", line.join(","))
    }

    fn time(&self, at_ns: i64) -> String {
        // A time that no calendar holds comes only from a damaged recording.
        let time = self.started.checked_add(SignedDuration::from_nanos(at_ns)).unwrap_or(self.started);
        format!("{time:.9}")
    }
}

/// A cell as RFC 4180 wants it: in quotes if it holds a comma, a quote or a line break.
fn quoted(cell: &str) -> Cow<'_, str> {
    if cell.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", cell.replace('"', "\"\"")).into()
    } else {
        cell.into()
    }
}
