//! The shipped profiles and every KDL block of the documentation, with the real vocabulary.

use std::fs;
use std::path::Path;
use std::path::PathBuf;

use crate::families;
use crate::profile::Profile;
use crate::profile::SHIPPED;

fn right(name: &str, text: &str) -> Profile {
    Profile::parse(name, text, &crate::pipeline::vocabulary())
        .unwrap_or_else(|error| panic!("{}", error.render(100, false)))
}

/// Check that each shipped profile is right, observes what it judges, and opens with when to use it and what it costs.
#[test]
fn shipped_profiles_are_right() {
    for shipped in SHIPPED {
        let profile = right(shipped.name, shipped.text);
        assert_eq!(profile.unobserved().count(), 0, "{}", profile.explain(&crate::pipeline::vocabulary()));
        assert!(!profile.probes.is_empty() && !profile.thresholds.is_empty(), "{}", shipped.name);
        assert!(profile.description.is_some() && profile.targets.is_empty(), "{}", shipped.name);
        let opening: Vec<_> = shipped.text.lines().take_while(|line| line.starts_with("//")).collect();
        assert!(opening[0].starts_with(&format!("// {}.kdl: ", shipped.name)), "{}", opening[0]);
        for part in ["// When: ", "// Cost: "] {
            assert!(opening.iter().any(|line| line.starts_with(part)), "{} has no `{part}`", shipped.name);
        }
        assert!(!shipped.text.contains('\t') && shipped.text.lines().all(|line| line.chars().count() <= 120));
    }
}

/// Check that no shipped profile judges time off the CPU: most of it is idle sleep, and a sleeper is healthy.
#[test]
fn idle_sleep_is_not_judged() {
    let mut judged = 0;
    for shipped in SHIPPED {
        for threshold in right(shipped.name, shipped.text).thresholds {
            assert_ne!(threshold.kind, "sched.offcpu", "{}", shipped.name);
            judged += 1;
        }
    }
    assert!(judged >= 5 * 2, "{judged} thresholds in all");
}

/// Check that `everything` observes every family there is.
#[test]
fn everything_is_everything() {
    let shipped = SHIPPED.iter().find(|shipped| shipped.name == "everything").expect("it is shipped");
    let families: Vec<_> = right(shipped.name, shipped.text).probes.into_iter().map(|request| request.family).collect();
    assert_eq!(families, families::FAMILIES.iter().map(|family| family.name).collect::<Vec<_>>());
}

/// Check that all shipped profiles merge in any order.
#[test]
fn shipped_profiles_merge() {
    let profiles: Vec<_> = SHIPPED.iter().map(|shipped| right(shipped.name, shipped.text)).collect();
    let forth = profiles.iter().cloned().fold(Profile::default(), Profile::merge);
    let back = profiles.iter().rev().cloned().fold(Profile::default(), Profile::merge);
    assert_eq!((forth.sources.len(), back.sources.len()), (SHIPPED.len(), SHIPPED.len()));
    assert_eq!(forth.probes.len(), families::FAMILIES.len());
    for profile in [forth, back] {
        let again = Profile::from_sources(&profile.sources, &crate::pipeline::vocabulary()).expect("all are right");
        assert_eq!(again, profile);
    }
}

/// A KDL block of a Markdown file.
struct Block {
    place: String,
    must_fail: bool,
    text: String,
}

/// The blocks that open with "```kdl" or "```kdl,must-fail".
fn blocks(file: &Path) -> Vec<Block> {
    let markdown = fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    let mut foreign = false;
    for (number, line) in markdown.lines().enumerate() {
        let indent = line.len() - line.trim_start().len();
        match (&mut open, line.trim_start().strip_prefix("```")) {
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (Some(block), None) => {
                block.text += line.get(indent.min(2)..).unwrap_or_default();
                block.text.push('\n');
            }
            (None, Some(_)) if foreign => foreign = false,
            (None, Some(words)) => {
                let mut words = words.split([',', ' ']);
                let place = format!("{}:{}", file.display(), number + 1);
                if words.next() == Some("kdl") {
                    open = Some(Block { place, must_fail: words.any(|word| word == "must-fail"), text: String::new() });
                } else {
                    foreign = true;
                }
            }
            (None, None) => {}
        }
    }
    assert!(open.is_none() && !foreign, "{}: a block is never closed", file.display());
    blocks
}

/// Every Markdown file of a folder and below.
fn markdown(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut files = Vec::new();
    for path in entries.map(|entry| entry.expect("readable").path()) {
        if path.is_dir() {
            files.extend(markdown(&path));
        } else if path.extension().is_some_and(|extension| extension == "md") {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// Check that every KDL block of the documentation is right, and each that must fail does.
#[test]
fn documentation_is_right() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = markdown(&root.join("doc"));
    files.extend(Some(root.join("README.md")).filter(|readme| readme.exists()));
    let (mut passed, mut failed) = (0, 0);
    for block in files.iter().flat_map(|file| blocks(file)) {
        match (Profile::parse(&block.place, &block.text, &crate::pipeline::vocabulary()), block.must_fail) {
            (Ok(_), false) => passed += 1,
            (Err(_), true) => failed += 1,
            (Ok(_), true) => panic!("{} must fail, and does not", block.place),
            (Err(error), false) => panic!("{}", error.render(100, false)),
        }
    }
    assert!(passed >= 7 && failed >= 2, "compared only {passed} blocks that pass and {failed} that fail");
}
