//! A plan in words, for `podtrace check` and for logs.

use std::fmt::Write;

use super::Plan;
use crate::families::NEVER;

/// What a plan does: kinds, from when on they are kept as events, hooks, and what is blind.
pub fn explain(plan: &Plan) -> String {
    let mut text = String::new();
    for family in &plan.families {
        let _ = writeln!(text, "{}: {}", family.name, family.about);
        for kind in family.kinds {
            let planned = plan.coverage.iter().find(|feature| feature.feature == kind.name);
            let state = match planned.and_then(|feature| feature.blind.as_deref()) {
                Some(reason) => format!("cannot be seen: {reason}"),
                None => format!("counted; {}", events(plan.slow_ns[usize::from(kind.id.0)])),
            };
            let _ = writeln!(text, "  {:<20} {state}", kind.name);
        }
    }
    let hooks: Vec<&str> = plan.hooks.iter().map(|hook| hook.point).collect();
    let _ = writeln!(text, "hooks: {}", hooks.join(", "));
    let _ = writeln!(text, "system calls: {}", plan.operations.len());
    text
}

/// From when on operations of a kind are kept as events.
fn events(from_ns: u64) -> String {
    match from_ns {
        0 => "each is an event".into(),
        NEVER => "failures are events".into(),
        ns => format!("failures, and those over {} ms, are events", ns as f64 / 1e6),
    }
}
