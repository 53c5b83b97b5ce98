//! Rules about what production code may say: no family in `probe`, no silent panics.

use podtrace::families;

use crate::source::Source;
use crate::tree;
use crate::tree::File;
use crate::tree::Findings;
use crate::tree::Violation;

/// A reason takes at least this many words.
const REASON_WORDS_MIN: usize = 3;

fn is_production(file: &File) -> bool {
    file.is_rust() && file.room().is_some() && !file.is_test()
}

fn no_family_in_probe(files: &[File]) -> Findings {
    let mut words: Vec<_> = families::FAMILIES.iter().map(|family| family.name).collect();
    words.extend(families::kinds().map(|kind| kind.name));
    Findings::of(
        files,
        |file| is_production(file) && file.room() == Some("probe"),
        |file| {
            let literals = Source::new(&file.text).literals.into_iter();
            let named = literals.filter(|(_, literal)| words.contains(&literal.as_str()));
            named.map(|(line, literal)| Violation::new(file, line, format!("\"{literal}\""))).collect()
        },
    )
}

fn no_unwrap(files: &[File]) -> Findings {
    Findings::of(files, is_production, |file| {
        let source = Source::new(&file.text);
        let lines = source.lines().filter(|(_, line)| line.contains(".unwrap()"));
        lines.map(|(line, _)| Violation::new(file, line, "`.unwrap()`")).collect()
    })
}

fn expect_has_a_reason(files: &[File]) -> Findings {
    const CALL: &str = ".expect(";
    Findings::of(files, is_production, |file| {
        let source = Source::new(&file.text);
        let mut violations = Vec::new();
        for (at, _) in source.code.match_indices(CALL) {
            // A method of our own, e.g. of a reader of nodes.
            if source.code[..at].ends_with("self") {
                continue;
            }
            let line = |at: usize| source.code[..at].matches('\n').count() + 1;
            let argument = &source.code[at + CALL.len()..];
            let blank = argument.len() - argument.trim_start().len();
            let place = line(at + CALL.len() + blank);
            let mut literals = source.literals.iter().filter(|(line, _)| *line == place).map(|(_, literal)| literal);
            let reason = |literal: &String| literal.split_whitespace().count() >= REASON_WORDS_MIN;
            if !argument.trim_start().starts_with('"') || !literals.any(reason) {
                violations.push(Violation::new(file, line(at), "`.expect(…)` without a sentence"));
            }
        }
        violations
    })
}

/// Check that `probe` attaches, reads and counts without knowing for whom.
#[test]
fn probe_names_no_family() {
    let files = tree::files();
    let declared = files.iter().any(|file| file.path == "src/lib.rs" && file.text.contains("pub mod probe;"));
    let findings = no_family_in_probe(&files);
    assert_eq!(findings.examined > 0, declared, "`probe` is declared in lib.rs exactly if there are files to look at");
    if declared {
        findings.demand("`probe` names no family: what is particular to one comes to it through the plan");
    }
    let text = "fn f() { g(\"tcp\", \"tcp.connect\", \"cannot open the file\") }\nfn g() { h(r\"sched\") }\n";
    assert_eq!(no_family_in_probe(&[File::new("src/probe/ring.rs", text)]).lines(), [1, 1, 2]);
    assert_eq!(no_family_in_probe(&[File::new("src/plan.rs", text)]).examined, 0);
}

/// Check that nothing outside of tests panics without having said why it cannot happen.
#[test]
fn nothing_is_unwrapped() {
    no_unwrap(&tree::files())
        .demand("`unwrap` says nothing when it fails: return an error, or `expect` with the reason why not");
    let text = "fn f() {\n    x.unwrap();\n    y.unwrap_or(1);\n    // z.unwrap()\n}\n";
    assert_eq!(no_unwrap(&[File::new("src/a.rs", text)]).lines(), [2]);
    assert_eq!(no_unwrap(&[File::new("src/a.rs", &format!("#[cfg(test)]\nmod t {{\n{text}}}\n"))]).lines(), [0; 0]);
    assert_eq!(no_unwrap(&[File::new("src/a/tests.rs", text)]).examined, 0);
}

/// Check that `expect` states why the value is there.
#[test]
fn expect_states_a_reason() {
    expect_has_a_reason(&tree::files())
        .demand("`expect` states in a sentence why it cannot fail: \"the table has 256 entries\"");
    let text = "fn f() {\n    x.expect(\"no\");\n    x.expect(&y);\n    x.expect(\"the list is never empty\");\n    \
                x.expect(\n        \"checked two lines above\",\n    );\n    self.expect(node);\n}\n";
    assert_eq!(expect_has_a_reason(&[File::new("src/a.rs", text)]).lines(), [2, 3]);
}
