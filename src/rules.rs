//! Judging: what a profile said about windows of figures.
//!
//! A rule sees closed windows and says what it concluded. Thresholds in KDL say it first as data ([`Crossing`]), then in
//! words ([`findings`]); rules in Lua ([`script`]) say it in words of their own.

pub mod script;
pub mod threshold;
mod wording;

pub use script::Scripts;
pub use script::Section;
pub use script::Status;
pub use threshold::Contributor;
pub use threshold::Crossing;
pub use threshold::Outcome;
pub use threshold::Part;
pub use threshold::Thresholds;
pub use threshold::WorstWindow;
pub use wording::findings;
pub use wording::firing;
