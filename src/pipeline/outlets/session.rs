//! What of the outlets belongs to one session: the desk, the ledger, the maker of spans.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;
use std::time::SystemTime;

use jiff::SignedDuration;
use jiff::Timestamp;
use nix::sys::resource::UsageWho;
use nix::sys::resource::getrusage;
use nix::sys::time::TimeValLike;

use crate::event::Definition;
use crate::event::Item;
use crate::event::Session;
use crate::event::Severity;
use crate::event::Tick;
use crate::event::session::Cost;
use crate::event::session::KernelUse;
use crate::families;
use crate::finding::Alert;
use crate::finding::Desk;
use crate::finding::Finding;
use crate::finding::Origin;
use crate::finding::Pace;
use crate::finding::desk::Open;
use crate::finding::desk::Withheld;
use crate::metrics::Ledger;
use crate::metrics::RuleFigures;
use crate::metrics::RuleMetric;
use crate::metrics::Snapshot;
use crate::report::Builder;
use crate::rules::Status;
use crate::sinks::span::Maker;
use crate::sinks::span::Span;
use crate::window::Catalogue;

/// One session.
#[derive(Debug)]
pub(super) struct Present {
    started: Timestamp,
    host: String,
    desk: Desk,
    ledger: Option<Ledger>,
    maker: Option<Maker>,
    windows: u64,
    windows_by_rules: u64,
    /// When figures were last pushed, by the sink's place.
    pushed: BTreeMap<usize, i64>,
    /// What rules find now.
    pub(super) findings: BTreeMap<Severity, u64>,
    /// What tracing uses in the kernel, as far as it is known.
    pub(super) kernel: KernelUse,
    /// What rules hand out, where figures are wanted.
    pub(super) rules: Vec<RuleFigures>,
}

/// What a rule hands out now.
fn figures(status: &Status<'_>) -> RuleFigures {
    let mut metrics: Vec<RuleMetric> = Vec::new();
    for entry in status.metrics.iter().filter(|entry| entry.is_current) {
        let value = (entry.label.map(str::to_owned), entry.value);
        match metrics.iter_mut().find(|metric| metric.name == entry.spec.name) {
            Some(metric) => metric.values.push(value),
            None => metrics.push(RuleMetric {
                name: entry.spec.name.clone(),
                about: entry.spec.about.clone(),
                counter: entry.spec.counter,
                label: entry.spec.label.clone(),
                values: vec![value],
            }),
        }
    }
    RuleFigures {
        rule: status.name.to_owned(),
        disabled: status.failure.is_some(),
        judged: status.windows_judged,
        skipped: status.windows_skipped,
        metrics,
    }
}

impl Present {
    pub(super) fn new(
        session: &Session,
        pace: Pace,
        scope: &str,
        series_max: Option<usize>,
        spans: bool,
        open: Vec<Open>,
        withheld: Withheld,
    ) -> Self {
        let catalogue = Catalogue::new(session, families::kinds());
        let origin = Origin::new(&session.host.name, session.targets.iter());
        Self {
            started: session.started,
            host: session.host.name.clone(),
            desk: Desk::new(pace, scope, origin).resume(open, withheld),
            ledger: series_max.map(|max| Ledger::new(session, catalogue.clone(), max)),
            maker: spans.then(|| Maker::new(session, catalogue, families::PROCESS_EXIT)),
            windows: 0,
            windows_by_rules: 0,
            pushed: BTreeMap::new(),
            findings: BTreeMap::new(),
            kernel: KernelUse::default(),
            rules: Vec::new(),
        }
    }

    /// The span that an item completes.
    pub(super) fn span(&mut self, item: &Item) -> Option<Span> {
        self.maker.as_mut()?.item(item)
    }

    /// Spans of what still runs at the end.
    pub(super) fn last_spans(&mut self, duration_ns: u64) -> Vec<Span> {
        self.maker.as_mut().map_or_else(Vec::new, |maker| maker.finish(duration_ns))
    }

    pub(super) fn define(&mut self, definition: &Definition, report: &Builder) {
        if let Definition::Target(target) = definition {
            if let Some(ledger) = &mut self.ledger {
                ledger.target(target);
            }
            self.desk.moved(Origin::new(&self.host, report.names().targets()));
        }
    }

    pub(super) fn tick(&mut self, tick: &Tick, report: &Builder) {
        if let Some(ledger) = &mut self.ledger {
            ledger.tick(tick, report.names());
            self.rules = report.rules().map(|status| figures(&status)).collect();
        }
    }

    /// What rules said at the end.
    pub(super) fn last_rules(&mut self, report: &Builder) {
        if self.ledger.is_some() {
            self.rules = report.rules().map(|status| figures(&status)).collect();
        }
    }

    /// Whether a window was judged since the last time.
    pub(super) fn has_judged(&mut self, report: &Builder) -> bool {
        let (judged, by_rules) = (report.windows_judged(), report.windows_judged_by_rules());
        // Rules judge beside the trace, and what they say takes the place of what thresholds say: they are waited for, but
        // no longer than until the next window. What they have said is taken at once: it is what holds only until they
        // say more.
        let is_early = judged == self.windows || (report.is_behind() && judged == self.windows + 1);
        if is_early && by_rules == self.windows_by_rules {
            return false;
        }
        (self.windows, self.windows_by_rules) = (judged, by_rules);
        true
    }

    /// What to send for the findings of a window.
    pub(super) fn judged(&mut self, at_ns: i64, findings: &[Finding]) -> Vec<Alert> {
        self.findings.clear();
        for finding in findings {
            *self.findings.entry(finding.severity).or_default() += 1;
        }
        let at = self.started.saturating_add(SignedDuration::from_nanos(at_ns)).unwrap_or(self.started);
        self.desk.judged(at, findings)
    }

    /// What is open.
    pub(super) fn open(&self) -> Vec<Open> {
        self.desk.open()
    }

    /// What was not told.
    pub(super) fn withheld(&self) -> Withheld {
        self.desk.withheld()
    }

    /// What the next session goes on with.
    pub(super) fn leave(&self) -> (Vec<Open>, Withheld) {
        (self.desk.open(), self.desk.withheld())
    }

    /// Whether it is time to push figures to a sink; notes that it is done.
    pub(super) fn is_due(&mut self, place: usize, every: Duration, at_ns: i64) -> bool {
        let every_ns = i64::try_from(every.as_nanos()).unwrap_or(i64::MAX);
        let last = self.pushed.entry(place).or_insert(0);
        // Ticks come a little early or late.
        let is_due = at_ns.saturating_sub(*last) >= every_ns.saturating_sub(every_ns / 20);
        if is_due {
            *last = at_ns;
        }
        is_due
    }

    pub(super) fn snapshot(&self, at: SystemTime) -> Option<Snapshot> {
        self.ledger.as_ref().map(|ledger| ledger.snapshot(at))
    }
}

/// Adds what this process itself uses now.
pub(super) fn with_own_use(cost: Cost) -> Cost {
    let ns = |time: nix::sys::time::TimeVal| u64::try_from(time.num_microseconds()).unwrap_or(0) * 1_000;
    let cpu = getrusage(UsageWho::RUSAGE_SELF).map(|usage| ns(usage.user_time()) + ns(usage.system_time()));
    // The second number is resident pages: proc(5), `/proc/pid/statm`.
    let pages = fs::read_to_string("/proc/self/statm").ok().and_then(|text| {
        let resident = text.split_whitespace().nth(1)?;
        resident.parse::<u64>().ok()
    });
    let page = nix::unistd::sysconf(nix::unistd::SysconfVar::PAGE_SIZE).ok().flatten().unwrap_or(4_096);
    let bytes = pages.map(|pages| pages.saturating_mul(u64::try_from(page).unwrap_or(4_096)));
    Cost {
        agent_cpu_ns: cpu.unwrap_or(cost.agent_cpu_ns),
        agent_memory_bytes: bytes.unwrap_or(cost.agent_memory_bytes),
        ..cost
    }
}
