use proptest::prelude::*;

use super::Told;
use super::decode;
use crate::event::Definition;
use crate::event::Item;
use crate::wire::types::podtrace_record as Record;

fn file_record(flags: u32, names: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    bytes.extend(Record::PODTRACE_FILE_PATH.0.to_ne_bytes());
    bytes.extend(flags.to_ne_bytes());
    bytes.extend(4711u64.to_ne_bytes());
    bytes.extend((names.len() as u32).to_ne_bytes());
    bytes.extend(0u32.to_ne_bytes());
    bytes.extend(names);
    bytes
}

fn path_of(bytes: &[u8]) -> (String, bool, bool) {
    match decode(bytes, 0).expect("it is well formed").told.as_slice() {
        [Told::Item(Item::Definition(Definition::Path(path)))] => (path.path.clone(), path.deleted, path.truncated),
        other => panic!("not a path: {other:?}"),
    }
}

/// Check that names from the file upwards become the path from the root downwards.
#[test]
fn paths_are_turned_around() {
    assert_eq!(path_of(&file_record(0, b"data\0lib\0var\0")), ("/var/lib/data".into(), false, false));
    assert_eq!(path_of(&file_record(0, b"")), ("/".into(), false, false));
    assert_eq!(path_of(&file_record(1, b"gone\0tmp\0")), ("/tmp/gone".into(), true, false));
    assert_eq!(path_of(&file_record(2, b"leaf\0dir\0")), (".../dir/leaf".into(), false, true));
}

proptest! {
    /// Check that no bytes make the decoder panic.
    #[test]
    fn any_bytes_are_survived(mut bytes in proptest::collection::vec(any::<u8>(), 0..1200), record in 0u32..10) {
        if let Some(head) = bytes.get_mut(..4) {
            head.copy_from_slice(&record.to_ne_bytes());
        }
        let _ = decode(&bytes, 0);
    }
}

/// Check that a path which a program gave, and of which the end was cut, says so there.
#[test]
fn given_paths_are_cut_at_their_end() {
    let mut path = [0; 16];
    path[..15].copy_from_slice(b"/a/much/longer/");
    let cut = super::given(7, &path);
    assert_eq!((cut.path.as_str(), cut.truncated), ("/a/much/longer/...", true));
    path[14] = 0;
    let whole = super::given(7, &path);
    assert_eq!((whole.path.as_str(), whole.truncated), ("/a/much/longer", false));
}
