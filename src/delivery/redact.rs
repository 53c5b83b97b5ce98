//! What may leave: every text in an alert or a span passes here once, on its way out.
//!
//! Known secrets (those podtrace was given itself) are replaced wherever they stand. Others are known by their
//! surroundings: the user part of a URL, the value behind a word such as `password` or `token`, and `Bearer` or `Basic`.
//! Texts are cut at a length as well.

use super::Secret;
use crate::finding::Alert;

/// What stands in the place of a secret.
pub const HIDDEN: &str = "[redacted]";

/// The longest text that leaves, in bytes.
pub const TEXT_MAX: usize = 4_096;

/// The shortest known secret that is looked for: a shorter one would blot out ordinary words.
const KNOWN_MIN: usize = 6;

/// Words whose value is a secret, as the end of a name: `DB_PASSWORD=`, `--api-key `, `"token": `.
const WORDS: [&str; 12] = [
    "password",
    "passwd",
    "pwd",
    "secret",
    "token",
    "apikey",
    "api-key",
    "api_key",
    "authorization",
    "credential",
    "credentials",
    "cookie",
];

/// Schemes after which the credentials of an `Authorization` header stand.
const SCHEMES: [&str; 4] = ["bearer", "basic", "splunk", "geniekey"];

/// Takes secrets out of texts.
#[derive(Clone, Debug, Default)]
pub struct Redactor {
    known: Vec<Secret>,
}

impl Redactor {
    /// One that knows these secrets beside what it finds by itself.
    pub fn new(known: impl IntoIterator<Item = Secret>) -> Self {
        Self { known: known.into_iter().filter(|secret| secret.expose().len() >= KNOWN_MIN).collect() }
    }

    /// A text without its secrets, and no longer than [`TEXT_MAX`].
    pub fn text(&self, text: &str) -> String {
        let mut clean = text.to_owned();
        for secret in &self.known {
            if clean.contains(secret.expose()) {
                clean = clean.replace(secret.expose(), HIDDEN);
            }
        }
        let mut clean = values(&user_parts(&clean));
        if clean.len() > TEXT_MAX {
            let end = (0..=TEXT_MAX).rev().find(|end| clean.is_char_boundary(*end)).unwrap_or(0);
            clean.truncate(end);
            clean.push('…');
        }
        clean
    }

    /// An alert without secrets.
    pub fn alert(&self, alert: &Alert) -> Alert {
        let mut clean = alert.clone();
        clean.rule = self.text(&alert.rule);
        clean.title = self.text(&alert.title);
        clean.next = self.text(&alert.next);
        clean.evidence = alert.evidence.iter().map(|line| self.text(line)).collect();
        for target in &mut clean.origin.targets {
            target.name = self.text(&target.name);
        }
        clean
    }
}

/// `scheme://user:password@host` without its user part.
fn user_parts(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(place) = rest.find("://") {
        let (before, after) = rest.split_at(place + 3);
        clean.push_str(before);
        let end = after.find(|c: char| c.is_whitespace() || "/?#\"'".contains(c)).unwrap_or(after.len());
        rest = match after[..end].rfind('@') {
            Some(at) => {
                clean.push_str(HIDDEN);
                &after[at..]
            }
            None => after,
        };
    }
    clean.push_str(rest);
    clean
}

/// The values of secret words hidden. Works on words with what separates them, and keeps all of that.
fn values(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut hide = Hide::No;
    for piece in pieces(text) {
        match (piece, hide) {
            (Piece::Word(word), Hide::Next) => {
                // The scheme of an authorization is none itself.
                let is_scheme = SCHEMES.contains(&word.to_ascii_lowercase().as_str());
                clean.push_str(if is_scheme { word } else { HIDDEN });
                hide = if is_scheme { Hide::Next } else { Hide::No };
            }
            (Piece::Word(word), _) => {
                clean.push_str(word);
                let lower = word.to_ascii_lowercase();
                let flag = lower.starts_with("--");
                hide = if SCHEMES[..2].contains(&lower.as_str()) {
                    Hide::AfterSpace
                } else if WORDS.iter().any(|secret| lower.ends_with(secret)) {
                    if flag { Hide::AfterSpace } else { Hide::AfterSign }
                } else {
                    Hide::No
                };
            }
            (Piece::Between(between), waits) => {
                clean.push_str(between);
                let has_sign = between.contains(['=', ':']);
                hide = match waits {
                    Hide::Next => Hide::Next,
                    Hide::AfterSign | Hide::AfterSpace if has_sign => Hide::Next,
                    Hide::AfterSpace if between.trim_matches(['"', '\'']).trim().is_empty() => Hide::Next,
                    _ => Hide::No,
                };
            }
        }
    }
    clean
}

/// Whether the next word is a secret.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Hide {
    No,
    /// If `=` or `:` comes before it.
    AfterSign,
    /// If only space, `=` or `:` comes before it.
    AfterSpace,
    Next,
}

enum Piece<'t> {
    Word(&'t str),
    Between(&'t str),
}

/// A text as words and what stands between them, alternating.
fn pieces(text: &str) -> impl Iterator<Item = Piece<'_>> {
    let parts = |c: char| c.is_whitespace() || "=:\"'`,;&?{}()[]|<>".contains(c);
    let mut rest = text;
    std::iter::from_fn(move || {
        let first = rest.chars().next()?;
        let between = parts(first);
        let end = rest.find(|c| parts(c) != between).unwrap_or(rest.len());
        let (piece, after) = rest.split_at(end);
        rest = after;
        Some(if between { Piece::Between(piece) } else { Piece::Word(piece) })
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Check that secrets are found by their surroundings, and that everything around them stays.
    #[test]
    fn by_surroundings() {
        let clean = |text: &str| Redactor::default().text(text);
        for (text, expected) in [
            ("GET http://bob:hunter23@db:5432/x?y", "GET http://[redacted]@db:5432/x?y"),
            ("DB_PASSWORD=hunter23 ./run", "DB_PASSWORD=[redacted] ./run"),
            ("mysql --password hunter23 -h db", "mysql --password [redacted] -h db"),
            ("--api-key=hunter23,more", "--api-key=[redacted],more"),
            ("{\"token\": \"hunter23\", \"n\": 7}", "{\"token\": \"[redacted]\", \"n\": 7}"),
            ("Authorization: Bearer hunter23", "Authorization: Bearer [redacted]"),
            ("curl -H 'Authorization: Splunk hunter23' x", "curl -H 'Authorization: Splunk [redacted]' x"),
            ("/a?access_token=hunter23&b=7", "/a?access_token=[redacted]&b=7"),
            ("p99 of tcp.connect 1.2 s (10.0.0.7:5432)", "p99 of tcp.connect 1.2 s (10.0.0.7:5432)"),
            ("the password was refused", "the password was refused"),
            ("https://docs.example/a@b", "https://docs.example/a@b"),
        ] {
            assert_eq!(clean(text), expected, "{text}");
        }
    }

    /// Check that a secret podtrace was given itself shows nowhere, and that a short one does not blot out words.
    #[test]
    fn known_ones() {
        let redactor = Redactor::new([Secret::new("s3cr3t-path"), Secret::new("a")]);
        assert_eq!(redactor.text("post to /services/s3cr3t-path failed"), "post to /services/[redacted] failed");
    }

    /// Check that long texts are cut where a character ends.
    #[test]
    fn cut() {
        let long = "é".repeat(TEXT_MAX);
        let cut = Redactor::default().text(&long);
        assert!(cut.len() <= TEXT_MAX + '…'.len_utf8() && cut.ends_with('…'));
    }

    proptest! {
        /// Check that no text makes it fail, and that a known secret is in none that comes out.
        #[test]
        fn total(before in ".{0,64}", after in ".{0,64}") {
            let redactor = Redactor::new([Secret::new("s3cr3t-path")]);
            let out = redactor.text(&format!("{before}s3cr3t-path{after}"));
            prop_assert!(!out.contains("s3cr3t-path"));
        }
    }
}
