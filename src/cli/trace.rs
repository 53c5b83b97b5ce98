//! `podtrace POD`, `podtrace --pid …` and `podtrace run -- …`.

use std::ffi::OsString;
use std::path::PathBuf;

use super::arguments::Format;
use super::arguments::Pods;
use super::arguments::Run;
use super::arguments::Selection;
use super::arguments::Targets;
use super::arguments::TraceOptions;
use super::commission;
use super::exit::Exit;
use super::exit::fail;
use super::exit::say;
use super::output::Output;
use crate::pipeline;
use crate::pipeline::Delivering;
use crate::pipeline::OutletError;
use crate::pipeline::Outlets;
use crate::pipeline::Request;
use crate::profile::InNamespace;
use crate::profile::Narrowing;
use crate::profile::PodSelector;
use crate::profile::Profile;
use crate::profile::Selector;
use crate::profile::Subject;
use crate::sinks::terminal;
use crate::targets::command::CommandStdout;
use crate::targets::kubernetes::Access;
use crate::targets::pods;

/// Traces what runs already.
pub(super) fn targets(targets: &Targets) -> Exit {
    trace(&targets.options, &targets.pods, &targets.selection, None, targets.record.clone())
}

/// Starts a command and traces it.
pub(super) fn command(run: &Run) -> Exit {
    trace(&run.options, &Pods::default(), &Selection::default(), Some(run.command.clone()), run.record.clone())
}

/// Traces.
pub(super) fn trace(
    options: &TraceOptions,
    pods: &Pods,
    selection: &Selection,
    command: Option<Vec<OsString>>,
    record: Option<PathBuf>,
) -> Exit {
    let mut profile = match profile(&options.profile) {
        Ok(profile) => profile,
        Err(exit) => return exit,
    };
    if let Err(error) = commission::apply(&mut profile, &options.delivery, |name| std::env::var(name).ok()) {
        say(error);
        return Exit::Usage;
    }
    let data_ring_bytes = match ring_bytes() {
        Ok(bytes) => bytes,
        Err(exit) => return exit,
    };
    for threshold in profile.unobserved() {
        say(format_args!("the threshold on `{}` can never fire: the profile does not observe it", threshold.kind));
    }
    let mut selectors = if command.is_some() { Vec::new() } else { profile.targets.clone() };
    selectors.extend(selectors_of(selection));
    selectors.extend(pods_of(pods));
    let pods = request_of(pods, &profile, &mut selectors);
    if selectors.is_empty() && pods.selectors.is_empty() && pods.namespace != InNamespace::Default {
        say("name the pods in the namespace: `POD`, `deploy/NAME`, `-l LABELS`, or `'*'` for all of them");
        return Exit::Usage;
    }
    // A report for a program must not be mixed with what the command prints.
    let command_stdout = match options.report.output {
        Format::Text => CommandStdout::Inherit,
        Format::Json | Format::Csv => CommandStdout::ToStderr,
    };
    let mut output = Output::new(&options.report, command.is_some());
    if command.is_none() {
        // A command's own output says that it runs.
        output = output.announcing(options.duration);
    }
    let request = Request {
        profile,
        selectors,
        pods,
        command,
        command_stdout,
        duration: options.duration,
        record,
        keeps_hangup: false,
        data_ring_bytes,
    };
    let mut outlets = match Outlets::open(&request.profile, &scope(&request), None) {
        Ok(outlets) => outlets,
        Err(error) => {
            say(&error);
            return if matches!(error, OutletError::Sink { .. }) { Exit::Usage } else { Exit::Failed };
        }
    };
    let traced = match &mut outlets {
        Some(outlets) => pipeline::trace(&request, &mut Delivering::new(outlets, &mut output)),
        None => pipeline::trace(&request, &mut output),
    };
    // What is not delivered yet is waited for, also where there is no report.
    let (failures, remarks) = outlets.map(Outlets::close).unwrap_or_default();
    match traced {
        Ok(mut outcome) => {
            outcome.failures.extend(failures);
            outcome.remarks.extend(remarks);
            output.finish(&outcome, &options.report)
        }
        Err(error) => {
            failures.iter().chain(&remarks).for_each(say);
            fail(&error)
        }
    }
}

/// What is traced, in the words it was asked for with: findings of the same rule in different places are not the same.
pub(super) fn scope(request: &Request) -> String {
    let pods = request.pods.selectors.iter().map(|pod| Selector::Pods(pod.clone()).to_string());
    let command =
        request.command.iter().flat_map(|command| command.first()).map(|name| name.to_string_lossy().into_owned());
    request.selectors.iter().map(ToString::to_string).chain(pods).chain(command).collect::<Vec<_>>().join(" ")
}

/// The pods that a command line names.
fn pods_of(arguments: &Pods) -> impl Iterator<Item = Selector> {
    let mut subjects = arguments.pods.clone();
    subjects.extend(arguments.labels.clone().map(Subject::Labels));
    if subjects.is_empty() && arguments.all_namespaces {
        subjects.push(Subject::All);
    }
    let namespace = InNamespace::Default;
    subjects.into_iter().map(move |subject| Selector::Pods(PodSelector { subject, namespace: namespace.clone() }))
}

/// What is asked for about pods, by a command line and a profile. The selectors of pods among the others are taken.
pub(super) fn request_of(arguments: &Pods, profile: &Profile, selectors: &mut Vec<Selector>) -> pods::Request {
    let mut pods = Vec::new();
    selectors.retain(|selector| match selector {
        Selector::Pods(selector) => {
            pods.push(selector.clone());
            false
        }
        _ => true,
    });
    let said = Narrowing { containers: arguments.container.clone(), without: arguments.exclude.clone() };
    let namespace = if arguments.all_namespaces { Some(InNamespace::All) } else { arguments.namespace.clone() };
    pods::Request {
        selectors: pods,
        narrowing: profile.narrowing.clone().and(said),
        namespace: namespace.unwrap_or_default(),
        access: Access { kubeconfig: arguments.kubeconfig.clone(), context: arguments.context.clone() },
        runtime: None,
        wait: arguments.wait,
    }
}

/// The same for the doctor, who has no profile.
pub(super) fn pods_alone(arguments: &Pods) -> pods::Request {
    request_of(arguments, &Profile::default(), &mut pods_of(arguments).collect())
}

/// The selectors of a command line.
pub(super) fn selectors_of(selection: &Selection) -> Vec<Selector> {
    let pids = selection.pid.iter().map(|pid| Selector::Pid(*pid));
    let cgroups = selection.cgroup.iter().cloned().map(Selector::Cgroup);
    let units = selection.unit.iter().cloned().map(Selector::Unit);
    pids.chain(cgroups).chain(units).collect()
}

/// The merged profile; mistakes in it are shown.
pub(super) fn profile(files: &[PathBuf]) -> Result<Profile, Exit> {
    Profile::load(files, &pipeline::vocabulary()).map_err(|error| {
        let look = terminal::stdout();
        let colour = anstream::AutoStream::choice(&std::io::stderr()) != anstream::ColorChoice::Never;
        let text = error.render(look.width, colour);
        let _ = std::io::Write::write_all(&mut std::io::stderr(), text.as_bytes());
        Exit::Usage
    })
}

/// A smaller or larger ring for single events than the default: for tests of what happens when it is full.
fn ring_bytes() -> Result<Option<u32>, Exit> {
    let Some(text) = std::env::var_os("PODTRACE_RING_BYTES") else { return Ok(None) };
    match text.to_str().and_then(|text| text.parse::<u32>().ok()) {
        Some(bytes) if bytes.is_power_of_two() && bytes >= 4096 => Ok(Some(bytes)),
        _ => {
            say("`PODTRACE_RING_BYTES` must be a power of two of at least 4096");
            Err(Exit::Usage)
        }
    }
}
