//! The files that rules look at, and how rules report.

use std::env;
use std::fs;
use std::path::PathBuf;

use crate::source::is_word;

/// Folders that hold what people wrote. Those that do not exist (yet) are empty.
const FOLDERS: [&str; 9] = ["src", "bpf", "lua", "tests", "benches", "fuzz", "vm-tests", "nix", "nixos-module"];

/// Folders inside them that tools write.
const GENERATED: [&str; 5] = ["target", "corpus", "artifacts", "coverage", "node_modules"];

/// A text file of the tree.
pub(crate) struct File {
    /// From the top of the tree, with `/`.
    pub(crate) path: String,
    pub(crate) text: String,
    /// Declared under `#[cfg(test)]`.
    only_in_tests: bool,
}

impl File {
    /// A made-up one, for tests of rules.
    pub(crate) fn new(path: &str, text: &str) -> Self {
        Self { path: path.into(), text: text.into(), only_in_tests: false }
    }

    pub(crate) fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    /// The modules a file of `src/` is inside of, itself last: `event`, `recording`, `frame`. Empty for `main.rs`,
    /// `lib.rs` and files elsewhere.
    pub(crate) fn modules(&self) -> Vec<&str> {
        match self.path.strip_prefix("src/").and_then(|path| path.strip_suffix(".rs")) {
            None | Some("lib" | "main") => Vec::new(),
            Some(path) => path.split('/').collect(),
        }
    }

    /// The top-level room a file of `src/` belongs to; `main` and `lib` are rooms by themselves.
    pub(crate) fn room(&self) -> Option<&str> {
        let path = self.path.strip_prefix("src/")?;
        let first = path.split('/').next()?;
        Some(first.strip_suffix(".rs").unwrap_or(first))
    }

    /// Whether all of it is test code.
    pub(crate) fn is_test(&self) -> bool {
        let modules = self.modules();
        !self.path.starts_with("src/") || modules.contains(&"tests") || self.only_in_tests
    }

    /// The paths, without `.rs`, of modules in files of their own that this one declares for tests only.
    fn test_modules(&self) -> Vec<String> {
        let folder = match self.path.strip_suffix(".rs") {
            Some("src/lib" | "src/main") => "src",
            Some(path) => path,
            None => return Vec::new(),
        };
        let declared = self.text.split("#[cfg(test)]").skip(1).filter_map(|rest| {
            let (visibility, rest) = rest.trim_start().split_once("mod ")?;
            let name = rest.split(|letter| !is_word(letter)).next()?;
            let plain = visibility.is_empty() || visibility.starts_with("pub");
            (plain && !visibility.contains('\n') && rest[name.len()..].starts_with(';')).then_some(name)
        });
        declared.map(|name| format!("{folder}/{name}")).collect()
    }
}

/// A place that breaks a rule.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Violation {
    pub(crate) path: String,
    /// Counted from 1; 0 for the file as a whole.
    pub(crate) line: usize,
    pub(crate) what: String,
}

impl Violation {
    pub(crate) fn new(file: &File, line: usize, what: impl Into<String>) -> Self {
        Self { path: file.path.clone(), line, what: what.into() }
    }
}

/// What a rule found, and how many files it looked at.
#[derive(Default)]
pub(crate) struct Findings {
    pub(crate) examined: usize,
    pub(crate) violations: Vec<Violation>,
}

impl Findings {
    /// Looks at each file that `concerns` picks.
    pub(crate) fn of(files: &[File], concerns: impl Fn(&File) -> bool, look: impl Fn(&File) -> Vec<Violation>) -> Self {
        let chosen: Vec<_> = files.iter().filter(|file| concerns(file)).collect();
        Self { examined: chosen.len(), violations: chosen.into_iter().flat_map(look).collect() }
    }

    /// Fails with every place and the rule's reason, or if the rule looked at nothing.
    pub(crate) fn demand(self, reason: &str) {
        assert!(self.examined > 0, "no file was examined, so nothing is known about this rule: {reason}");
        let places: Vec<_> =
            self.violations.iter().map(|found| format!("{}:{}: {}", found.path, found.line, found.what)).collect();
        assert!(places.is_empty(), "{reason}\n\n{}\n", places.join("\n"));
    }

    /// The lines it complains about, for tests of rules.
    pub(crate) fn lines(&self) -> Vec<usize> {
        self.violations.iter().map(|violation| violation.line).collect()
    }
}

/// Every text file under [`FOLDERS`], by path.
pub(crate) fn files() -> Vec<File> {
    // As cargo says when it runs the test: a tree that was moved after it was built is looked at where it is now.
    let top = env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
    let mut waiting: Vec<PathBuf> =
        FOLDERS.iter().map(|folder| top.join(folder)).filter(|path| path.is_dir()).collect();
    let mut files = Vec::new();
    while let Some(folder) = waiting.pop() {
        for entry in fs::read_dir(&folder).expect("folders of the tree can be read") {
            let entry = entry.expect("folders of the tree can be read");
            let name = entry.file_name().to_string_lossy().into_owned();
            let kind = entry.file_type().expect("entries have a type");
            if kind.is_dir() && !name.starts_with('.') && !GENERATED.contains(&name.as_str()) {
                waiting.push(entry.path());
            } else if kind.is_file() && name != "Cargo.lock" {
                let path = entry.path();
                // What is not text (recordings, images) follows no rule of text.
                let Ok(text) = fs::read_to_string(&path) else { continue };
                let path = path.strip_prefix(&top).expect("it was found below").to_string_lossy().into_owned();
                files.push(File { path, text, only_in_tests: false });
            }
        }
    }
    let declared: Vec<_> = files.iter().flat_map(File::test_modules).collect();
    for file in &mut files {
        let module = file.path.strip_suffix(".rs").unwrap_or(&file.path);
        file.only_in_tests = declared.iter().any(|test| module == test || module.starts_with(&format!("{test}/")));
    }
    files.sort_by(|one, other| one.path.cmp(&other.path));
    files
}

/// Check that rooms and modules are read off paths as meant, and that the tree holds what is surely there.
#[test]
fn paths_name_rooms() {
    let file = |path| File::new(path, "");
    assert_eq!(file("src/event/recording/frame.rs").modules(), ["event", "recording", "frame"]);
    assert_eq!(file("src/event.rs").room(), Some("event"));
    assert_eq!(file("src/event/kind.rs").room(), Some("event"));
    assert_eq!(file("src/main.rs").room(), Some("main"));
    assert_eq!(file("tests/house_rules.rs").room(), None);
    assert!(file("src/event/recording/tests/damage.rs").is_test() && file("src/event/histogram/tests.rs").is_test());
    assert!(!file("src/event.rs").is_test());
    let paths: Vec<_> = files().into_iter().map(|file| file.path).collect();
    for there in ["src/lib.rs", "bpf/build.rs", "tests/house_rules/tree.rs"] {
        assert!(paths.iter().any(|path| path == there), "{there}");
    }
}

/// Check that modules declared for tests only are found, and others not.
#[test]
fn modules_for_tests_are_told_apart() {
    let declared = |path: &str| {
        let text = "mod a;\n#[cfg(test)]\nmod b;\n#[cfg(test)]\npub(crate) mod c;\n#[cfg(test)]\nmod d {\n    mod e;\n}\n\
                    #[cfg(test)]\nuse f;\nmod g;\n";
        File::new(path, text).test_modules()
    };
    assert_eq!(declared("src/event.rs"), ["src/event/b", "src/event/c"]);
    assert_eq!(declared("src/lib.rs"), ["src/b", "src/c"]);
    let files = files();
    let marked: Vec<_> = files.iter().filter(|file| file.only_in_tests).map(|file| &file.path).collect();
    assert!(marked.iter().any(|path| *path == "src/event/histogram/tests.rs"), "{marked:?}");
    assert!(files.iter().any(|file| file.path.starts_with("src/") && !file.is_test()));
}
