//! How bad a finding is.

use serde::Deserialize;
use serde::Serialize;

/// How bad a finding is, worst last so that severities compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Something is wrong in a small way.
    Error,
    /// Users may notice.
    Warning,
    /// Users do notice.
    Critical,
    /// It does not work.
    Fatal,
}

impl Severity {
    /// All severities, mildest first.
    pub const ALL: [Self; 5] = [Self::Info, Self::Error, Self::Warning, Self::Critical, Self::Fatal];

    /// Its name in profiles and outputs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Critical => "critical",
            Self::Fatal => "fatal",
        }
    }
}
