use std::fs;

use proptest::prelude::*;

use super::Executable;
use super::ExecutableError;
use super::NEEDED_MAX;
use super::SEARCH_STEP;
use super::example::Example;
use super::example::go_information;

fn read(bytes: &[u8]) -> Result<Executable, ExecutableError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("program");
    fs::write(&path, bytes).unwrap();
    Executable::read(&path)
}

/// Check what is read of executables of each sort, whatever tables they have.
#[test]
fn sorts() {
    let static_go = Example {
        notes: &[("GNU", &[1; 20]), ("Go", b"id")],
        sections: &[(".go.buildinfo", &go_information("go1.22.1"))],
        ..Example::default()
    };
    let read_go = read(&static_go.build()).unwrap();
    assert_eq!((read_go.bits, read_go.interpreter, read_go.go), (64, None, Some(Some("1.22.1".into()))));
    let stripped = Example { sections: &[], ..static_go };
    assert_eq!(read(&stripped.build()).unwrap().go, Some(None));
    let dynamic = Example {
        interpreter: Some("/lib64/ld-linux-x86-64.so.2"),
        needed: &["libstdc++.so.6", "libc.so.6"],
        ..Example::default()
    };
    let read_dynamic = read(&dynamic.build()).unwrap();
    assert_eq!(read_dynamic.interpreter.as_deref(), Some("/lib64/ld-linux-x86-64.so.2"));
    assert_eq!(read_dynamic.needed, ["libstdc++.so.6", "libc.so.6"]);
    assert_eq!((read_dynamic.library("libstdc++.so"), &read_dynamic.go), (Some("libstdc++.so.6"), &None));
    let commented = Example { sections: &[(".comment", b"GCC: 12\0rustc version 1.95.0\0")], ..Example::default() };
    assert!(read(&commented.build()).unwrap().rust);
    assert_eq!(read(&Example { is_32_bit: true, ..Example::default() }.build()).unwrap().bits, 32);
    assert!(matches!(read(b"#!/bin/sh\n"), Err(ExecutableError::Foreign)));
    assert!(matches!(read(b""), Err(ExecutableError::Foreign)));
    assert!(matches!(Executable::read("/no/such/file".as_ref()), Err(ExecutableError::Unreadable(_))));
}

/// Check that sources of Rust's library are found wherever they are named, also across the border of two steps.
#[test]
fn rust_by_its_sources() {
    let name = b"/rustc/0123456789/library/core/src/panicking.rs";
    for at in [0, 7, SEARCH_STEP - 3, SEARCH_STEP + 1, 3 * SEARCH_STEP - 6] {
        let mut data = vec![b'x'; 3 * SEARCH_STEP + 100];
        data[at..at + name.len()].copy_from_slice(name);
        let program = Example { sections: &[(".rodata", &data)], ..Example::default() }.build();
        assert!(read(&program).unwrap().rust, "{at}");
    }
    let other = Example { sections: &[(".rodata", &vec![b'/'; 1009])], ..Example::default() };
    assert!(!read(&other.build()).unwrap().rust);
}

/// Check that the program that runs this test is what it is.
#[test]
fn itself() {
    let own = Executable::read("/proc/self/exe".as_ref()).unwrap();
    assert!(own.rust && own.go.is_none() && own.bits == 64);
    assert!(own.library("libc.so").is_some(), "{:?}", own.needed);
}

proptest! {
    /// Check that any bytes, and executables with any bytes changed or cut off, are read or refused, and never more is
    /// kept than may be.
    #[test]
    fn any_bytes(noise in any::<Vec<u8>>(), changes in prop::collection::vec((any::<u16>(), any::<u8>()), 0..16), cut in any::<u16>()) {
        let _ = read(&noise);
        let mut program = Example {
            interpreter: Some("/lib/ld-musl-x86_64.so.1"),
            needed: &["libc.musl-x86_64.so.1", "libstdc++.so.6"],
            notes: &[("Go", b"id")],
            sections: &[(".go.buildinfo", &go_information("go1.22.1")), (".comment", b"rustc version 1"), (".rodata", b"/rustc/")],
            ..Example::default()
        }
        .build();
        for (at, byte) in changes {
            let length = program.len();
            program[usize::from(at) % length] = byte;
        }
        program.truncate(program.len() - usize::from(cut) % 64);
        if let Ok(found) = read(&program) {
            prop_assert!(found.needed.len() <= NEEDED_MAX);
            prop_assert!(found.go.flatten().is_none_or(|version| version.len() <= 3 * 256));
        }
    }
}
