//! `podtrace daemon`: traces what a profile selects until it is stopped. One process a node.
//!
//! SIGHUP reads the profile again: a bad one is said and the old one stays, a good one takes its place at once. Where only
//! sinks changed nothing is interrupted; else a new session begins, with the same sinks and open alerts. SIGTERM and
//! SIGINT end it, after what is undelivered had its time.

mod lock;
mod notify;

use std::env;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::thread;
use std::time::Duration;
use std::time::Instant;

use signal_hook::consts::SIGHUP;
use signal_hook::consts::SIGINT;
use signal_hook::consts::SIGTERM;

use super::arguments::Daemon;
use super::arguments::Pods;
use super::commission;
use super::exit::Exit;
use super::exit::say;
use super::trace;
use crate::event::Ending;
use crate::event::Item;
use crate::event::Session;
use crate::event::session::RuleText;
use crate::families;
use crate::pipeline;
use crate::pipeline::Delivering;
use crate::pipeline::Follower;
use crate::pipeline::Outlets;
use crate::pipeline::PipelineError;
use crate::pipeline::Request;
use crate::profile::Profile;
use crate::report::Builder;
use crate::rules::script;
use crate::targets::command::CommandStdout;
use lock::Lock;
use notify::Notifier;

/// The wait before targets that are not there are looked for again, or a trace that ended by itself is begun again.
const AGAIN: Duration = Duration::from_secs(5);

/// How often signals are looked at while there is nothing else to do.
const LOOK: Duration = Duration::from_millis(100);

/// Signals that have arrived.
#[derive(Clone, Debug, Default)]
struct Signals {
    stop: Arc<AtomicBool>,
    reload: Arc<AtomicBool>,
}

impl Signals {
    fn catch() -> io::Result<Self> {
        let signals = Self::default();
        signal_hook::flag::register(SIGTERM, Arc::clone(&signals.stop))?;
        signal_hook::flag::register(SIGINT, Arc::clone(&signals.stop))?;
        signal_hook::flag::register(SIGHUP, Arc::clone(&signals.reload))?;
        Ok(signals)
    }

    fn stop(&self) -> bool {
        self.stop.load(Relaxed)
    }
}

/// Runs the daemon.
pub(super) fn daemon(arguments: &Daemon) -> Exit {
    let signals = match Signals::catch() {
        Ok(signals) => signals,
        Err(error) => {
            say(format_args!("cannot catch signals: {error}"));
            return Exit::Failed;
        }
    };
    let runtime_dir = folder(arguments.runtime_dir.as_ref(), "RUNTIME_DIRECTORY", "/run/podtrace");
    // Held until the end.
    let _lock = match Lock::take(&runtime_dir) {
        Ok(lock) => lock,
        Err(error) => {
            say(error);
            return Exit::Failed;
        }
    };
    let asked = match read(arguments) {
        Ok(asked) => asked,
        Err(exit) => return exit,
    };
    let state_dir = folder(arguments.state_dir.as_ref(), "STATE_DIRECTORY", "/var/lib/podtrace");
    let scope = trace::scope(&request(arguments, &asked));
    let outlets = match Outlets::open(&asked.profile, &scope, Some(&state_dir)) {
        Ok(Some(outlets)) => outlets,
        Ok(None) => return Exit::Failed,
        Err(error) => {
            say(error);
            return Exit::Usage;
        }
    };
    if asked.profile.sinks.is_empty() {
        tracing::warn!("the profile has no `sink`: nothing of what is observed leaves this process");
    }
    let mut daemon = Service { arguments, signals, asked, outlets, notifier: Notifier::new() };
    let exit = daemon.run();
    daemon.notifier.stopping();
    let (failures, remarks) = daemon.outlets.close();
    failures.iter().for_each(|failure| tracing::error!(failure, "not everything was delivered"));
    remarks.iter().for_each(|remark| tracing::warn!(remark, "ended with a remark"));
    tracing::info!("ended");
    exit
}

/// A folder: as given, else as systemd says (its first), else the usual one.
fn folder(given: Option<&PathBuf>, variable: &str, usual: &str) -> PathBuf {
    let told = || env::var(variable).ok().and_then(|folders| folders.split(':').next().map(PathBuf::from));
    given.cloned().or_else(told).unwrap_or_else(|| PathBuf::from(usual))
}

/// What files say: read, and gone over to, together.
#[derive(Clone, Debug, PartialEq)]
struct Asked {
    profile: Profile,
    rules: Vec<RuleText>,
}

/// The profile and its rules, with what flags and environment add; mistakes are shown.
fn read(arguments: &Daemon) -> Result<Asked, Exit> {
    let (mut profile, library) = trace::profile(&arguments.profile, &arguments.rules)?;
    if let Err(error) = commission::apply(&mut profile, &arguments.delivery, |name| env::var(name).ok()) {
        say(error);
        return Err(Exit::Usage);
    }
    if profile.targets.is_empty() {
        say(
            "the profile selects nothing: a daemon needs `targets { … }`, for example `namespace \"*\"` or `label \"app=web\"`",
        );
        return Err(Exit::Usage);
    }
    let rules = library.apply(&mut profile);
    // A rule that would fail on its first window is as wrong as one that cannot be read.
    let checked = rules.iter().map(|text| script::check(&script::RuleText::from_recorded(text), families::kinds()));
    let mistakes: Vec<_> = checked.filter_map(Result::err).flatten().collect();
    if !mistakes.is_empty() {
        mistakes.iter().for_each(say);
        return Err(Exit::Usage);
    }
    Ok(Asked { profile, rules })
}

fn request(arguments: &Daemon, asked: &Asked) -> Request {
    let Asked { profile, rules } = asked;
    let pods = Pods { kubeconfig: arguments.kubeconfig.clone(), context: arguments.context.clone(), ..Pods::default() };
    let mut selectors = profile.targets.clone();
    let pods = trace::request_of(&pods, profile, &mut selectors);
    Request {
        profile: profile.clone(),
        rules: rules.clone(),
        selectors,
        pods,
        command: None,
        command_stdout: CommandStdout::ToStderr,
        duration: None,
        record: None,
        keeps_hangup: true,
        data_ring_bytes: None,
    }
}

struct Service<'a> {
    arguments: &'a Daemon,
    signals: Signals,
    asked: Asked,
    outlets: Outlets,
    notifier: Notifier,
}

impl Service<'_> {
    fn run(&mut self) -> Exit {
        let mut said = String::new();
        while !self.signals.stop() {
            let request = request(self.arguments, &self.asked);
            let mut watch = Watch {
                arguments: self.arguments,
                signals: self.signals.clone(),
                asked: &self.asked,
                notifier: &mut self.notifier,
                next: None,
                refused: 0,
            };
            let traced = pipeline::trace(&request, &mut Delivering::new(&mut self.outlets, &mut watch));
            let (next, refused) = (watch.next.take(), watch.refused);
            (0..refused).for_each(|_| self.outlets.reloaded(false));
            match (traced, next) {
                (_, Some(next)) => {
                    self.take(next);
                    continue;
                }
                (Ok(outcome), None) if !self.signals.stop() => {
                    tracing::warn!("the targets are gone, or the trace ended; it begins again");
                    outcome.failures.iter().for_each(|failure| tracing::error!(failure, "the trace failed in part"));
                }
                (Ok(_), None) | (Err(PipelineError::Interrupted), _) => {}
                (Err(error @ (PipelineError::Targets(_) | PipelineError::NoTarget)), None) => {
                    let text = error.to_string();
                    // Said once, not every five seconds.
                    if said != text {
                        tracing::warn!(error = text, "nothing to trace yet");
                        said = text;
                    }
                    self.notifier.ready("waiting for targets");
                }
                (Err(error), None) => return super::exit::fail(&error),
            }
            self.pause();
        }
        Exit::Fine
    }

    /// Waits, and looks at signals and scrapes meanwhile.
    fn pause(&mut self) {
        let until = Instant::now() + AGAIN;
        while Instant::now() < until && !self.signals.stop() {
            if self.signals.reload.swap(false, Relaxed) {
                match read(self.arguments) {
                    Ok(asked) => self.take(asked),
                    Err(_) => self.refuse(),
                }
                return;
            }
            self.outlets.look();
            self.notifier.alive();
            thread::sleep(LOOK);
        }
    }

    /// Goes over to another profile, or stays with the old one.
    fn take(&mut self, asked: Asked) {
        match self.outlets.change(&asked.profile) {
            Ok(()) => {
                self.asked = asked;
                self.outlets.reloaded(true);
                tracing::info!("the profile was read again");
            }
            Err(error) => {
                tracing::error!(%error, "the profile was read again and cannot be used; the old one stays");
                self.outlets.reloaded(false);
            }
        }
        self.notifier.ready("tracing");
    }

    fn refuse(&mut self) {
        self.outlets.reloaded(false);
        tracing::error!("the profile was read again and is wrong; the old one stays");
        self.notifier.ready("tracing, with the profile before the last reload");
    }
}

/// Follows a session of the daemon.
struct Watch<'a> {
    arguments: &'a Daemon,
    signals: Signals,
    asked: &'a Asked,
    notifier: &'a mut Notifier,
    /// The profile to go over to.
    next: Option<Asked>,
    /// Profiles that were read and are wrong.
    refused: u64,
}

impl Follower for Watch<'_> {
    fn waiting(&mut self, what: &str) {
        self.notifier.alive();
        self.notifier.ready(what);
    }

    fn begin(&mut self, session: &Session) -> io::Result<()> {
        let targets = session.targets.len();
        tracing::info!(targets, "tracing");
        self.notifier.ready(&format!("tracing {targets} targets"));
        Ok(())
    }

    fn item(&mut self, _item: &Item, _report: &Builder) -> io::Result<()> {
        Ok(())
    }

    fn goes_on(&mut self) -> bool {
        self.notifier.alive();
        if self.signals.stop() {
            return false;
        }
        if self.signals.reload.swap(false, Relaxed) {
            self.notifier.reloading();
            match read(self.arguments) {
                Ok(asked) if asked == *self.asked => {
                    tracing::info!("the profile was read again and is the same");
                    self.notifier.ready("tracing");
                }
                Ok(asked) => {
                    self.next = Some(asked);
                    return false;
                }
                Err(_) => {
                    self.refused += 1;
                    tracing::error!("the profile was read again and is wrong; the old one stays");
                    self.notifier.ready("tracing, with the profile before the last reload");
                }
            }
        }
        true
    }

    fn end(&mut self, _ending: &Ending, _report: &Builder) {}
}
