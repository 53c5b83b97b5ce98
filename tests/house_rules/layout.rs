//! Rules about files: how long, what they are called, how they begin.

use crate::tree;
use crate::tree::File;
use crate::tree::Findings;
use crate::tree::Violation;

/// More than this and a file has two subjects.
const LINES_MAX: usize = 500;

/// Names that say nothing about what is inside.
const EMPTY_NAMES: [&str; 9] =
    ["util", "utils", "common", "helper", "helpers", "manager", "managers", "misc", "miscellaneous"];

fn lengths(files: &[File]) -> Findings {
    Findings::of(
        files,
        |_| true,
        |file| {
            let lines = file.text.lines().count();
            let long = lines > LINES_MAX;
            long.then(|| Violation::new(file, LINES_MAX + 1, format!("{lines} lines"))).into_iter().collect()
        },
    )
}

fn names(files: &[File]) -> Findings {
    Findings::of(
        files,
        |_| true,
        |file| {
            let parts = file.path.split('/').map(|part| part.split('.').next().unwrap_or(part));
            let empty = parts.filter(|part| EMPTY_NAMES.contains(part));
            empty.map(|part| Violation::new(file, 0, format!("`{part}`"))).collect()
        },
    )
}

fn no_mod_rs(files: &[File]) -> Findings {
    Findings::of(files, File::is_rust, |file| {
        let broken = file.path.ends_with("/mod.rs");
        broken.then(|| Violation::new(file, 0, "`mod.rs`")).into_iter().collect()
    })
}

fn openings(files: &[File]) -> Findings {
    // `foo/tests.rs` says by its name what it is for.
    let says_more =
        |file: &File| file.is_rust() && !(file.path.starts_with("src/") && file.path.ends_with("/tests.rs"));
    Findings::of(files, says_more, |file| {
        let said = file.text.lines().next().is_some_and(|line| line.len() > "//! ".len() && line.starts_with("//! "));
        (!said).then(|| Violation::new(file, 1, "no `//!`")).into_iter().collect()
    })
}

/// Check that no file is over 500 lines.
#[test]
fn files_are_short() {
    lengths(&tree::files())
        .demand("a file has at most 500 lines, so that it can be read in one go: split it by subject");
    let long = "a\n".repeat(LINES_MAX + 1);
    assert_eq!(lengths(&[File::new("src/a.rs", &long), File::new("src/b.rs", &long[2..])]).lines(), [LINES_MAX + 1]);
}

/// Check that files and folders are named after what they hold.
#[test]
fn rooms_have_names_that_mean_something() {
    names(&tree::files())
        .demand("rooms named after nothing collect everything: name the thing (`unit`, `backoff`, `ranking`)");
    for path in ["src/util.rs", "src/host/helpers/x.rs", "bpf/include/common.h", "lua/misc.lua"] {
        assert_eq!(names(&[File::new(path, "")]).violations.len(), 1, "{path}");
    }
    assert!(names(&[File::new("src/utility_bill.rs", "")]).violations.is_empty());
}

/// Check that modules are `foo.rs` beside `foo/`.
#[test]
fn modules_are_named_files() {
    no_mod_rs(&tree::files())
        .demand("modules are `foo.rs` with `foo/`: a dozen tabs called `mod.rs` cannot be told apart");
    assert_eq!(no_mod_rs(&[File::new("src/a/mod.rs", "")]).violations.len(), 1);
}

/// Check that every Rust file begins by saying what it is for.
#[test]
fn modules_say_what_they_are_for() {
    openings(&tree::files()).demand("a file opens with `//!`: what it is for and what it does not do");
    for text in ["", "use std::fs;\n", "// a\n", "//! \n", "\n//! late\n"] {
        assert_eq!(openings(&[File::new("src/a.rs", text)]).lines(), [1], "{text:?}");
    }
    assert!(openings(&[File::new("src/a.rs", "//! A thing.\n")]).violations.is_empty());
}
