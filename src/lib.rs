//! podtrace: why is this pod slow or failing? Answers from outside, on demand, with nothing to instrument.
//!
//! The arrow, in reading order; a stage imports the vocabulary ([`event`]) and the stages before it, and only
//! [`pipeline`] and [`cli`] know everybody (`tests/house_rules.rs` enforces it):
//!
//! ```text
//! profile ─► plan ─► probe ─► event, tally ─► enrich ─► window ─► rules ─► finding ─► sinks
//!    │         ▲        ▲                                   │                  │
//!    └► targets┘  host ┘   families                         └───► report ◄─────┘
//! ```

pub mod event;

pub mod wire;

pub mod profile;

pub mod host;

pub mod targets;

pub mod families;

pub mod plan;

pub mod probe;

pub mod enrich;

pub mod window;

pub mod rules;

pub mod finding;

pub mod report;

pub mod delivery;

pub mod metrics;

pub mod sinks;

pub mod pipeline;

pub mod cli;
