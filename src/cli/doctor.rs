//! `podtrace doctor`: what can be seen on this machine, what not, and why.

use std::io;
use std::io::Write;
use std::path::Path;

use super::arguments::Doctor;
use super::exit::Exit;
use super::exit::say;
use super::trace;
use crate::families;
use crate::host::Abilities;
use crate::host::Host;
use crate::host::Processes;
use crate::host::doctor;
use crate::host::doctor::TargetFinding;
use crate::host::doctor::containers;
use crate::host::doctor::containers::ContainerFinding;
use crate::pipeline;
use crate::profile::Profile;
use crate::sinks::terminal::Pipe;
use crate::targets;
use crate::targets::runtime::Runtime;

/// Looks, and tells.
pub(super) fn doctor(arguments: &Doctor) -> Exit {
    let root = Path::new("/");
    let host = Host::read(root);
    let abilities = Abilities::probe(&host, root);
    let processes = Processes::new(root);
    let mut text = String::new();
    let mut code = 0;
    let mut found_all = true;
    let selectors = trace::selectors_of(&arguments.selection);
    let findings: Vec<_> = selectors
        .iter()
        .map(|selector| {
            let answer = targets::resolve_one(0, selector, &host, &processes);
            found_all &= answer.is_ok();
            targets::finding(selector, &answer)
        })
        .collect();
    let (containers, missing) = pods(arguments, &host, root);
    found_all &= missing.is_none();
    let findings: Vec<_> = findings.into_iter().chain(missing).collect();
    let checks = doctor::checks(&host, &abilities, findings.first());
    code = code.max(doctor::exit_code(&checks));
    text.push_str(&doctor::render(&host, &checks));
    for finding in findings.iter().skip(1) {
        match &finding.found {
            Ok(how) => text.push_str(&format!("{}: {how}\n", finding.name)),
            Err(why) => text.push_str(&format!("{}: {why}\n", finding.name)),
        }
    }
    if !containers.is_empty() {
        let families: Vec<&str> = families::FAMILIES.iter().map(|family| family.name).collect();
        text.push('\n');
        text.push_str(containers::render(&containers, &families).trim_end());
        text.push('\n');
    }
    text.push_str(&features(&host));
    if Pipe::new(io::stdout()).write_all(text.as_bytes()).is_err() {
        return Exit::Failed;
    }
    match (code, found_all) {
        (0, true) => Exit::Fine,
        (0, false) => Exit::NotTraced,
        _ => Exit::Failed,
    }
}

/// The containers of the pods that were named, or why they are not here.
fn pods(arguments: &Doctor, host: &Host, root: &Path) -> (Vec<ContainerFinding>, Option<TargetFinding>) {
    let request = trace::pods_alone(&arguments.pods);
    if request.selectors.is_empty() {
        return (Vec::new(), None);
    }
    let mut progress = |text: &str| {
        say(text);
        true
    };
    match targets::pods::resolve(&request, root, host.namespaces, &mut progress) {
        Ok(found) => {
            found.remarks.iter().for_each(say);
            // Whoever told of the pods: which runtime runs them, it knows best itself.
            let runtime = Runtime::find(root, request.runtime.as_deref()).ok();
            (found.pods.iter().flat_map(|pod| pod.inspect(&found.source, runtime.as_ref(), root)).collect(), None)
        }
        Err(error) => {
            let names: Vec<String> = request.selectors.iter().map(ToString::to_string).collect();
            (Vec::new(), Some(TargetFinding { name: names.join(", "), found: Err(error.to_string()) }))
        }
    }
}

/// Per kind, whether it can be seen here.
fn features(host: &Host) -> String {
    let everything = Profile::load(&["everything".into()], &pipeline::vocabulary()).unwrap_or_default();
    let mut text = String::from("\nkinds\n");
    match pipeline::plan_here(host, &everything, None) {
        Ok(plan) => {
            for feature in &plan.coverage {
                let state = match (&feature.blind, &feature.degraded) {
                    (Some(why), _) => format!("no   {why}"),
                    (None, Some(why)) => format!("yes  {why}"),
                    (None, None) => "yes".to_owned(),
                };
                text.push_str(&format!("  {:<20} {state}\n", feature.feature));
            }
        }
        Err(error) => text.push_str(&format!("  none: {error}\n")),
    }
    text
}
