//! What an operation costs more while something traces: rounds of baseline, tracer, baseline, other tracer, baseline.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;
use std::time::Instant;

use anyhow::ensure;

use crate::operation::Operation;
use crate::operation::Role;
use crate::tracer::Report;
use crate::tracer::Tracer;
use crate::tracer::histogram_total;
use crate::worker::Worker;

/// A round counts if the baselines before and after differ by no more than this share.
const UNDISTURBED: f64 = 0.15;

/// Stretches that may be left out because bpftrace did not start, did not end or lost something.
const FAILURES_BORNE: usize = 5;

/// How much is measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Effort {
    /// Rounds that must count.
    pub(crate) rounds: usize,
    /// Times an operation's loop is timed in a stretch of a round; the shortest is taken.
    pub(crate) slices: usize,
    /// The longest that rounds are repeated for.
    pub(crate) limit: Duration,
}

/// Which tracer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Who {
    Podtrace,
    Bpftrace,
}

/// A tracer with a job, and the operations that it is measured with.
struct Case {
    who: Who,
    /// podtrace: the families; bpftrace: the program, with `PID` for the target's.
    job: &'static str,
    operations: &'static [Operation],
}

/// Each job in both tools. bpftrace gets the program that its users would write: one histogram, of the target only.
const CASES: [Case; 5] = [
    Case {
        who: Who::Podtrace,
        job: "file\ntcp\nudp\nprocess",
        operations: &[
            Operation::Untraced,
            Operation::SmallRead,
            Operation::PageRead,
            Operation::Datagram,
            Operation::Stream,
        ],
    },
    Case {
        who: Who::Bpftrace,
        job: "tracepoint:syscalls:sys_enter_pread64 /pid == PID/ { @s[tid] = nsecs; } \
              tracepoint:syscalls:sys_exit_pread64 /@s[tid]/ { @ = hist(nsecs - @s[tid]); delete(@s[tid]); }",
        operations: &[Operation::Untraced, Operation::SmallRead, Operation::PageRead],
    },
    Case {
        who: Who::Bpftrace,
        job: "tracepoint:syscalls:sys_enter_sendto, tracepoint:syscalls:sys_enter_recvfrom /pid == PID/ \
              { @s[tid] = nsecs; } \
              tracepoint:syscalls:sys_exit_sendto, tracepoint:syscalls:sys_exit_recvfrom /@s[tid]/ \
              { @[probe] = hist(nsecs - @s[tid]); delete(@s[tid]); }",
        operations: &[Operation::Datagram, Operation::Stream],
    },
    Case { who: Who::Podtrace, job: "sched", operations: &[Operation::Switch] },
    Case {
        who: Who::Bpftrace,
        job: "tracepoint:sched:sched_switch { if (pid == PID) { @s[tid] = nsecs; } \
              if (@s[args->next_pid]) { @ = hist(nsecs - @s[args->next_pid]); delete(@s[args->next_pid]); } }",
        operations: &[Operation::Switch],
    },
];

/// One figure of one round.
#[derive(Clone, Copy, Debug)]
struct Sample {
    round: usize,
    baseline_ns: f64,
    added_ns: f64,
}

type Key = (Who, Operation, Role);

/// All figures.
#[derive(Default)]
pub(crate) struct Prices {
    samples: BTreeMap<Key, Vec<Sample>>,
    /// Figures of rounds that were too disturbed to count.
    pub(crate) dropped: usize,
    /// Rounds that were run.
    pub(crate) rounds: usize,
}

/// A figure with its quartiles, in nanoseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spread {
    pub(crate) low: f64,
    pub(crate) median: f64,
    pub(crate) high: f64,
}

impl Spread {
    /// Of some values; `None` of none.
    pub(crate) fn of(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut values: Vec<f64> = values.into_iter().collect();
        values.sort_by(f64::total_cmp);
        let at = |share: f64| values.get(((values.len() as f64 - 1.0) * share).round() as usize).copied();
        Some(Self { low: at(0.25)?, median: at(0.5)?, high: at(0.75)? })
    }
}

impl Prices {
    fn of(&self, key: Key) -> &[Sample] {
        self.samples.get(&key).map(Vec::as_slice).unwrap_or_default()
    }

    /// What an operation takes with nothing attached.
    pub(crate) fn baseline(&self, operation: Operation, role: Role) -> Option<Spread> {
        let both = [Who::Podtrace, Who::Bpftrace].map(|who| self.of((who, operation, role)));
        Spread::of(both.concat().iter().map(|sample| sample.baseline_ns))
    }

    /// What a tracer adds.
    pub(crate) fn added(&self, who: Who, operation: Operation, role: Role) -> Option<Spread> {
        Spread::of(self.of((who, operation, role)).iter().map(|sample| sample.added_ns))
    }

    /// What podtrace adds as a share of what bpftrace adds, each in proportion to its own baseline, so that a machine that
    /// changes its speed in between does not matter.
    pub(crate) fn ratio(&self, operation: Operation, role: Role) -> Option<Spread> {
        let share = |sample: &Sample| sample.added_ns / sample.baseline_ns;
        let theirs = self.of((Who::Bpftrace, operation, role));
        Spread::of(self.of((Who::Podtrace, operation, role)).iter().filter_map(|ours| {
            let other = theirs.iter().find(|theirs| theirs.round == ours.round)?;
            Some(share(ours) / share(other))
        }))
    }

    /// The fewest rounds that count for any figure.
    pub(crate) fn fewest(&self) -> usize {
        let keys = CASES.iter().flat_map(|case| {
            case.operations.iter().flat_map(|operation| Role::ALL.map(|role| (case.who, *operation, role)))
        });
        keys.map(|key| self.of(key).len()).min().unwrap_or(0)
    }
}

/// Runs rounds until enough of them count for every figure.
pub(crate) fn measure(folder: &Path, file: &Path, effort: Effort) -> anyhow::Result<Prices> {
    let began = Instant::now();
    let mut workers = Workers { target: Worker::start(file)?, bystander: Worker::start(file)? };
    let mut prices = Prices::default();
    let mut failures = 0;
    while prices.fewest() < effort.rounds && began.elapsed() < effort.limit {
        let mut before = workers.measure(&Operation::ALL, effort.slices)?;
        for case in &CASES {
            let during = match run(case, folder, file, &mut workers, effort.slices) {
                Ok(during) => during,
                // Not ours to mend; a figure of ours that is wrong ends the benchmark.
                Err(error) if case.who == Who::Bpftrace && failures < FAILURES_BORNE => {
                    eprintln!("a stretch is left out: {error:#}");
                    failures += 1;
                    BTreeMap::new()
                }
                Err(error) => return Err(error),
            };
            let after = workers.measure(&Operation::ALL, effort.slices)?;
            for (key, with) in during {
                let (one, other) = (before[&key], after[&key]);
                if (one / other - 1.0).abs().max((other / one - 1.0).abs()) > UNDISTURBED {
                    prices.dropped += 1;
                    continue;
                }
                let baseline_ns = (one + other) / 2.0;
                let sample = Sample { round: prices.rounds, baseline_ns, added_ns: with - baseline_ns };
                prices.samples.entry((case.who, key.0, key.1)).or_default().push(sample);
            }
            before = after;
        }
        prices.rounds += 1;
        eprintln!("round {}: {} count for every figure, {:.0?}", prices.rounds, prices.fewest(), began.elapsed());
    }
    Ok(prices)
}

struct Workers {
    target: Worker,
    bystander: Worker,
}

impl Workers {
    /// The shortest time of each operation in each role: what disturbs only ever adds.
    fn measure(&mut self, operations: &[Operation], slices: usize) -> anyhow::Result<BTreeMap<(Operation, Role), f64>> {
        let mut times = BTreeMap::new();
        // Taking turns, so that a short disturbance meets one slice of many instead of all of one.
        for _ in 0..slices {
            for operation in operations {
                for (role, worker) in [(Role::Target, &mut self.target), (Role::Bystander, &mut self.bystander)] {
                    let time = worker.measure(*operation)?;
                    let shortest = times.entry((*operation, role)).or_insert(time);
                    *shortest = shortest.min(time);
                }
            }
        }
        Ok(times)
    }
}

/// Measures with a tracer attached, and makes sure that it saw what was done.
fn run(
    case: &Case,
    folder: &Path,
    file: &Path,
    workers: &mut Workers,
    slices: usize,
) -> anyhow::Result<BTreeMap<(Operation, Role), f64>> {
    let pid = workers.target.pid();
    let mut tracer = match case.who {
        Who::Podtrace => Tracer::podtrace(folder, case.job, pid, &[])?,
        Who::Bpftrace => Tracer::bpftrace(folder, &case.job.replace("PID", &pid.to_string()))?,
    };
    tracer.settle()?;
    workers.target.forget();
    let times = workers.measure(case.operations, slices)?;
    match case.who {
        Who::Podtrace => check_report(case, &tracer.report()?, file, &workers.target)?,
        Who::Bpftrace => check_histograms(case, &tracer.stop()?, &workers.target)?,
    }
    Ok(times)
}

fn check_report(case: &Case, report: &Report, file: &Path, target: &Worker) -> anyhow::Result<()> {
    for operation in case.operations {
        let done = match operation {
            Operation::PageRead => continue, // counted with the small ones
            Operation::SmallRead => target.done(Operation::SmallRead) + target.done(Operation::PageRead),
            operation => target.done(*operation),
        };
        let counted = match operation {
            Operation::Untraced | Operation::PageRead => continue,
            Operation::SmallRead => report.count_on("file.read", file),
            Operation::Datagram => report.count("udp.send") + report.count("udp.recv"),
            Operation::Stream => report.count("tcp.send") + report.count("tcp.recv"),
            // A thread that is preempted does not wait, but queues as all do; it also queues between orders.
            Operation::Switch => report.count("sched.runq").min(done),
        };
        ensure!(counted == done, "podtrace counted {counted} of {done} ({})", operation.label());
    }
    Ok(())
}

fn check_histograms(case: &Case, printed: &str, target: &Worker) -> anyhow::Result<()> {
    let traced = case.operations.iter().filter(|operation| **operation != Operation::Untraced);
    let done: u64 = traced.map(|operation| target.done(*operation)).sum();
    let mut counted = histogram_total(printed);
    if case.operations.contains(&Operation::Switch) {
        // Waits between orders, and being preempted, are in it.
        counted = counted.min(done);
    }
    ensure!(counted == done, "bpftrace counted {counted} of {done}: {}", case.job);
    Ok(())
}
