//! Any bytes as a recording: `./dev fuzz recording`.
//!
//! Checksums would stop nearly every input at its first frame, so the input is read twice: as a file, and as a payload
//! behind a good session, with a good checksum, plain or compressed.

#![no_main]

use libfuzzer_sys::fuzz_target;
use podtrace::event::KindId;
use podtrace::event::recording::KindMap;
use podtrace::event::recording::Reader;

/// A recording to take the header and the session from.
const GOOD: &[u8] = include_bytes!("../../tests/recordings/v1.podtrace");

/// Reads to the end and looks at everything, as replay does.
fn read(file: &[u8]) {
    let Ok(mut reader) = Reader::open(file) else { return };
    let mut kinds = KindMap::new(reader.session(), |name| name.starts_with("tcp.").then_some(KindId(0x10)));
    while let Some(Ok(item)) = reader.next() {
        kinds.item(item);
    }
    assert!(reader.next().is_none());
}

/// A good header and session, then a frame of the given type.
fn forged(kind: u8, payload: &[u8]) -> Vec<u8> {
    let session = podtrace_fuzz::frames(GOOD)[0];
    podtrace_fuzz::file(&GOOD[..podtrace_fuzz::FILE_HEADER_BYTES], [session, (kind, payload)])
}

fuzz_target!(|bytes: &[u8]| {
    read(bytes);
    let Some((how, payload)) = bytes.split_first() else { return };
    match how % 4 {
        0 => read(&forged(podtrace_fuzz::ITEMS, &zstd::bulk::compress(payload, 1).expect("any bytes can be compressed"))),
        kind => read(&forged(kind, payload)),
    }
});
