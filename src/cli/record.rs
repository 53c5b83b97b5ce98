//! `podtrace record` and `podtrace replay`.

use super::arguments::Record;
use super::arguments::Replay;
use super::exit::Exit;
use super::exit::fail;
use super::output::Output;
use super::trace;
use crate::pipeline;
use crate::pipeline::Judges;
use crate::pipeline::PipelineError;

/// Traces into a file, and reports too.
pub(super) fn record(record: &Record) -> Exit {
    let command = (!record.command.is_empty()).then(|| record.command.clone());
    trace::trace(&record.options, &record.pods, &record.selection, command, Some(record.file.clone()))
}

/// Reports on a recording.
pub(super) fn replay(replay: &Replay) -> Exit {
    let judges = Judges { profiles: replay.profile.clone(), rules: replay.rules.clone(), used: Vec::new() };
    // Nothing is drawn while reading: a recording is read faster than anyone can follow.
    let mut output = Output::new(&replay.report, true);
    match pipeline::replay(&replay.file, &judges, &mut output) {
        Ok(outcome) => output.finish(&outcome, &replay.report),
        Err(PipelineError::Profile(error)) => trace::wrong_profile(&error),
        Err(error) => fail(&error),
    }
}
