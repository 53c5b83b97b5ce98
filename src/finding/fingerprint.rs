//! What makes two findings the same one: the rule and what it speaks of, never the figures in its words.

use std::fmt;

use serde::Deserialize;
use serde::Serialize;

use super::Finding;

/// Tells findings apart over time, in 16 hexadecimal digits. The same in every run and version, because receivers keep it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fingerprint(String);

/// FNV-1a, 64 bits: <http://www.isthe.com/chongo/tech/comp/fnv/>, offset basis and prime.
const FNV: (u64, u64) = (0xcbf2_9ce4_8422_2325, 0x0100_0000_01b3);

impl Fingerprint {
    /// The fingerprint of a finding in a scope: the node and the targets it was made on.
    pub fn of(finding: &Finding, scope: &str) -> Self {
        Self::of_parts(&[scope, &finding.rule, finding.subject.as_deref().unwrap_or_default()])
    }

    /// The fingerprint of a text.
    pub fn of_text(text: &str) -> Self {
        Self::of_parts(&[text])
    }

    fn of_parts(parts: &[&str]) -> Self {
        // A byte that is in no text stands between the parts, so that `ab`, `c` is not `a`, `bc`.
        let bytes = parts.iter().flat_map(|part| part.bytes().chain([0xff]));
        let hash = bytes.fold(FNV.0, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(FNV.1));
        Self(format!("{hash:016x}"))
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
