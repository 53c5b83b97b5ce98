//! `podtrace demo`: a built-in workload, traced. What it does is known, so its report shows what podtrace shows.

mod workload;

use std::ffi::OsString;
use std::process::ExitCode;

use super::arguments::Demo;
use super::arguments::Pods;
use super::arguments::Selection;
use super::arguments::TraceOptions;
use super::exit::Exit;
use super::exit::say;
use super::trace;

/// The first argument of the processes that the demonstration consists of.
const PART: &str = "--demo-part";

/// Is this process a part of the demonstration? Then it does its part and returns.
pub(super) fn part(arguments: &[OsString]) -> Option<ExitCode> {
    match arguments {
        [_, flag, name, rest @ ..] if flag == PART => Some(workload::part(name, rest)),
        _ => None,
    }
}

/// Traces the workload.
pub(super) fn demo(demo: &Demo) -> Exit {
    let own = match std::env::current_exe() {
        Ok(path) => path,
        Err(error) => {
            say(format_args!("cannot find podtrace's own program to run its demonstration: {error}"));
            return Exit::Failed;
        }
    };
    say("tracing a built-in workload: a server and its client, a writer with fsync, refused connects, a sleeper, a \
         spinner");
    let seconds = demo.duration.as_secs_f64();
    let command = vec![own.into(), PART.into(), "all".into(), seconds.to_string().into()];
    let options = TraceOptions {
        delivery: Default::default(),
        profile: vec!["everything".into()],
        duration: None,
        report: super::arguments::ReportOptions {
            output: demo.report.output,
            fail_on: demo.report.fail_on,
            max_loss: demo.report.max_loss,
        },
    };
    trace::trace(&options, &Pods::default(), &Selection::default(), Some(command), None)
}
