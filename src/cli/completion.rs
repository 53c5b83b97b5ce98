//! `podtrace completion`: what a shell offers, told by podtrace itself while one types.
//!
//! The script that is printed calls podtrace again at each request, with `COMPLETE` in its environment. So names of pods
//! come from the cluster that the words typed so far mean. A shell has no place for messages: who cannot be asked in
//! time offers nothing.

use std::collections::BTreeSet;
use std::env;
use std::ffi::OsStr;
use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use clap::CommandFactory;
use clap_complete::CompleteEnv;
use clap_complete::CompletionCandidate;
use clap_complete::engine::ArgValueCompleter;
use clap_complete::engine::PathCompleter;
use clap_complete::engine::ValueCompleter;
use clap_complete::env::Shells;

use super::arguments::Arguments;
use super::arguments::Completion;
use super::exit::Exit;
use super::exit::say;
use crate::profile::SHIPPED;
use crate::rules::script;
use crate::targets::kubernetes::Access;
use crate::targets::kubernetes::Cluster;
use crate::targets::kubernetes::Query;
use crate::targets::pod::Pod;

/// The variable that the scripts set; its value is the shell's name.
const VARIABLE: &str = "COMPLETE";

/// Who presses a key waits no longer.
const PATIENCE: Duration = Duration::from_secs(2);

/// Workloads that a command line can name, as the API and as people call them.
const WORKLOADS: [(&str, &str); 5] =
    [("Deployment", "deploy"), ("StatefulSet", "sts"), ("DaemonSet", "ds"), ("Job", "job"), ("ReplicaSet", "rs")];

/// Answers a shell, if it is one that asks.
pub(super) fn answered() -> bool {
    let asked = CompleteEnv::with_factory(Arguments::command).var(VARIABLE).completer("podtrace");
    match asked.try_complete(env::args_os(), env::current_dir().ok().as_deref()) {
        Ok(answered) => answered,
        Err(error) => {
            say(error);
            true
        }
    }
}

/// Prints what a shell has to be told.
pub(super) fn completion(completion: &Completion) -> Exit {
    let shells = Shells::builtins();
    let Some(shell) = shells.completer(completion.shell.name()) else { return Exit::Usage };
    match shell.write_registration(VARIABLE, "podtrace", "podtrace", "podtrace", &mut io::stdout()) {
        Ok(()) => Exit::Fine,
        Err(_) => Exit::Failed,
    }
}

/// What may stand where a pod is named.
pub(super) fn pods() -> ArgValueCompleter {
    ArgValueCompleter::new(|current: &OsStr| offer(current, Typed::now().pods().iter().flat_map(names_of)))
}

/// What may stand after `-n`.
pub(super) fn namespaces() -> ArgValueCompleter {
    ArgValueCompleter::new(|current: &OsStr| {
        let typed = Typed { everywhere: true, ..Typed::now() };
        offer(current, typed.pods().into_iter().filter_map(|pod| pod.namespace))
    })
}

/// What may stand after `-c`: containers of the pods named so far, else of all.
pub(super) fn containers() -> ArgValueCompleter {
    ArgValueCompleter::new(|current: &OsStr| {
        let typed = Typed::now();
        let pods = typed.pods();
        let is_named = |pod: &&Pod| names_of(pod).iter().any(|name| typed.words.contains(name));
        let named: Vec<&Pod> = pods.iter().filter(is_named).collect();
        let meant = if named.is_empty() { pods.iter().collect() } else { named };
        let containers = meant.into_iter().flat_map(|pod| &pod.containers);
        offer(current, containers.map(|container| container.name.clone()))
    })
}

/// What may stand after `-p`: shipped profiles and files.
pub(super) fn profiles() -> ArgValueCompleter {
    ArgValueCompleter::new(|current: &OsStr| {
        let start = current.to_string_lossy();
        let shipped = SHIPPED.iter().filter(|profile| profile.name.starts_with(start.as_ref()));
        let shipped = shipped.map(|profile| CompletionCandidate::new(profile.name));
        shipped.chain(PathCompleter::file().complete(current)).collect()
    })
}

/// What may stand after `--rules`: shipped rules, files and folders.
pub(super) fn rules() -> ArgValueCompleter {
    ArgValueCompleter::new(|current: &OsStr| {
        let start = current.to_string_lossy();
        let shipped = script::SHIPPED.iter().filter(|rule| rule.name.starts_with(start.as_ref()));
        let shipped = shipped.map(|rule| CompletionCandidate::new(rule.name));
        shipped.chain(PathCompleter::any().complete(current)).collect()
    })
}

/// The names by which a pod can be meant: its own, and its workload's.
fn names_of(pod: &Pod) -> Vec<String> {
    let workload = pod.workload.as_ref().and_then(|workload| {
        let short = WORKLOADS.iter().find(|(kind, _)| *kind == workload.kind).map(|(_, short)| short)?;
        Some(format!("{short}/{}", workload.name))
    });
    [pod.name.clone(), format!("pod/{}", pod.name)].into_iter().chain(workload).collect()
}

/// Those names that go on as what stands there begins.
fn offer(current: &OsStr, names: impl Iterator<Item = String>) -> Vec<CompletionCandidate> {
    let start = current.to_string_lossy();
    // `pod/NAME` only for who has begun to write it: else every pod would be offered twice.
    let wanted =
        |name: &String| name.starts_with(start.as_ref()) && (start.starts_with("pod/") || !name.starts_with("pod/"));
    let names: BTreeSet<String> = names.filter(wanted).collect();
    names.into_iter().map(CompletionCandidate::new).collect()
}

/// What the words typed so far say about where to look. They are incomplete by nature, so no mistake is one.
#[derive(Debug, Default, PartialEq, Eq)]
struct Typed {
    namespace: Option<String>,
    everywhere: bool,
    kubeconfig: Option<PathBuf>,
    context: Option<String>,
    /// The others.
    words: Vec<String>,
}

impl Typed {
    /// The words come after `--`; the first is the program's name.
    fn now() -> Self {
        Self::of(env::args_os().skip_while(|word| word != "--").skip(2))
    }

    fn of(words: impl Iterator<Item = OsString>) -> Self {
        let mut typed = Self::default();
        let mut words = words.map(|word| word.to_string_lossy().into_owned());
        while let Some(word) = words.next() {
            let (name, value) = match word.split_once('=') {
                Some((name, value)) if word.starts_with("--") => (name, Some(value.to_owned())),
                _ => (word.as_str(), None),
            };
            let mut value = || value.clone().or_else(|| words.next());
            match name {
                "-A" | "--all-namespaces" => typed.everywhere = true,
                "-n" | "--namespace" => typed.namespace = value(),
                "--kubeconfig" => typed.kubeconfig = value().map(PathBuf::from),
                "--context" => typed.context = value(),
                _ => match word.strip_prefix("-n") {
                    Some(namespace) => typed.namespace = Some(namespace.trim_start_matches('=').to_owned()),
                    None => typed.words.push(word),
                },
            }
        }
        typed
    }

    fn pods(&self) -> Vec<Pod> {
        let access = Access { kubeconfig: self.kubeconfig.clone(), context: self.context.clone() };
        let Ok(cluster) = Cluster::connect(&access) else { return Vec::new() };
        let cluster = cluster.with_patience(PATIENCE);
        let everywhere = self.everywhere || self.namespace.as_deref() == Some("*");
        let namespace = self.namespace.clone().unwrap_or_else(|| cluster.namespace.clone());
        let query = Query { namespace: (!everywhere).then_some(namespace), ..Query::default() };
        cluster.pods(&query).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::Typed;

    fn typed(line: &str) -> Typed {
        Typed::of(line.split(' ').map(Into::into))
    }

    /// Check that what was typed says where to look, in each of the ways it can be written, finished or not.
    #[test]
    fn where_to_look() {
        for line in ["-n shop we", "--namespace shop we", "--namespace=shop we", "-nshop we", "we -n=shop"] {
            let typed = typed(line);
            assert_eq!(
                (typed.namespace.as_deref(), &typed.words[..]),
                (Some("shop"), &["we".to_owned()][..]),
                "{line}"
            );
        }
        let some = typed("doctor -A --kubeconfig /x/y --context=blue my-");
        assert!(some.everywhere && some.kubeconfig == Some("/x/y".into()) && some.context == Some("blue".into()));
        assert_eq!(some.words, ["doctor", "my-"]);
        assert_eq!(typed("-n").namespace, None);
    }
}
