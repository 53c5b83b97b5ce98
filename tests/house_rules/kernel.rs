//! Rules about the kernel side, `bpf/`.

use crate::source::Source;
use crate::tree;
use crate::tree::File;
use crate::tree::Findings;
use crate::tree::Violation;

/// The first line of every C file names it.
const LICENCE: &str = "SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)";

/// What makes text, or shows it: helpers and their macros.
const TEXT_MAKERS: [&str; 8] = [
    "bpf_snprintf",
    "BPF_SNPRINTF",
    "bpf_snprintf_btf",
    "bpf_printk",
    "bpf_trace_printk",
    "bpf_trace_vprintk",
    "BPF_SEQ_PRINTF",
    "bpf_seq_printf",
];

/// Units that a setting's name may end in, instead of a comment.
const UNITS: [&str; 2] = ["_ns", "_bytes"];

fn is_c(file: &File) -> bool {
    file.path.starts_with("bpf/") && (file.path.ends_with(".c") || file.path.ends_with(".h"))
}

fn no_text(files: &[File]) -> Findings {
    Findings::of(files, is_c, |file| {
        let source = Source::new(&file.text);
        let mut violations = Vec::new();
        for (line, code) in source.lines() {
            let words = code.split(|letter| !crate::source::is_word(letter));
            let makers = words.filter(|word| TEXT_MAKERS.contains(word));
            violations.extend(makers.map(|word| Violation::new(file, line, format!("`{word}`"))));
        }
        violations
    })
}

fn licences(files: &[File]) -> Findings {
    Findings::of(files, is_c, |file| {
        let said = file.text.lines().next().is_some_and(|line| line.contains(LICENCE));
        (!said).then(|| Violation::new(file, 1, format!("the first line is not `{LICENCE}`"))).into_iter().collect()
    })
}

/// Numbers under `#define`; enumerators cannot hold 64 bits on all kernels, so those with a suffix may stay.
fn no_numbers_under_define(files: &[File]) -> Findings {
    Findings::of(files, is_c, |file| {
        let source = Source::new(&file.text);
        let lines = source.lines().filter(|(_, line)| {
            let mut words = line.split_whitespace();
            let (define, _name, value) = (words.next(), words.next(), words.next());
            let value = value.unwrap_or_default().trim_start_matches(['(', '-']);
            define == Some("#define") && value.starts_with(|c: char| c.is_ascii_digit()) && !value.contains("UL")
        });
        lines.map(|(line, text)| Violation::new(file, line, format!("`{}`", text.trim()))).collect()
    })
}

/// Settings: definitions with `const volatile` (or the macro for it) that are not `extern`.
fn settings(files: &[File]) -> Findings {
    Findings::of(files, is_c, |file| {
        let source = Source::new(&file.text);
        let mut violations = Vec::new();
        for ((line, code), text) in source.lines().zip(file.text.lines()) {
            let (name, value) = if let Some(arguments) = code.trim().strip_prefix("SETTING(") {
                let mut arguments = arguments.trim_end_matches([';', ')', ' ']).split(',').map(str::trim).skip(1);
                (arguments.next().unwrap_or_default(), arguments.next().unwrap_or_default())
            } else if let Some(definition) = code.trim().strip_prefix("const volatile ") {
                let (left, value) = definition.split_once('=').unwrap_or((definition, ""));
                let left = left.split('[').next().unwrap_or(left).trim().trim_end_matches(';');
                (left.rsplit(' ').next().unwrap_or(left), value.trim().trim_end_matches(';'))
            } else {
                continue;
            };
            let name = name.trim();
            if !text.contains("/*") && !text.contains("//") && !UNITS.iter().any(|unit| name.ends_with(unit)) {
                violations.push(Violation::new(file, line, format!("`{name}` without unit or meaning")));
            }
            if name.ends_with("_ns") && !["0", "{}", "{ 0 }", "{0}", ""].contains(&value.trim()) {
                violations.push(Violation::new(file, line, format!("`{name}` has a value of its own")));
            }
        }
        violations
    })
}

/// Check that the kernel side ships numbers and raw bytes only.
#[test]
fn nothing_makes_text() {
    no_text(&tree::files())
        .demand("the kernel ships numbers and raw bytes: addresses, names and words are made in Rust");
    let text = "/* bpf_printk */\nint x(void) { bpf_printk(\"x\"); }\nint bpf_printkers;\n";
    assert_eq!(no_text(&[File::new("bpf/a.bpf.c", text)]).lines(), [2]);
    assert_eq!(no_text(&[File::new("src/a.rs", text)]).examined, 0);
}

/// Check that every C file says under which licences it may be used.
#[test]
fn every_file_names_its_licence() {
    licences(&tree::files())
        .demand("the BPF C is dual-licensed (bpf/LICENSE.md), and each file says so in its first line");
    let good = format!("// {LICENCE}\n");
    assert_eq!(licences(&[File::new("bpf/a.h", &good), File::new("bpf/b.h", "\n// x\n")]).lines(), [1]);
}

/// Check that constants are where BTF, and so Rust, can see them.
#[test]
fn constants_are_enumerators() {
    no_numbers_under_define(&tree::files())
        .demand("constants are enumerators, so that BTF has them and Rust need not repeat them");
    let text =
        "#define A 5\n#define B (5)\n#define C 5ULL\n#define D\n#define E(x) x\n#define F -1\n/* #define G 1 */\n";
    assert_eq!(no_numbers_under_define(&[File::new("bpf/a.h", text)]).lines(), [1, 2, 6]);
}

/// Check that settings say what they mean and that no threshold is one of the kernel side.
#[test]
fn settings_say_their_meaning_and_hold_no_threshold() {
    settings(&tree::files()).demand(
        "a setting says its unit and what zero means on its line; thresholds exist only in profiles, so one in \
         nanoseconds begins as 0",
    );
    let text = "const volatile __u64 a_ns[9] = {}; /* x */\nconst volatile __u64 b_ns = 1000;\nconst volatile __u32 c;\n\
                extern const volatile __u32 d;\nSETTING(__u32, e, 1);\nSETTING(__u64, f_bytes, 4096);\n\
                SETTING(__u64, g_ns, 10);\n#define SETTING(type, name, value) const volatile type name = value\n";
    assert_eq!(settings(&[File::new("bpf/a.h", text)]).lines(), [2, 3, 5, 7]);
}

/// Check that the object says nothing of where it was made, so that it is the same to the bit wherever and whenever that
/// is: names of its sources are those within the checkout.
#[test]
fn the_object_names_no_place() {
    let object: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/podtrace.bpf.o"));
    let words = object.split(|byte| !byte.is_ascii_graphic()).filter_map(|word| std::str::from_utf8(word).ok());
    let is_source = |word: &&str| word.ends_with(".c") || word.ends_with(".h");
    let sources: Vec<&str> = words.filter(is_source).collect();
    assert!(sources.contains(&"./bpf/syscalls.bpf.c") && sources.contains(&"bpf/bpf_helpers.h"), "{sources:?}");
    let elsewhere: Vec<_> = sources.iter().filter(|source| source.starts_with('/') || source.contains("..")).collect();
    assert!(elsewhere.is_empty(), "{elsewhere:?}");
}
