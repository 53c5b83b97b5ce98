//! Aligned rows: a label on the left that gives way, numbers on the right that do not.

use std::borrow::Cow;

use super::label::Label;
use super::page::Page;
use super::page::Role;
use super::page::length;

/// Columns between two cells.
const GAP: usize = 2;

/// The narrowest label.
const LABEL_MIN: usize = 20;

/// A label's width above which numbers come first.
const LABEL_ENOUGH: usize = 36;

/// The widest label: beyond, the eye does not find the row any more.
const LABEL_MAX: usize = 64;

/// Rows under a heading line.
#[derive(Debug)]
pub(in crate::report::render) struct Grid {
    title: String,
    columns: Vec<Column>,
    rows: Vec<Row>,
}

/// A column beside the label.
#[derive(Clone, Debug)]
pub(in crate::report::render) struct Column {
    name: Cow<'static, str>,
    /// How soon it is left out where the page is too narrow: 0 never, else the highest first.
    leaves: u8,
    /// Whether it is of words and not of numbers.
    words: bool,
}

impl Column {
    /// Numbers, written to the right.
    pub(in crate::report::render) const fn numbers(name: &'static str, leaves: u8) -> Self {
        Self { name: Cow::Borrowed(name), leaves, words: false }
    }

    /// Words, written to the left.
    pub(in crate::report::render) const fn words(name: &'static str, leaves: u8) -> Self {
        Self { name: Cow::Borrowed(name), leaves, words: true }
    }

    /// Words under a name that is not known beforehand.
    pub(in crate::report::render) fn named(name: &str) -> Self {
        Self { name: Cow::Owned(name.to_owned()), leaves: 0, words: true }
    }

    fn cell(&self, text: &str, width: usize) -> String {
        let gap = " ".repeat(GAP);
        if self.words { format!("{gap}{}", pad_right(text, width)) } else { format!("{gap}{}", pad_left(text, width)) }
    }
}

/// A row of a grid.
#[derive(Debug)]
pub(in crate::report::render) enum Row {
    /// A label and a cell per column; `None` stays empty.
    Cells { indent: usize, label: Label, cells: Vec<Option<String>>, role: Role },
    /// Text across all columns.
    Note { indent: usize, text: String, role: Role },
}

impl Grid {
    pub(in crate::report::render) fn new(title: &str, columns: &[Column]) -> Self {
        Self { title: title.to_owned(), columns: columns.to_vec(), rows: Vec::new() }
    }

    pub(in crate::report::render) fn row(
        &mut self,
        indent: usize,
        label: &str,
        cells: Vec<Option<String>>,
        role: Role,
    ) {
        self.labelled(indent, Label::plain(label), cells, role);
    }

    /// A row whose label can be written shorter.
    pub(in crate::report::render) fn labelled(
        &mut self,
        indent: usize,
        label: Label,
        cells: Vec<Option<String>>,
        role: Role,
    ) {
        self.rows.push(Row::Cells { indent, label, cells, role });
    }

    pub(in crate::report::render) fn note(&mut self, indent: usize, text: &str, role: Role) {
        self.rows.push(Row::Note { indent, text: text.to_owned(), role });
    }

    /// Writes the grid; columns without any cell are left out, then those that do not fit.
    pub(in crate::report::render) fn write(self, page: &mut Page) {
        let width_of = |column: usize| {
            let cells = self.rows.iter().filter_map(|row| match row {
                Row::Cells { cells, .. } => cells.get(column)?.as_ref(),
                Row::Note { .. } => None,
            });
            cells.map(|cell| length(cell)).max().map(|widest| widest.max(length(&self.columns[column].name)))
        };
        let mut shown: Vec<(usize, usize)> =
            (0..self.columns.len()).filter_map(|column| Some((column, width_of(column)?))).collect();
        let wanted = self.rows.iter().map(|row| match row {
            Row::Cells { indent, label, .. } => indent + label.longest(),
            Row::Note { .. } => 0,
        });
        let wanted = wanted.max().unwrap_or(0).max(length(&self.title)).clamp(LABEL_MIN, LABEL_MAX);
        let numbers = |shown: &[(usize, usize)]| shown.iter().map(|(_, width)| width + GAP).sum::<usize>();
        while numbers(&shown) + wanted.min(LABEL_ENOUGH) > page.width() {
            let least = shown.iter().map(|(column, _)| self.columns[*column].leaves).max().unwrap_or(0);
            let Some(place) = shown.iter().position(|(column, _)| self.columns[*column].leaves == least && least > 0)
            else {
                break;
            };
            shown.remove(place);
        }
        let label_width = page.width().saturating_sub(numbers(&shown)).clamp(LABEL_MIN, wanted);
        let mut heading = pad_right(&self.title, label_width);
        for (column, width) in &shown {
            heading.push_str(&self.columns[*column].cell(&self.columns[*column].name, *width));
        }
        if !page.is_empty() {
            page.line(Role::Plain, "");
        }
        page.line(Role::Strong, &heading);
        for row in self.rows {
            match row {
                Row::Note { indent, text, role } => page.wrapped(indent, indent + 2, role, &text),
                Row::Cells { indent, label, cells, role } => {
                    let label = label.fit(label_width.saturating_sub(indent));
                    let mut line = pad_right(&format!("{:indent$}{label}", ""), label_width);
                    for (column, width) in &shown {
                        let cell = cells.get(*column).and_then(Option::as_deref).unwrap_or("");
                        line.push_str(&self.columns[*column].cell(cell, *width));
                    }
                    page.line(role, &line);
                }
            }
        }
    }
}

fn pad_right(text: &str, width: usize) -> String {
    format!("{text}{:1$}", "", width.saturating_sub(length(text)))
}

fn pad_left(text: &str, width: usize) -> String {
    format!("{:1$}{text}", "", width.saturating_sub(length(text)))
}
