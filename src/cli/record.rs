//! `podtrace record` and `podtrace replay`.

use super::arguments::Record;
use super::arguments::Replay;
use super::exit::Exit;
use super::exit::fail;
use super::output::Output;
use super::trace;
use crate::pipeline;

/// Traces into a file, and reports too.
pub(super) fn record(record: &Record) -> Exit {
    let command = (!record.command.is_empty()).then(|| record.command.clone());
    trace::trace(&record.options, &record.pods, &record.selection, command, Some(record.file.clone()))
}

/// Reports on a recording.
pub(super) fn replay(replay: &Replay) -> Exit {
    let profile = match replay.profile.as_slice() {
        [] => None,
        files => match trace::profile(files) {
            Ok(profile) => Some(profile),
            Err(exit) => return exit,
        },
    };
    // Nothing is drawn while reading: a recording is read faster than anyone can follow.
    let mut output = Output::new(&replay.report, true);
    match pipeline::replay(&replay.file, profile.as_ref(), &mut output) {
        Ok(outcome) => output.finish(&outcome, &replay.report),
        Err(error) => fail(&error),
    }
}
