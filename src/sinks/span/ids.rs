//! Ids of traces and spans, mixed from what they stand for.

use std::fmt;

/// A trace's id, 16 bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TraceId(pub [u8; 16]);

/// A span's id, 8 bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SpanId(pub [u8; 8]);

/// The finaliser of SplitMix64 (Steele, Lea, Flood: "Fast Splittable Pseudorandom Number Generators", 2014): each bit of
/// what comes out depends on every bit of what goes in.
fn mix(number: u64) -> u64 {
    let number = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

/// Several numbers as one.
pub(super) fn mixed(parts: &[u64]) -> u64 {
    parts.iter().fold(0, |sum, part| mix(sum ^ mix(*part)))
}

/// A text as a number (FNV-1a).
pub(super) fn number(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

impl TraceId {
    /// From what it stands for. All zeroes is no id (W3C Trace Context).
    pub(super) fn of(parts: &[u64]) -> Self {
        let low = mixed(parts);
        let pair = [mix(low ^ 0x7472_6163), low.max(1)];
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&pair[0].to_be_bytes());
        bytes[8..].copy_from_slice(&pair[1].to_be_bytes());
        Self(bytes)
    }

    /// Its 56 random bits, as "W3C Trace Context Level 2" names them: the rightmost seven bytes.
    pub fn randomness(self) -> u64 {
        let mut bytes = [0; 8];
        bytes[1..].copy_from_slice(&self.0[9..]);
        u64::from_be_bytes(bytes)
    }
}

impl SpanId {
    /// From what it stands for.
    pub(super) fn of(parts: &[u64]) -> Self {
        Self(mixed(parts).max(1).to_be_bytes())
    }
}

fn hex(f: &mut fmt::Formatter<'_>, bytes: &[u8]) -> fmt::Result {
    bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex(f, &self.0)
    }
}

impl fmt::Display for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex(f, &self.0)
    }
}

impl fmt::Debug for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex(f, &self.0)
    }
}

impl fmt::Debug for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex(f, &self.0)
    }
}
