//! The arguments, as they were typed.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use clap::Parser;
use clap::Subcommand;
use clap::ValueEnum;
use tracing_subscriber::filter::LevelFilter;

use super::completion;
use crate::event::Severity;
use crate::profile::InNamespace;
use crate::profile::Pattern;
use crate::profile::Subject;
use crate::profile::selector;
use crate::profile::selector::Exclusion;
use crate::profile::selector::Labels;

/// Why is it slow or failing? Traces processes from outside, with nothing to instrument.
#[derive(Debug, Parser)]
#[command(
    name = "podtrace",
    version,
    args_conflicts_with_subcommands = true,
    after_help = "Exit codes: 0 fine, 1 failed while running, 2 wrong usage or profile, 3 target not found or nothing \
                  could be attached, 4 a finding that --fail-on asked for, 5 incomplete beyond --max-loss, 130 \
                  interrupted before a report existed."
)]
pub(super) struct Arguments {
    #[command(subcommand)]
    pub(super) command: Option<Command>,
    #[command(flatten)]
    pub(super) trace: Targets,
    /// What podtrace says about itself on stderr.
    #[arg(long, global = true, value_enum, default_value = "warn")]
    pub(super) log_level: LogLevel,
    /// The form of it. json: one object a line.
    #[arg(long, global = true, value_enum, default_value = "text")]
    pub(super) log_format: LogFormat,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Start a command and trace it from its first instruction.
    Run(Box<Run>),
    /// Trace into a recording, to be looked at with `replay`.
    Record(Box<Record>),
    /// Report on a recording.
    Replay(Replay),
    /// Trace a built-in workload: see what podtrace shows.
    Demo(Demo),
    /// What can be seen on this machine, what not, and why.
    Doctor(Doctor),
    /// Read profiles and explain them; load nothing.
    Check(Check),
    /// What podtrace knows.
    List(List),
    /// Trace what a profile selects until stopped, for alerts, metrics and traces: one process a node.
    Daemon(Daemon),
    /// Print what a shell has to be told so that it completes commands, options and names of pods.
    #[command(after_help = "bash: echo 'source <(podtrace completion bash)' >>~/.bashrc\n\
                            zsh:  echo 'source <(podtrace completion zsh)' >>~/.zshrc\n\
                            fish: echo 'podtrace completion fish | source' >>~/.config/fish/config.fish\n\n\
                            Packages bring it along.")]
    Completion(Completion),
    /// Write the manual pages.
    #[command(hide = true)]
    Man(Man),
}

/// Trace processes that run already.
#[derive(Debug, Args)]
pub(super) struct Targets {
    #[command(flatten)]
    pub(super) pods: Pods,
    #[command(flatten)]
    pub(super) selection: Selection,
    #[command(flatten)]
    pub(super) options: TraceOptions,
    /// Also write everything to this file, for `podtrace replay`.
    #[arg(long, value_name = "FILE")]
    pub(super) record: Option<PathBuf>,
}

/// Pods on this machine.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Pods")]
pub(super) struct Pods {
    /// A pod's name, or a pattern (`web-*`): pod/X, deploy/X, sts/X, ds/X, job/X, node/X; several are traced together.
    /// A pod with the name of a command of podtrace is pod/NAME.
    #[arg(value_name = "POD", value_parser = Subject::parse, conflicts_with = "labels", add = completion::pods())]
    pub(super) pods: Vec<Subject>,
    /// Their namespace; else that of the kubeconfig's context.
    #[arg(short, long, value_name = "NAMESPACE", value_parser = InNamespace::parse, add = completion::namespaces())]
    pub(super) namespace: Option<InNamespace>,
    /// In all namespaces; alone: all pods on this machine.
    #[arg(short = 'A', long, conflicts_with = "namespace")]
    pub(super) all_namespaces: bool,
    /// Pods with these labels: KEY=VALUE,KEY!=VALUE,'KEY in (A,B)',KEY,!KEY.
    #[arg(short = 'l', long = "selector", value_name = "LABELS", value_parser = Labels::parse)]
    pub(super) labels: Option<Labels>,
    /// Only this container, or those of this pattern; may be repeated. Else all, init and ephemeral ones too.
    #[arg(short, long, value_name = "CONTAINER", value_parser = selector::container, add = completion::containers())]
    pub(super) container: Vec<Pattern>,
    /// Leave out a container, pod/X or namespace/X; may be repeated, and be a pattern.
    #[arg(long, value_name = "CONTAINER", value_parser = Exclusion::parse)]
    pub(super) exclude: Vec<Exclusion>,
    /// The kubeconfig; else $KUBECONFIG or ~/.kube/config.
    #[arg(long, value_name = "FILE")]
    pub(super) kubeconfig: Option<PathBuf>,
    /// The kubeconfig's context; else its current one.
    #[arg(long, value_name = "CONTEXT")]
    pub(super) context: Option<String>,
    /// Wait for pods that are not there or do not run yet, this long at most; 5m without a value.
    #[arg(long, value_name = "DURATION", value_parser = duration, num_args = 0..=1, require_equals = true,
          default_missing_value = "5m")]
    pub(super) wait: Option<Duration>,
}

/// Processes that run already.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Other targets")]
pub(super) struct Selection {
    /// A process and its descendants; may be repeated.
    #[arg(long, value_name = "PID")]
    pub(super) pid: Vec<u32>,
    /// A cgroup and everything below it: a path under a cgroup mount, or as /proc/PID/cgroup shows it; may be repeated.
    #[arg(long, value_name = "PATH")]
    pub(super) cgroup: Vec<String>,
    /// A systemd unit; may be repeated.
    #[arg(long, value_name = "NAME")]
    pub(super) unit: Vec<String>,
}

/// How to trace and report.
#[derive(Debug, Args)]
#[command(next_help_heading = "Options")]
pub(super) struct TraceOptions {
    /// What to observe and judge: a file, or a shipped profile (`podtrace list profiles`); several are merged.
    #[arg(short, long, value_name = "PROFILE", add = completion::profiles())]
    pub(super) profile: Vec<PathBuf>,
    /// End after this long, e.g. 30s; else at Ctrl-C or when the targets are gone. A command that `run` started is asked to
    /// end then (SIGTERM).
    #[arg(long = "for", visible_alias = "diagnose", value_name = "DURATION", value_parser = duration)]
    pub(super) duration: Option<Duration>,
    #[command(flatten)]
    pub(super) report: ReportOptions,
    #[command(flatten)]
    pub(super) delivery: DeliveryOptions,
}

/// Shorthands for `sink` in a profile.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Delivery (shorthands for `sink` in a profile)")]
pub(super) struct DeliveryOptions {
    /// Serve figures to Prometheus, at 127.0.0.1:3000 if no address is given: /metrics, /healthz, /readyz.
    #[arg(long, value_name = "ADDRESS:PORT", num_args = 0..=1, require_equals = true,
          default_missing_value = "127.0.0.1:3000")]
    pub(super) metrics: Option<SocketAddr>,
    /// Send spans; where to is said by one of the endpoints.
    #[arg(long, requires = "endpoints")]
    pub(super) tracing: bool,
    /// Send spans by OTLP: http://HOST:4317 (gRPC) or http://HOST:4318 (HTTP).
    #[arg(long, value_name = "URL", group = "endpoints")]
    pub(super) tracing_otlp_endpoint: Option<String>,
    /// Send spans to Jaeger, by OTLP: http://HOST:4317 or http://HOST:4318.
    #[arg(long, value_name = "URL", group = "endpoints")]
    pub(super) tracing_jaeger_endpoint: Option<String>,
    /// Send spans to Splunk's HTTP event collector: https://HOST:8088.
    #[arg(long, value_name = "URL", group = "endpoints")]
    pub(super) tracing_splunk_endpoint: Option<String>,
    /// The collector's token. Everybody on this machine can read a command line: better set PODTRACE_SPLUNK_TOKEN.
    #[arg(long, value_name = "TOKEN", hide = true)]
    pub(super) tracing_splunk_token: Option<String>,
    /// The share of traces that is kept, from 0.0 to 1.0.
    #[arg(long, value_name = "SHARE", value_parser = rate)]
    pub(super) tracing_sample_rate: Option<f64>,
}

/// Trace what a profile selects until stopped.
#[derive(Debug, Args)]
pub(super) struct Daemon {
    /// What to trace, observe and judge, and where to send it; several are merged. Read again at SIGHUP.
    #[arg(short, long, value_name = "PROFILE", required = true)]
    pub(super) profile: Vec<PathBuf>,
    /// Where alerts are kept that could not be sent yet; else $STATE_DIRECTORY or /var/lib/podtrace.
    #[arg(long, value_name = "FOLDER")]
    pub(super) state_dir: Option<PathBuf>,
    /// Where the lock is that keeps a second daemon out; else $RUNTIME_DIRECTORY or /run/podtrace.
    #[arg(long, value_name = "FOLDER")]
    pub(super) runtime_dir: Option<PathBuf>,
    /// The kubeconfig; else $KUBECONFIG or ~/.kube/config, or the pod's service account.
    #[arg(long, value_name = "FILE")]
    pub(super) kubeconfig: Option<PathBuf>,
    /// The kubeconfig's context; else its current one.
    #[arg(long, value_name = "CONTEXT")]
    pub(super) context: Option<String>,
    #[command(flatten)]
    pub(super) delivery: DeliveryOptions,
}

/// How to report.
#[derive(Debug, Args)]
#[command(next_help_heading = "Options")]
pub(super) struct ReportOptions {
    /// The form of the report. csv: single events, as they happen.
    #[arg(short, long, visible_alias = "export", value_enum, default_value = "text")]
    pub(super) output: Format,
    /// Exit with 4 if there is a finding of this severity or worse.
    #[arg(long, value_name = "SEVERITY", value_parser = severity)]
    pub(super) fail_on: Option<Severity>,
    /// Exit with 5 if more than this share of the events was lost, e.g. 1%.
    #[arg(long, value_name = "SHARE", value_parser = share)]
    pub(super) max_loss: Option<f64>,
}

/// Start a command and trace it.
#[derive(Debug, Args)]
pub(super) struct Run {
    #[command(flatten)]
    pub(super) options: TraceOptions,
    /// Also write everything to this file, for `podtrace replay`.
    #[arg(long, value_name = "FILE")]
    pub(super) record: Option<PathBuf>,
    /// The command and its arguments.
    #[arg(last = true, required = true, value_name = "COMMAND")]
    pub(super) command: Vec<OsString>,
}

/// Trace into a recording.
#[derive(Debug, Args)]
pub(super) struct Record {
    /// The file to write.
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,
    #[command(flatten)]
    pub(super) pods: Pods,
    #[command(flatten)]
    pub(super) selection: Selection,
    #[command(flatten)]
    pub(super) options: TraceOptions,
    /// A command to start and trace.
    #[arg(last = true, value_name = "COMMAND")]
    pub(super) command: Vec<OsString>,
}

/// Report on a recording.
#[derive(Debug, Args)]
pub(super) struct Replay {
    /// The recording.
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,
    /// Judge it by these profiles instead of those it was recorded with.
    #[arg(short, long, value_name = "PROFILE", add = completion::profiles())]
    pub(super) profile: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) report: ReportOptions,
}

/// Trace a built-in workload.
#[derive(Debug, Args)]
pub(super) struct Demo {
    /// For how long.
    #[arg(long = "for", value_name = "DURATION", value_parser = duration, default_value = "4s")]
    pub(super) duration: Duration,
    #[command(flatten)]
    pub(super) report: ReportOptions,
}

/// What can be seen here.
#[derive(Debug, Args)]
pub(super) struct Doctor {
    #[command(flatten)]
    pub(super) pods: Pods,
    #[command(flatten)]
    pub(super) selection: Selection,
}

/// Read profiles and explain them.
#[derive(Debug, Args)]
pub(super) struct Check {
    /// The profiles; several are merged.
    #[arg(value_name = "PROFILE", required = true, add = completion::profiles())]
    pub(super) profiles: Vec<PathBuf>,
}

/// What podtrace knows.
#[derive(Debug, Args)]
pub(super) struct List {
    #[arg(value_enum)]
    pub(super) what: Listed,
}

/// Tell a shell.
#[derive(Debug, Args)]
pub(super) struct Completion {
    #[arg(value_enum)]
    pub(super) shell: Shell,
}

/// Shells that can be told.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum Shell {
    Bash,
    Elvish,
    Fish,
    Zsh,
}

impl Shell {
    /// Its name.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Bash => "bash",
            Self::Elvish => "elvish",
            Self::Fish => "fish",
            Self::Zsh => "zsh",
        }
    }
}

/// Write the manual pages.
#[derive(Debug, Args)]
pub(super) struct Man {
    /// Where to.
    #[arg(value_name = "FOLDER")]
    pub(super) folder: PathBuf,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum Listed {
    /// What can be observed, with the options of each.
    Families,
    /// What is counted, with a sentence each.
    Kinds,
    /// What each kind carries: durations, quantities, dimensions, with units.
    Fields,
    /// The profiles that come with podtrace.
    Profiles,
    /// Where alerts, figures and spans can go, with the options of each.
    Sinks,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people: the verdict first.
    Text,
    /// One document, by doc/report.schema.json.
    Json,
    /// Single events, one a line.
    Csv,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum LogFormat {
    Text,
    Json,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum LogLevel {
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

impl From<LogLevel> for LevelFilter {
    fn from(level: LogLevel) -> Self {
        match level {
            LogLevel::Error => Self::ERROR,
            LogLevel::Warn => Self::WARN,
            LogLevel::Info => Self::INFO,
            LogLevel::Debug => Self::DEBUG,
            LogLevel::Trace => Self::TRACE,
        }
    }
}

/// A duration with a unit; a bare number would be a guess.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let parsed: jiff::SignedDuration = text.parse().map_err(|error| format!("{error}; write for example 30s or 2m"))?;
    match Duration::try_from(parsed) {
        Ok(duration) if !duration.is_zero() => Ok(duration),
        _ => Err("it must be longer than nothing".into()),
    }
}

/// A share of 1, as the commission writes it.
fn rate(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(share) if (0.0..=1.0).contains(&share) => Ok(share),
        _ => Err("expected a number from 0.0 to 1.0".into()),
    }
}

pub(super) fn severity(text: &str) -> Result<Severity, String> {
    Severity::ALL.into_iter().find(|severity| severity.name() == text).ok_or_else(|| {
        let names: Vec<&str> = Severity::ALL.iter().map(|severity| severity.name()).collect();
        format!("expected one of {}", names.join(", "))
    })
}

fn share(text: &str) -> Result<f64, String> {
    let number = text.strip_suffix('%').ok_or("write it with a percent sign, for example 1%")?;
    match number.parse::<f64>() {
        Ok(percent) if (0.0..=100.0).contains(&percent) => Ok(percent / 100.0),
        _ => Err("expected a share from 0% to 100%".into()),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use clap::CommandFactory;
    use clap::Parser;

    use super::Arguments;
    use super::duration;
    use super::share;
    use crate::profile::InNamespace;
    use crate::profile::Subject;

    /// Check that the arguments are well formed in clap's own judgement.
    #[test]
    fn arguments_are_sound() {
        Arguments::command().debug_assert();
    }

    /// Check that a pod is told from a command, that names and labels are not mixed, and that mistakes are shown where they
    /// are made.
    #[test]
    fn pods() {
        let parse = |words: &[&str]| Arguments::try_parse_from([&["podtrace"], words].concat());
        let parsed =
            parse(&["-n", "production", "my-pod", "deploy/web", "-c", "app", "--exclude", "istio-*", "--wait"]);
        let pods = parsed.unwrap().trace.pods;
        assert_eq!(pods.pods, [Subject::parse("my-pod").unwrap(), Subject::parse("deploy/web").unwrap()]);
        assert_eq!(pods.namespace, Some(InNamespace::Named("production".into())));
        assert_eq!((pods.container.len(), pods.exclude.len(), pods.wait), (1, 1, Some(Duration::from_secs(300))));
        assert!(parse(&["doctor"]).unwrap().command.is_some());
        let pod = parse(&["pod/doctor", "--wait=7s"]).unwrap();
        assert!(pod.command.is_none() && pod.trace.pods.wait == Some(Duration::from_secs(7)));
        let said = |words: &[&str]| parse(words).unwrap_err().to_string();
        assert!(said(&["my-pod", "-l", "app=x"]).contains("cannot be used with"));
        assert!(said(&["-A", "-n", "x", "my-pod"]).contains("cannot be used with"));
        assert!(said(&["deplyo/web"]).contains("did you mean `deploy/`?"));
        assert!(said(&["-l", "a near (b)"]).contains("is no requirement on a label"));
    }

    /// Check that durations and shares need their units, and that nothing is a mistake.
    #[test]
    fn units_are_needed() {
        assert_eq!(duration("1500ms").map(|duration| duration.as_millis()), Ok(1500));
        assert!(duration("30").is_err());
        assert!(duration("0s").is_err());
        assert!(duration("-1s").is_err());
        assert_eq!(share("1%"), Ok(0.01));
        assert!(share("0.01").is_err());
        assert!(share("101%").is_err());
    }
}
