//! `podtrace rules new NAME`: a rule to begin with, and its test.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;

use super::super::arguments::RulesNew;
use super::super::exit::Exit;
use super::super::exit::say;
use super::print;

/// What stands for the name in the texts.
const NAME: &str = "NAME";

/// Writes both files; what exists already is left alone.
pub(super) fn begin(new: &RulesNew) -> Exit {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if new.name.is_empty() || !new.name.chars().all(plain) {
        say(format_args!("`{}` is no name for a rule: small letters, digits and `-`", new.name));
        return Exit::Usage;
    }
    let rule = new.to.join(format!("{}.lua", new.name));
    let test = new.to.join(format!("{}.test.lua", new.name));
    for (path, text) in [(&rule, include_str!("skeleton.lua")), (&test, include_str!("skeleton.test.lua"))] {
        if let Err(error) = write(path, &text.replace(NAME, &new.name)) {
            say(format_args!("cannot write `{}`: {error}", path.display()));
            return Exit::Failed;
        }
    }
    print(&format!(
        "{} and {} are written.\n  podtrace rules test {}\n  podtrace run --rules {} -- COMMAND\n",
        rule.display(),
        test.display(),
        test.display(),
        rule.display()
    ))
}

fn write(path: &Path, text: &str) -> std::io::Result<()> {
    OpenOptions::new().write(true).create_new(true).open(path)?.write_all(text.as_bytes())
}
