//! No text makes the parser panic, overflow its stack or take long.

use std::time::Duration;
use std::time::Instant;

use proptest::collection::vec;
use proptest::prelude::any;
use proptest::prop_assert;
use proptest::prop_oneof;
use proptest::proptest;
use proptest::sample::Index;
use proptest::sample::select;
use proptest::strategy::Just;
use proptest::strategy::Strategy;

use super::vocabulary;
use crate::profile::Profile;
use crate::profile::ProfileError;
use crate::profile::SHIPPED;

/// Pieces that the language and its parser care about.
const PIECES: &[&str] = &[
    "{",
    "}",
    "(",
    ")",
    "=",
    ";",
    "\n",
    " ",
    "/-",
    "/*",
    "*/",
    "//",
    "\\",
    "\"",
    "\"\"\"",
    "#",
    "#\"",
    "\"#",
    "[",
    "é",
    "\u{feff}",
    "\r\n",
    "\u{2028}",
    "\0",
    "probes",
    "tcp",
    "file",
    "slow",
    "threshold",
    "\"tcp.rtt\"",
    "p99",
    "\">1ms\"",
    "targets",
    "pid",
    "7",
    "10ms",
    "5%",
    "-",
    "1.",
    "0x",
    "true",
    "#true",
    "null",
    "window",
    "\"10s\"",
    "/x",
    "\\q",
    "a",
];

/// Reads a text and draws what is wrong with it.
fn read(text: &str) -> Result<Profile, ProfileError> {
    let result = Profile::parse("any", text, &vocabulary());
    if let Err(error) = &result {
        let report = error.render(80, false);
        assert!(!report.trim().is_empty());
        if let ProfileError::Mistakes(file) = error {
            for mistake in file.mistakes() {
                assert!(text.get(mistake.at.clone()).is_some(), "{mistake:?} is no place in {text:?}");
                assert!(!mistake.message.is_empty() && !mistake.expected.is_empty(), "{mistake:?}");
            }
        }
    }
    result
}

/// A right document.
fn right() -> impl Strategy<Value = String> {
    select(SHIPPED.iter().map(|shipped| shipped.text.to_owned()).collect::<Vec<_>>())
}

/// A number of pieces, in any order.
fn pieces() -> impl Strategy<Value = String> {
    vec(select(PIECES), 0..60).prop_map(|pieces| pieces.concat())
}

proptest! {
    /// Check that any string is read or refused with places that exist.
    #[test]
    fn any_string(text in any::<String>()) {
        let _ = read(&text);
    }

    /// Check that any bytes, as far as they are text, are read or refused.
    #[test]
    fn any_bytes(bytes in vec(any::<u8>(), 0..300)) {
        let _ = read(&String::from_utf8_lossy(&bytes));
    }

    /// Check that any sequence of what the language is made of is read or refused, and quickly.
    #[test]
    fn any_pieces(text in pieces()) {
        let began = Instant::now();
        let _ = read(&text);
        prop_assert!(began.elapsed() < Duration::from_secs(5), "{:?} for {text:?}", began.elapsed());
    }

    /// Check that a right document with a piece put in, taken out or doubled is read or refused.
    #[test]
    fn nearly_right(
        mut text in right(),
        changes in vec((any::<Index>(), any::<Index>(), prop_oneof![Just(String::new()), pieces()]), 1..5),
    ) {
        for (from, to, with) in changes {
            let places: Vec<_> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
            let (from, to) = (places[from.index(places.len())], places[to.index(places.len())]);
            // Mostly little is taken out: what is left should still look like a profile.
            let to = if to > from && to - from < 20 { to } else { from };
            text.replace_range(from..to, &with);
        }
        let _ = read(&text);
    }
}

/// Check that the texts that overflow the KDL parser's stack, or double its time at each level, do neither here.
#[test]
fn known_attacks() {
    let full = 64 * 1024;
    let texts = [
        "}".repeat(full),
        "{".repeat(full),
        "=".repeat(full),
        ")".repeat(full),
        "#".repeat(full),
        "\"".repeat(full),
        "a=1\n".repeat(full / 4),
        "a {} {}\n".repeat(64),
        "a {".repeat(full / 3),
        "a true\n".repeat(full / 7),
        "a \"\\q\"\n".repeat(full / 7),
        "a 1ms\n".repeat(full / 6),
        "a /x\n".repeat(full / 5),
        "/*".repeat(full / 2),
        "/*".repeat(100) + &"*/".repeat(100),
        "a /-{".repeat(32) + &"}".repeat(32),
        "a /-\n{".repeat(32) + &"}".repeat(32),
        "a \"\\q\" \"/-{/-{/-{".repeat(40),
        "a {}\"/-{a /-{a /-{a /-{".to_owned(),
        "/-a {".repeat(32) + "\"\\q\"" + &"}".repeat(32),
        "/-".repeat(full / 2),
        "a \\\n".repeat(full / 4),
        format!("a {}", "/-b ".repeat(full / 4 - 1)),
        format!("a {}", "b=\"c\" ".repeat(full / 6 - 1)),
        format!("{} 1", "x".repeat(full - 2)),
        format!("threshold \"{}\"", "x".repeat(full - 20)),
    ];
    for text in &texts {
        let began = Instant::now();
        let result = read(text);
        let shown: String = text.chars().take(40).collect();
        // Debug builds are slow, and the machine is shared; hours and aborts are what this is about.
        assert!(began.elapsed() < Duration::from_secs(60), "{shown}… took {:?}", began.elapsed());
        let nothing_in_it = shown.starts_with("/-") || shown.starts_with("/*/*") && text.ends_with("*/");
        assert!(result.is_err() || nothing_in_it, "{shown}…");
    }
}

/// Check that a text of more than the allowed size is refused unread.
#[test]
fn too_large() {
    let result = read(&" ".repeat(64 * 1024 + 1));
    assert!(matches!(result, Err(ProfileError::TooLarge { .. })), "{result:?}");
    assert!(read(&" ".repeat(64 * 1024)).is_ok());
}
