//! Words for messages: "did you mean", lists of what was expected, names that are safe to print.

/// The most characters of a name from a file that a message repeats.
const NAME_MAX: usize = 60;

/// The candidate that a mistyped word is nearest to, if one is near: at most one slip for every three characters.
pub(super) fn nearest<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let word = word.to_lowercase();
    // Comparing costs the product of both lengths: a word that is much longer than any name is near none.
    if word.chars().count() > NAME_MAX {
        return None;
    }
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(&word, candidate), candidate))
        .filter(|(slips, candidate)| *slips <= (candidate.chars().count() / 3).max(1))
        .min_by_key(|(slips, _)| *slips)
        .map(|(_, candidate)| candidate)
}

/// The sentence "did you mean …?" for a mistyped word.
pub fn did_you_mean<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<String> {
    nearest(word, candidates).map(|candidate| format!("did you mean `{candidate}`?"))
}

/// "`a`", "`a` or `b`", "`a`, `b` or `c`".
pub fn either<'c>(words: impl IntoIterator<Item = &'c str>) -> String {
    list(words, "or")
}

/// "`a`", "`a` and `b`", "`a`, `b` and `c`".
pub(super) fn all<'c>(words: impl IntoIterator<Item = &'c str>) -> String {
    list(words, "and")
}

fn list<'c>(words: impl IntoIterator<Item = &'c str>, joint: &str) -> String {
    let words: Vec<_> = words.into_iter().map(|word| format!("`{word}`")).collect();
    match words.split_last() {
        None => "nothing".to_owned(),
        Some((last, [])) => last.clone(),
        Some((last, first)) => format!("{} {joint} {last}", first.join(", ")),
    }
}

/// A name from a file in backticks, without control characters, shortened if it is long.
pub(super) fn quoted(name: &str) -> String {
    let mut short: String = name.chars().take(NAME_MAX).collect();
    if short.len() < name.len() {
        short.push('…');
    }
    let printable: String =
        short.chars().flat_map(|c| if c == '\'' || c == '"' { vec![c] } else { c.escape_debug().collect() }).collect();
    format!("`{printable}`")
}
