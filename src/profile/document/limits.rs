//! `description`, `window` and `budget`.

use super::super::Budget;
use super::super::Profile;
use super::super::node::Context;
use super::super::node::Node;
use super::super::unit;

/// The shortest window, in nanoseconds: below it percentiles would be made of a handful of operations.
const WINDOW_MIN_NS: u64 = 100_000_000;

/// The longest window, in nanoseconds: what a window holds stays in memory until it closes.
const WINDOW_MAX_NS: u64 = 3_600_000_000_000;

/// The most steps of a window: each is kept until it leaves the window.
const STEPS_MAX: u64 = 60;

/// `description "Where the time goes"`.
pub(super) fn description(mut node: Node, context: &mut Context, profile: &mut Profile) {
    let what = "a sentence in quotes";
    if let Some(value) = node.argument(context, what) {
        profile.description = value.string(context, what).map(str::to_owned);
    }
    node.finish(context, &[]);
}

/// `window "10s"`, or `window "30s" every="10s"`: windows of 30 s that overlap.
pub(super) fn window(mut node: Node, context: &mut Context, profile: &mut Profile) {
    let every = node.property(context, "every");
    let every = every.and_then(|value| Some((value, value.duration_ns(context)?)));
    let value = node.argument(context, unit::DURATION);
    if let Some((value, window_ns)) = value.and_then(|value| Some((value, value.duration_ns(context)?))) {
        if (WINDOW_MIN_NS..=WINDOW_MAX_NS).contains(&window_ns) {
            profile.window_ns = Some(window_ns);
        } else {
            value.unfit(context, "is out of range", "a duration from `100ms` to `1h`");
        }
    }
    if let (Some((value, step_ns)), Some(window_ns)) = (every, profile.window_ns) {
        let steps = window_ns.checked_div(step_ns).unwrap_or(0);
        if step_ns >= WINDOW_MIN_NS && window_ns.is_multiple_of(step_ns) && (1..=STEPS_MAX).contains(&steps) {
            profile.step_ns = Some(step_ns);
        } else {
            let expected = "a part of the window that goes into it 2 to 60 times, and `100ms` at least";
            value.unfit(context, "does not divide the window", expected);
        }
    }
    node.finish(context, &["every"]);
}

/// `budget cpu="2%" memory="128MiB"`.
pub(super) fn budget(mut node: Node, context: &mut Context, profile: &mut Profile) {
    let cpu = node.property(context, "cpu");
    let memory = node.property(context, "memory");
    if cpu.is_none() && memory.is_none() {
        let message = "`budget` limits nothing".to_owned();
        context.mistake(&node.place(), message, "expected `cpu=\"2%\"`, `memory=\"128MiB\"` or both");
    }
    let mut budget = Budget::default();
    if let Some((value, share)) = cpu.and_then(|v| Some((v, v.quantity(context, unit::share, unit::SHARE)?))) {
        budget.cpu = (share > 0.0).then_some(share);
        if budget.cpu.is_none() {
            value.unfit(context, "leaves nothing", "more than `0%` of one CPU");
        }
    }
    if let Some((value, bytes)) = memory.and_then(|v| Some((v, v.quantity(context, unit::bytes, unit::SIZE)?))) {
        budget.memory_bytes = (bytes > 0).then_some(bytes);
        if budget.memory_bytes.is_none() {
            value.unfit(context, "leaves nothing", "more than `0B`");
        }
    }
    profile.budget = Some(budget);
    node.finish(context, &["cpu", "memory"]);
}
