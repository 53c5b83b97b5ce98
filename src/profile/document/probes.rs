//! `probes { tcp; udp; file slow="10ms"; sched offcpu-over="5ms" }`.

use super::super::ProbeRequest;
use super::super::Profile;
use super::super::node::Context;
use super::super::node::Node;
use super::super::suggest::did_you_mean;
use super::super::suggest::either;
use super::super::suggest::quoted;
use super::option::read;

/// Reads the section.
pub(super) fn probes(mut node: Node, context: &mut Context, profile: &mut Profile) {
    let vocabulary = context.vocabulary;
    let names = || vocabulary.families.iter().map(|family| family.name);
    for child in node.block(context, &format!("a block with families: {}", either(names()))) {
        let mut child = Node::new(child, context);
        let name = child.name();
        let Some(family) = vocabulary.families.iter().find(|family| family.name == name) else {
            let message = format!("unknown family {}", quoted(name));
            context.mistake(&child.place(), message, format!("expected {}", either(names()))).help =
                did_you_mean(name, names());
            continue;
        };
        if profile.probes.iter().any(|request| request.family == name) {
            let message = format!("the family `{name}` is there twice");
            context.mistake(&child.place(), message, "expected it once, with all its options");
        }
        let mut request = ProbeRequest { family: name.to_owned(), options: Default::default() };
        for option in family.options {
            if let Some(value) = child.property(context, option.name).and_then(|value| read(option, value, context)) {
                request.options.insert(option.name.to_owned(), value);
            }
        }
        let options: Vec<_> = family.options.iter().map(|option| option.name).collect();
        child.finish(context, &options);
        profile.probes.push(request);
    }
    node.finish(context, &[]);
}
