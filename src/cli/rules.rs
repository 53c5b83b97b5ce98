//! `podtrace rules`: test rules in Lua, begin one, write the interface for editors.

mod begin;
mod test;

use std::io;
use std::io::Write;

use super::arguments::Rules;
use super::arguments::RulesCommand;
use super::exit::Exit;
use crate::families;
use crate::rules::script;
use crate::sinks::terminal::Pipe;

/// Does one of them.
pub(super) fn rules(rules: &Rules) -> Exit {
    match &rules.what {
        RulesCommand::Test(test) => test::test(test),
        RulesCommand::New(new) => begin::begin(new),
        RulesCommand::Stubs => print(&script::stubs(families::kinds())),
    }
}

/// Writes a result to stdout.
fn print(text: &str) -> Exit {
    match Pipe::new(io::stdout()).write_all(text.as_bytes()) {
        Ok(()) => Exit::Fine,
        Err(_) => Exit::Failed,
    }
}
