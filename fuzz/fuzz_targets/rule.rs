//! Any text is a rule that judges, or has mistakes: nothing panics, nothing goes on without an end.
//!
//! The text is taken as a whole file and as the body of `evaluate`, so that what a rule returns is reached too.
//!
//! `./dev fuzz rule`

#![no_main]

use libfuzzer_sys::fuzz_target;
use podtrace::families;
use podtrace::rules::script;
use podtrace::rules::script::RuleText;

fuzz_target!(|text: &str| {
    let body = format!(
        "return {{ name = \"fuzz\", about = \"Any.\", needs = {{ \"tcp.connect\", \"file.read\" }}, evaluate = \
         function(window, params)\n{text}\nend }}"
    );
    for code in [text.to_owned(), body] {
        let rule = RuleText { path: "fuzz.lua".into(), text: code, ..RuleText::default() };
        if let Err(mistakes) = script::check(&rule, families::kinds()) {
            assert!(!mistakes.is_empty() && mistakes.iter().all(|mistake| !mistake.message.is_empty()));
        }
    }
});
