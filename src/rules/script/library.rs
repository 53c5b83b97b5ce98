//! The rules that can be asked for: the shipped ones, and those that were given.

use std::path::PathBuf;

use super::declaration::Declaration;
use super::sandbox::Failure;
use super::sandbox::LIMITS;
use super::source;
use super::source::RuleText;
use super::source::SHIPPED;
use super::source::SourceError;
use super::worker;
use crate::event::Kind;
use crate::event::session;
use crate::profile::Profile;
use crate::profile::RuleSpec;
use crate::profile::RuleUse;

/// Rules by name; those that were given come before shipped ones of the same name.
#[derive(Clone, Debug, Default)]
pub struct Library {
    declarations: Vec<Declaration>,
    /// How many of them were given: they are used without being named in a profile.
    given: usize,
}

/// Why rules cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LibraryError {
    /// A rule was not found or cannot be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// Rules that are wrong, each with its place.
    #[error("{}", lines(.0))]
    Wrong(Vec<Failure>),
    /// Two rules of one name.
    #[error("two rules are called `{name}`: {one} and {other}")]
    Twice {
        /// Their name.
        name: String,
        /// A file.
        one: String,
        /// Another file.
        other: String,
    },
    /// No thread to load rules on.
    #[error("cannot start a thread for rules: {0}")]
    Thread(std::io::Error),
}

fn lines(failures: &[Failure]) -> String {
    failures.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

impl Library {
    /// The rules that arguments of `--rules` mean, and the shipped ones.
    ///
    /// # Errors
    /// One is not found, or wrong: all mistakes at once.
    pub fn load(arguments: &[PathBuf], kinds: impl Iterator<Item = &'static Kind>) -> Result<Self, LibraryError> {
        let mut texts: Vec<RuleText> = Vec::new();
        for argument in arguments {
            for text in source::find(argument)? {
                if !texts.contains(&text) {
                    texts.push(text);
                }
            }
        }
        Self::of_texts(texts, kinds)
    }

    /// The rules of a recording, and the shipped ones.
    ///
    /// # Errors
    /// One is not understood by this version.
    pub fn of_recording(
        texts: &[session::RuleText],
        kinds: impl Iterator<Item = &'static Kind>,
    ) -> Result<Self, LibraryError> {
        Self::of_texts(texts.iter().map(RuleText::from_recorded).collect(), kinds)
    }

    /// Rules that were read, and the shipped ones.
    ///
    /// # Errors
    /// One is wrong: all mistakes at once.
    pub fn of_texts(given: Vec<RuleText>, kinds: impl Iterator<Item = &'static Kind>) -> Result<Self, LibraryError> {
        let count = given.len();
        let texts: Vec<_> = given.into_iter().chain(SHIPPED.iter().map(RuleText::shipped)).collect();
        let kinds: Vec<_> = kinds.collect();
        let loaded = worker::declarations(&texts, &kinds, LIMITS).map_err(LibraryError::Thread)?;
        let mut library = Self { declarations: Vec::new(), given: count };
        let mut failures = Vec::new();
        for (place, declaration) in loaded.into_iter().enumerate() {
            match declaration {
                Ok(declaration) => {
                    let same = library.get(&declaration.spec.name);
                    match same {
                        Some(same) if place < count => {
                            let (one, other) = (same.text.path.clone(), declaration.text.path.clone());
                            return Err(LibraryError::Twice { name: declaration.spec.name, one, other });
                        }
                        Some(_) => {}
                        None => library.declarations.push(declaration),
                    }
                }
                Err(failure) => failures.push(failure),
            }
        }
        if failures.is_empty() { Ok(library) } else { Err(LibraryError::Wrong(failures)) }
    }

    /// The rule of a name.
    pub fn get(&self, name: &str) -> Option<&Declaration> {
        self.declarations.iter().find(|declaration| declaration.spec.name == name)
    }

    /// Every rule, those that were given first.
    pub fn declarations(&self) -> impl Iterator<Item = &Declaration> {
        self.declarations.iter()
    }

    /// The rules as profiles see them.
    pub fn specs(&self) -> Vec<RuleSpec> {
        self.declarations.iter().map(|declaration| declaration.spec.clone()).collect()
    }

    /// Adds the given rules to what a profile uses, with their defaults, and hands out the texts of all that are used, in
    /// the same order: what a recording needs to judge again.
    pub fn apply(&self, profile: &mut Profile) -> Vec<session::RuleText> {
        for declaration in self.declarations.iter().take(self.given) {
            let name = &declaration.spec.name;
            if !profile.rules.iter().any(|used| used.name == *name) {
                profile.rules.push(RuleUse::plain(name));
            }
        }
        let texts = profile.rules.iter().filter_map(|used| self.get(&used.name));
        texts.map(|declaration| declaration.text.recorded(&declaration.spec.name)).collect()
    }
}
