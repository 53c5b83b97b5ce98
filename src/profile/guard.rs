//! What a text may not exceed before the KDL parser sees it.
//!
//! `kdl` 6.7 is a recursive parser with recovery: every `{`, every `/*` and every character it cannot place takes a
//! stack frame (measured in a debug build: 7.5 KB, 2.8 KB, 0.7 KB), and each block struck out on its node's line
//! (`node /-{`) doubles the time of everything inside it. So 64 KiB of `}` overflow a usual stack, which no caller can
//! catch, and 32 such blocks in one another take hours. The limits here are counts over the plain text, whatever is a
//! string or a comment in it, so no text can talk its way around them; and parsing runs on a stack that fits the
//! worst text they let through.

use std::ops::Range;

use super::diagnostic::Mistake;

/// The most bytes a profile may have.
pub(super) const SIZE_MAX: usize = 64 * 1024;

/// The stack that parsing gets: 64 KiB of misplaced characters (42 MiB) and the most blocks and comments (1.3 MiB),
/// with room to spare. The kernel hands out only what is used.
pub(super) const STACK: usize = 128 * 1024 * 1024;

/// The deepest blocks may be nested. Two levels are all that the language has.
pub(super) const DEPTH_MAX: usize = 32;

/// The most `{` in a file.
const BLOCKS_MAX: usize = 128;

/// The most `/*` in a file.
const COMMENTS_MAX: usize = 128;

/// The most blocks that are struck out on their node's line: `node /-{ … }`.
const STRUCK_BLOCKS_MAX: usize = 4;

/// What the text has too much of, if anything.
pub(super) fn excess(text: &str) -> Option<Mistake> {
    let struck = text.match_indices("/-").filter(|(at, _)| opens_block(&text[at + 2..])).map(|(at, _)| at..at + 2);
    beyond(text.match_indices('{').map(|(at, _)| at..at + 1), BLOCKS_MAX, "`{`")
        .or_else(|| beyond(text.match_indices("/*").map(|(at, _)| at..at + 2), COMMENTS_MAX, "`/*`"))
        .or_else(|| beyond(struck, STRUCK_BLOCKS_MAX, "blocks struck out with `/-{`"))
}

fn beyond(mut places: impl Iterator<Item = Range<usize>>, most: usize, what: &str) -> Option<Mistake> {
    let at = places.nth(most)?;
    Some(Mistake::new(at, format!("too many {what} in one file"), format!("expected at most {most} of them")))
}

/// Whether what follows a `/-` is, or may be, a block: white space, comments and continued lines may come between.
fn opens_block(rest: &str) -> bool {
    let rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    rest.starts_with('{') || rest.starts_with("/*") || rest.starts_with("//") || rest.starts_with('\\')
}
