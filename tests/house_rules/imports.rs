//! The arrow: which room may know which, and who may use which crate. Test code is free.

use std::fs;

use crate::source::Source;
use crate::tree;
use crate::tree::File;
use crate::tree::Findings;
use crate::tree::Violation;

/// Everything: only for those who wire the stages.
const ALL: &[&str] = &["*"];

/// Each room with the rooms it may import, in the arrow's order. `room::item` is only that item.
const ROOMS: &[(&str, &[&str])] = &[
    ("event", &[]),
    ("wire", &["event"]),
    ("profile", &["event"]),
    ("host", &["event"]),
    ("targets", &["event", "host", "profile"]),
    ("families", &["event", "profile", "host", "wire::types", "wire::kind"]),
    ("plan", &["event", "profile", "host", "families", "targets", "wire::types", "wire::kind"]),
    ("probe", &["event", "plan", "host", "wire"]),
    ("enrich", &["event", "targets::kubernetes"]),
    ("window", &["event"]),
    ("finding", &["event"]),
    ("rules", &["event", "profile", "window", "finding"]),
    (
        "report",
        &[
            "event",
            "profile::Profile",
            "window",
            "rules::Thresholds",
            "rules::findings",
            "rules::firing",
            "finding",
            "families::kind",
            "families::kinds",
            "families::kind_named",
            "families::PROCESS_EXIT",
        ],
    ),
    ("delivery", &["event", "finding"]),
    ("metrics", &["event", "window", "finding", "delivery"]),
    ("sinks", &["event", "profile", "window", "finding", "report", "delivery", "metrics"]),
    ("pipeline", ALL),
    ("cli", ALL),
    ("lib", ALL),
    ("main", ALL),
];

/// Crates that belong to certain rooms, and why.
const CRATES: &[(&str, &[&str], &str)] = &[
    ("anyhow", &["pipeline", "cli", "main"], "stages say what can go wrong in types of their own"),
    ("clap", &["cli", "main"], "only `cli` knows the command line"),
    ("clap_complete", &["cli"], "only `cli` knows the command line"),
    ("clap_mangen", &["cli"], "only `cli` knows the command line"),
    ("kdl", &["profile"], "only `profile` reads KDL"),
    ("libbpf_rs", &["host", "probe", "wire"], "right of `probe` nothing knows the kernel, and `plan` is pure"),
    ("libbpf_sys", &["host", "probe"], "right of `probe` nothing knows the kernel, and `plan` is pure"),
    ("miette", &["profile", "pipeline", "cli", "main"], "spans are for files that people write"),
    ("postcard", &["event"], "only recordings are encoded, and their format is one room's"),
    ("zstd", &["event"], "only recordings are compressed, and their format is one room's"),
];

/// The only dependencies that `event`, which everybody imports, may have.
const EVENT_CRATES: [&str; 7] = ["jiff", "nix", "postcard", "serde", "serde_json", "thiserror", "zstd"];

fn is_production(file: &File) -> bool {
    file.is_rust() && file.room().is_some() && !file.is_test()
}

/// The path below `crate::` that a path means in a file: `super` and `self` are followed.
fn from_top(file: &File, path: &[String]) -> Option<Vec<String>> {
    let modules = file.modules();
    let supers = path.iter().take_while(|part| *part == "super").count();
    let skipped = match path.first()?.as_str() {
        "crate" => return Some(path[1..].to_vec()),
        "super" => supers,
        _ => return None,
    };
    let kept = modules.len().checked_sub(skipped)?;
    Some(modules[..kept].iter().map(|part| (*part).to_owned()).chain(path[skipped..].iter().cloned()).collect())
}

fn direction(files: &[File]) -> Findings {
    Findings::of(files, is_production, |file| {
        let room = file.room().unwrap_or_default();
        let Some((_, allowed)) = ROOMS.iter().find(|(name, _)| *name == room) else {
            return vec![Violation::new(file, 0, format!("`{room}` is not in the table of `{}`", file!()))];
        };
        let paths = Source::new(&file.text).paths();
        // `use crate::families;` lets the file say `families::…`: judged as if written out, the import itself is not.
        let whole: Vec<_> = paths
            .iter()
            .filter_map(|(_, path)| from_top(file, path))
            .filter(|full| full.len() == 1)
            .flatten()
            .collect();
        let mut violations = Vec::new();
        for (line, path) in &paths {
            let short = || whole.contains(&path[0]).then(|| path.clone());
            let Some(full) = from_top(file, path).or_else(short) else { continue };
            let Some(other) = full.first() else { continue };
            if ["{", "*"].contains(&other.as_str()) {
                violations.push(Violation::new(file, *line, "`crate::{…}` or `crate::*`: name one thing"));
            }
            if other == room || !ROOMS.iter().any(|(name, _)| name == other) {
                continue;
            }
            let item = full.get(1).map_or_else(String::new, |item| format!("{other}::{item}"));
            let some_items = || allowed.iter().any(|entry| entry.starts_with(&format!("{other}::")));
            let fits = |entry: &str| entry == "*" || entry == other || entry == item;
            let allowed_here = allowed.iter().any(|entry| fits(entry)) || (item.is_empty() && some_items());
            if !allowed_here {
                let named = if item.is_empty() { other } else { &item };
                violations.push(Violation::new(file, *line, format!("`{room}` imports `{named}`")));
            }
        }
        violations
    })
}

fn crates(files: &[File], dependencies: &[String]) -> Findings {
    Findings::of(files, is_production, |file| {
        let room = file.room().unwrap_or_default();
        let mut violations = Vec::new();
        for (line, path) in Source::new(&file.text).paths() {
            let first = &path[0];
            if let Some((_, rooms, why)) = CRATES.iter().find(|(name, ..)| name == first)
                && !rooms.contains(&room)
            {
                violations.push(Violation::new(file, line, format!("`{room}` uses `{first}`: {why}")));
            } else if room == "event" && dependencies.contains(first) && !EVENT_CRATES.contains(&first.as_str()) {
                violations.push(Violation::new(
                    file,
                    line,
                    format!("`event` uses `{first}`: everybody would inherit it"),
                ));
            }
        }
        violations
    })
}

/// The names, as Rust writes them, under `[dependencies]` of Cargo.toml.
fn dependencies() -> Vec<String> {
    let manifest = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")).expect("Cargo.toml is there");
    let lines = manifest.lines().skip_while(|line| *line != "[dependencies]").skip(1);
    let lines = lines.take_while(|line| !line.starts_with('['));
    lines.filter_map(|line| line.split_once(" =")).map(|(name, _)| name.replace('-', "_")).collect()
}

fn single_imports(files: &[File]) -> Findings {
    Findings::of(files, is_production, |file| {
        let source = Source::new(&file.text);
        let uses = source.lines().filter(|(_, line)| {
            let line = line.trim_start();
            let line = line.strip_prefix("pub").map_or(line, |rest| rest.trim_start_matches(|c| c != 'u').trim_start());
            line.starts_with("use ") && (line.contains('{') || line.contains("::*"))
        });
        uses.map(|(line, text)| Violation::new(file, line, format!("`{}`", text.trim()))).collect()
    })
}

/// Check that rooms import only what stands before them in the arrow.
#[test]
fn rooms_import_along_the_arrow() {
    direction(&tree::files()).demand(
        "data moves right, knowledge left: a room imports the vocabulary and the stages before it, only `pipeline` and \
         `cli` know everybody (table: tests/house_rules/imports.rs)",
    );
}

/// Check that every form of a path is followed, and that what is allowed is not complained about.
#[test]
fn imports_against_the_arrow_are_found() {
    let lines = |path: &str, text: &str| direction(&[File::new(path, text)]).lines();
    assert_eq!(lines("src/event.rs", "//! x\nuse crate::plan::Plan;\n"), [2]);
    assert_eq!(lines("src/event/kind.rs", "fn f() { crate::cli::run() }\nuse super::super::plan;\n"), [1, 2]);
    assert_eq!(lines("src/probe.rs", "use super::families;\nuse super::event;\n"), [1]);
    assert_eq!(lines("src/probe/ring.rs", "use crate::{event, families};\nuse crate::*;\n"), [1, 2]);
    assert_eq!(lines("src/probe/ring.rs", "pub(in crate::probe) fn f() {}\nuse crate::plan::Plan;\n"), [0; 0]);
    assert_eq!(lines("src/window.rs", "use crate::event::Item;\nuse super::report;\n// use crate::cli;\n"), [2]);
    assert_eq!(
        lines("src/report/text.rs", "use crate::families;\nfn f() { families::kind(0); families::FAMILIES }\n"),
        [2]
    );
    assert_eq!(lines("src/report.rs", "use crate::families::kind;\nuse crate::families::Family;\n"), [2]);
    assert_eq!(lines("src/plan.rs", "mod probe;\nuse probe::Load;\n"), [0; 0], "a room inside");
    assert_eq!(lines("src/attic.rs", "//! Something new.\n"), [0]);
    assert_eq!(lines("src/event.rs", "#[cfg(test)]\nmod tests {\n    use crate::families;\n}\n"), [0; 0]);
    assert_eq!(direction(&[File::new("src/event/tests.rs", "use crate::cli;")]).examined, 0);
    assert_eq!(lines("src/cli.rs", "use crate::probe::x;\nuse crate::event;\n"), [0; 0]);
}

/// Check that crates stay in the rooms they belong to.
#[test]
fn crates_stay_in_their_rooms() {
    let dependencies = dependencies();
    assert!(dependencies.len() > 10 && dependencies.contains(&"libbpf_rs".to_owned()), "{dependencies:?}");
    crates(&tree::files(), &dependencies).demand("a crate that one room wraps stays in that room");
    let lines = |path: &str, text: &str| crates(&[File::new(path, text)], &dependencies).lines();
    assert_eq!(lines("src/plan.rs", "use libbpf_rs::MapCore;\nuse anyhow::Result;\nuse serde::Serialize;\n"), [1, 2]);
    assert_eq!(lines("src/event.rs", "use std::fmt;\nuse caps::Capability;\nuse jiff::Timestamp;\n"), [2]);
    assert_eq!(lines("src/probe.rs", "use libbpf_rs::MapCore;\n"), [0; 0]);
}

/// Check that each `use` names one thing.
#[test]
fn a_use_names_one_thing() {
    single_imports(&tree::files())
        .demand("one `use` per line, no wildcards: diffs stay small, and names can be searched for");
    let text = "use a::{b, c};\npub use a::*;\npub(crate) use a::{b};\nuse a::b;\nfn f() { let x = S { y }; }\n";
    assert_eq!(single_imports(&[File::new("src/a.rs", text)]).lines(), [1, 2, 3]);
}
