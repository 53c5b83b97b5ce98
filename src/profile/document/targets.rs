//! `targets { pod "api-*" namespace="production"; exclude container="istio-proxy"; pid 4711; unit "nginx.service" }`.

use super::super::InNamespace;
use super::super::Narrowing;
use super::super::PodSelector;
use super::super::Profile;
use super::super::Selector;
use super::super::Subject;
use super::super::node::Context;
use super::super::node::Node;
use super::super::node::Value;
use super::super::selector;
use super::super::selector::Exclusion;
use super::super::selector::SelectorError;
use super::super::suggest::did_you_mean;
use super::super::suggest::quoted;

/// The words there are, each with one spelling.
const WORDS: [&str; 14] = [
    "pod",
    "deploy",
    "sts",
    "ds",
    "job",
    "rs",
    "label",
    "node",
    "namespace",
    "container",
    "exclude",
    "pid",
    "cgroup",
    "unit",
];

/// What is expected, for messages.
const EXPECTED: &str = "expected `pod`, `deploy`, `sts`, `ds`, `job`, `rs`, `label`, `node`, `namespace`, `container`, \
                        `exclude`, `pid`, `cgroup` or `unit`";

/// One past the highest process id there can be: `PID_MAX_LIMIT`, 2^22 (proc(5), `/proc/sys/kernel/pid_max`).
const PID_END: u32 = (1 << 22) + 1;

/// Reads the section.
pub(super) fn targets(mut node: Node, context: &mut Context, profile: &mut Profile) {
    for child in
        node.block(context, "a block with what to trace, e.g. `pod \"web-*\"`, `pid 4711`, `unit \"a.service\"`")
    {
        let mut child = Node::new(child, context);
        let mut properties: &[&str] = &[];
        let selector = match child.name() {
            "pid" => pid(&mut child, context),
            "cgroup" => cgroup(&mut child, context),
            "unit" => unit(&mut child, context),
            "namespace" => namespace(&mut child, context),
            "container" => {
                container(&mut child, context, &mut profile.narrowing);
                None
            }
            "exclude" => {
                properties = &EXCLUDED;
                exclude(&mut child, context, &mut profile.narrowing);
                None
            }
            sort if Subject::is_sort(sort) => {
                properties = &["namespace"];
                pods(&mut child, context)
            }
            _ => {
                unknown(&child, context);
                continue;
            }
        };
        match selector {
            Some(selector) if profile.targets.contains(&selector) => {
                context.mistake(&child.place(), format!("{selector} is there twice"), "expected it once");
            }
            Some(selector) => profile.targets.push(selector),
            None => {}
        }
        child.finish(context, properties);
    }
    node.finish(context, &[]);
}

/// `pod "api-*" namespace="production"`, and the same for workloads, labels and nodes.
fn pods(node: &mut Node, context: &mut Context) -> Option<Selector> {
    let what = match node.name() {
        "label" => "a label selector such as `\"app=web\"`",
        "pod" | "pods" | "po" => "a pod's name such as `\"web-0\"`, or a pattern such as `\"api-*\"`",
        _ => "a name such as `\"web\"`",
    };
    let named = node.argument(context, what);
    let namespace = node.property(context, "namespace");
    let value = named?;
    let text = value.string(context, what)?;
    let subject = fits(Subject::of_sort(node.name(), text), value, context, what);
    let namespace = match namespace {
        None => InNamespace::Default,
        Some(value) => in_namespace(value, context)?,
    };
    Some(Selector::Pods(PodSelector { subject: subject?, namespace }))
}

/// `namespace "production"`: all pods in it.
fn namespace(node: &mut Node, context: &mut Context) -> Option<Selector> {
    let value = node.argument(context, NAMESPACE)?;
    let namespace = in_namespace(value, context)?;
    Some(Selector::Pods(PodSelector { subject: Subject::All, namespace }))
}

/// What a namespace is, for messages.
const NAMESPACE: &str = "a namespace's name such as `\"production\"`, or `\"*\"` for all";

fn in_namespace(value: Value, context: &mut Context) -> Option<InNamespace> {
    let name = value.string(context, NAMESPACE)?;
    fits(InNamespace::parse(name), value, context, NAMESPACE)
}

/// `container "app"`: only containers of this name.
fn container(node: &mut Node, context: &mut Context, narrowing: &mut Narrowing) {
    let what = "a container's name such as `\"app\"`, or a pattern";
    let Some(value) = node.argument(context, what) else { return };
    let Some(name) = value.string(context, what) else { return };
    let Some(pattern) = fits(selector::container(name), value, context, what) else { return };
    if narrowing.containers.contains(&pattern) {
        let message = format!("container {} is there twice", quoted(name));
        context.mistake(&node.place(), message, "expected it once");
    } else {
        narrowing.containers.push(pattern);
    }
}

/// What can be left out.
const EXCLUDED: [&str; 3] = ["container", "pod", "namespace"];

/// `exclude container="istio-proxy"`.
fn exclude(node: &mut Node, context: &mut Context, narrowing: &mut Narrowing) {
    let mut any = false;
    for sort in EXCLUDED {
        let Some(value) = node.property(context, sort) else { continue };
        any = true;
        let what = "a name such as `\"istio-proxy\"`, or a pattern";
        let Some(name) = value.string(context, what) else { continue };
        let Some(exclusion) = fits(Exclusion::parse(&format!("{sort}/{name}")), value, context, what) else { continue };
        if narrowing.without.contains(&exclusion) {
            context.mistake(&value.place(), format!("{exclusion} is left out twice"), "expected it once");
        } else {
            narrowing.without.push(exclusion);
        }
    }
    if !any && !node.has_unread_properties() {
        context.mistake(
            &node.place(),
            "`exclude` does not say what".to_owned(),
            "expected `container=`, `pod=` or `namespace=` after it",
        );
    }
}

/// What was read, or a mistake at its place.
fn fits<T>(read: Result<T, SelectorError>, value: Value, context: &mut Context, what: &str) -> Option<T> {
    read.map_err(|error| {
        let text = error.to_string();
        let (message, expected) = text.split_once(": expected ").unwrap_or((text.as_str(), what));
        context.mistake(&value.place(), message.to_owned(), format!("expected {expected}"));
    })
    .ok()
}

fn pid(node: &mut Node, context: &mut Context) -> Option<Selector> {
    let what = "a process id such as `4711`";
    node.argument(context, what)?.integer(context, 1..PID_END, what).map(Selector::Pid)
}

fn cgroup(node: &mut Node, context: &mut Context) -> Option<Selector> {
    let what = "a cgroup's path such as `\"/system.slice\"`";
    let value = node.argument(context, what)?;
    let path = value.string(context, what)?;
    if !path.starts_with('/') {
        value.unfit(context, "does not begin with `/`", what);
        return None;
    }
    Some(Selector::Cgroup(path.to_owned()))
}

fn unit(node: &mut Node, context: &mut Context) -> Option<Selector> {
    let what = "a systemd unit's name such as `\"nginx.service\"`";
    let value = node.argument(context, what)?;
    let name = value.string(context, what)?;
    if name.contains('/') {
        value.unfit(context, "is a path", what);
        return None;
    }
    Some(Selector::Unit(name.to_owned()))
}

fn unknown(node: &Node, context: &mut Context) {
    let name = node.name();
    if name == "command" {
        let message = "`command` is no target of a profile".to_owned();
        context.mistake(&node.place(), message, EXPECTED).help =
            Some("a command is given on the command line: `podtrace run -- CMD ARGS…`".to_owned());
    } else {
        let message = format!("unknown target {}", quoted(name));
        context.mistake(&node.place(), message, EXPECTED).help = did_you_mean(name, WORDS);
    }
}
