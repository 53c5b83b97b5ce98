//! From a sink to its destination: bounded, in order, again where it failed, and counted.
//!
//! A [`Courier`] is one destination's task. It takes parcels out of a bounded channel, keeps them (in memory, and in a
//! [`spool`] where they must survive a restart), and carries them one after the other. Who hands a parcel over never
//! waits. What a destination is and how it takes a parcel is the sink's affair ([`Carrier`]); what may leave is decided
//! by [`redact`].

pub mod backoff;
pub mod counts;
pub mod courier;
pub mod http;
mod outbox;
pub mod redact;
pub mod secret;
pub mod spool;
mod tls;

pub use backoff::Backoff;
pub use counts::Counts;
pub use counts::Undelivered;
pub use courier::Carrier;
pub use courier::Courier;
pub use courier::Outcome;
pub use courier::Settings;
pub use redact::Redactor;
pub use secret::Secret;
pub use spool::Keeper;
pub use spool::Spool;
