//! `podtrace check`: read profiles and rules, explain what they would do, load nothing.

use std::fmt::Write as _;
use std::io;
use std::io::Write as _;
use std::path::Path;
use std::path::PathBuf;

use super::arguments::Check;
use super::exit::Exit;
use super::exit::say;
use super::trace;
use crate::families;
use crate::host::Host;
use crate::pipeline;
use crate::plan::explain::explain;
use crate::rules::script;
use crate::rules::script::Declaration;
use crate::sinks::terminal::Pipe;

/// Explains rules, and the merged profiles with what of them this machine can do.
pub(super) fn check(check: &Check) -> Exit {
    let is_rule = |path: &&PathBuf| path.extension().is_some_and(|end| end == "lua");
    let (rules, profiles): (Vec<_>, Vec<_>) = check.files.iter().partition(is_rule);
    let mut text = String::new();
    let mut wrong = false;
    for path in rules {
        match rule(path) {
            Ok(explained) => text.push_str(&explained),
            Err(()) => wrong = true,
        }
    }
    if !profiles.is_empty() {
        let profiles: Vec<_> = profiles.into_iter().cloned().collect();
        let (profile, library) = match trace::profile(&profiles, &check.rules) {
            Ok(read) => read,
            Err(exit) => return exit,
        };
        let mut profile = profile;
        library.apply(&mut profile);
        text.push_str(&profile.explain(&pipeline::words(&library)));
        text.push_str("\non this machine:\n");
        match pipeline::plan_here(&Host::read(Path::new("/")), &profile, None) {
            Ok(plan) => text.push_str(&explain(&plan)),
            Err(error) => text.push_str(&format!("nothing can be traced: {error}\n")),
        }
    }
    match Pipe::new(io::stdout()).write_all(text.as_bytes()) {
        Ok(()) if wrong => Exit::Usage,
        Ok(()) => Exit::Fine,
        Err(_) => Exit::Failed,
    }
}

/// What a file of rules says; its mistakes are shown.
fn rule(path: &Path) -> Result<String, ()> {
    let texts = script::find(path).map_err(say)?;
    let mut explained = String::new();
    let mut wrong = false;
    for text in texts {
        match script::check(&text, families::kinds()) {
            Ok(declaration) => explained.push_str(&of_rule(&declaration)),
            Err(mistakes) => {
                mistakes.iter().for_each(say);
                wrong = true;
            }
        }
    }
    if wrong { Err(()) } else { Ok(explained) }
}

fn of_rule(rule: &Declaration) -> String {
    let names =
        |kinds: &[&'static crate::event::Kind]| kinds.iter().map(|kind| kind.name).collect::<Vec<_>>().join(", ");
    let spec = &rule.spec;
    let mut text = format!("rule {}\n  {}\n", spec.name, spec.about);
    if !rule.needs.is_empty() {
        let _ = writeln!(text, "  needs {}", names(&rule.needs));
    }
    if !rule.wants.is_empty() {
        let _ = writeln!(text, "  also looks at {}", names(&rule.wants));
    }
    for param in &spec.params {
        let default = param.kind.written(&param.default);
        let _ = writeln!(text, "  {}=\"{default}\" ({}): {}", param.name, param.kind.name(), param.about);
    }
    for metric in &rule.metrics {
        let _ = writeln!(text, "  figure {}: {}", metric.name, metric.about);
    }
    if rule.has_section {
        text.push_str("  makes a section of the report\n");
    }
    text
}
