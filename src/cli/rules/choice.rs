//! Which tests are meant: files of tests, rules whose tests are looked for, folders of both, shipped ones.

use std::path::Path;
use std::path::PathBuf;

use crate::profile::either;
use crate::rules::script;
use crate::rules::script::RuleText;
use crate::rules::script::Shipped;
use crate::rules::script::SourceError;

/// A file of tests that is to be run.
#[derive(Debug)]
pub(super) struct Chosen {
    /// The tests.
    pub(super) file: RuleText,
    /// Their folder; `None`: they are inside the binary.
    pub(super) folder: Option<PathBuf>,
    /// The rule that was given and led to them.
    pub(super) rule: Option<PathBuf>,
}

/// What arguments mean.
#[derive(Debug, Default)]
pub(super) struct Choice {
    /// The tests.
    pub(super) chosen: Vec<Chosen>,
    /// Rules for which there are none, in words.
    pub(super) untested: Vec<String>,
    /// Whether a rule among them was named itself, and does not just lie in a folder.
    pub(super) missed: bool,
}

/// The tests that arguments mean; the shipped ones where there are none.
///
/// # Errors
/// There is no such file, or it cannot be read.
pub(super) fn choose(arguments: &[PathBuf]) -> Result<Choice, SourceError> {
    let mut choice = Choice::default();
    if arguments.is_empty() {
        choice.chosen.extend(script::SHIPPED.iter().map(shipped));
    }
    for argument in arguments {
        if !argument.exists()
            && let Some(rules) = inside(argument)
        {
            choice.chosen.extend(rules.into_iter().map(shipped));
            continue;
        }
        let (tests, rules): (Vec<_>, Vec<_>) = script::find(argument)?.into_iter().partition(is_test);
        let tested: Vec<_> = tests.iter().map(|test| stem(&test.path)).collect();
        choice.chosen.extend(tests.into_iter().map(|file| {
            let folder = Path::new(&file.path).parent().map(Path::to_owned);
            Chosen { file, folder, rule: None }
        }));
        for rule in rules.iter().filter(|rule| !tested.contains(&stem(&rule.path))) {
            match of_rule(rule)? {
                Some(test) => choice.chosen.push(test),
                None => {
                    choice.untested.push(without(rule));
                    choice.missed |= !argument.is_dir();
                }
            }
        }
    }
    Ok(choice)
}

/// A file of tests has a list of them; a rule has a function instead.
fn is_test(text: &RuleText) -> bool {
    let begins = |rest: &str| rest.trim_start().strip_prefix('=').is_some_and(|rest| !rest.starts_with('='));
    let word = |before: &str| before.chars().next_back().is_none_or(|c| c.is_whitespace() || "{,;".contains(c));
    text.text.match_indices("tests").any(|(at, name)| word(&text.text[..at]) && begins(&text.text[at + name.len()..]))
}

/// The name that a rule's file and its test's share: `x` of `x.lua` and `x.test.lua`.
fn stem(path: &str) -> String {
    let stem = Path::new(path).file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    stem.strip_suffix(".test").map(str::to_owned).unwrap_or(stem)
}

/// Where the test of a rule may be.
fn places(rule: &Path) -> Vec<PathBuf> {
    let folder = rule.parent().unwrap_or(Path::new(""));
    let stem = stem(&rule.to_string_lossy());
    let (test, plain) = (format!("{stem}.test.lua"), format!("{stem}.lua"));
    vec![folder.join(&test), folder.join("tests").join(&plain), folder.join("../tests").join(&plain)]
}

/// The test of a rule, if there is one where tests are.
fn of_rule(rule: &RuleText) -> Result<Option<Chosen>, SourceError> {
    if rule.shipped {
        return Ok(script::SHIPPED.iter().find(|one| RuleText::shipped(one) == *rule).map(shipped));
    }
    let path = Path::new(&rule.path);
    for place in places(path).into_iter().filter(|place| place.is_file()) {
        if let Some(file) = script::find(&place)?.into_iter().find(is_test) {
            let folder = place.parent().map(Path::to_owned);
            return Ok(Some(Chosen { file, folder, rule: Some(path.to_owned()) }));
        }
    }
    Ok(None)
}

fn without(rule: &RuleText) -> String {
    let places = places(Path::new(&rule.path));
    let places: Vec<_> = places.iter().map(|place| place.display().to_string()).collect();
    format!(
        "{} is a rule and has no test: expected one in {}; `podtrace rules new` writes a rule with a test to begin with",
        rule.path,
        either(places.iter().map(String::as_str))
    )
}

/// The shipped rules that a path in a checkout means where there is none: `lua/tests` and what is in it.
fn inside(argument: &Path) -> Option<Vec<&'static Shipped>> {
    let name = argument.to_string_lossy();
    let rest = name.strip_prefix("./").unwrap_or(&name).trim_end_matches('/').strip_prefix("lua/tests")?;
    if rest.is_empty() {
        return Some(script::SHIPPED.iter().collect());
    }
    let wanted = rest.strip_prefix('/')?.strip_suffix(".lua")?;
    script::SHIPPED.iter().find(|rule| rule.name == wanted).map(|rule| vec![rule])
}

fn shipped(rule: &'static Shipped) -> Chosen {
    let (path, text) = (format!("lua/tests/{}.lua", rule.name), rule.test.to_owned());
    Chosen { file: RuleText { path, text, shipped: true, ..RuleText::default() }, folder: None, rule: None }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::PathBuf;

    use super::choose;

    const RULE: &str = "return { name = \"x\", about = \"tests nothing\", evaluate = function(window) end }";
    const TEST: &str = "return {\n\trule = \"x\",\n\ttests={} }";

    /// Check that a rule's file means its tests, wherever tests are, that a folder means all tests in it and those of its
    /// rules, and that a rule without any is named with the places where one was expected.
    #[test]
    fn rules_mean_their_tests() {
        let folder = tempfile::tempdir().unwrap();
        let place = |name: &str| folder.path().join(name);
        let chosen = |name: &str| {
            let choice = choose(&[place(name)]).unwrap();
            let paths: Vec<_> = choice.chosen.iter().map(|chosen| PathBuf::from(&chosen.file.path)).collect();
            (paths, choice.untested, choice.missed)
        };
        for name in ["rules", "rules/tests", "tests"] {
            fs::create_dir(place(name)).unwrap();
        }
        fs::write(place("rules/x.lua"), RULE).unwrap();
        let (paths, untested, missed) = chosen("rules/x.lua");
        assert!(paths.is_empty() && missed);
        assert!(untested[0].contains("x.lua is a rule and has no test"), "{untested:?}");
        assert!(untested[0].contains("x.test.lua`") && untested[0].contains("podtrace rules new"), "{untested:?}");
        assert!(!chosen("rules").2);
        for name in ["tests/x.lua", "rules/tests/x.lua", "rules/x.test.lua"] {
            fs::write(place(name), TEST).unwrap();
            let (paths, untested, _) = chosen("rules/x.lua");
            assert_eq!(paths.len(), 1, "{untested:?}");
            assert_eq!(paths[0].canonicalize().unwrap(), place(name).canonicalize().unwrap());
        }
        // Its test lies beside it, and is run once.
        assert_eq!(chosen("rules").0, [place("rules/x.test.lua")]);
        assert_eq!(chosen("rules/x.test.lua").0, [place("rules/x.test.lua")]);
    }

    /// Check that shipped rules are tested from anywhere, by every name they have.
    #[test]
    fn shipped_ones() {
        let count = |name: &str| choose(&[PathBuf::from(name)]).map(|choice| choice.chosen.len()).unwrap_or(0);
        assert_eq!(choose(&[]).unwrap().chosen.len(), 14);
        assert_eq!(count("slow-disk"), 1);
        // In a checkout these are files, elsewhere what is in the binary.
        assert_eq!(count("lua/rules/slow-disk.lua"), 1);
        assert_eq!(count("lua/tests/slow-disk.lua"), 1);
        assert_eq!(count("lua/rules"), 14);
        assert_eq!(count("lua/tests"), 14);
        assert!(choose(&[PathBuf::from("lua/tests/slow-disc.lua")]).is_err());
    }
}
