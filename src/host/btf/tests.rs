use std::time::Duration;
use std::time::Instant;

use proptest::collection::vec;
use proptest::prelude::any;
use proptest::proptest;

use super::Btf;
use super::BtfError;
use super::Kind;

/// BTF of `words` of types and these strings.
fn bytes(words: &[u32], strings: &[u8]) -> Vec<u8> {
    let types = u32::try_from(words.len() * 4).unwrap();
    let mut out = vec![0x9f, 0xeb, 1, 0];
    for word in [24, 0, types, types, u32::try_from(strings.len()).unwrap()] {
        out.extend(u32::to_le_bytes(word));
    }
    out.extend(words.iter().flat_map(|word| word.to_le_bytes()));
    out.extend(strings);
    out
}

/// BTF with what this version asks every kernel for: the tracepoint `sched_switch`, task storage for tracing programs.
pub(in crate::host) fn modern() -> Btf {
    let strings = b"\0btf_trace_sched_switch\0task_struct\0bpf_storage\0";
    let words = [
        vec![0, info(Kind::FuncProto, 0), 0],
        vec![0, info(Kind::Ptr, 0), 1],
        vec![1, info(Kind::Typedef, 0), 2],
        vec![24, info(Kind::Struct, 1), 8, 36, 2, 0],
    ];
    Btf::parse(bytes(&words.concat(), strings)).unwrap()
}

fn info(kind: Kind, members: u32) -> u32 {
    (kind as u32) << 24 | members
}

/// `struct task { int state; union { int a; int b; }; }`, `enum ids { memory }`, `typedef void (*btf_trace_go)(void *,
/// int)`.
fn example() -> Vec<u8> {
    let strings = b"\0int\0task\0state\0a\0b\0ids\0memory\0btf_trace_go\0";
    let words = [
        vec![1, info(Kind::Int, 0), 4, 32],                    // 1
        vec![5, info(Kind::Struct, 2), 8, 10, 1, 0, 0, 3, 32], // 2
        vec![0, info(Kind::Union, 2), 4, 16, 1, 0, 18, 1, 0],  // 3
        vec![20, info(Kind::Enum, 1), 4, 24, 7],               // 4
        vec![0, info(Kind::FuncProto, 2), 0, 0, 0, 0, 1],      // 5
        vec![0, info(Kind::Ptr, 0), 5],                        // 6
        vec![31, info(Kind::Typedef, 0), 6],                   // 7
    ];
    bytes(&words.concat(), strings)
}

/// Check that types, members of unnamed unions, enumerators and tracepoints are found, and others are not.
#[test]
fn names() {
    let btf = Btf::parse(example()).unwrap();
    assert_eq!(btf.id(Kind::Struct, "task"), Some(2));
    assert!(!btf.has(Kind::Union, "task"));
    assert!(btf.has_field("task", "state") && btf.has_field("task", "b"));
    assert!(!btf.has_field("task", "c") && !btf.has_field("tasks", "state") && !btf.has_field("task", ""));
    assert!(btf.has_enumerator("ids", "memory") && !btf.has_enumerator("ids", "cpu"));
    assert_eq!((btf.tracepoint("go"), btf.tracepoint_arguments("go")), (Some(7), Some(1)));
    assert_eq!(btf.tracepoint_arguments("stop"), None);
}

/// Check that a structure that holds itself ends the search.
#[test]
fn circle() {
    let words = [vec![1, info(Kind::Struct, 1), 4, 0, 2, 0], vec![0, info(Kind::Struct, 2), 4, 0, 2, 0, 0, 1, 0]];
    assert!(!Btf::parse(bytes(&words.concat(), b"\0x\0")).unwrap().has_field("x", "y"));
}

/// Check that damage is named.
#[test]
fn damage() {
    let whole = example();
    assert!(matches!(Btf::parse(whole[..10].to_vec()), Err(BtfError::Header("too short"))));
    assert!(matches!(Btf::parse(whole[..60].to_vec()), Err(BtfError::Header("a section lies outside"))));
    assert!(matches!(Btf::parse(vec![0xeb, 0x9f, 1, 0]), Err(BtfError::Header("the bytes are in the other order"))));
    let cut = bytes(&[5, info(Kind::Struct, 2), 8, 10], b"\0");
    assert!(matches!(Btf::parse(cut), Err(BtfError::Truncated(1))));
    let strange = bytes(&[0, 31 << 24, 0], b"\0");
    assert!(matches!(Btf::parse(strange), Err(BtfError::UnknownKind { id: 1, kind: 31 })));
}

proptest! {
    /// Check that no bytes make the reader panic or run for long.
    #[test]
    fn total(noise in vec(any::<u8>(), 0..300), at in 0_usize..200, with in any::<u8>()) {
        let mut damaged = example();
        let place = at % damaged.len();
        damaged[place] = with;
        for input in [noise, damaged] {
            if let Ok(btf) = Btf::parse(input) {
                let _ = btf.has_field("task", "c");
                let _ = btf.has_enumerator("ids", "cpu");
                let _ = btf.tracepoint_arguments("go");
            }
        }
    }

    /// Check the same for arbitrary types under a right header, which get further.
    #[test]
    fn total_types(words in vec(any::<u32>(), 0..100), kinds in vec((1_u32..20, 0_u32..5), 0..30)) {
        let tame: Vec<u32> = kinds.iter().flat_map(|(kind, members)| {
            let mut words = vec![1, kind << 24 | members, 2];
            words.extend([0, 1, 2, 0, 3, 4, 0, 5, 6, 0, 1, 2, 0, 2, 1].iter().take(*members as usize * 3));
            words
        }).collect();
        for words in [words, tame] {
            if let Ok(btf) = Btf::parse(bytes(&words, b"\0x\0y\0")) {
                let _ = btf.has_field("x", "z");
                let _ = btf.has_enumerator("x", "z");
            }
        }
    }
}

/// Check that the running kernel's own types are read, quickly.
#[test]
fn running_kernel() {
    let begun = Instant::now();
    let btf = Btf::read("/".as_ref()).expect("this test needs a kernel with BTF");
    let took = begun.elapsed();
    assert!(btf.has_tracepoint("sched_switch") && btf.has_tracepoint("sys_enter"));
    assert!(!btf.has_tracepoint("no_such_tracepoint"));
    assert!(btf.has_field("task_struct", "tgid") && !btf.has_field("task_struct", "no_such_field"));
    assert!(btf.has_enumerator("bpf_func_id", "BPF_FUNC_ringbuf_reserve"));
    // sys_enter(struct pt_regs *regs, long id)
    assert_eq!(btf.tracepoint_arguments("sys_enter"), Some(2));
    // Unoptimised and on a busy machine; optimised it takes a tenth of this.
    assert!(took < Duration::from_secs(2), "{took:?}");
    eprintln!("read in {took:?}");
}
