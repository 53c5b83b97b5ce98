//! Wires the stages together: from a request to a report.
//!
//! [`trace`] runs on the kernel, [`replay`] on a recording; both feed the same items to the same consumers, which is
//! why their reports are the same bytes.

mod facts;
mod follow;
mod interrupt;
mod live;
mod lives;
mod membership;
mod naming;
mod outlets;
mod replay;
mod session;

use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use thiserror::Error;

pub use live::trace;
pub use outlets::Delivering;
pub use outlets::OutletError;
pub use outlets::Outlets;
pub use replay::Judges;
pub use replay::replay;
pub use replay::replay_bytes;
pub use session::plan_here;

use crate::event::Ending;
use crate::event::Item;
use crate::event::Session;
use crate::event::recording::RecordingError;
use crate::event::session::KernelUse;
use crate::event::session::RuleText;
use crate::families;
use crate::host::ability::CannotTrace;
use crate::probe::ProbeError;
use crate::profile::Profile;
use crate::profile::ProfileError;
use crate::profile::Selector;
use crate::profile::Vocabulary;
use crate::report::Builder;
use crate::report::Report;
use crate::rules::script::Library;
use crate::rules::script::LibraryError;
use crate::sinks;
use crate::targets::TargetError;
use crate::targets::command::CommandError;
use crate::targets::command::CommandStdout;
use crate::targets::pods;

/// What is to be traced, and how.
#[derive(Clone, Debug)]
pub struct Request {
    /// What to observe and judge.
    pub profile: Profile,
    /// The rules in Lua that judge.
    pub rules: Vec<RuleText>,
    /// What to trace, beside the command and pods.
    pub selectors: Vec<Selector>,
    /// The pods to trace.
    pub pods: pods::Request,
    /// The command to start and trace.
    pub command: Option<Vec<OsString>>,
    /// Where its standard output goes.
    pub command_stdout: CommandStdout,
    /// For how long; `None`: until interrupted or the targets are gone.
    pub duration: Option<Duration>,
    /// Where to record.
    pub record: Option<PathBuf>,
    /// Whether a hang-up is somebody else's affair: a daemon's wish to read its profile again.
    pub keeps_hangup: bool,
    /// The size of the ring for single events, in bytes, where the default is not wanted.
    pub data_ring_bytes: Option<u32>,
}

/// The words profiles may use: families, kinds and sinks.
pub fn vocabulary() -> Vocabulary {
    // The shipped rules are right, a test sees to that.
    words(&Library::load(&[], families::kinds()).unwrap_or_default())
}

/// The same with these rules.
pub fn words(rules: &Library) -> Vocabulary {
    Vocabulary { sinks: sinks::words(), rules: rules.specs(), ..families::vocabulary() }
}

/// Follows a trace while it runs.
pub trait Follower {
    /// A pod that is not there or does not run yet is waited for.
    fn waiting(&mut self, _what: &str) {}

    /// The trace begins.
    ///
    /// # Errors
    /// What is written to cannot be written to: the trace ends.
    fn begin(&mut self, session: &Session) -> io::Result<()>;

    /// Something was observed. `report` has taken it in already.
    ///
    /// # Errors
    /// What is written to cannot be written to: the trace ends.
    fn item(&mut self, item: &Item, report: &Builder) -> io::Result<()>;

    /// Whether it wants to know what tracing uses in the kernel while it goes on.
    fn wants_use(&self) -> bool {
        false
    }

    /// What tracing uses in the kernel now, every few seconds.
    fn kernel_use(&mut self, _kernel: &KernelUse) {}

    /// Called again and again, some 50 times a second, while the trace runs; false ends it.
    fn goes_on(&mut self) -> bool {
        true
    }

    /// The trace is over, and its last window judged. Not called where there is no report.
    fn end(&mut self, _ending: &Ending, _report: &Builder) {}
}

/// Follows nothing.
#[derive(Clone, Copy, Debug)]
pub struct Quiet;

impl Follower for Quiet {
    fn begin(&mut self, _session: &Session) -> io::Result<()> {
        Ok(())
    }

    fn item(&mut self, _item: &Item, _report: &Builder) -> io::Result<()> {
        Ok(())
    }
}

/// What came of a trace.
#[derive(Debug)]
pub struct Outcome {
    /// The report.
    pub report: Report,
    /// What went wrong without ending it, for people: a recording that could not be written, or that is damaged.
    pub failures: Vec<String>,
    /// What people should know: a command that goes on, a cgroup that stays.
    pub remarks: Vec<String>,
}

/// Why there is no report.
#[derive(Debug, Error)]
pub enum PipelineError {
    /// Nothing can be traced on this machine.
    #[error(transparent)]
    CannotTrace(#[from] CannotTrace),
    /// Targets were not found.
    #[error("{}", lines(.0))]
    Targets(Vec<TargetError>),
    /// There is nothing to trace.
    #[error(
        "nothing to trace: name a target (`POD`, `--pid`, `--cgroup`, `--unit`), put one into a profile's `targets`, or trace a \
         command with `podtrace run -- COMMAND`"
    )]
    NoTarget,
    /// The profile observes nothing.
    #[error("the profile observes nothing: add families to its `probes` (`podtrace list families` names them)")]
    NoProbes,
    /// The command could not be started.
    #[error(transparent)]
    Command(#[from] CommandError),
    /// The kernel did not take the plan.
    #[error(transparent)]
    Probe(#[from] ProbeError),
    /// Output failed.
    #[error("cannot write: {0}")]
    Output(#[from] io::Error),
    /// The file to record into could not be made.
    #[error("cannot record into `{path}`: {error}")]
    Record {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// A recording could not be opened.
    #[error("`{path}`: {error}")]
    Recording {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        error: RecordingError,
    },
    /// A profile in a recording is not understood by this version.
    #[error("the profile in the recording is not understood by this version: {0}")]
    Profile(#[from] ProfileError),
    /// Rules cannot be used.
    #[error("{0}")]
    Rules(#[from] LibraryError),
    /// Signals cannot be caught.
    #[error("cannot catch signals: {0}")]
    Signals(io::Error),
    /// It was interrupted before there was anything to report.
    #[error("interrupted")]
    Interrupted,
}

fn lines(errors: &[TargetError]) -> String {
    errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}
