//! The thread that owns the kernel's side: reads rings, drains tallies, hands items on.

use std::os::fd::AsFd;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::sync::mpsc::SyncSender;
use std::time::Duration;
use std::time::Instant;

use super::Beginning;
use super::Order;
use super::ProbeError;
use super::Setting;
use super::Told;
use super::assign;
use super::attach;
use super::attach::Attached;
use super::cost;
use super::cost::Accounting;
use super::cpu::CpuMeter;
use super::decode::Decoded;
use super::load;
use super::order::Inbox;
use super::ring::Rings;
use super::tally::Drain;
use crate::event::Item;
use crate::event::Loss;
use crate::event::LossCause;
use crate::event::Tick;
use crate::event::session::Cost;
use crate::event::session::KernelUse;
use crate::event::session::PlannedFeature;
use crate::host::Clock;
use crate::plan::LastLook;
use crate::plan::Look;
use crate::plan::Plan;
use crate::wire::PodtraceSkel;

/// The longest time between two looks at the rings: what a stop or an event may have to wait.
const LOOK: Duration = Duration::from_millis(50);

/// For how long, from the beginning, the programs' run times are accounted: each switching on and off rewrites the
/// kernel's code, so it is done once.
const ACCOUNT: Duration = Duration::from_secs(1);

/// How often what is used is told: tables are read whole for it.
const TELL_USE: Duration = Duration::from_secs(10);

/// How the thread tells that it is ready.
pub(super) type Ready = SyncSender<Result<Beginning, ProbeError>>;

fn as_told(feature: PlannedFeature) -> Told {
    Told::Item(Item::Feature(feature))
}

/// Everything the thread owns.
struct Reader<'a> {
    skeleton: PodtraceSkel<'static>,
    rings: Rings,
    drain: Drain,
    cpu: Option<CpuMeter>,
    accounting: Accounting,
    skipped: u64,
    exit_kind: Option<u8>,
    wait_iterator: Option<&'static str>,
    last_look: Option<LastLook>,
    looks: Vec<Look>,
    /// When the trace ended.
    ended_ns: Option<i64>,
    beginning: Beginning,
    inbox: Inbox,
    send: &'a SyncSender<Vec<Told>>,
    /// When what is used is told next; `None`: nobody wants to know.
    tell_use: Option<Instant>,
}

/// What is missing because a program could not look at what is under way.
fn overlooked(looks: &[Look], program: Option<&str>, looked: Result<(), ProbeError>) -> Vec<PlannedFeature> {
    let Err(error) = looked else { return Vec::new() };
    let lacking = looks.iter().filter(|look| Some(look.program) == program);
    lacking.map(|look| look.missing(&error.to_string())).collect()
}

/// The thread's whole life.
pub(super) fn run(
    plan: &Plan,
    setting: &Setting,
    send: &SyncSender<Vec<Told>>,
    ready: &Ready,
    stop: &AtomicBool,
    inbox: Inbox,
) -> Result<Cost, ProbeError> {
    let (mut reader, attached) = match Reader::prepare(plan, setting, send, inbox) {
        Ok(prepared) => prepared,
        Err(error) => {
            let _ = ready.send(Err(error.clone()));
            return Err(error);
        }
    };
    let _ = ready.send(Ok(reader.beginning.clone()));
    reader.work(setting.tick, stop, attached)
}

impl<'a> Reader<'a> {
    fn prepare(
        plan: &Plan,
        setting: &Setting,
        send: &'a SyncSender<Vec<Told>>,
        inbox: Inbox,
    ) -> Result<(Self, Attached), ProbeError> {
        let (mut skeleton, refused) = load::load(plan, setting)?;
        let mut attached = attach::attach(&mut skeleton, plan, setting, &refused)?;
        // Loading and attaching take a while in which not everything is seen: the session begins after it.
        let clock = Clock::read(Path::new("/"));
        let origin = Instant::now();
        let started_ns = clock.monotonic_ns.cast_unsigned();
        let waits = assign::begin_waits(&skeleton, plan.wait_iterator());
        let looks: Vec<Look> = plan.looks().collect();
        attached.surprises.extend(overlooked(&looks, plan.wait_iterator(), waits));
        let rings = Rings::open(&skeleton.maps.control_ring, &skeleton.maps.data_ring, started_ns)?;
        let reader = Self {
            rings,
            drain: Drain::new(plan)?,
            cpu: plan.cpu_kind().map(|kind| CpuMeter::new(Path::new("/"), kind)),
            accounting: Accounting::off(),
            skipped: 0,
            exit_kind: plan.exit_kind().map(|kind| kind.0),
            wait_iterator: plan.wait_iterator(),
            last_look: plan.last_look(),
            looks,
            ended_ns: None,
            beginning: Beginning { clock, origin, surprises: std::mem::take(&mut attached.surprises) },
            inbox,
            send,
            tell_use: setting.tell_use.then_some(origin),
            skeleton,
        };
        Ok((reader, attached))
    }

    fn work(&mut self, tick: Duration, stop: &AtomicBool, mut attached: Attached) -> Result<Cost, ProbeError> {
        let mut next = Instant::now() + tick;
        self.accounting.begin();
        let account_until = Instant::now() + ACCOUNT;
        while !stop.load(Ordering::Acquire) {
            let now = Instant::now();
            if now >= account_until {
                self.accounting.end();
            }
            if now >= next {
                self.tick()?;
                next = (next + tick).max(now);
                continue;
            }
            self.rings.wait(self.inbox.woken.as_fd(), LOOK.min(next - now));
            let refused = self.obey();
            let mut told = self.read()?;
            told.extend(refused);
            if !self.hand_on(told) {
                break;
            }
        }
        let missed = self.end();
        attached.detach();
        self.hand_on(missed);
        self.tick()?;
        Ok(cost::of_kernel(&self.skeleton))
    }

    /// Ends the trace: what is counted belongs to the time up to now, however long it takes to detach and drain. What could
    /// not be looked at.
    fn end(&mut self) -> Vec<Told> {
        let ended = self.since_origin();
        let started_ns = self.beginning.clock.monotonic_ns.cast_unsigned();
        let ended_ns = started_ns.saturating_add_signed(ended);
        let waits = assign::end_waits(&mut self.skeleton, self.wait_iterator, ended_ns);
        let answers = self.last_look.map_or(Ok(()), |look| assign::look_at_entries(&self.skeleton, look));
        assign::close_gate(&mut self.skeleton);
        if let Some(cpu) = &mut self.cpu {
            cpu.look();
        }
        self.ended_ns = Some(ended);
        let mut missed = overlooked(&self.looks, self.wait_iterator, waits);
        missed.extend(overlooked(&self.looks, self.last_look.map(|look| look.program), answers));
        missed.into_iter().map(as_told).collect()
    }

    fn since_origin(&self) -> i64 {
        i64::try_from(self.beginning.origin.elapsed().as_nanos()).unwrap_or(i64::MAX)
    }

    /// Carries out the orders that are there; what could not be.
    fn obey(&mut self) -> Vec<Told> {
        let orders = self.inbox.take();
        if orders.is_empty() {
            return Vec::new();
        }
        let mut refused = Vec::new();
        for order in orders {
            let done = match &order {
                Order::Assign { assignments, listeners } => assign::assign(&mut self.skeleton, assignments, listeners),
                Order::Release(cgroups) => assign::release(&self.skeleton, cgroups),
            };
            refused.extend(done.err().map(|error| Told::Refused { order, error }));
        }
        let taken = assign::take_in(&self.skeleton);
        refused.extend(taken.err().map(|error| {
            let reason = format!("what ran already in targets that came later is not seen: {error}");
            as_told(PlannedFeature { feature: "targets: new".into(), blind: Some(reason), degraded: None })
        }));
        let waits = assign::begin_waits(&self.skeleton, self.wait_iterator);
        refused.extend(overlooked(&self.looks, self.wait_iterator, waits).into_iter().map(as_told));
        refused
    }

    /// Reads the rings, and follows what concerns CPU time.
    fn read(&mut self) -> Result<Vec<Told>, ProbeError> {
        let mut told = Vec::new();
        for decoded in self.rings.read()? {
            self.follow(&decoded);
            told.extend(decoded.told);
        }
        Ok(told)
    }

    fn follow(&mut self, decoded: &Decoded) {
        let Some(cpu) = &mut self.cpu else { return };
        for told in &decoded.told {
            match told {
                Told::Process { process, .. } => cpu.begin(process, decoded.cpu_ns),
                Told::Item(Item::Event(event)) if Some(event.kind.0) == self.exit_kind => cpu.end(event),
                Told::Left { process, status: None, .. } => cpu.leave(*process),
                _ => {}
            }
        }
    }

    /// Drains the tallies. Rings are read afterwards, so that whatever the tallies name is defined before them.
    fn tick(&mut self) -> Result<(), ProbeError> {
        let drained = self.drain.drain(&mut self.skeleton)?;
        let mut told = self.read()?;
        let mut tick = Tick {
            at_ns: self.ended_ns.unwrap_or_else(|| self.since_origin()),
            tallies: drained.tallies,
            losses: drained.losses,
            sent: drained.sent,
        };
        if let Some(cpu) = &mut self.cpu {
            if self.ended_ns.is_none() {
                cpu.look();
            }
            tick.tallies.extend(cpu.take());
        }
        self.count_own_losses(&mut tick);
        told.push(Told::Item(Item::Tick(tick)));
        if self.tell_use.is_some_and(|at| at <= Instant::now()) {
            self.tell_use = Some(Instant::now() + TELL_USE);
            let tables = cost::tables(&self.skeleton, self.drain.fill(&self.skeleton));
            told.push(Told::Use(Box::new(KernelUse { cost: cost::of_kernel(&self.skeleton), tables })));
        }
        self.hand_on(told);
        Ok(())
    }

    fn count_own_losses(&mut self, tick: &mut Tick) {
        let skipped = cost::skipped(&self.skeleton);
        let mut lose = |cause, count| {
            if count > 0 {
                tick.losses.push(Loss { kind: None, cause, count });
            }
        };
        lose(LossCause::ProbeSkipped, skipped.saturating_sub(self.skipped));
        lose(LossCause::Overload, self.rings.take_malformed());
        self.skipped = skipped;
    }

    /// Hands on what is told, waiting if the receiver is behind; false if there is no receiver any more.
    fn hand_on(&self, told: Vec<Told>) -> bool {
        told.is_empty() || self.send.send(told).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::Look;
    use super::overlooked;
    use crate::probe::ProbeError;

    /// Check that what could not be looked at is said to be missing of the kinds that lack it, and of no others: a part of
    /// one that something else tells of too, and all of one that nothing else does.
    #[test]
    fn what_was_overlooked() {
        let look = |program, kind, is_all| Look { program, kind, is_all };
        let looks = [
            look("waits", "sched.offcpu", false),
            look("ends", "tcp.unanswered", false),
            look("ends", "tcp.silent", true),
        ];
        let failed = || Err(ProbeError::Table { table: "connections".into(), reason: "no memory".into() });
        assert_eq!(overlooked(&looks, Some("waits"), Ok(())), []);
        assert_eq!(overlooked(&looks, None, failed()), []);
        let missing = overlooked(&looks, Some("ends"), failed());
        let features: Vec<&str> = missing.iter().map(|one| one.feature.as_str()).collect();
        assert_eq!(features, ["tcp.unanswered: under way", "tcp.silent"]);
        let reason = "what goes on when the trace begins or ends is not seen: cannot use the kernel's table `connections`: \
                      no memory";
        assert!(missing.iter().all(|one| one.blind.as_deref() == Some(reason)), "{missing:?}");
    }
}
