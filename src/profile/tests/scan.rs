//! The first look, and the way back from a mended text to the file.

use super::super::guard::excess;
use super::super::scan::scan;
use super::super::syntax;

/// The texts of a document's top-level nodes, as the first look tells them apart.
fn parts(text: &str) -> Vec<&str> {
    scan(text).nodes.into_iter().map(|at| text[at].trim()).filter(|part| !part.is_empty()).collect()
}

/// Check that line ends and semicolons separate nodes, and those in blocks, strings, comments and continued lines do
/// not.
#[test]
fn nodes_are_told_apart() {
    assert_eq!(parts("a 1; b 2\nc"), ["a 1;", "b 2", "c"]);
    assert_eq!(parts("a {\n b; c\n}\nd"), ["a {\n b; c\n}", "d"]);
    assert_eq!(parts("a \"x;y\" #\"p\";q\"# ; b"), ["a \"x;y\" #\"p\";q\"# ;", "b"]);
    assert_eq!(parts("a \"\"\"\n x\n \"\"\"\nb"), ["a \"\"\"\n x\n \"\"\"", "b"]);
    assert_eq!(parts("a \\\n 1\nb"), ["a \\\n 1", "b"]);
    assert_eq!(parts("a \\ // why\r\n 1\r\nb"), ["a \\ // why\r\n 1", "b"]);
    assert_eq!(parts("/* a\n b; /* c\n */ */ d\ne"), ["/* a\n b; /* c\n */ */ d", "e"]);
    assert_eq!(parts("// a; b\nc // d; e\nf"), ["// a; b", "c // d; e", "f"]);
    assert_eq!(parts("/-\na 1\nb"), ["/-\na 1", "b"]);
}

/// Check that correct documents are left alone.
#[test]
fn nothing_is_mended_that_is_right() {
    for text in [
        "a 1 -1 +1 1.5 1e3 1_000 0x1F 0o17 0b11 -0.5e-3",
        "a #true #false #null #nan #inf #-inf",
        "a \"true\" true=1 \"10ms\" trueish p99=>100ms",
        "true-ish 1; a-10ms x10ms",
        "a r#\"x\"# #\"a\\b\"# ##\"a\"#b\"##",
        "a /-10 b /-x=1 /-{ c } { d }",
        "/-a { b }; /* x */ c // y",
        "a (u8)1 x=(u8)2",
        "\u{feff}a 1",
    ] {
        let look = scan(text);
        assert_eq!(look.mistakes, [], "{text:?}");
        assert_eq!(look.readable, text.len(), "{text:?}");
    }
}

/// Check that the places of what comes after mended text are those of the file.
#[test]
fn places_survive_mending() {
    let text = "probes { a peers=true slow=10ms other=/x/y last=\"z\" }\nb = 1\nc \"é\" d=5% e=\"f\"";
    let read = syntax::parse(text).expect("a thread starts");
    assert_eq!(read.mistakes.len(), 5, "{:?}", read.mistakes);
    let mut compared = 0;
    let children = read.nodes[0].children().expect("a block").nodes();
    for node in read.nodes.iter().chain(children) {
        for (name, value) in node.entries().iter().filter_map(|entry| Some((entry.name()?, entry.value()))) {
            let at = name.span().offset()..name.span().offset() + name.span().len();
            assert_eq!(&text[read.places.original(&at)], name.value());
            assert!(value.is_string() || value.is_bool(), "{value}");
            compared += 1;
        }
    }
    assert_eq!(compared, 6);
    let b = &read.nodes[1];
    assert_eq!((b.name().value(), b.entries().len()), ("b", 1));
}

/// Check that limits are on what stands in the file, whatever is a string or a comment in it.
#[test]
fn limits() {
    let refused = |text: String| excess(&text).map(|mistake| (mistake.message, mistake.at));
    assert_eq!(refused("a {}\n".repeat(128)), None);
    assert_eq!(refused("a {}\n".repeat(129)), Some(("too many `{` in one file".to_owned(), 642..643)));
    assert_eq!(refused(format!("a \"{}\"", "{".repeat(129))), Some(("too many `{` in one file".to_owned(), 131..132)));
    assert_eq!(refused("/*".repeat(129)), Some(("too many `/*` in one file".to_owned(), 256..258)));
    assert_eq!(refused("a /-{}\n".repeat(4)), None);
    let struck = Some(("too many blocks struck out with `/-{` in one file".to_owned(), 30..32));
    assert_eq!(refused("a /-{}\n".repeat(5)), struck);
    assert_eq!(refused("a /-\n{\n".repeat(5)), struck.map(|(message, _)| (message, 30..32)));
    let deep = scan(&format!("{}{}", "a {".repeat(33), "}".repeat(33)));
    assert_eq!(deep.mistakes[0].message, "blocks are nested too deeply");
    assert_eq!(scan(&format!("{}{}", "a {".repeat(32), "}".repeat(32))).mistakes, []);
}
