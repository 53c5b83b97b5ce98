//! The words a profile may use, handed in by the caller from the registries.

use super::Figure;
use super::RuleSpec;

/// The words a profile may use.
#[derive(Clone, Debug, Default)]
pub struct Vocabulary {
    /// Families: name, one sentence, options.
    pub families: Vec<FamilyWords>,
    /// Kinds: name and the figures that make sense for it.
    pub kinds: Vec<KindWords>,
    /// Rules in Lua: name and parameters.
    pub rules: Vec<RuleSpec>,
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

/// An option of a family.
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
}
