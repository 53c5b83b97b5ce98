//! Words that nobody may see: read from the environment or a file, never printed.

use std::env;
use std::fmt;
use std::fs;
use std::io;
use std::path::PathBuf;

use secrecy::ExposeSecret;
use secrecy::SecretString;
use thiserror::Error;

/// The longest secret that is read, in bytes: what is longer is the wrong file.
const LENGTH_MAX: u64 = 64 * 1024;

/// A token, a password, an address with one in it. `Debug` shows nothing of it.
#[derive(Clone)]
pub struct Secret(SecretString);

impl Secret {
    /// Keeps a text secret.
    pub fn new(text: impl Into<String>) -> Self {
        Self(SecretString::from(text.into()))
    }

    /// The text, for the one who sends it.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Where a secret is read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// An environment variable of this name.
    Env(String),
    /// The first line of a file.
    File(PathBuf),
}

/// Why there is no secret.
#[derive(Debug, Error)]
pub enum SecretError {
    /// The variable is not set.
    #[error("the environment variable `{0}` is not set")]
    NotSet(String),
    /// The variable or file is empty, or is not text of one line.
    #[error("{0} holds no single line of text")]
    NotText(String),
    /// The file cannot be read.
    #[error("cannot read `{path}`: {error}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
}

impl Source {
    /// Reads it.
    ///
    /// # Errors
    /// There is nothing, or not one line of text.
    pub fn read(&self) -> Result<Secret, SecretError> {
        let (text, place) = match self {
            Self::Env(name) => {
                let value = env::var_os(name).ok_or_else(|| SecretError::NotSet(name.clone()))?;
                (value.into_string().ok(), format!("the environment variable `{name}`"))
            }
            Self::File(path) => {
                let unreadable = |error| SecretError::Unreadable { path: path.clone(), error };
                let length = fs::metadata(path).map_err(unreadable)?.len();
                let text = if length > LENGTH_MAX { None } else { Some(fs::read(path).map_err(unreadable)?) };
                (text.and_then(|bytes| String::from_utf8(bytes).ok()), format!("the file `{}`", path.display()))
            }
        };
        let text = text.as_deref().map(str::trim).filter(|text| !text.is_empty() && !text.contains(['\n', '\r', '\0']));
        text.map(Secret::new).ok_or(SecretError::NotText(place))
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    /// Check that a secret shows in no debug output, and that its file's last newline is no part of it.
    #[test]
    fn shows_nothing() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        writeln!(file, "hunter23").unwrap();
        let secret = Source::File(file.path().to_owned()).read().unwrap();
        assert_eq!(secret.expose(), "hunter23");
        assert!(!format!("{secret:?} {:?}", Some(&secret)).contains("hunter23"));
    }

    /// Check that what is missing, empty or of several lines is refused with its place, not its contents.
    #[test]
    fn refuses() {
        let missing = Source::Env("PODTRACE_NO_SUCH_VARIABLE".into()).read().unwrap_err();
        assert_eq!(missing.to_string(), "the environment variable `PODTRACE_NO_SUCH_VARIABLE` is not set");
        let mut file = tempfile::NamedTempFile::new().unwrap();
        write!(file, "one\ntwo\n").unwrap();
        let several = Source::File(file.path().to_owned()).read().unwrap_err().to_string();
        assert!(several.contains("no single line") && !several.contains("two"), "{several}");
        assert!(matches!(Source::File("/no/such".into()).read(), Err(SecretError::Unreadable { .. })));
    }
}
