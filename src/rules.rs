//! Judging: what a profile said about windows of figures.
//!
//! A rule sees closed windows and says what it concluded, first as data ([`Crossing`]), then in words ([`findings`]).
//! Thresholds in KDL are all there is so far.

pub mod threshold;
mod wording;

pub use threshold::Contributor;
pub use threshold::Crossing;
pub use threshold::Outcome;
pub use threshold::Part;
pub use threshold::Thresholds;
pub use threshold::WorstWindow;
pub use wording::findings;
pub use wording::firing;
