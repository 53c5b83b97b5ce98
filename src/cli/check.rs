//! `podtrace check`: read profiles, explain what they would do, load nothing.

use std::io;
use std::io::Write;
use std::path::Path;

use super::arguments::Check;
use super::exit::Exit;
use super::trace;
use crate::host::Host;
use crate::pipeline;
use crate::plan::explain::explain;
use crate::sinks::terminal::Pipe;

/// Explains the merged profiles, and what of them this machine can do.
pub(super) fn check(check: &Check) -> Exit {
    let profile = match trace::profile(&check.profiles) {
        Ok(profile) => profile,
        Err(exit) => return exit,
    };
    let mut text = profile.explain(&pipeline::vocabulary());
    text.push_str("\non this machine:\n");
    match pipeline::plan_here(&Host::read(Path::new("/")), &profile, None) {
        Ok(plan) => text.push_str(&explain(&plan)),
        Err(error) => text.push_str(&format!("nothing can be traced: {error}\n")),
    }
    match Pipe::new(io::stdout()).write_all(text.as_bytes()) {
        Ok(()) => Exit::Fine,
        Err(_) => Exit::Failed,
    }
}
