//! A profile's document: which sections there are, and what each says.
//!
//! [`SECTIONS`] is the language: to add a section is one line there and one function.

mod limits;
mod option;
mod probes;
mod sink;
mod targets;
mod threshold;

use kdl::KdlNode;

use super::Profile;
use super::node::Context;
use super::node::Node;
use super::suggest::did_you_mean;
use super::suggest::either;
use super::suggest::quoted;

/// A top-level node that a profile may have.
#[derive(Debug)]
struct Section {
    /// Its name.
    name: &'static str,
    /// Whether it may be there only once.
    once: bool,
    /// Reads it into the profile.
    read: fn(Node<'_>, &mut Context<'_>, &mut Profile),
}

/// Every section, in the order the documentation shows them.
static SECTIONS: &[Section] = &[
    Section { name: "description", once: true, read: limits::description },
    Section { name: "targets", once: true, read: targets::targets },
    Section { name: "probes", once: true, read: probes::probes },
    Section { name: "threshold", once: false, read: threshold::threshold },
    Section { name: "sink", once: false, read: sink::sink },
    Section { name: "alerts", once: true, read: sink::alerts },
    Section { name: "window", once: true, read: limits::window },
    Section { name: "budget", once: true, read: limits::budget },
];

/// Sections of the language that this version cannot carry out, and what they are.
static LATER: &[(&str, &str)] = &[("rule", "rules")];

/// Reads all nodes of a document.
pub(super) fn document(nodes: &[KdlNode], context: &mut Context) -> Profile {
    let mut profile = Profile::default();
    let mut seen = Vec::new();
    for node in nodes {
        let node = Node::new(node, context);
        let name = node.name();
        match SECTIONS.iter().find(|section| section.name == name) {
            Some(section) if section.once && seen.contains(&name) => {
                let message = format!("`{name}` is there twice");
                context.mistake(&node.place(), message, "expected it once in a file").help =
                    Some(format!("put all of it into the first `{name}`, or into a file of its own"));
            }
            Some(section) => {
                seen.push(name);
                (section.read)(node, context, &mut profile);
            }
            None => unknown(&node, context),
        }
    }
    profile
}

fn unknown(node: &Node, context: &mut Context) {
    let name = node.name();
    let known = || SECTIONS.iter().map(|section| section.name);
    if let Some((_, what)) = LATER.iter().find(|(later, _)| *later == name) {
        let message = format!("this version of podtrace does not carry out {what}");
        context.mistake(&node.place(), message, "expected no such section yet").help =
            Some(format!("remove it, or strike it out as `/-{name}`; podtrace leaves out nothing silently"));
        return;
    }
    let message = format!("unknown section {}", quoted(name));
    context.mistake(&node.place(), message, format!("expected {}", either(known()))).help = did_you_mean(name, known());
}
