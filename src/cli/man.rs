//! `podtrace man`: manual pages, made from the command line's own description. For packages; hidden from people.

use clap::CommandFactory;

use super::arguments::Arguments;
use super::arguments::Man;
use super::exit::Exit;
use super::exit::say;

/// Writes `podtrace.1` and a page for each command.
pub(super) fn man(man: &Man) -> Exit {
    let command = Arguments::command().disable_help_subcommand(true);
    match std::fs::create_dir_all(&man.folder).and_then(|()| clap_mangen::generate_to(command, &man.folder)) {
        Ok(()) => Exit::Fine,
        Err(error) => {
            say(format_args!("cannot write manual pages to `{}`: {error}", man.folder.display()));
            Exit::Failed
        }
    }
}
