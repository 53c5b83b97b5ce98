//! Hostile rules: each is stopped within its limits, and says what and where.

use std::collections::BTreeMap;
use std::time::Duration;
use std::time::Instant;

use super::LIMITS;
use super::Sandbox;
use crate::rules::script::source::RuleText;
use crate::rules::script::worker;

fn text(code: &str) -> RuleText {
    RuleText { path: "mine.lua".to_owned(), text: code.to_owned(), modules: BTreeMap::new(), shipped: false }
}

/// What becomes of a text that is run: what it returns, or `FILE:LINE: MESSAGE`.
fn run(code: &str) -> String {
    run_of(&text(code))
}

fn run_of(text: &RuleText) -> String {
    let run = || {
        let sandbox = Sandbox::new(text, LIMITS).unwrap();
        match sandbox.load() {
            Ok(value) => value.to_string().unwrap_or_else(|_| value.type_name().to_owned()),
            Err(failure) => failure.to_string(),
        }
    };
    worker::aside(run).expect("a thread starts")
}

/// Check that what never ends is stopped by its count of steps, at the line where it was, and that catching the error
/// does not help.
#[test]
fn endless_loops_are_stopped() {
    let steps = "it took more than 1,000,000 steps";
    for (line, code) in [
        (1, "while true do end"),
        (2, "\nwhile true do pcall(function() while true do end end) end"),
        (1, "while true do pcall(error, 'x') end"),
        (1, "local function f() return f() end f()"),
        (
            2,
            "local t = setmetatable({}, {})\ngetmetatable(t).__index = function(t, k) return t[k .. 1] end while true do local _ = t.x end",
        ),
        (1, "table.sort(table.create(300, 1), function() while true do end end)"),
        (1, "string.gsub(string.rep('x', 300), '.', function() while true do end end)"),
        (1, "for i = 1, 1e300 do end"),
    ] {
        let began = Instant::now();
        let said = run(code);
        assert!(said.contains(&format!("mine.lua:{line}: ")), "{code}: {said}");
        assert!(said.contains(steps) || said.contains("too deep"), "{code}: {said}");
        assert!(began.elapsed() < Duration::from_secs(60), "{code}");
    }
    // It came to an end by itself after it had been stopped.
    let caught = run("pcall(function() while true do end end) return 'done'");
    assert!(caught.contains(steps), "{caught}");
}

/// Check that what allocates without end meets the limit of memory, and names it.
#[test]
fn allocation_is_bounded() {
    for code in [
        "local t = {} while true do t[#t + 1] = {} end",
        "local s = 'x' while true do s = s .. s end",
        "local t = table.create(100000000, 'x')",
        "local t = {} for i = 1, 1e9 do t[i] = string.rep('x', 60000) .. i end",
        "local t = {} while true do table.insert(t, table.concat(t, 'xxxxxxxxxxxxxxxx') .. 'x') end",
    ] {
        let said = run(code);
        assert!(
            said.contains("more than 8.0 MiB of memory") || said.contains("too large") || said.contains("overflow"),
            "{code}: {said}"
        );
    }
    let loops = run("while true do pcall(function() local s = 'x' while true do s = s .. s end end) end");
    assert!(loops.contains("steps") || loops.contains("memory") || loops.contains("longer than"), "{loops}");
}

/// Check that recursion ends with a message, caught or not.
#[test]
fn recursion_is_bounded() {
    let deep = run("local function f(n) return 1 + f(n + 1) end\nf(1)");
    assert!(deep.starts_with("mine.lua:1: it calls itself too deep"), "{deep}");
    let caught = run("local function f() return 1 + (pcall(f) and 1 or 0) end while true do f() end");
    assert!(caught.contains("steps") || caught.contains("deep") || caught.contains("longer than"), "{caught}");
    let nested = format!("return {}1{}", "(".repeat(100_000), ")".repeat(100_000));
    assert!(run(&nested).contains("mine.lua:1: "), "{}", run(&nested));
}

/// Check that bombs of patterns and strings end.
#[test]
fn string_bombs_are_stopped() {
    for code in [
        "return string.find(string.rep('a', 60000), '.-.-.-.-.-b$')",
        "return string.match(string.rep('a', 40), string.rep('a?', 28) .. string.rep('a', 40))",
        "return string.find(string.rep('a', 60000), string.rep('a', 30000), 1, true)",
        "return string.rep('x', 1e9)",
        "return ('x'):rep(1e300)",
        "return string.format('%099999d', 7)",
    ] {
        let began = Instant::now();
        let said = run(code);
        assert!(said.starts_with("mine.lua:1: ") || said == "nil", "{code}: {said}");
        assert!(began.elapsed() < Duration::from_secs(60), "{code}");
    }
}

/// Check that nothing of the outside can be reached, that libraries cannot be changed, and that globals are an error
/// with a near name.
#[test]
fn nothing_leads_out() {
    for name in [
        "io",
        "os",
        "debug",
        "package",
        "load",
        "loadstring",
        "dofile",
        "loadfile",
        "collectgarbage",
        "getfenv",
        "setfenv",
        "newproxy",
        "coroutine",
        "print",
        "xpcall",
        "buffer",
        "vector",
        "gcinfo",
        "_G",
        "_VERSION",
    ] {
        let said = run(&format!("return {name}"));
        assert!(said.starts_with(&format!("mine.lua:1: unknown name `{name}`")), "{name}: {said}");
    }
    for code in [
        "string.rep = nil",
        "getmetatable('').__index = {}",
        "table.insert = function() end",
        "math.pi = 3",
        "rawset(string, 'x', 1)",
        "setmetatable(string, {})",
    ] {
        let said = run(code);
        assert!(
            said.starts_with("mine.lua:1: ")
                && (said.contains("readonly") || said.contains("protected") || said.contains("index")),
            "{code}: {said}"
        );
    }
    assert_eq!(run("\ncount = 1"), "mine.lua:2: sets the global `count`: write `local count`");
    assert_eq!(run("return tostrng(1)"), "mine.lua:1: unknown name `tostrng`; did you mean `tostring`?");
    assert_eq!(run("return math.random == nil and math.randomseed == nil"), "true");
    // Bytecode begins with a version number below 16.
    assert!(!run("\u{6}\u{3}\u{1}").is_empty());
}

/// Check that addresses, which differ from run to run, do not get into texts.
#[test]
fn texts_have_no_addresses() {
    assert_eq!(
        run("return tostring({}) .. ' ' .. string.format('%s %d', {}, 7) .. ' ' .. tostring(pcall)"),
        "table table 7 function"
    );
}

/// Check that modules come from our library and from beside the rule, that they cannot be changed, and that everything
/// else is an error with its place.
#[test]
fn modules_are_required() {
    assert_eq!(run("local text = require('podtrace.text')\nreturn text.seconds(0.0123)"), "12.3 ms");
    let near = run("\n\nreturn require('podtrace.txt')");
    assert!(
        near.starts_with("mine.lua:3: there is no module `podtrace.txt`")
            && near.ends_with("did you mean `podtrace.text`?"),
        "{near}"
    );
    assert!(run("return require('../../etc/passwd')").contains("there is no module"));
    assert!(run("return require('os')").contains("there is no module"));
    assert!(run("require('podtrace.text').seconds = nil").contains("readonly"));
    let mut own = text("local own = require('own')\nreturn own.answer()");
    own.modules.insert("own".to_owned(), "local M = {}\nfunction M.answer() return 42 end\nreturn M".to_owned());
    assert_eq!(run_of(&own), "42");
    own.modules.insert("own".to_owned(), "\n\nerror('broken')".to_owned());
    assert_eq!(run_of(&own), "own:3: broken");
    own.modules.insert("own".to_owned(), "return require('own')".to_owned());
    assert_eq!(run_of(&own), "own:1: `own` requires itself");
}

/// Check that mistakes in the language have their line.
#[test]
fn syntax_errors_have_their_place() {
    assert!(run("local x = = 1").starts_with("mine.lua:1: "), "{}", run("local x = = 1"));
    assert!(run("return {\n  name = 'x'\n  about = 'y'\n}").starts_with("mine.lua:3: "));
    assert!(run("\nlocal x = nil\nreturn x.y").starts_with("mine.lua:3: attempt to index nil"));
    assert_eq!(run("\nerror('no good')"), "mine.lua:2: no good");
    assert!(run("error({})").starts_with("mine.lua"), "{}", run("error({})"));
}
