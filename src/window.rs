//! What was counted, added up: over the whole run ([`Store`]) and over stretches of it ([`Window`]).
//!
//! Items come in, figures stay: per kind in all and per object, process, target and detail. Memory is bounded: every
//! table has a limit, what finds no room is folded into an exact rest, and how much was folded is counted. Nothing is
//! judged here ([`crate::rules`]) and nothing is written ([`crate::report`]).

pub mod catalogue;
pub mod figures;
pub mod incidents;
pub mod names;
pub mod notable;
pub mod peers;
pub mod sliding;
pub mod snapshot;
pub mod store;
pub mod table;
pub mod tallies;
pub mod timeline;
pub mod tumbling;

pub use catalogue::Catalogue;
pub use figures::Figures;
pub use figures::Weight;
pub use incidents::Incidents;
pub use names::Names;
pub use notable::Notable;
pub use peers::PeerNames;
pub use sliding::Windows;
pub use snapshot::KindSnapshot;
pub use snapshot::Moment;
pub use snapshot::Snapshot;
pub use store::Losses;
pub use store::Store;
pub use table::Table;
pub use tallies::Breakdown;
pub use tallies::Tallies;
pub use timeline::Timeline;
pub use tumbling::Window;
