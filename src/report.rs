//! The report: one model ([`Report`]), made from a session's items, from which every format is written.
//!
//! A [`Builder`] takes items as they come and makes the model at the end. Formats ([`render`], [`csv`]) compute nothing
//! that the model does not hold, so that they cannot disagree. Everything here is pure: no kernel, no clock, no
//! environment; the same items give the same bytes. The JSON's schema is `doc/report.schema.json`.

mod builder;
mod completeness;
mod coverage;
pub mod csv;
pub mod live;
pub mod model;
pub mod render;
mod sections;
mod signals;
#[cfg(test)]
mod tests;
mod verdict;

pub use builder::Builder;
pub use live::Live;
pub use model::Named;
pub use model::Report;
