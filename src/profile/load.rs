//! Where profiles come from: files, the shipped ones, the texts in a recording.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::path::PathBuf;

use super::Profile;
use super::Vocabulary;
use super::diagnostic::FileMistakes;
use super::diagnostic::ProfileError;
use super::document;
use super::guard::SIZE_MAX;
use super::node::Context;
use super::suggest::did_you_mean;
use super::suggest::either;
use super::syntax;
use crate::event::session::ProfileText;

/// The profiles inside the binary, by name, in the order they are listed.
pub static SHIPPED: &[Shipped] = &[
    Shipped { name: "latency", text: include_str!("../../profiles/latency.kdl") },
    Shipped { name: "network", text: include_str!("../../profiles/network.kdl") },
    Shipped { name: "files", text: include_str!("../../profiles/files.kdl") },
    Shipped { name: "cpu", text: include_str!("../../profiles/cpu.kdl") },
    Shipped { name: "everything", text: include_str!("../../profiles/everything.kdl") },
];

/// The name of the profile that is used where none is given.
///
/// `latency`, because "why is it slow or failing" is the question podtrace is called with. It observes what an answer
/// needs (peers, files, run queue) and judges only what people notice. It includes the `process` family: programs start
/// and end rarely, so it costs little, and a report that does not say that the command exited with 1 explains no
/// failure. Not `everything`: that one will grow with every family, and a default that grows dearer unasked is none.
pub const DEFAULT: &str = "latency";

/// A profile inside the binary.
#[derive(Clone, Copy, Debug)]
pub struct Shipped {
    /// The name it is asked for with.
    pub name: &'static str,
    /// Its KDL.
    pub text: &'static str,
}

impl Profile {
    /// Reads one profile; `name` is what errors call it.
    ///
    /// # Errors
    ///
    /// All mistakes of the text at once, each with its place; or the text is too large.
    pub fn parse(name: &str, text: &str, vocabulary: &Vocabulary) -> Result<Self, ProfileError> {
        if text.len() > SIZE_MAX {
            return Err(ProfileError::TooLarge { name: name.to_owned() });
        }
        let read = syntax::parse(text).map_err(|source| ProfileError::Thread { name: name.to_owned(), source })?;
        let mut context = Context { vocabulary, places: read.places, mistakes: read.mistakes };
        let mut profile = document::document(&read.nodes, &mut context);
        if !context.mistakes.is_empty() {
            return Err(ProfileError::Mistakes(Box::new(FileMistakes::new(name, text, context.mistakes))));
        }
        profile.sources = vec![ProfileText { name: name.to_owned(), text: text.to_owned() }];
        Ok(profile)
    }

    /// Reads and merges what `-p` was given, from left to right; the default where that is nothing.
    ///
    /// An argument that contains `/`, or ends in `.kdl` and exists, is a path; else it is the name of a shipped
    /// profile, with or without `.kdl`. `profiles/latency.kdl` also means the shipped one where there is no such file,
    /// so that the documentation's commands work in any folder.
    ///
    /// # Errors
    ///
    /// All mistakes of all files at once.
    pub fn load(arguments: &[PathBuf], vocabulary: &Vocabulary) -> Result<Self, ProfileError> {
        if arguments.is_empty() {
            return Self::default_shipped(vocabulary);
        }
        merged(arguments.iter().map(|argument| {
            let source = find(argument)?;
            Self::parse(&source.name, &source.text, vocabulary)
        }))
    }

    /// The profile that is used where none is given: the shipped one named [`DEFAULT`].
    ///
    /// # Errors
    ///
    /// None, as long as the shipped profile is right for the vocabulary; a test sees to that.
    pub fn default_shipped(vocabulary: &Vocabulary) -> Result<Self, ProfileError> {
        let source = find(Path::new(DEFAULT))?;
        Self::parse(&source.name, &source.text, vocabulary)
    }

    /// Reads and merges texts that were read before: those of a recording, to judge it again.
    ///
    /// # Errors
    ///
    /// As [`Profile::parse`], for all of them at once.
    pub fn from_sources(sources: &[ProfileText], vocabulary: &Vocabulary) -> Result<Self, ProfileError> {
        merged(sources.iter().map(|source| Self::parse(&source.name, &source.text, vocabulary)))
    }
}

/// All of them in one, or all that is wrong with them.
fn merged(profiles: impl Iterator<Item = Result<Profile, ProfileError>>) -> Result<Profile, ProfileError> {
    let mut merged = Profile::default();
    let mut errors = Vec::new();
    for profile in profiles {
        match profile {
            Ok(profile) => merged = merged.merge(profile),
            Err(error) => errors.push(error),
        }
    }
    match errors.len() {
        0 => Ok(merged),
        1 => Err(errors.remove(0)),
        _ => Err(ProfileError::Several { errors }),
    }
}

/// The text that an argument of `-p` means.
fn find(argument: &Path) -> Result<ProfileText, ProfileError> {
    let name = argument.to_string_lossy();
    let is_path = name.contains('/') || (name.ends_with(".kdl") && argument.exists());
    let bare = name.strip_prefix("./").unwrap_or(&name);
    let bare = bare.strip_prefix("profiles/").unwrap_or(bare);
    let bare = bare.strip_suffix(".kdl").unwrap_or(bare);
    let shipped = SHIPPED.iter().find(|shipped| shipped.name == bare);
    match (is_path && argument.exists(), shipped) {
        (true, _) => Ok(ProfileText { name: name.into_owned(), text: read(argument)? }),
        (false, Some(shipped)) => Ok(ProfileText { name: shipped.name.to_owned(), text: shipped.text.to_owned() }),
        (false, None) => Err(not_found(&name, bare, is_path)),
    }
}

fn not_found(name: &str, bare: &str, is_path: bool) -> ProfileError {
    let names = || SHIPPED.iter().map(|shipped| shipped.name);
    let near = did_you_mean(bare, names()).map(|near| format!("{near} ")).unwrap_or_default();
    let path = if is_path { "" } else { "; a file is given by its path, e.g. `./mine.kdl`" };
    ProfileError::NotFound { name: name.to_owned(), help: format!("{near}shipped profiles: {}{path}", either(names())) }
}

fn read(path: &Path) -> Result<String, ProfileError> {
    let unreadable = |source| ProfileError::Unreadable { path: path.to_owned(), source };
    let mut bytes = Vec::new();
    // One byte more than allowed tells a file that is too large, without reading an endless one.
    File::open(path).map_err(unreadable)?.take(SIZE_MAX as u64 + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() > SIZE_MAX {
        return Err(ProfileError::TooLarge { name: path.display().to_string() });
    }
    String::from_utf8(bytes).map_err(|error| {
        let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        ProfileError::NotText { path: path.to_owned(), line: 1 + valid.iter().filter(|byte| **byte == b'\n').count() }
    })
}
