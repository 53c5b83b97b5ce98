//! Figures for other systems: counters and histograms over the whole run, by kind, target and process name.
//!
//! A [`Ledger`] adds up ticks and nothing else, so sums and counts are those of the kernel. A [`Snapshot`] is a copy of it
//! as metric families, which sinks write in their own way. What is exported under which name is in [`catalogue`]. Series
//! are bounded: what exceeds the budget is counted under `other`, and totals stay exact.

pub mod bounds;
pub mod catalogue;
pub mod family;
pub mod labels;
pub mod ledger;
pub mod own;
pub mod rule;
#[cfg(test)]
mod tests;

pub use family::Family;
pub use family::Form;
pub use family::Series;
pub use family::Snapshot;
pub use family::Value;
pub use ledger::Ledger;
pub use rule::RuleFigures;
pub use rule::RuleMetric;
