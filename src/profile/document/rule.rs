//! `rule "slow-dependency" p99="250ms" for="30s"`.

use super::super::ParamKind;
use super::super::ParamSpec;
use super::super::ParamValue;
use super::super::Profile;
use super::super::RuleUse;
use super::super::node::Context;
use super::super::node::Node;
use super::super::node::Value;
use super::super::suggest::did_you_mean;
use super::super::suggest::either;
use super::super::suggest::quoted;
use crate::event::Severity;

/// Reads the section.
pub(super) fn rule(mut node: Node, context: &mut Context, profile: &mut Profile) {
    let vocabulary = context.vocabulary;
    let what = "a rule's name such as `\"slow-dependency\"`";
    let argument = node.argument(context, what);
    let name = argument.and_then(|value| value.string(context, what));
    let Some((argument, name)) = argument.zip(name) else {
        return;
    };
    let Some(spec) = vocabulary.rules.iter().find(|rule| rule.name == name) else {
        let names = || vocabulary.rules.iter().map(|rule| rule.name.as_str());
        let expected = format!("expected {}", either(names()));
        let own = "a rule of your own is given with `--rules FILE`".to_owned();
        context.mistake(&argument.place(), format!("unknown rule {}", quoted(name)), expected).help =
            Some(did_you_mean(name, names()).unwrap_or(own));
        return;
    };
    if profile.rules.iter().any(|rule| rule.name == name) {
        let message = format!("the rule `{name}` is there twice");
        context.mistake(&argument.place(), message, "expected it once, with all its parameters");
    }
    let mut used = RuleUse::plain(name);
    used.for_ns = node.property(context, "for").and_then(|value| value.duration_ns(context));
    used.severity = node.property(context, "severity").and_then(|value| {
        let word = value.word(context, &Severity::ALL.map(Severity::name))?;
        Severity::ALL.into_iter().find(|severity| severity.name() == word)
    });
    for param in &spec.params {
        if let Some(value) = node.property(context, &param.name).and_then(|value| read(param, value, context)) {
            used.params.insert(param.name.clone(), value);
        }
    }
    let known: Vec<_> = spec.params.iter().map(|param| param.name.as_str()).chain(["for", "severity"]).collect();
    node.finish(context, &known);
    profile.rules.push(used);
}

fn read(param: &ParamSpec, value: Value, context: &mut Context) -> Option<ParamValue> {
    let expected = param.kind.expected();
    let read = match &param.kind {
        ParamKind::Flag => return value.flag(context).map(ParamValue::Flag),
        ParamKind::Words(words) => {
            let words: Vec<_> = words.iter().map(String::as_str).collect();
            return value.word(context, &words).map(|word| ParamValue::Text(word.to_owned()));
        }
        ParamKind::Text => value.string(context, &expected).map(|text| ParamValue::Text(text.to_owned()))?,
        kind => match kind.read(&value.written()) {
            Ok(read) => read,
            Err(why) => {
                value.unfit(context, &why, &expected);
                return None;
            }
        },
    };
    if let Some(range) = param.out_of_range(&read) {
        value.unfit(context, "is out of range", &range);
        return None;
    }
    Some(read)
}
