//! A trace on the running kernel.

use std::fs::File;
use std::io;
use std::path::Path;
use std::time::Duration;
use std::time::Instant;

use nix::sys::resource::UsageWho;
use nix::sys::resource::getrusage;
use nix::sys::signal::Signal;
use nix::sys::time::TimeValLike;

use super::Follower;
use super::Outcome;
use super::PipelineError;
use super::Request;
use super::follow::Follow;
use super::interrupt::Interrupt;
use super::membership;
use super::naming::Naming;
use super::session;
use crate::event::Ending;
use crate::event::Item;
use crate::event::Session;
use crate::event::recording::Writer;
use crate::event::session::CommandStatus;
use crate::event::session::Cost;
use crate::host::Host;
use crate::host::Processes;
use crate::probe::HeldCommand;
use crate::probe::Probe;
use crate::probe::Setting;
use crate::probe::Told;
use crate::report::Builder;
use crate::targets;
use crate::targets::Membership;
use crate::targets::Resolved;
use crate::targets::command::Command;
use crate::targets::command::Held;
use crate::targets::command::Removal;
use crate::targets::command::Running;
use crate::targets::command::SignalOrigin;
use crate::targets::pods::Following;
use crate::targets::pods::Found;
use crate::targets::pods::PodTarget;
use crate::targets::pods::PodsError;

/// How often tallies are drained.
const TICK: Duration = Duration::from_secs(1);

/// The longest wait for items before signals, the deadline and the command are looked at.
const LOOK: Duration = Duration::from_millis(20);

/// How long a command that was asked to end is waited for.
const FAREWELL: Duration = Duration::from_secs(2);

/// How long the runtime may take, at the end, to tell of a container that began just before.
const LAST_WORD: Duration = Duration::from_secs(1);

/// How often is looked whether it has.
const SOON: Duration = Duration::from_millis(10);

/// How long an ended command's cgroup may stay in use before it is left behind.
const TIDY: Duration = Duration::from_millis(200);

/// Where a trace is recorded.
type Recorder = Writer<File>;

/// Traces, and reports.
///
/// # Errors
/// There is nothing to trace, or it cannot be traced here. Once tracing has begun there is a report.
pub fn trace(request: &Request, follower: &mut dyn Follower) -> Result<Outcome, PipelineError> {
    let mut interrupt = Interrupt::catch(request.keeps_hangup).map_err(PipelineError::Signals)?;
    let root = Path::new("/");
    let host = Host::read(root);
    let processes = Processes::new(root);
    // Before anything else: a command inherits what this process does to itself.
    let held = hold(request, &host, &processes)?;
    let plan = session::plan_here(&host, &request.profile, request.data_ring_bytes)?;
    let mut wait = |what: &str| {
        follower.waiting(what);
        interrupt.look(None) == 0
    };
    let (found, pods) = find(request, &host, &processes, held.as_ref(), &mut wait)?;
    let in_pods = pods.as_ref().and_then(|pods| pods.pods.iter().find_map(PodTarget::any_cgroup));
    let mut matching = membership::matching(&found, in_pods.map(|cgroup| &cgroup.hierarchy));
    matching.remarks.extend(pods.iter().flat_map(|pods| pods.remarks.clone()));
    let (mut follow, of_pods, assignments) = Follow::begin(request, pods.as_ref(), found.len());
    matching.assignments.extend(assignments);
    let following = followed(request, &host, pods.as_ref(), &mut matching.remarks);
    let setting = Setting {
        hierarchy: matching.hierarchy,
        held: held.as_ref().map(|held| HeldCommand { pid: held.pid(), target: 0, follow: matching.follows(0) }),
        assignments: matching.assignments,
        listeners: membership::listeners(&found, pods.as_ref().map_or(&[], |pods| &pods.pods)),
        tick: TICK,
        follow: pods.is_some(),
        tell_use: follower.wants_use(),
    };
    let targets = found.iter().map(|resolved| resolved.target.clone()).chain(of_pods).collect();
    let mut session = session::describe(request, &host, &plan, targets, &matching.remarks);
    let probe = Probe::start(plan, setting)?;
    session::correct(&mut session, &probe.beginning);
    let origin = probe.beginning.origin;
    follow.start(origin, following);
    let record = request.record.as_ref().map(|path| {
        let file = File::create(path).map_err(|error| PipelineError::Record { path: path.clone(), error })?;
        Writer::new(file, &session)
            .map_err(|error| PipelineError::Record { path: path.clone(), error: io::Error::other(error.to_string()) })
    });
    let mut builder = Builder::new(&session, &request.profile);
    builder.hurry();
    let mut trace = Trace {
        builder,
        record: record.transpose()?,
        follow,
        follower,
        naming: Naming::start(&request.pods.access, session.started, &session.targets),
        output: None,
    };
    trace.begin(&session);
    if interrupt.look(None) > 0 {
        return Err(PipelineError::Interrupted);
    }
    let mut command = held.map(Held::release).transpose()?;
    let watched = Watched::new(&processes, &found, command.is_some() || pods.is_some());
    let end = trace.watch(&probe, &mut interrupt, &mut command, request.duration.map(|for_| origin + for_), &watched);
    probe.stop();
    let duration = origin.elapsed();
    // What podtrace itself does to a command that runs on is no part of the trace.
    let status = command.as_mut().and_then(|command| command.try_wait().ok().flatten());
    trace.drain(&probe);
    trace.name_the_rest();
    let runs_on = match (&mut command, status) {
        // It was passed what podtrace got; whether it obeys is its own affair.
        (Some(_), None) if end == End::Asked => true,
        (Some(command), None) => !part(command, &mut interrupt),
        _ => false,
    };
    let interrupted = match end {
        End::Asked => interrupt.cause().map(|signal| signal.as_str().to_owned()),
        End::Gone => Some(trace.follow.are_gone().unwrap_or_else(|| "the target has exited".into())),
        End::Done => None,
    };
    let mut failures = Vec::new();
    let cost = probe.finish().unwrap_or_else(|error| {
        failures.push(format!("the trace ended early: {error}"));
        Cost::default()
    });
    let ending = Ending {
        duration_ns: u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX),
        command: status,
        interrupted,
        cost: with_own_use(cost),
        coverage: trace.follow.coverage(),
    };
    let remarks = leave(command, runs_on).into_iter().collect();
    trace.finish(&ending, failures, remarks)
}

/// Starts the command up to its first instruction.
fn hold(request: &Request, host: &Host, processes: &Processes) -> Result<Option<Held>, PipelineError> {
    let Some(arguments) = &request.command else { return Ok(None) };
    let command = Command { arguments: arguments.clone(), stdout: request.command_stdout };
    Ok(Some(command.spawn_held(&host.cgroups, processes)?))
}

/// The targets: the command first, then what was selected.
fn find(
    request: &Request,
    host: &Host,
    processes: &Processes,
    held: Option<&Held>,
    wait: &mut dyn FnMut(&str) -> bool,
) -> Result<(Vec<Resolved>, Option<Found>), PipelineError> {
    let mut found: Vec<Resolved> = held.map(|held| held.resolved(0)).into_iter().collect();
    let others = targets::resolve(&request.selectors, host, processes).map_err(PipelineError::Targets)?;
    for mut resolved in others {
        resolved.target.index = found.len() as u16;
        found.push(resolved);
    }
    let mut pods = None;
    if !request.pods.selectors.is_empty() {
        let resolved = targets::pods::resolve(&request.pods, Path::new("/"), host.namespaces, wait);
        pods = Some(resolved.map_err(|error| match error {
            PodsError::Interrupted => PipelineError::Interrupted,
            error => PipelineError::Targets(vec![error.into()]),
        })?);
    }
    if found.is_empty() && pods.is_none() { Err(PipelineError::NoTarget) } else { Ok((found, pods)) }
}

/// Who tells of pods from now on; without, those that are there are traced all the same.
fn followed(request: &Request, host: &Host, pods: Option<&Found>, remarks: &mut Vec<String>) -> Option<Following> {
    let started = Following::start(&request.pods, pods?, Path::new("/"), host.namespaces);
    started.map_err(|error| remarks.push(format!("pods that come later are missed: {error}"))).ok()
}

/// Why a trace ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// The time was over, or the command ended.
    Done,
    /// Somebody asked.
    Asked,
    /// There is nothing left to trace.
    Gone,
}

/// Processes whose end is the end of the trace.
struct Watched<'a> {
    processes: &'a Processes,
    /// No target gets processes from elsewhere: when those are gone, it is over.
    closed: bool,
    /// Process id and start time of those that were there when the trace began.
    those: Vec<(u32, u64)>,
}

impl<'a> Watched<'a> {
    fn new(processes: &'a Processes, targets: &[Resolved], with_command: bool) -> Self {
        let closed =
            !with_command && targets.iter().all(|target| matches!(target.membership, Membership::Processes { .. }));
        let pids = targets.iter().filter(|_| closed).flat_map(|target| target.membership.pids());
        let times = processes.cpu_times(pids.copied());
        let those = times.into_iter().map(|(pid, time)| (pid, time.started_boot_ns)).collect();
        Self { processes, closed, those }
    }

    /// One that nobody has waited for yet (`Z`, `X` of proc(5)) has ended all the same.
    fn are_gone(&self) -> bool {
        let is_there = |(pid, started): &(u32, u64)| {
            let stat = self.processes.stat(*pid);
            stat.is_ok_and(|stat| stat.started_boot_ns == *started && !matches!(stat.state, 'Z' | 'X'))
        };
        self.closed && !self.those.iter().any(is_there)
    }
}

/// Everybody who takes items.
struct Trace<'a> {
    builder: Builder,
    record: Option<Recorder>,
    follow: Follow,
    follower: &'a mut dyn Follower,
    naming: Option<Naming>,
    output: Option<io::Error>,
}

impl Trace<'_> {
    fn begin(&mut self, session: &Session) {
        if let Err(error) = self.follower.begin(session) {
            self.output = Some(error);
        }
    }

    /// The items in what a probe tells. What it uses goes to the follower, and is no part of the trace.
    fn told(&mut self, mut told: Vec<Told>, probe: &Probe) -> Vec<Item> {
        told.retain(|told| {
            if let Told::Use(kernel) = told {
                self.follower.kernel_use(kernel);
            }
            !matches!(told, Told::Use(_))
        });
        self.follow.take(told, probe)
    }

    fn take(&mut self, items: Vec<Item>) {
        if let Some(naming) = &mut self.naming {
            naming.look_at(&items);
        }
        for item in items {
            self.builder.item(&item);
            if let Some(record) = &mut self.record
                && let Err(error) = record.item(&item)
            {
                // The trace goes on; the writer remembers, and `finish` tells.
                tracing::warn!(%error, "recording stopped");
            }
            if self.output.is_none()
                && let Err(error) = self.follower.item(&item, &self.builder)
            {
                self.output = Some(error);
            }
        }
    }

    /// Takes items until there is a reason to end. A command that was passed a signal is followed while it obeys: how it
    /// ends is part of the trace. A second signal ends the trace at once.
    fn watch(
        &mut self,
        probe: &Probe,
        interrupt: &mut Interrupt,
        command: &mut Option<Running>,
        deadline: Option<Instant>,
        watched: &Watched<'_>,
    ) -> End {
        let mut look_again = Instant::now();
        let mut farewell: Option<(u32, Instant)> = None;
        loop {
            let now = Instant::now();
            let left = deadline.map_or(LOOK, |deadline| deadline.saturating_duration_since(now).min(LOOK));
            if let Some(told) = probe.next(left) {
                let items = self.told(told, probe);
                self.take(items);
            }
            let items = self.follow.look(probe);
            self.take(items);
            let names = self.naming.as_ref().map(Naming::items).unwrap_or_default();
            self.take(names);
            let asked = interrupt.look(command.as_mut());
            if asked > 0 {
                let (first, until) = *farewell.get_or_insert((asked, Instant::now() + FAREWELL));
                if command.is_none() || asked > first || Instant::now() >= until {
                    return End::Asked;
                }
            }
            let done = if asked > 0 { End::Asked } else { End::Done };
            if !self.follower.goes_on() {
                return done;
            }
            if deadline.is_some_and(|deadline| Instant::now() >= deadline) || self.output.is_some() {
                return done;
            }
            if let Some(command) = command
                && !matches!(command.try_wait(), Ok(None))
            {
                return done;
            }
            if probe.has_ended() {
                return End::Done;
            }
            if now >= look_again {
                if watched.are_gone() || self.follow.are_gone().is_some() {
                    return End::Gone;
                }
                look_again = now + TICK / 4;
            }
        }
    }

    /// Takes what is known of the cluster by now.
    fn name_the_rest(&mut self) {
        if let Some(naming) = self.naming.take() {
            self.take(naming.finish());
        }
    }

    /// Takes what is left.
    fn drain(&mut self, probe: &Probe) {
        loop {
            let ended = probe.has_ended();
            match probe.next(LOOK) {
                Some(told) => {
                    let items = self.told(told, probe);
                    self.take(items);
                }
                None if ended => break,
                None => {}
            }
        }
        // A container that began just now may not have been told of yet.
        let until = Instant::now() + LAST_WORD;
        while self.follow.waits_for_word() && Instant::now() < until {
            let items = self.follow.look(probe);
            self.take(items);
            std::thread::sleep(SOON);
        }
        let items = self.follow.finish();
        self.take(items);
    }

    fn finish(
        mut self,
        ending: &Ending,
        mut failures: Vec<String>,
        remarks: Vec<String>,
    ) -> Result<Outcome, PipelineError> {
        if let Some(record) = self.record
            && let Err(error) = record.finish(ending)
        {
            failures.push(error.to_string());
        }
        match self.output {
            Some(error) => Err(PipelineError::Output(error)),
            None => {
                self.builder.last_window(ending.duration_ns);
                self.follower.end(ending, &self.builder);
                Ok(Outcome { report: self.builder.finish(ending), failures, remarks })
            }
        }
    }
}

/// Gives a command that was asked to end the time to obey.
fn obey(command: &mut Running, interrupt: &mut Interrupt) -> Option<CommandStatus> {
    let until = Instant::now() + FAREWELL;
    let asked = interrupt.look(Some(command));
    while Instant::now() < until && interrupt.look(Some(command)) == asked {
        match command.wait_for(LOOK) {
            Ok(None) => {}
            Ok(status) => return status,
            Err(_) => return None,
        }
    }
    None
}

/// Parts with a command that still runs when the trace is over: it is asked to end, never killed. False if it runs on.
fn part(command: &mut Running, interrupt: &mut Interrupt) -> bool {
    if let Err(error) = command.forward(Signal::SIGTERM, SignalOrigin::Process) {
        tracing::warn!(%error, "cannot ask the command to end");
    }
    obey(command, interrupt).is_some()
}

/// Removes the command's cgroup, and says what stays behind.
fn leave(command: Option<Running>, runs_on: bool) -> Option<String> {
    let command = command?;
    let pid = command.pid();
    if runs_on {
        return Some(format!("the command (pid {pid}) goes on without being traced"));
    }
    match command.tidy(TIDY) {
        Ok(None | Some(Removal::Removed)) => None,
        Ok(Some(Removal::InUse { folder, pids })) => Some(format!(
            "the command left {} running; its cgroup `{}` stays until they end",
            if pids.len() == 1 { "a process".to_owned() } else { format!("{} processes", pids.len()) },
            folder.display()
        )),
        Err(error) => Some(format!("the command's cgroup cannot be removed: {error}")),
    }
}

/// Adds what this process itself used.
fn with_own_use(cost: Cost) -> Cost {
    let Ok(usage) = getrusage(UsageWho::RUSAGE_SELF) else { return cost };
    let ns = |time: nix::sys::time::TimeVal| u64::try_from(time.num_microseconds()).unwrap_or(0) * 1000;
    Cost {
        agent_cpu_ns: ns(usage.user_time()) + ns(usage.system_time()),
        // Linux counts in KiB: getrusage(2).
        agent_memory_bytes: u64::try_from(usage.max_rss()).unwrap_or(0) * 1024,
        ..cost
    }
}
