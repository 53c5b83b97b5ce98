//! The words a profile may use, handed in by the caller from the registries.

use super::Figure;

/// The words a profile may use.
#[derive(Clone, Debug, Default)]
pub struct Vocabulary {
    /// Families: name, one sentence, options.
    pub families: Vec<FamilyWords>,
    /// Kinds: name and the figures that make sense for it.
    pub kinds: Vec<KindWords>,
    /// Sinks: name, one sentence, options.
    pub sinks: Vec<SinkWords>,
}

/// A sink as a profile sees it.
#[derive(Clone, Copy, Debug)]
pub struct SinkWords {
    /// Its name.
    pub name: &'static str,
    /// One sentence.
    pub about: &'static str,
    /// Its options.
    pub options: &'static [OptionSpec],
    /// Groups of options of which exactly one must be given.
    pub one_of: &'static [&'static [&'static str]],
    /// Whether it sends headers that a profile may add.
    pub headers: bool,
}

/// A family as a profile sees it.
#[derive(Clone, Debug)]
pub struct FamilyWords {
    /// Its name.
    pub name: &'static str,
    /// One sentence.
    pub about: &'static str,
    /// Its options.
    pub options: &'static [OptionSpec],
}

/// A kind as a profile sees it.
#[derive(Clone, Debug)]
pub struct KindWords {
    /// Its name.
    pub name: &'static str,
    /// The figures that can be compared.
    pub figures: Vec<Figure>,
}

/// An option of a family or a sink.
#[derive(Clone, Copy, Debug)]
pub struct OptionSpec {
    /// Its name, e.g. `slow`.
    pub name: &'static str,
    /// What it takes.
    pub kind: OptionKind,
    /// One sentence, with the default.
    pub about: &'static str,
}

/// What an option takes.
#[derive(Clone, Copy, Debug)]
pub enum OptionKind {
    /// A duration such as `10ms`.
    Duration,
    /// One of these words.
    Words(&'static [&'static str]),
    /// `#true` or `#false`.
    Flag,
    /// A text; the words say which.
    Text(&'static str),
    /// A whole number.
    Number,
    /// A percentage.
    Share,
    /// A size such as `256KiB`.
    Size,
    /// An address to send to, without user and password.
    Url,
    /// The name of an environment variable.
    Variable,
    /// An address and port to listen on.
    Address,
}
