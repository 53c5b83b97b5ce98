//! What exit codes mean.

use std::fmt::Display;
use std::process::ExitCode;

use crate::pipeline::PipelineError;
use crate::targets::TargetError;
use crate::targets::pods::PodsError;

/// How podtrace ends. The traced command's own status is in the report, not here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exit {
    /// All is well.
    Fine = 0,
    /// Something failed while running.
    Failed = 1,
    /// The command line, a profile or a rule is wrong.
    Usage = 2,
    /// A target was not found, or nothing could be attached.
    NotTraced = 3,
    /// A finding that `--fail-on` asked for.
    Finding = 4,
    /// More was lost than `--max-loss` allows.
    Incomplete = 5,
    /// Interrupted before there was a report.
    Interrupted = 130,
}

impl Exit {
    /// For the system.
    pub(super) fn code(self) -> ExitCode {
        ExitCode::from(self as u8)
    }
}

/// Says something on stderr, as every message of podtrace is said.
pub(super) fn say(message: impl Display) {
    // A closed stderr must not end a trace.
    let mut stderr = anstream::stderr();
    let _ = std::io::Write::write_fmt(&mut stderr, format_args!("podtrace: {message}\n"));
}

/// Whether what was said about the cluster is wrong, and not the cluster.
fn is_usage(error: &TargetError) -> bool {
    matches!(error, TargetError::Pods(PodsError::Access(_)))
}

/// Says an error and tells the exit code it means.
pub(super) fn fail(error: &PipelineError) -> Exit {
    say(error);
    match error {
        PipelineError::Targets(errors) if errors.iter().all(is_usage) => Exit::Usage,
        PipelineError::NoTarget | PipelineError::NoProbes | PipelineError::Profile(_) | PipelineError::Rules(_) => {
            Exit::Usage
        }
        PipelineError::CannotTrace(_)
        | PipelineError::Targets(_)
        | PipelineError::Command(_)
        | PipelineError::Probe(_) => Exit::NotTraced,
        PipelineError::Interrupted => Exit::Interrupted,
        PipelineError::Output(_)
        | PipelineError::Record { .. }
        | PipelineError::Recording { .. }
        | PipelineError::Signals(_) => Exit::Failed,
    }
}
