//! Rust and C as rules see them: code apart from comments, literals and tests. Not a parser; a scanner of the few forms
//! that matter.

/// A file taken apart. `code` has a character for each of the file, so that lines stay lines.
pub(crate) struct Source {
    /// The text with comments and the insides of literals blanked.
    pub(crate) code: String,
    /// String literals outside of test code: line, counted from 1, and inside, escapes as written.
    pub(crate) literals: Vec<(usize, String)>,
}

impl Source {
    /// Takes a file apart, test modules left out.
    pub(crate) fn new(text: &str) -> Self {
        let (code, literals) = scan(text);
        let (code, tests) = without_tests(&code);
        let literals = literals.into_iter().filter(|(line, _)| !tests.iter().any(|lines| lines.contains(line)));
        Self { literals: literals.collect(), code }
    }

    /// Lines of code with their numbers, counted from 1.
    pub(crate) fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        (1..).zip(self.code.lines())
    }

    /// Every path such as `crate::event::Kind`, by line, as its segments; what ends in `{` or `*` has that as the last.
    pub(crate) fn paths(&self) -> Vec<(usize, Vec<String>)> {
        let chars: Vec<_> = self.code.chars().collect();
        let mut paths = Vec::new();
        let (mut at, mut line) = (0, 1);
        while at < chars.len() {
            if !is_word(chars[at]) {
                line += usize::from(chars[at] == '\n');
                at += 1;
                continue;
            }
            let mut path = vec![word(&chars, &mut at)];
            while chars[at..].starts_with(&[':', ':']) {
                at += 2;
                match chars.get(at) {
                    Some(next) if is_word(*next) => path.push(word(&chars, &mut at)),
                    Some(next @ ('{' | '*')) => path.push(next.to_string()),
                    _ => break,
                }
            }
            if path.len() > 1 {
                paths.push((line, path));
            }
        }
        paths
    }
}

pub(crate) fn is_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

fn word(chars: &[char], at: &mut usize) -> String {
    let word: String = chars[*at..].iter().take_while(|letter| is_word(**letter)).collect();
    *at += word.chars().count();
    word
}

/// Blanks comments and the insides of literals, and returns string literals with their lines.
fn scan(text: &str) -> (String, Vec<(usize, String)>) {
    let chars: Vec<_> = text.chars().collect();
    let mut code = String::with_capacity(text.len());
    let mut literals = Vec::new();
    let mut at = 0;
    while at < chars.len() {
        let rest = &chars[at..];
        let after_word = at > 0 && is_word(chars[at - 1]);
        let (length, keep) = match rest {
            ['/', '/', ..] => (rest.iter().take_while(|letter| **letter != '\n').count(), 0),
            ['/', '*', ..] => (block_comment(rest), 0),
            ['r', '"' | '#', ..] | ['b' | 'c', 'r', '"' | '#', ..] if !after_word => match raw_string(rest) {
                Some(length) => (length, usize::MAX),
                None => (1, 1),
            },
            ['"', ..] => (quoted(rest, '"'), usize::MAX),
            ['\'', '\\', ..] | ['\'', _, '\'', ..] => (quoted(rest, '\''), 0),
            _ => (1, 1),
        };
        let piece = &rest[..length.min(rest.len())];
        if keep == usize::MAX {
            let line = code.matches('\n').count() + 1;
            let inside: String = piece.iter().collect();
            let inside = inside.trim_start_matches(['r', 'b', 'c']).trim_matches('#').trim_matches('"');
            literals.push((line, inside.to_owned()));
        }
        let ends = [0, piece.len() - 1];
        for (index, letter) in piece.iter().enumerate() {
            let quote = keep == usize::MAX && ends.contains(&index);
            code.push(match letter {
                '\n' => '\n',
                letter if keep == 1 => *letter,
                _ if quote => '"',
                _ => ' ',
            });
        }
        at += piece.len();
    }
    (code, literals)
}

fn block_comment(chars: &[char]) -> usize {
    let (mut at, mut depth) = (0, 0);
    while at < chars.len() {
        match chars[at..] {
            ['/', '*', ..] => (at, depth) = (at + 2, depth + 1),
            ['*', '/', ..] => (at, depth) = (at + 2, depth - 1),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at
}

fn quoted(chars: &[char], quote: char) -> usize {
    let mut at = 1;
    while at < chars.len() && chars[at] != quote {
        at += if chars[at] == '\\' { 2 } else { 1 };
    }
    at + 1
}

fn raw_string(chars: &[char]) -> Option<usize> {
    let start = chars.iter().position(|letter| *letter == 'r')? + 1;
    let hashes = chars[start..].iter().take_while(|letter| **letter == '#').count();
    let inside = start + hashes + 1;
    if chars.get(inside - 1) != Some(&'"') {
        return None;
    }
    let end: Vec<_> = std::iter::once('"').chain(std::iter::repeat_n('#', hashes)).collect();
    let length = (inside..chars.len()).find(|at| chars[*at..].starts_with(&end))?;
    Some(length + end.len())
}

/// Blanks items under `#[cfg(test)]`, and returns the lines they took.
fn without_tests(code: &str) -> (String, Vec<std::ops::RangeInclusive<usize>>) {
    let mut left = String::with_capacity(code.len());
    let mut lines = Vec::new();
    let mut rest = code;
    while let Some(start) = rest.find("#[cfg(test)]") {
        left.push_str(&rest[..start]);
        let first = left.matches('\n').count() + 1;
        let mut depth = 0;
        let end = rest[start..].char_indices().find_map(|(at, letter)| {
            match letter {
                '{' => depth += 1,
                '}' => depth -= 1,
                _ => {}
            }
            (depth == 0 && matches!(letter, '}' | ';')).then_some(start + at + 1)
        });
        let end = end.unwrap_or(rest.len());
        left.extend(rest[start..end].chars().map(|letter| if letter == '\n' { '\n' } else { ' ' }));
        lines.push(first..=left.matches('\n').count() + 1);
        rest = &rest[end..];
    }
    left.push_str(rest);
    (left, lines)
}

/// Check that comments, literals of all sorts and test modules are told from code, line by line.
#[test]
fn code_is_told_apart() {
    let text = r##"//! crate::gone
use crate::event::Kind; // crate::gone
/* crate::gone /* still */ crate::gone */ use crate::a::{b};
fn f<'a>(x: &'a str) -> char { g::<u8>("crate::gone \" tcp", '"', '\'', r#"raw "tcp""#) }
#[cfg(test)]
mod tests {
    fn t() { crate::gone::x("lost") }
}
#[cfg(test)]
mod more;
const LAST: &str = b::C;
"##;
    let source = Source::new(text);
    let paths: Vec<_> = source.paths().into_iter().map(|(line, path)| (line, path.join("::"))).collect();
    let expected = [(2, "crate::event::Kind"), (3, "crate::a::{"), (11, "b::C")];
    assert_eq!(paths, expected.map(|(line, path)| (line, path.to_owned())));
    let literals: Vec<_> = source.literals.iter().map(|(line, text)| (*line, text.as_str())).collect();
    assert_eq!(literals, [(4, r#"crate::gone \" tcp"#), (4, r#"raw "tcp"#)]);
    assert_eq!(source.lines().count(), text.lines().count());
    assert!(!source.code.contains("gone") && !source.code.contains("mod more"));
}
