//! `sink "webhook" url-env="ALERT_URL" min-severity="critical"` and `alerts dedup="5m" rate=10`.

use kdl::KdlNode;

use super::super::AlertPace;
use super::super::HeaderRequest;
use super::super::HeaderValue;
use super::super::Profile;
use super::super::SinkRequest;
use super::super::node::Context;
use super::super::node::Node;
use super::super::suggest::did_you_mean;
use super::super::suggest::either;
use super::super::suggest::quoted;
use super::super::vocabulary::SinkWords;
use super::option;
use super::threshold;

/// Sinks that a profile may have: each is a connection and a queue.
const SINKS_MAX: usize = 32;

/// The highest rate: more a minute is no message to people.
const RATE_END: u32 = 10_001;

/// Reads `sink`.
pub(super) fn sink(mut node: Node, context: &mut Context, profile: &mut Profile) {
    let vocabulary = context.vocabulary;
    let names = || vocabulary.sinks.iter().map(|sink| sink.name);
    let expected = format!("the name of a sink: {}", either(names()));
    let Some(value) = node.argument(context, &expected) else { return };
    let Some(name) = value.string(context, &expected) else { return };
    let Some(words) = vocabulary.sinks.iter().find(|sink| sink.name == name) else {
        let message = format!("unknown sink {}", quoted(name));
        context.mistake(&value.place(), message, format!("expected {}", either(names()))).help =
            did_you_mean(name, names());
        return;
    };
    let mut request = SinkRequest { sink: name.to_owned(), options: Default::default(), headers: Vec::new() };
    let mistakes = context.mistakes.len();
    let mut given = Vec::new();
    for spec in words.options {
        let Some(value) = node.property(context, spec.name) else { continue };
        given.push(spec.name);
        if let Some(value) = option::read(spec, value, context) {
            request.options.insert(spec.name.to_owned(), value);
        }
    }
    if words.headers && node.has_block() {
        for child in node.block(context, "`header \"NAME\" env=\"VARIABLE\"`") {
            request.headers.extend(header(child, context));
        }
    }
    needed(&node, words, &given, context);
    if context.mistakes.len() > mistakes {
        // Half of it is missing: what it is like cannot be told.
    } else if profile.sinks.contains(&request) {
        context.mistake(&node.place(), format!("the sink `{name}` is there twice"), "expected it once");
    } else if profile.sinks.len() >= SINKS_MAX {
        context.mistake(&node.place(), "there are too many sinks".to_owned(), format!("expected at most {SINKS_MAX}"));
    } else {
        profile.sinks.push(request);
    }
    let options: Vec<_> = words.options.iter().map(|option| option.name).collect();
    node.finish(context, &options);
}

/// Of each group exactly one must be given.
fn needed(node: &Node, words: &SinkWords, given: &[&str], context: &mut Context) {
    for group in words.one_of {
        let count = group.iter().filter(|option| given.contains(*option)).count();
        let message = match count {
            0 => format!("the sink `{}` does not say where to", words.name),
            1 => continue,
            _ => format!("the sink `{}` says the same thing in several ways", words.name),
        };
        context.mistake(&node.place(), message, format!("expected one of {}", either(group.iter().copied())));
    }
}

fn header(child: &KdlNode, context: &mut Context) -> Option<HeaderRequest> {
    let mut node = Node::new(child, context);
    if node.name() != "header" {
        let message = format!("a sink's block has no {}", quoted(node.name()));
        context.mistake(&node.place(), message, "expected `header`").help = did_you_mean(node.name(), ["header"]);
        return None;
    }
    let what = "a header's name such as `\"X-Scope-OrgID\"`";
    let name = node.argument(context, what).and_then(|value| value.string(context, what));
    let text = node.property(context, "value").map(|value| value.string(context, "its value").map(str::to_owned));
    let env = node.property(context, "env").map(|value| option::variable(value, context));
    let file = node.property(context, "file").map(|value| value.string(context, "a file's path").map(str::to_owned));
    let several = usize::from(text.is_some()) + usize::from(env.is_some()) + usize::from(file.is_some());
    if several != 1 {
        let message = "a header needs its value in one way".to_owned();
        context.mistake(&node.place(), message, "expected one of `value`, `env` or `file`");
    }
    let value = match (text, env, file) {
        (Some(text), None, None) => text.map(HeaderValue::Text),
        (None, Some(env), None) => env.map(HeaderValue::Env),
        (None, None, Some(file)) => file.map(HeaderValue::File),
        _ => None,
    };
    node.finish(context, &["value", "env", "file"]);
    Some(HeaderRequest { name: name?.to_owned(), value: value? })
}

/// Reads `alerts`.
pub(super) fn alerts(mut node: Node, context: &mut Context, profile: &mut Profile) {
    let dedup = node.property(context, "dedup");
    let rate = node.property(context, "rate");
    let severity = node.property(context, "min-severity");
    if dedup.is_none() && rate.is_none() && severity.is_none() && !node.has_unread_properties() {
        let message = "`alerts` says nothing".to_owned();
        context.mistake(&node.place(), message, "expected `dedup=\"5m\"`, `rate=10` or `min-severity=\"warning\"`");
    }
    profile.alerts = AlertPace {
        dedup_ns: dedup.and_then(|value| value.duration_ns(context)),
        rate_per_minute: rate
            .and_then(|value| value.integer(context, 1..RATE_END, "a whole number a minute such as `10`")),
        min_severity: severity.and_then(|value| threshold::severity(&value, context)),
    };
    node.finish(context, &["dedup", "rate", "min-severity"]);
}
