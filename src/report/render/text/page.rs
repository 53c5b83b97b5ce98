//! A page: lines of at most a width, headings, wrapped text, colours.

use anstyle::AnsiColor;

/// Whether text is coloured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Style {
    /// Nothing but text.
    #[default]
    Plain,
    /// With ANSI escape sequences.
    Ansi,
}

/// What a piece of text is, and so how it looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::report::render) enum Role {
    Plain,
    Strong,
    Faint,
    Warning,
    Bad,
}

impl Style {
    /// Text as its role looks.
    pub(in crate::report::render) fn paint(self, role: Role, text: &str) -> String {
        let style = match (self, role) {
            (Self::Plain, _) | (_, Role::Plain) => return text.to_owned(),
            (_, Role::Strong) => anstyle::Style::new().bold(),
            (_, Role::Faint) => anstyle::Style::new().dimmed(),
            (_, Role::Warning) => AnsiColor::Yellow.on_default().bold(),
            (_, Role::Bad) => AnsiColor::Red.on_default().bold(),
        };
        format!("{style}{text}{style:#}")
    }
}

/// Text that grows line by line.
#[derive(Debug)]
pub(in crate::report::render) struct Page {
    text: String,
    width: usize,
    style: Style,
}

impl Page {
    pub(in crate::report::render) fn new(width: usize, style: Style) -> Self {
        Self { text: String::new(), width, style }
    }

    pub(in crate::report::render) fn width(&self) -> usize {
        self.width
    }

    pub(in crate::report::render) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// A line as it is; only what a terminal would act on is taken out.
    pub(in crate::report::render) fn line(&mut self, role: Role, line: &str) {
        let line = printable(line);
        self.text.push_str(&self.style.paint(role, line.trim_end()));
        self.text.push('\n');
    }

    /// An empty line and a heading.
    pub(in crate::report::render) fn heading(&mut self, heading: &str) {
        self.text.push('\n');
        self.line(Role::Strong, &heading.to_uppercase());
    }

    /// Text in lines that fit, the first indented by `first`, the others by `rest`.
    pub(in crate::report::render) fn wrapped(&mut self, first: usize, rest: usize, role: Role, text: &str) {
        let text = printable(text);
        let mut line = " ".repeat(first);
        let mut is_empty = true;
        for word in words(&text) {
            if !is_empty && length(&line) + 1 + length(&word) > self.width {
                self.line(role, &line);
                line = " ".repeat(rest);
                is_empty = true;
            }
            if !is_empty {
                line.push(' ');
            }
            line.push_str(&word);
            is_empty = false;
        }
        self.line(role, &line);
    }

    pub(in crate::report::render) fn finish(self) -> String {
        self.text
    }
}

/// The words of a text; a number and its unit are one.
fn words(text: &str) -> Vec<String> {
    const UNITS: [&str; 11] = ["%", "s", "ms", "us", "ns", "B", "KiB", "MiB", "GiB", "k", "M"];
    let mut words: Vec<String> = Vec::new();
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let is_unit = UNITS.contains(&word.trim_end_matches([',', ';', '.', ')']));
        match words.last_mut().filter(|last| is_unit && last.ends_with(|c: char| c.is_ascii_digit())) {
            Some(number) => {
                number.push(' ');
                number.push_str(word);
            }
            None => words.push(word.to_owned()),
        }
    }
    words
}

/// Columns a text takes, as far as one character takes one.
pub(in crate::report::render) fn length(text: &str) -> usize {
    text.chars().count()
}

/// Text without control characters: names come from the traced programs, and a terminal acts on escape sequences and on
/// marks that change the direction of writing.
pub(in crate::report::render) fn printable(text: &str) -> String {
    let acts = |c: char| c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    if !text.contains(acts) {
        return text.to_owned();
    }
    text.chars().flat_map(|c| if acts(c) { c.escape_default().collect() } else { vec![c] }).collect()
}

/// Text in at most `width` columns; what is too long loses its middle, because the end of a path says most.
pub(in crate::report::render) fn shortened(text: &str, width: usize) -> String {
    const GAP: &str = "...";
    let long = length(text);
    if long <= width {
        return text.to_owned();
    }
    let kept = width.saturating_sub(GAP.len());
    let head = kept / 3;
    let tail = kept - head;
    let begin: String = text.chars().take(head).collect();
    let end: String = text.chars().skip(long - tail).collect();
    format!("{begin}{GAP}{end}")
}
