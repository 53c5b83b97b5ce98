//! `podtrace rules`: test rules in Lua, begin one, write the interface for editors.

mod begin;
mod choice;
mod test;

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::io::Write as _;
use std::path::Path;

use super::arguments::Rules;
use super::arguments::RulesCommand;
use super::exit::Exit;
use super::exit::say;
use crate::families;
use crate::rules::script;
use crate::sinks::terminal::Pipe;

/// Does one of them.
pub(super) fn rules(rules: &Rules) -> Exit {
    match &rules.what {
        RulesCommand::Test(test) => test::test(test),
        RulesCommand::New(new) => begin::begin(new),
        RulesCommand::Stubs(to) => stubs(&to.to),
    }
}

/// Writes the interface for editors into a folder.
fn stubs(folder: &Path) -> Exit {
    let mut written = String::new();
    for (name, text) in script::stubs(families::kinds()) {
        let path = folder.join(name);
        if let Err(error) = fs::write(&path, text) {
            say(format_args!("cannot write `{}`: {error}", path.display()));
            return Exit::Failed;
        }
        let _ = writeln!(written, "{}", path.display());
    }
    print(&written)
}

/// Writes a result to stdout.
fn print(text: &str) -> Exit {
    match Pipe::new(io::stdout()).write_all(text.as_bytes()) {
        Ok(()) => Exit::Fine,
        Err(_) => Exit::Failed,
    }
}
