//! What makes two findings the same finding: not when it was seen, and not the figures in its words.

use std::fmt;

use serde::Deserialize;
use serde::Deserializer;
use serde::Serialize;
use serde::Serializer;
use serde::de::Error;

/// Tells one trouble from another: the same in every window, trace and version, as long as the rule calls it the same.
/// Of what it was found in (a pod, a node) it knows nothing; who compares findings of several adds that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint(u64);

/// The numbers of FNV-1a with 64 bits (draft-eastlake-fnv): short, and the same everywhere.
const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x0000_0100_0000_01b3;

impl Fingerprint {
    /// Of a rule's name and what tells the finding from others of that rule.
    pub fn of(rule: &str, identity: &str) -> Self {
        // A byte that is in no text stands between them: "ab" and "c" are not "a" and "bc".
        let bytes = rule.bytes().chain([0xff]).chain(identity.bytes());
        Self(bytes.fold(OFFSET, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(PRIME)))
    }

    /// The same trouble in one place, so that it is another one elsewhere: on a node, in what somebody asked to trace.
    #[must_use]
    pub fn within(self, place: &str) -> Self {
        Self::of(place, &self.to_string())
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl Serialize for Fingerprint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Fingerprint {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        u64::from_str_radix(&text, 16).map(Self).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::Fingerprint;

    /// Check that fingerprints tell rules and what they are about apart, and stay what they were: sinks keep them.
    #[test]
    fn fingerprints_stay() {
        let of = |rule, identity| Fingerprint::of(rule, identity).to_string();
        assert_eq!(
            of("slow-dependency", "tcp.response peer 10.0.0.7:5432"),
            of("slow-dependency", "tcp.response peer 10.0.0.7:5432")
        );
        assert_ne!(of("ab", "c"), of("a", "bc"));
        assert_ne!(of("a", ""), of("", "a"));
        // The published value of FNV-1a for the text "a", followed by our byte.
        assert_eq!(of("a", ""), format!("{:016x}", (0xaf63_dc4c_8601_ec8c_u64 ^ 0xff).wrapping_mul(super::PRIME)));
    }
}
