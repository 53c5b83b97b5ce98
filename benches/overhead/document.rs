//! `doc/overhead.md`: method, machine, figures, and how they stand against what was aimed at.

use std::fmt::Write;

use crate::load::Flood;
use crate::load::Load;
use crate::load::STEADY_PACE;
use crate::operation::Operation;
use crate::operation::Role;
use crate::price::Prices;
use crate::price::Spread;
use crate::price::Who;
use crate::start::Start;

/// Everything that was measured; a section that was not is missing.
pub(crate) struct Figures {
    pub(crate) machine: String,
    pub(crate) prices: Option<Prices>,
    pub(crate) load: Option<Load>,
    pub(crate) start: Option<Start>,
}

/// One MiB.
const MIB: f64 = 1024.0 * 1024.0;

const HEAD: &str = "\
# What tracing costs

Written by `./dev bench`, which measures everything anew (root, five minutes). Figures of different machines, and of one
machine at different times, differ more than those of one run: the ratios are what to rely on.
";

const METHOD: &str = "\
## Method

A generator process does one operation some thousand times (about 7 ms) and reads its own CPU time
(`CLOCK_THREAD_CPUTIME_ID`; for context switches, in which two threads take turns on one CPU, `CLOCK_PROCESS_CPUTIME_ID`),
so that other processes disturb little. A second generator does the same as a bystander: it is not traced, but on the same
machine. All operations stay in memory: reads are of the page cache, packets go over loopback, and one thread has both ends
of each connection. Operations and generators take turns; of the times of a stretch the shortest counts, because what
disturbs only adds.

In a round, each tracer is started, measured with and ended, between two baselines with nothing attached; what is added is
counted from the mean of the two, and a figure of a round in which they differ by more than 15 % is dropped and measured
again. Each tracer must also have counted exactly what was done. The figures are medians over rounds; in brackets, the
quartiles. podtrace's first second is left out: there it has the kernel account what its programs cost, which adds about half
as much again to what a target pays (seen once: 455 ns against 317 for a `pread`) and a tenth for a bystander.

podtrace traces the target with the families `file`, `tcp`, `udp` and `process` (context switches: with `sched`) and
counts per process, peer and path, with bytes, errors and a histogram. bpftrace runs the script that one would write for
the same question about one process: the time in `pread` as a histogram; the time in `sendto` and `recvfrom` as a histogram
each; the time off the CPU as a histogram. A ratio is what podtrace adds divided by what bpftrace adds, each in proportion
to its own baseline, round by round.
";

/// The whole document.
pub(crate) fn write(figures: &Figures) -> String {
    let mut text = format!("{HEAD}\nMachine: {}.\n\n", figures.machine);
    goals(&mut text, figures);
    if let Some(prices) = &figures.prices {
        price(&mut text, prices);
    }
    if let Some(load) = &figures.load {
        under_load(&mut text, load);
    }
    if let Some(start) = &figures.start {
        let _ = writeln!(
            text,
            "## Start\n\nFrom podtrace's start with all families (profile `latency`), seconds: until the first operation of \
             a running process is counted {}, until a command that podtrace starts is let go {}.\n",
            spread(Some(start.first_operation), 2),
            spread(Some(start.release), 2)
        );
    }
    text.push_str(METHOD);
    text
}

/// One of the things that were aimed at.
struct Goal {
    what: &'static str,
    aim: &'static str,
    /// The figure as it is shown, and whether it is good enough; `None`: not measured.
    seen: Option<(String, bool)>,
    /// What the figure is made of, and so what would have to change.
    limit: String,
}

fn goals(text: &mut String, figures: &Figures) {
    let _ = writeln!(text, "## Goals\n\n| what | goal | seen | met | what limits it |\n|-|-|-|-|-|");
    for goal in all_goals(figures) {
        let (seen, met) = match goal.seen {
            Some((seen, true)) => (seen, "yes"),
            Some((seen, false)) => (seen, "**no**"),
            None => ("not measured".into(), "-"),
        };
        let _ = writeln!(text, "| {} | {} | {seen} | {met} | {} |", goal.what, goal.aim, goal.limit);
    }
    text.push('\n');
}

fn all_goals(figures: &Figures) -> Vec<Goal> {
    let ratio = |role, aim: f64| {
        let ratio = figures.prices.as_ref()?.ratio(Operation::SmallRead, role)?;
        Some((spread(Some(ratio), 2), ratio.median <= aim))
    };
    let untraced = |role| {
        let added = figures.prices.as_ref()?.added(Who::Podtrace, Operation::Untraced, role)?;
        Some((format!("+{} ns", spread(Some(added), 0)), added.median <= 70.0))
    };
    let load = figures.load.as_ref();
    vec![
        Goal {
            what: "a small `pread` of the target, podtrace's addition over bpftrace's",
            aim: "≤ 0.45",
            seen: ratio(Role::Target, 0.45),
            limit: small_read_limit(figures.prices.as_ref()),
        },
        Goal {
            what: "the same for a bystander",
            aim: "≤ 0.6",
            seen: ratio(Role::Bystander, 0.6),
            limit: "the kernel's own price of a system call with a tracepoint on it, which both pay".into(),
        },
        Goal {
            what: "an untraced system call of a bystander",
            aim: "≤ 70 ns",
            seen: untraced(Role::Bystander),
            limit: "the same price: while anything is attached to `sys_enter`, every call takes the slow way".into(),
        },
        Goal {
            what: "an untraced system call of the target",
            aim: "≤ 70 ns",
            seen: untraced(Role::Target),
            limit: "the same; which calls are observed is known by their numbers".into(),
        },
        Goal {
            what: "completeness at the highest rate of counted operations",
            aim: "100 %",
            seen: load.map(|load| completeness(&load.counted)),
            limit: "nothing: counting is done where the operation is".into(),
        },
        Goal {
            what: "events a second without loss",
            aim: "300 k/s",
            seen: load.map(|load| {
                let rate = load.lossless().map_or(0.0, Flood::rate);
                (format!("{:.0} k/s", rate / 1000.0), rate >= 297_000.0)
            }),
            limit: "the generator's two threads and podtrace share two CPUs".into(),
        },
        Goal {
            what: "CPU of podtrace while 34 thousand operations a second are counted",
            aim: "≤ 0.02 cores",
            seen: load.map(|load| {
                let share = load.steady.agent_share();
                (format!("{share:.4} cores"), share <= 0.02)
            }),
            limit: "the number of keys that are read once a second, not the number of operations".into(),
        },
        Goal {
            what: "peak memory of podtrace, over all runs under load",
            aim: "≤ 64 MiB",
            seen: load.map(|load| {
                let memory = load.memory() as f64 / MIB;
                (format!("{memory:.1} MiB"), memory <= 64.0)
            }),
            limit: "the kernel's type information, which is read to fit the programs to it, and batches of events"
                .into(),
        },
        Goal {
            what: "first event after the start",
            aim: "≤ 0.5 s",
            seen: figures.start.as_ref().map(|start| {
                let first = start.first_operation;
                (format!("{} s", spread(Some(first), 2)), first.median <= 0.5)
            }),
            limit: "the kernel verifies every program".into(),
        },
        Goal {
            what: "a command that podtrace starts is let go",
            aim: "≤ 0.5 s",
            seen: figures
                .start
                .as_ref()
                .map(|start| (format!("{} s", spread(Some(start.release), 2)), start.release.median <= 0.5)),
            limit: "the same, and the command's own cgroup".into(),
        },
    ]
}

/// What a counted read pays for.
fn small_read_limit(prices: Option<&Prices>) -> String {
    let anybody = prices.and_then(|prices| prices.added(Who::Podtrace, Operation::SmallRead, Role::Bystander));
    format!(
        "{}every process pays for programs at both ends of its calls; the rest is two looks at the clock, which any tracer of \
         latency takes, then the file's identity, compared in every call because a descriptor may have become another",
        anybody.map_or(String::new(), |spread| format!("{:.0} ns are what ", spread.median))
    )
}

fn completeness(flood: &Flood) -> (String, bool) {
    let share = flood.counted as f64 / flood.done as f64;
    (format!("{:.4} % of {:.2} M/s", share * 100.0, flood.rate() / 1e6), flood.counted == flood.done && flood.lost == 0)
}

fn price(text: &mut String, prices: &Prices) {
    let _ = writeln!(
        text,
        "## Price of an operation\n\nNanoseconds of CPU time. {} rounds were run, of which {} and more count for each figure \
         ({} figures were dropped as disturbed).\n\n\
         | operation | role | takes | podtrace adds | bpftrace adds | ratio |\n|-|-|-|-|-|-|",
        prices.rounds,
        prices.fewest(),
        prices.dropped
    );
    for operation in Operation::ALL {
        for role in Role::ALL {
            let _ = writeln!(
                text,
                "| {} | {} | {} | {} | {} | {} |",
                operation.label(),
                role.label(),
                prices.baseline(operation, role).map_or("-".into(), |spread| format!("{:.0}", spread.median)),
                spread(prices.added(Who::Podtrace, operation, role), 0),
                spread(prices.added(Who::Bpftrace, operation, role), 0),
                spread(prices.ratio(operation, role), 2),
            );
        }
    }
    text.push('\n');
}

fn under_load(text: &mut String, load: &Load) {
    let counted = &load.counted;
    let steady = &load.steady;
    let _ = writeln!(
        text,
        "## Under load\n\nTwo threads, one on each of two CPUs, read single bytes as fast as they can while podtrace counts: \
         {:.2} million operations a second, of which {} of {} were counted; podtrace used {:.3} cores.\n\n\
         At {STEADY_PACE} counted operations a second ({:.0} in fact) podtrace used {:.4} cores, {:.1} MiB of memory at \
         most, and the kernel's tables {:.1} MiB.\n\n\
         With an event for each operation (`detail=\"all\"`):\n\n\
         | asked for, events/s | made, events/s | arrived | lost | podtrace, cores | podtrace, MiB |\n|-|-|-|-|-|-|",
        counted.rate() / 1e6,
        counted.counted,
        counted.done,
        counted.agent_share(),
        steady.rate(),
        steady.agent_share(),
        steady.memory as f64 / MIB,
        steady.kernel_memory as f64 / MIB,
    );
    for flood in &load.sent {
        let asked = if flood.pace == 0 { "as many as possible".into() } else { format!("{} k", flood.pace / 1000) };
        let _ = writeln!(
            text,
            "| {asked} | {:.0} k | {} | {} | {:.2} | {:.1} |",
            flood.rate() / 1000.0,
            flood.seen,
            flood.lost,
            flood.agent_share(),
            flood.memory as f64 / MIB
        );
    }
    let replay = &load.replay;
    let seconds = replay.took.as_secs_f64();
    let _ = writeln!(
        text,
        "\nA recording of {} events ({:.1} MiB, {:.1} bytes an event) is replayed to a report in {seconds:.2} s: {:.2} million \
         events a second, {:.1} MiB a second of the file.\n",
        replay.events,
        replay.bytes as f64 / MIB,
        replay.bytes as f64 / replay.events as f64,
        replay.events as f64 / seconds / 1e6,
        replay.bytes as f64 / MIB / seconds,
    );
}

fn spread(spread: Option<Spread>, digits: usize) -> String {
    let Some(Spread { low, median, high }) = spread else { return "-".into() };
    format!("{median:.digits$} ({low:.digits$}–{high:.digits$})")
}
