//! The thread that rules run on. Windows go there, what was concluded comes back, in the same order.

use std::rc::Rc;
use std::sync::mpsc;
use std::sync::mpsc::Receiver;
use std::sync::mpsc::SyncSender;
use std::sync::mpsc::TrySendError;
use std::thread;
use std::time::Duration;
use std::time::Instant;

use super::conclusion::Evaluated;
use super::conclusion::Section;
use super::declaration::Declaration;
use super::engine;
use super::engine::History;
use super::engine::Running;
use super::sandbox::Failure;
use super::sandbox::Limits;
use super::source::RuleText;
use super::view::Facts;
use crate::event::Kind;
use crate::profile::RuleUse;
use crate::window::Snapshot;

/// Windows that may wait for the thread.
const WAITING_MAX: usize = 4;

/// The stack of the thread: Luau's compiler recurses on what it reads.
const STACK_BYTES: usize = 16 << 20;

/// How long the end of a trace waits for rules that are under way, for each rule.
const FAREWELL_PER_RULE: Duration = Duration::from_secs(2);

/// What a rule said of a window.
pub(super) type Verdict = Option<Result<Evaluated, Failure>>;

/// What all rules said of a window.
#[derive(Debug)]
pub(super) struct Judged {
    pub(super) from_ns: i64,
    pub(super) to_ns: i64,
    pub(super) new_ns: u64,
    /// By rule.
    pub(super) verdicts: Vec<Verdict>,
}

/// What all rules made of the whole trace.
pub(super) type Sections = Vec<Option<Result<Option<Section>, Failure>>>;

#[derive(Debug)]
enum Job {
    Window(Box<Snapshot>),
    Trace(Box<Snapshot>),
}

#[derive(Debug)]
enum Reply {
    Judged(Judged),
    Sections(Sections),
}

/// Does something with Lua on a thread of its own, and waits for it.
pub(super) fn aside<T: Send>(doing: impl FnOnce() -> T + Send) -> std::io::Result<T> {
    thread::scope(|scope| {
        let thread = thread::Builder::new().name("rules".to_owned()).stack_size(STACK_BYTES);
        let done = thread.spawn_scoped(scope, doing)?.join();
        done.map_err(|_| std::io::Error::other("the thread that rules run on failed"))
    })
}

/// Declarations of some rules, each right or with what is wrong with it.
pub(super) fn declarations(
    texts: &[RuleText],
    kinds: &[&'static Kind],
    limits: Limits,
) -> std::io::Result<Vec<Result<Declaration, Failure>>> {
    aside(|| texts.iter().map(|text| engine::load(text, kinds, limits).map(|loaded| loaded.declaration)).collect())
}

/// A thread with rules that wait for windows.
#[derive(Debug)]
pub(super) struct Worker {
    jobs: SyncSender<Job>,
    replies: Receiver<Reply>,
    rules: u32,
    /// Windows that were sent and not answered yet.
    open: u64,
    /// Windows that no rule saw, because the thread was behind.
    pub(super) skipped: u64,
    /// The thread is gone or hangs.
    pub(super) lost: bool,
}

impl Worker {
    /// Starts the thread. A rule that cannot be put to work says why in its first verdict.
    pub(super) fn start(
        rules: Vec<(RuleText, RuleUse)>,
        kinds: Vec<&'static Kind>,
        facts: Facts,
        limits: Limits,
    ) -> std::io::Result<Self> {
        let (jobs, work) = mpsc::sync_channel::<Job>(WAITING_MAX);
        let (answer, replies) = mpsc::channel();
        let count = u32::try_from(rules.len()).unwrap_or(u32::MAX);
        let run = move || {
            let mut running: Vec<_> = rules
                .iter()
                .map(|(text, used)| {
                    engine::load(text, &kinds, limits).and_then(|loaded| Running::new(loaded, used, &kinds, &facts))
                })
                .map(|made| made.map_err(Some))
                .collect();
            let mut history = History::default();
            for job in work {
                let reply = match job {
                    Job::Window(window) => Reply::Judged(judge(&mut running, *window, &mut history)),
                    Job::Trace(trace) => {
                        let trace = Rc::new(*trace);
                        let section = |rule: &mut Result<Running, _>| rule.as_mut().ok()?.section(&trace);
                        Reply::Sections(running.iter_mut().map(section).collect())
                    }
                };
                if answer.send(reply).is_err() {
                    return;
                }
            }
        };
        thread::Builder::new().name("rules".to_owned()).stack_size(STACK_BYTES).spawn(run)?;
        Ok(Self { jobs, replies, rules: count, open: 0, skipped: 0, lost: false })
    }

    /// Whether it has windows that it has not answered.
    pub(super) fn is_behind(&self) -> bool {
        self.open > 0 && !self.lost
    }

    /// Hands on a window. If the thread is behind, waits for it (`patient`), or leaves the window out and counts it.
    pub(super) fn judge(&mut self, window: Snapshot, patient: bool) {
        if self.lost {
            self.skipped += 1;
            return;
        }
        let job = Job::Window(Box::new(window));
        let sent = match self.jobs.try_send(job) {
            Err(TrySendError::Full(job)) if patient => self.jobs.send(job).is_ok(),
            Err(TrySendError::Full(_)) => {
                self.skipped += 1;
                return;
            }
            sent => sent.is_ok(),
        };
        if sent {
            self.open += 1;
        } else {
            self.lost = true;
            self.skipped += 1;
        }
    }

    /// What has come back by now.
    pub(super) fn judged(&mut self) -> Vec<Judged> {
        let mut judged = Vec::new();
        while let Ok(reply) = self.replies.try_recv() {
            if let Reply::Judged(window) = reply {
                self.open = self.open.saturating_sub(1);
                judged.push(window);
            }
        }
        judged
    }

    /// Waits for all windows that are under way. A thread that does not answer in time is left alone.
    pub(super) fn settled(&mut self) -> Vec<Judged> {
        let mut judged = Vec::new();
        let until = Instant::now() + FAREWELL_PER_RULE * self.rules.max(1) * (WAITING_MAX as u32 + 1);
        while self.open > 0 && !self.lost {
            match self.replies.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(Reply::Judged(window)) => {
                    self.open -= 1;
                    judged.push(window);
                }
                Ok(Reply::Sections(_)) => {}
                Err(_) => {
                    self.lost = true;
                    self.skipped += self.open;
                }
            }
        }
        judged
    }

    /// Has sections made of the whole trace, once all windows are judged.
    pub(super) fn sections(&mut self, trace: Snapshot) -> Sections {
        if self.lost || self.jobs.try_send(Job::Trace(Box::new(trace))).is_err() {
            return Vec::new();
        }
        match self.replies.recv_timeout(FAREWELL_PER_RULE * self.rules.max(1)) {
            Ok(Reply::Sections(sections)) => sections,
            _ => {
                self.lost = true;
                Vec::new()
            }
        }
    }
}

type Made = Result<Running, Option<Failure>>;

fn judge(rules: &mut [Made], window: Snapshot, history: &mut History) -> Judged {
    let (from_ns, to_ns, new_ns) = (window.from_ns, window.to_ns, window.new_ns);
    let window = Rc::new(window);
    let (past, number) = (history.past(from_ns), history.next());
    let verdict = |rule: &mut Made| match rule {
        Ok(rule) => rule.evaluate(&window, &past, number),
        // Said once.
        Err(failure) => failure.take().map(Err),
    };
    let verdicts = rules.iter_mut().map(verdict).collect();
    history.add(&window);
    Judged { from_ns, to_ns, new_ns, verdicts }
}
