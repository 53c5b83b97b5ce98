//! Judging: what a profile said about windows of figures.
//!
//! A rule sees closed windows and says what it concluded, as data ([`Crossing`]); words are made from it in
//! [`crate::finding`]. Thresholds in KDL are all there is so far.

pub mod threshold;

pub use threshold::Contributor;
pub use threshold::Crossing;
pub use threshold::Outcome;
pub use threshold::Part;
pub use threshold::Thresholds;
pub use threshold::WorstWindow;
