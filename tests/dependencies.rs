//! What is linked: licences, banned crates and sources of all dependencies, as `deny.toml` says.
//!
//! It reads what cargo itself says, so it needs no tool and no network. Only packages of this platform are looked at:
//! those of others need not be downloaded. Advisories are not covered, their database is not in the tree.

use std::env;
use std::fs;
use std::process::Command;

use serde_json::Value;

/// The lists of `deny.toml` that the checks follow.
struct Rules {
    licences: Vec<String>,
    /// Crate and reason.
    banned: Vec<(String, String)>,
    sources: Vec<String>,
}

/// Reads the lists of `deny.toml`: strings in quotes, entry by line, comments after `#`. Not TOML at large.
fn rules(text: &str) -> Rules {
    let list = |section: &str, key: &str| -> Vec<Vec<String>> {
        let lines = text.lines().skip_while(|line| *line != format!("[{section}]")).skip(1);
        let lines = lines.take_while(|line| !line.starts_with('['));
        let from = format!("{key} = [");
        let mut entries: Vec<Vec<String>> = Vec::new();
        for line in lines.skip_while(|line| !line.starts_with(&from)) {
            // `#` is in no string of these lists, see the check below.
            let line = line.split(" #").next().unwrap_or(line);
            let strings: Vec<_> = line.split('"').skip(1).step_by(2).map(str::to_owned).collect();
            entries.extend((!strings.is_empty()).then_some(strings));
            if line.trim_end().ends_with(']') {
                break;
            }
        }
        assert!(!entries.is_empty(), "deny.toml has no `{key}` under [{section}], or in another form");
        entries
    };
    let pair = |strings: Vec<String>| <[String; 2]>::try_from(strings).expect("a ban has a crate and a reason");
    Rules {
        licences: list("licenses", "allow").concat(),
        banned: list("bans", "deny").into_iter().map(pair).map(|[name, reason]| (name, reason)).collect(),
        sources: list("sources", "allow-registry").concat(),
    }
}

/// Whether a licence expression can be met with the allowed ones alone. `/` is the old way to write `OR`.
fn satisfied(expression: &str, allowed: &[String]) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let words: Vec<_> = spaced.split_whitespace().collect();
    let mut at = 0;
    let met = any_of(&words, &mut at, allowed);
    met && at == words.len()
}

fn any_of(words: &[&str], at: &mut usize, allowed: &[String]) -> bool {
    let mut met = all_of(words, at, allowed);
    while words.get(*at) == Some(&"OR") {
        *at += 1;
        met |= all_of(words, at, allowed);
    }
    met
}

fn all_of(words: &[&str], at: &mut usize, allowed: &[String]) -> bool {
    let mut met = one(words, at, allowed);
    while words.get(*at) == Some(&"AND") {
        *at += 1;
        met &= one(words, at, allowed);
    }
    met
}

fn one(words: &[&str], at: &mut usize, allowed: &[String]) -> bool {
    let first = words.get(*at).copied().unwrap_or_default();
    *at += 1;
    if first == "(" {
        let met = any_of(words, at, allowed);
        let closed = words.get(*at) == Some(&")");
        *at += 1;
        return met && closed;
    }
    let mut licence = first.to_owned();
    if words.get(*at) == Some(&"WITH") {
        licence = format!("{licence} WITH {}", words.get(*at + 1).copied().unwrap_or_default());
        *at += 2;
    }
    allowed.contains(&licence)
}

/// What is wrong with a package.
fn complaints(package: &Value, rules: &Rules) -> Vec<String> {
    let text = |key: &str| package[key].as_str().unwrap_or_default();
    let (name, version) = (text("name"), text("version"));
    let mut complaints = Vec::new();
    if !satisfied(text("license"), &rules.licences) {
        complaints.push(format!("{name} {version}: licence `{}` is not allowed", text("license")));
    }
    if let Some((_, reason)) = rules.banned.iter().find(|(banned, _)| banned == name) {
        complaints.push(format!("{name} {version}: banned: {reason}"));
    }
    // A package without a source is one of this tree.
    if let Some(source) = package["source"].as_str() {
        let registry = source.strip_prefix("registry+").unwrap_or_default();
        if !rules.sources.iter().any(|allowed| allowed == registry) {
            complaints.push(format!("{name} {version}: source `{source}` is not allowed"));
        }
    }
    complaints
}

fn our_rules() -> Rules {
    let text = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/deny.toml")).expect("deny.toml is in the tree");
    rules(&text)
}

/// The platform that cargo builds for, from the compiler.
fn platform() -> String {
    let output = Command::new("rustc").arg("-vV").output().expect("rustc runs where cargo runs");
    let text = String::from_utf8(output.stdout).expect("rustc writes text");
    let host = text.lines().find_map(|line| line.strip_prefix("host: ")).expect("rustc names its host");
    host.to_owned()
}

/// Check that every dependency, those of tests and of the build included, is allowed by `deny.toml`.
#[test]
fn every_dependency_is_allowed() {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--format-version=1", "--locked", "--offline", "--filter-platform", &platform()])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo writes JSON");
    let packages = metadata["packages"].as_array().expect("metadata lists packages");
    let rules = our_rules();
    assert!(packages.len() > 50, "only {} packages were looked at", packages.len());
    for known in ["podtrace", "libbpf-sys", "proptest", "libbpf-cargo"] {
        assert!(packages.iter().any(|package| package["name"] == known), "`{known}` was not looked at");
    }
    let complaints: Vec<_> = packages.iter().flat_map(|package| complaints(package, &rules)).collect();
    assert!(complaints.is_empty(), "see deny.toml:\n{}", complaints.join("\n"));
}

/// Check that what is not allowed would be found: each complaint once, by name.
#[test]
fn what_is_not_allowed_is_found() {
    let rules = our_rules();
    let source = "registry+https://github.com/rust-lang/crates.io-index";
    let found = |name: &str, licence: &str, source: Option<&str>| {
        let package = serde_json::json!({"name": name, "version": "1.0.0", "license": licence, "source": source});
        complaints(&package, &rules)
    };
    assert_eq!(found("good", "MIT", Some(source)), [""; 0]);
    assert_eq!(found("good", "Apache-2.0", None), [""; 0]);
    for name in ["openssl", "openssl-sys", "native-tls", "aws-lc-sys"] {
        assert_eq!(found(name, "MIT", Some(source)).len(), 1, "{name}");
    }
    assert_eq!(found("a", "GPL-3.0-only", Some(source)), ["a 1.0.0: licence `GPL-3.0-only` is not allowed"]);
    assert_eq!(found("a", "", Some(source)), ["a 1.0.0: licence `` is not allowed"]);
    assert_eq!(found("a", "MIT", Some("git+https://example.org/a")).len(), 1);
    assert_eq!(found("a", "MIT", Some("registry+https://example.org/index")).len(), 1);
}

/// Check that expressions are understood: precedence, parentheses, exceptions, the old slash, and nonsense.
#[test]
fn licence_expressions_are_understood() {
    let allowed = ["MIT", "Apache-2.0", "Apache-2.0 WITH LLVM-exception", "Unicode-3.0"].map(str::to_owned);
    for good in [
        "MIT",
        "MIT/GPL-2.0",
        "GPL-2.0 OR MIT",
        "(MIT OR GPL-2.0) AND Unicode-3.0",
        "GPL-2.0 AND GPL-3.0 OR MIT",
        "Apache-2.0 WITH LLVM-exception OR GPL-2.0",
    ] {
        assert!(satisfied(good, &allowed), "{good}");
    }
    for bad in [
        "",
        "GPL-2.0",
        "MIT AND GPL-2.0",
        "MIT OR",
        "MIT GPL-2.0",
        "(MIT",
        "GPL-2.0 WITH LLVM-exception",
        "MIT WITH LLVM-exception",
        "MIT AND (GPL-2.0 OR BSD-4-Clause)",
    ] {
        assert!(!satisfied(bad, &allowed), "{bad}");
    }
}
