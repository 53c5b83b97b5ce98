//! Rules as users meet them: the shipped ones, the documentation's, hostile ones beside good ones.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use proptest::proptest;

use super::Case;
use super::Facts;
use super::Failure;
use super::Input;
use super::LIMITS;
use super::Library;
use super::Limits;
use super::RuleText;
use super::SHIPPED;
use super::Trial;
use super::check;
use super::sandbox::Sandbox;
use super::stubs;
use super::worker;
use crate::event::Kind;
use crate::event::session;
use crate::event::unit;
use crate::families;
use crate::profile::Profile;
use crate::profile::RuleUse;

fn kinds() -> Vec<&'static Kind> {
    families::kinds().collect()
}

fn text(path: &str, code: &str) -> RuleText {
    RuleText { path: path.to_owned(), text: code.to_owned(), modules: BTreeMap::new(), shipped: false }
}

fn shipped() -> Library {
    Library::load(&[], families::kinds()).unwrap_or_else(|error| panic!("{error}"))
}

fn run(case: &Case, rule: &RuleText) -> Result<(), String> {
    let Input::Windows(windows) = &case.input else { panic!("{}: a described window was expected", case.name) };
    case.run(rule, windows, &kinds())
}

fn trial(path: &str, code: &str, library: &Library) -> Result<Trial, Failure> {
    Trial::read(&text(path, code), library, &kinds())
}

/// Check that every shipped rule is right, has tests of its own name, one of them on its recording, and passes those on
/// windows by hand; `podtrace rules test` runs them all.
#[test]
fn shipped_rules_pass_their_tests() {
    let library = shipped();
    let mut cases = 0;
    for rule in SHIPPED {
        check(&RuleText::shipped(rule), families::kinds()).unwrap_or_else(|mistakes| panic!("{mistakes:#?}"));
        let trial = trial(rule.name, rule.test, &library).unwrap_or_else(|failure| panic!("{failure}"));
        assert_eq!(trial.rule, rule.name);
        let own = format!("recordings/{}.podtrace", rule.name);
        let is_recorded = |case: &&Case| matches!(&case.input, Input::Recording(path) if *path == own);
        assert!(trial.cases.iter().any(|case| is_recorded(&case)), "{}: no test names `{own}`", rule.name);
        assert!(rule.recording.len() < 8 << 10, "{own} has {} bytes, expected a few KiB", rule.recording.len());
        for case in trial.cases.iter().filter(|case| matches!(case.input, Input::Windows(_))) {
            let rule = &library.get(rule.name).expect("it is shipped").text;
            run(case, rule).unwrap_or_else(|difference| panic!("{} ({}):\n{difference}", rule.path, case.name));
            cases += 1;
        }
        assert!(
            trial.cases.iter().any(|case| case.expected.is_empty()),
            "{}: nothing that is healthy is tried",
            rule.name
        );
        assert!(!rule.text.contains("  ") || !rule.text.contains("\n  "), "{}: indented by tabs", rule.name);
    }
    assert!(SHIPPED.len() >= 13 && cases >= 2 * SHIPPED.len(), "{cases} tests of {} rules", SHIPPED.len());
}

/// Check how a broken rule fails its test: what was expected and what was found, line by line.
#[test]
fn broken_rules_fail_readably() {
    let rule = SHIPPED.iter().find(|rule| rule.name == "connect-failures").expect("it is shipped");
    let broken = rule
        .text
        .replace("\"critical\" else \"warning\"", "\"warning\" else \"info\"")
        .replace("connects failed", "failed");
    assert_ne!(broken, rule.text);
    let trial = trial("t.lua", rule.test, &shipped()).unwrap();
    let described = trial.cases.iter().filter(|case| matches!(case.input, Input::Windows(_)));
    let said: Vec<_> =
        described.map(|case| run(case, &text("broken.lua", &broken)).err().unwrap_or_default()).collect();
    insta::assert_snapshot!(said[0], @r"
    finding 1: differs (- expected, + found)
      - severity: warning
      + severity: info
      - evidence: 7 of 23 connects failed (7 ECONNREFUSED)
      + evidence: 7 of 23 failed (7 ECONNREFUSED)
      + evidence: ECONNREFUSED: nothing listens there, or its queue is full
    ");
    assert_eq!(said[2], "");
    let silent = rule.text.replace("table.insert(findings", "table.insert({}");
    let said = run(&trial.cases[1], &text("silent.lua", &silent)).unwrap_err();
    insta::assert_snapshot!(said, @r"
    finding 1: was not found
      - severity: critical
      - title: connects to 10.0.0.7:5432 fail: 7 of 7 (5 ETIMEDOUT, 2 ECONNREFUSED)
    ");
    let crashed =
        run(&trial.cases[1], &text("crashed.lua", &rule.text.replace("local findings = {}", "local findings = nil")))
            .unwrap_err();
    assert!(crashed.starts_with("crashed.lua:"), "{crashed}");
}

/// Check that the stubs in the tree are those of this version, for every kind, and no others.
#[test]
fn stubs_are_current() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("lua/meta");
    let current = stubs(families::kinds());
    assert_eq!(fs::read_dir(&folder).unwrap().count(), current.len(), "a file too many or too few in lua/meta");
    let mut whole = String::new();
    for (name, text) in current {
        let kept = fs::read_to_string(folder.join(&name)).unwrap_or_default();
        assert!(kept == text, "lua/meta/{name} is not current: run `podtrace rules stubs lua/meta`");
        whole.push_str(&text);
    }
    for kind in families::kinds() {
        let class = kind.name.replace('.', "_");
        assert!(whole.contains(&format!("---@class podtrace.{class}.Row: ")), "{}", kind.name);
        assert!(whole.contains(&format!("---@field {} podtrace.{class}? ", kind.name.split_once('.').unwrap().1)));
    }
}

/// Check that every rule, test and fragment of the documentation is right, and that what must fail does.
#[test]
fn documentation_is_right() {
    let markdown = include_str!("../../../doc/rules.md");
    let all: Vec<_> = kinds().iter().map(|kind| format!("\"{}\"", kind.name)).collect();
    let (mut rules, mut tests, mut parts, mut wrong) = (Vec::<RuleText>::new(), 0, 0, 0);
    let mut rest = markdown;
    while let Some((_, begin)) = rest.split_once("```lua") {
        let (block, after) = begin.split_once("\n```").expect("every block is closed");
        let (flavour, code) = block.split_once('\n').unwrap_or((block, ""));
        rest = after;
        let place = format!("doc/rules.md: {}", code.lines().next().unwrap_or_default());
        match flavour {
            ",part" => {
                let code = format!(
                    "return {{ name = \"part\", about = \"A part.\", wants = {{ {} }}, evaluate = function(window, params)\n{code}\nend }}",
                    all.join(", ")
                );
                check(&text(&place, &code), families::kinds()).unwrap_or_else(|mistakes| panic!("{mistakes:#?}"));
                parts += 1;
            }
            ",must-fail" => {
                let mistakes = check(&text("wrong.lua", code), families::kinds()).unwrap_err();
                let said: Vec<_> = mistakes.iter().map(ToString::to_string).collect();
                insta::assert_snapshot!(said.join("\n"), @r"
                wrong.lua:4: unknown kind `tcp.conect`; did you mean `tcp.connect`?
                wrong.lua:6: `tcp.response` has no field `p98`; did you mean `p90`?
                wrong.lua:6: a window has no field `fiel`; did you mean `file`?
                ");
                wrong += 1;
            }
            "" if code.contains("tests = {") => {
                let library = Library::of_texts(rules.clone(), families::kinds()).unwrap();
                let trial = trial(&place, code, &library).unwrap_or_else(|failure| panic!("{failure}"));
                for case in &trial.cases {
                    let rule = &library.get(&trial.rule).expect("it stands above").text;
                    run(case, rule).unwrap_or_else(|difference| panic!("{}:\n{difference}", case.name));
                    tests += 1;
                }
            }
            "" => {
                check(&text(&place, code), families::kinds()).unwrap_or_else(|mistakes| panic!("{mistakes:#?}"));
                rules.push(text(&place, code));
            }
            other => panic!("{place}: a block of `{other}`"),
        }
    }
    assert!(rules.len() >= 2 && tests >= 2 && parts >= 2 && wrong >= 1, "{} {tests} {parts} {wrong}", rules.len());
    for rule in SHIPPED {
        assert!(markdown.contains(&format!("| `{}` |", rule.name)), "{} is not in the table", rule.name);
    }
}

/// Check that the skeleton of `rules new` is right and passes its test.
#[test]
fn the_skeleton_is_right() {
    let rule = text("mine.lua", &include_str!("../../cli/rules/skeleton.lua").replace("NAME", "mine"));
    check(&rule, families::kinds()).unwrap_or_else(|mistakes| panic!("{mistakes:#?}"));
    let library = Library::of_texts(vec![rule.clone()], families::kinds()).unwrap();
    let test = include_str!("../../cli/rules/skeleton.test.lua").replace("NAME", "mine");
    let trial = trial("mine.test.lua", &test, &library).unwrap_or_else(|failure| panic!("{failure}"));
    for case in &trial.cases {
        run(case, &rule).unwrap_or_else(|difference| panic!("{}:\n{difference}", case.name));
    }
}

/// Check what is said about declarations that are wrong: file, line, what was expected, near names.
#[test]
fn wrong_declarations_have_their_place() {
    let said = |code: &str| -> String {
        let mistakes = check(&text("x.lua", code), families::kinds()).unwrap_err();
        mistakes.iter().map(|mistake| format!("{mistake}\n")).collect()
    };
    let rule = |more: &str| {
        format!("return {{\n\tname = \"x\",\n\tabout = \"X.\",\n\tneeds = {{ \"tcp.connect\" }},\n{more}\n}}")
    };
    let with = "\tevaluate = function(window, params) end,";
    insta::assert_snapshot!(said("return 7"), @"x.lua: returns integer, expected one table: `return { name = … }`");
    insta::assert_snapshot!(said(&rule("\tevalute = function() end,")), @"x.lua:5: a rule has no field `evalute`, expected `name`, `about`, `api`, `needs`, `wants`, `params`, `metrics`, `evaluate` or `section`; did you mean `evaluate`?");
    insta::assert_snapshot!(said(&rule("")), @"x.lua: `evaluate` is missing, expected a function");
    insta::assert_snapshot!(said(&rule(&format!("{with}\n\tapi = 2,"))), @"x.lua:6: was written for version 2 of the interface, this one has 1");
    insta::assert_snapshot!(said(&rule(&format!("{with}\n\tparams = {{\n\t\tlimit = {{ type = \"duraton\", default = 1, about = \"A.\" }},\n\t}},"))), @"x.lua:7: the parameter `limit` has the unknown type `duraton`, expected `duration`, `share`, `size`, `number`, `text` or `flag`; did you mean `duration`?");
    insta::assert_snapshot!(said(&rule(&format!("{with}\n\tparams = {{\n\t\tlimit = {{ type = \"duration\", default = 250, about = \"A.\" }},\n\t}},"))), @"x.lua:7: `default` of `limit`: `250` has no unit, expected a duration such as `10ms` (units: `ns`, `us`, `ms`, `s`, `m`, `h`)");
    insta::assert_snapshot!(said(&rule(&format!("{with}\n\tparams = {{ severity = {{ type = \"text\", default = \"a\", about = \"A.\" }} }},"))), @"x.lua:6: `severity` means something else in a profile: name it otherwise");
    insta::assert_snapshot!(said(&rule("\tevaluate = function(window, params)\n\t\treturn { { severity = \"bad\" } }\n\tend,")), @"x.lua:5: finding 1: `severity` is \"bad\", expected `info`, `error`, `warning`, `critical` or `fatal`");
    insta::assert_snapshot!(said(&rule("\tevaluate = function(window, params)\n\t\tlocal view = window\n\t\treturn view.tcp.send.count\n\tend,")), @"x.lua:7: looks at `tcp.send`, which is in neither `needs` nor `wants`");
    insta::assert_snapshot!(said(&rule("\tevaluate = function(window, params)\n\t\tlocal row = window.tcp.connect:top(\"pear\")\n\tend,")), @"x.lua:6: `tcp.connect` has no dimension `pear`; did you mean `peer`?");
    insta::assert_snapshot!(said(&rule("\tevaluate = function(window, params)\n\t\tfor _, row in window.tcp.connect:top(\"peer\") do\n\t\t\tlocal x = row.errrors + 1\n\t\tend\n\tend,")), @"x.lua:7: a row of `tcp.connect` has no field `errrors`; did you mean `errors`?");
}

/// Check that a parameter that the rule does not declare is an error with a near name, and not nil.
#[test]
fn unknown_parameters_are_mistakes() {
    let code = "return { name = \"x\", about = \"X.\", needs = { \"tcp.connect\" },\n\
                params = { rate = { type = \"number\", default = 1, about = \"A.\" } },\n\
                evaluate = function(window, params)\n\treturn params.rat\nend }";
    let mistakes = check(&text("x.lua", code), families::kinds()).unwrap_err();
    assert_eq!(mistakes[0].to_string(), "x.lua:4: the rule declares no parameter `rat`; did you mean `rate`?");
}

/// Check that the library writes numbers as podtrace itself does.
#[test]
fn texts_are_podtraces_own() {
    let code = "local text = require('podtrace.text') return function(what, value) return text[what](value) end";
    let differences = worker::aside(|| {
        let sandbox = Sandbox::new(&text("t.lua", code), LIMITS).unwrap();
        let mlua::Value::Function(write) = sandbox.load().unwrap() else { panic!("a function was expected") };
        let write = |what: &str, value: f64| sandbox.run(|_| write.call::<String>((what, value))).unwrap();
        let mut differences = Vec::new();
        let mut compare = |what: &str, value: f64, own: String| {
            let theirs = write(what, value);
            if theirs != own {
                differences.push(format!("{what} {value}: {theirs} instead of {own}"));
            }
        };
        for place in 0..3_000_u64 {
            let number = (place * 7919 % 1009) as f64 * 10_f64.powi((place % 13) as i32 - 3) / 7.0;
            compare("seconds", number / 1e6, unit::seconds(number / 1e6));
            compare("share", number / 1e5, unit::share(number / 1e5));
            compare("number", number, unit::number(number));
            compare("count", number.floor(), unit::count(number as u64));
            compare("bytes", number.floor(), unit::bytes(number as u64));
        }
        differences
    });
    let differences = differences.unwrap();
    assert!(differences.is_empty(), "{differences:#?}");
}

/// Check that rules of one name are refused, and that a given rule comes before a shipped one of its name.
#[test]
fn rules_have_names_of_their_own() {
    let code = |about: &str| {
        format!(
            "return {{ name = \"retransmits\", about = \"{about}\", needs = {{ \"tcp.connect\" }}, evaluate = function() end }}"
        )
    };
    let library = Library::of_texts(vec![text("mine.lua", &code("Mine."))], families::kinds()).unwrap();
    assert_eq!(library.get("retransmits").unwrap().spec.about, "Mine.");
    let twice = vec![text("a.lua", &code("A.")), text("b.lua", &code("B."))];
    assert_eq!(
        Library::of_texts(twice, families::kinds()).unwrap_err().to_string(),
        "two rules are called `retransmits`: a.lua and b.lua"
    );
    let mut profile = Profile { rules: vec![RuleUse::plain("slow-disk")], ..Profile::default() };
    let texts: Vec<session::RuleText> = library.apply(&mut profile);
    assert_eq!(texts.iter().map(|text| text.name.as_str()).collect::<Vec<_>>(), ["slow-disk", "retransmits"]);
    assert_eq!(profile.rules.len(), 2);
}

proptest! {
    /// Check that any text is a rule or a list of mistakes: no panic, nothing without an end.
    #[test]
    fn any_text_is_judged(code in "(return|local|function|end|\\{|\\}|name|=|\"x\"|needs|tcp.connect|window|\\.|[a-z]|\\(|\\)|while true do| |\n|[0-9]|\\PC){0,40}") {
        let limits = Limits { steps: 10_000, ..LIMITS };
        let said = worker::declarations(&[text("any.lua", &code)], &kinds(), limits).unwrap();
        if let Err(failure) = &said[0] {
            assert!(!failure.message.is_empty());
        }
    }
}

/// Check that a gauge is current only of the last window, and that what was said longest ago makes room for what is new,
/// while sums stay.
#[test]
fn gauges_are_of_the_last_window() {
    let code = "return { name = \"g\", about = \"G.\", needs = { \"tcp.connect\" }, metrics = {\n\
                share = { type = \"gauge\", label = \"peer\", about = \"S.\" },\n\
                seen = { type = \"counter\", label = \"peer\", about = \"C.\" } },\n\
                evaluate = function(window)\n\
                local share = {}\n\
                for _, peer in window.tcp.connect:top(\"peer\", 100) do share[peer.key] = peer.count end\n\
                return nil, { share = share, seen = share }\n\
                end }";
    let window = |number: usize| {
        let peers: String = (0..60).map(|peer| format!("[\"{number}.{peer:02}\"] = {{ count = 7 }},")).collect();
        format!("{{ [\"tcp.connect\"] = {{ peer = {{ {peers} }} }} }},")
    };
    let windows: String = (0..3).map(window).collect();
    let test = format!(
        "return {{ rule = \"g\", tests = {{ {{ name = \"t\", windows = {{ {windows} }}, expect = {{}} }} }} }}"
    );
    let rule = text("g.lua", code);
    let library = Library::of_texts(vec![rule.clone()], families::kinds()).unwrap_or_else(|error| panic!("{error}"));
    let trial = trial("t.lua", &test, &library).unwrap_or_else(|failure| panic!("{failure}"));
    let Input::Windows(windows) = trial.cases[0].input.clone() else { panic!("they are described") };
    let facts = Facts { cpus: 2, command: None };
    let tracker = super::judged_alone(&rule, &RuleUse::plain("g"), windows, &kinds(), &facts, LIMITS).unwrap();
    let status = tracker.status();
    let of = |name: &str, current: bool| {
        let is_it = |entry: &&super::MetricEntry<'_>| entry.spec.name == name && entry.is_current == current;
        let labels = status.metrics.iter().filter(is_it).filter_map(|entry| entry.label);
        labels.map(|label| label.split('.').next().unwrap_or_default().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(of("share", true), vec!["2"; 60]);
    assert_eq!(of("share", false), vec!["1"; 40], "the first window's are forgotten first");
    assert_eq!(of("seen", true).len(), 100);
    assert_eq!(status.findings_omitted, 80);
}
