//! `targets { pid 4711; cgroup "/system.slice"; unit "nginx.service" }`.

use super::super::Profile;
use super::super::Selector;
use super::super::node::Context;
use super::super::node::Node;
use super::super::suggest::did_you_mean;
use super::super::suggest::quoted;

/// The selectors of this version.
const SELECTORS: [&str; 3] = ["pid", "cgroup", "unit"];

/// Selectors of Kubernetes and containers, which the language has and this version cannot resolve.
const LATER: [&str; 15] = [
    "pod",
    "namespace",
    "container",
    "exclude",
    "label",
    "labels",
    "selector",
    "deploy",
    "deployment",
    "sts",
    "statefulset",
    "ds",
    "daemonset",
    "job",
    "node",
];

/// One past the highest process id there can be: `PID_MAX_LIMIT`, 2^22 (proc(5), `/proc/sys/kernel/pid_max`).
const PID_END: u32 = (1 << 22) + 1;

/// Reads the section.
pub(super) fn targets(mut node: Node, context: &mut Context, profile: &mut Profile) {
    for child in node.block(context, "a block with `pid`, `cgroup` or `unit`") {
        let mut child = Node::new(child, context);
        let selector = match child.name() {
            "pid" => pid(&mut child, context),
            "cgroup" => cgroup(&mut child, context),
            "unit" => unit(&mut child, context),
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
        child.finish(context, &[]);
    }
    node.finish(context, &[]);
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
    let expected = "expected `pid`, `cgroup` or `unit`";
    if LATER.contains(&name) {
        let message = format!("{} cannot be resolved by this version of podtrace", quoted(name));
        context.mistake(&node.place(), message, expected).help =
            Some("this version traces commands, pids, cgroups and units".to_owned());
    } else if name == "command" {
        let message = "`command` is no target of a profile".to_owned();
        context.mistake(&node.place(), message, expected).help =
            Some("a command is given on the command line: `podtrace run -- CMD ARGS…`".to_owned());
    } else {
        let message = format!("unknown target {}", quoted(name));
        context.mistake(&node.place(), message, expected).help = did_you_mean(name, SELECTORS);
    }
}
