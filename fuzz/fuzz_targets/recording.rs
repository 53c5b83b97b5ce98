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

/// Magic and format.
const FILE_HEADER_BYTES: usize = 12;

/// Length, type and checksum.
const FRAME_HEADER_BYTES: usize = 9;

/// Reads to the end and looks at everything, as replay does.
fn read(file: &[u8]) {
    let Ok(mut reader) = Reader::open(file) else { return };
    let mut kinds = KindMap::new(reader.session(), |name| name.starts_with("tcp.").then_some(KindId(0x10)));
    while let Some(Ok(item)) = reader.next() {
        kinds.item(item);
    }
    assert!(reader.next().is_none());
}

/// Bit by bit, on purpose other code than the library's.
fn crc32(bytes: &[u8]) -> u32 {
    let step = |value: u32, _| if value & 1 == 1 { (value >> 1) ^ 0xEDB8_8320 } else { value >> 1 };
    !bytes.iter().fold(u32::MAX, |state, byte| (0..8).fold(state ^ u32::from(*byte), step))
}

/// A good header and session, then a frame of the given type.
fn forged(kind: u8, payload: &[u8]) -> Vec<u8> {
    let length = &GOOD[FILE_HEADER_BYTES..][..4];
    let length = u32::from_le_bytes(length.try_into().expect("four bytes were taken")) as usize;
    let previous = &GOOD[FILE_HEADER_BYTES + 5..][..4];
    let head = [&(payload.len() as u32).to_le_bytes()[..], &[kind]].concat();
    let checksum = crc32(&[previous, &head, payload].concat());
    let session = &GOOD[..FILE_HEADER_BYTES + FRAME_HEADER_BYTES + length];
    [session, &head, &checksum.to_le_bytes(), payload].concat()
}

fuzz_target!(|bytes: &[u8]| {
    read(bytes);
    let Some((how, payload)) = bytes.split_first() else { return };
    match how % 4 {
        0 => read(&forged(2, &zstd::bulk::compress(payload, 1).expect("any bytes can be compressed"))),
        kind => read(&forged(kind, payload)),
    }
});
