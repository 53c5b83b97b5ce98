//! Destinations: what becomes of a report once it is made.
//!
//! Rendering is pure and belongs to [`crate::report`]; here it meets the terminal.

pub mod live;
pub mod terminal;
