//! What is wrong with a profile, and where: mistakes with a place, errors for whole files.
//!
//! A file's mistakes come all at once, in the order of the file, as one [`miette`] report. Nothing here decides what a
//! mistake is.

use std::fmt;
use std::ops::Range;
use std::path::PathBuf;

use miette::Diagnostic;
use miette::GraphicalReportHandler;
use miette::GraphicalTheme;
use miette::LabeledSpan;
use miette::NamedSource;
use miette::SourceCode;

use super::guard::SIZE_MAX;

/// The most mistakes of a file that are shown: who made more has given the wrong file.
const MISTAKES_MAX: usize = 100;

/// Why a profile could not be used.
#[derive(Debug, thiserror::Error)]
pub enum ProfileError {
    /// A file was read, and something in it is wrong.
    #[error(transparent)]
    Mistakes(Box<FileMistakes>),
    /// Neither a file nor a shipped profile of this name.
    #[error("there is no file and no shipped profile `{name}`")]
    NotFound {
        /// What was asked for.
        name: String,
        /// What could have been meant, in one sentence.
        help: String,
    },
    /// The file exists, but cannot be read.
    #[error("cannot read `{}`", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is not UTF-8.
    #[error("`{}` is not text in UTF-8: line {line} has other bytes", path.display())]
    NotText {
        /// The file.
        path: PathBuf,
        /// The first line that is not, counted from 1.
        line: usize,
    },
    /// The file is larger than a profile may be.
    #[error("`{name}` is larger than {} KiB, the most a profile may have", SIZE_MAX / 1024)]
    TooLarge {
        /// The file's name.
        name: String,
    },
    /// No thread to parse in.
    #[error("cannot start a thread to parse `{name}`")]
    Thread {
        /// The file's name.
        name: String,
        /// Why.
        source: std::io::Error,
    },
    /// Several files are wrong.
    #[error("{} profiles cannot be used", errors.len())]
    Several {
        /// Each file's error.
        errors: Vec<Self>,
    },
}

/// The mistakes of one file.
#[derive(Debug, thiserror::Error)]
#[error("{} in `{}`{}", count(*found), source_text.name(), shown(*found, mistakes.len()))]
pub struct FileMistakes {
    source_text: NamedSource<String>,
    mistakes: Vec<Mistake>,
    found: usize,
}

/// One mistake.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Mistake {
    /// What is wrong: lower case, no full stop, names in backticks.
    pub message: String,
    /// What was expected at the place.
    pub expected: String,
    /// What to do, if there is more to say.
    pub help: Option<String>,
    /// The place, in bytes of the file.
    pub at: Range<usize>,
    /// What the section has to say about the same place replaces it.
    pub(super) provisional: bool,
}

impl Mistake {
    /// A mistake without help.
    pub fn new(at: Range<usize>, message: impl Into<String>, expected: impl Into<String>) -> Self {
        Self { message: message.into(), expected: expected.into(), help: None, at, provisional: false }
    }

    /// The same with help, if there is any.
    pub fn help(mut self, help: impl Into<Option<String>>) -> Self {
        self.help = help.into();
        self
    }
}

impl FileMistakes {
    /// The mistakes of a file, sorted by place.
    pub(super) fn new(name: &str, text: &str, mut mistakes: Vec<Mistake>) -> Self {
        mistakes.sort_by_key(|mistake| (mistake.at.start, mistake.at.end));
        let mut mistakes: Vec<_> = mistakes
            .chunk_by(|one, next| one.at == next.at)
            .flat_map(|here| {
                let said = here.iter().any(|mistake| !mistake.provisional);
                here.iter().filter(move |mistake| !mistake.provisional || !said).cloned()
            })
            .collect();
        let found = mistakes.len();
        mistakes.truncate(MISTAKES_MAX);
        Self { source_text: NamedSource::new(name, text.to_owned()), mistakes, found }
    }

    /// Each of them, in the order of the file; the first hundred if there are more.
    pub fn mistakes(&self) -> &[Mistake] {
        &self.mistakes
    }
}

impl ProfileError {
    /// The report for people, `width` columns wide: every mistake with file, line, column and what was expected.
    pub fn render(&self, width: usize, colour: bool) -> String {
        let theme = if colour { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
        let handler = GraphicalReportHandler::new_themed(theme).with_width(width).with_links(false);
        self.rendered(&handler)
    }

    fn rendered(&self, handler: &GraphicalReportHandler) -> String {
        let draw = |diagnostic: &dyn Diagnostic| {
            let mut report = String::new();
            // A String takes every write; should a place not fit its text after all, the words are still there.
            handler.render_report(&mut report, diagnostic).map_or_else(|_| format!("{diagnostic}\n"), |()| report)
        };
        let mut report = String::new();
        match self {
            Self::Mistakes(file) => {
                for mistake in &file.mistakes {
                    report += &draw(&Placed { mistake, source_text: &file.source_text });
                    report.push('\n');
                }
                report += &format!("{file}\n");
            }
            Self::Several { errors } => {
                for error in errors {
                    report += &error.rendered(handler);
                    report.push('\n');
                }
                report += &format!("{self}\n");
            }
            other => report = draw(other),
        }
        report
    }
}

/// A mistake with the text it is in.
#[derive(Debug, thiserror::Error)]
#[error("{mistake}")]
struct Placed<'m> {
    mistake: &'m Mistake,
    source_text: &'m NamedSource<String>,
}

impl Diagnostic for Placed<'_> {
    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(self.source_text)
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.mistake.help()
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        self.mistake.labels()
    }
}

impl Diagnostic for Mistake {
    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let label = LabeledSpan::new_primary_with_span(Some(self.expected.clone()), self.at.clone());
        Some(Box::new(std::iter::once(label)))
    }
}

impl Diagnostic for FileMistakes {
    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.source_text)
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn Diagnostic> + 'a>> {
        Some(Box::new(self.mistakes.iter().map(|mistake| mistake as &dyn Diagnostic)))
    }
}

impl Diagnostic for ProfileError {
    fn source_code(&self) -> Option<&dyn SourceCode> {
        match self {
            Self::Mistakes(mistakes) => mistakes.source_code(),
            _ => None,
        }
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        match self {
            Self::NotFound { help, .. } => Some(Box::new(help)),
            _ => None,
        }
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn Diagnostic> + 'a>> {
        match self {
            Self::Mistakes(mistakes) => mistakes.related(),
            Self::Several { errors } => Some(Box::new(errors.iter().map(|error| error as &dyn Diagnostic))),
            _ => None,
        }
    }
}

/// What is said where not all mistakes are shown.
fn shown(found: usize, shown: usize) -> String {
    if shown < found { format!(", of which these are the first {shown}") } else { String::new() }
}

/// "1 mistake", "5 mistakes".
fn count(mistakes: usize) -> String {
    if mistakes == 1 { "1 mistake".to_owned() } else { format!("{mistakes} mistakes") }
}
