//! What happens when something is wrong: clear errors, the right exit codes, nothing left behind, and the traced command
//! never harmed.
//!
//! Root is needed. A test that compares nothing fails.

#[path = "../rig/rig.rs"]
mod rig;
