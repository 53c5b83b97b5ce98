//! Recordings made by hand: with checksums that are right whatever is in the frames, so that a fuzzer reaches what is behind
//! them. On purpose other code than the library's.

/// Magic and format.
pub const FILE_HEADER_BYTES: usize = 12;

/// Length, type and checksum.
pub const FRAME_HEADER_BYTES: usize = 9;

/// The type of frames whose payloads are compressed.
pub const ITEMS: u8 = 2;

/// The most that is unpacked of one frame, in bytes.
const UNPACKED_BYTES_MAX: usize = 1 << 20;

/// Bit by bit.
pub fn crc32(bytes: &[u8]) -> u32 {
    let step = |value: u32, _| if value & 1 == 1 { (value >> 1) ^ 0xEDB8_8320 } else { value >> 1 };
    !bytes.iter().fold(u32::MAX, |state, byte| (0..8).fold(state ^ u32::from(*byte), step))
}

/// A recording of a header and frames, each of a type and a payload.
pub fn file<'a>(header: &[u8], frames: impl IntoIterator<Item = (u8, &'a [u8])>) -> Vec<u8> {
    let mut out = header.to_vec();
    let mut previous = crc32(header);
    for (kind, payload) in frames {
        let head = [&(payload.len() as u32).to_le_bytes()[..], &[kind]].concat();
        previous = crc32(&[&previous.to_le_bytes(), &head[..], payload].concat());
        out.extend([&head[..], &previous.to_le_bytes(), payload].concat());
    }
    out
}

/// The frames of a recording, each with its type, as far as their lengths lead.
pub fn frames(file: &[u8]) -> Vec<(u8, &[u8])> {
    let mut rest = file.get(FILE_HEADER_BYTES..).unwrap_or_default();
    let mut frames = Vec::new();
    while let Some((head, payload)) = rest.split_at_checked(FRAME_HEADER_BYTES) {
        let length = u32::from_le_bytes([head[0], head[1], head[2], head[3]]) as usize;
        let (payload, next) = payload.split_at(length.min(payload.len()));
        frames.push((head[4], payload));
        rest = next;
    }
    frames
}

/// A recording without checksums and compression: what is worth changing.
pub fn unpack(recording: &[u8]) -> Vec<u8> {
    let mut out = recording[..FILE_HEADER_BYTES.min(recording.len())].to_vec();
    for (kind, payload) in frames(recording) {
        let plain = match kind {
            ITEMS => zstd::bulk::decompress(payload, UNPACKED_BYTES_MAX).unwrap_or_default(),
            _ => payload.to_vec(),
        };
        out.extend((plain.len() as u32).to_le_bytes());
        out.push(kind);
        out.extend(plain);
    }
    out
}

/// The recording that [`unpack`] makes this of; whatever the bytes, one with right lengths and checksums.
pub fn pack(unpacked: &[u8]) -> Vec<u8> {
    let (header, mut rest) = unpacked.split_at(FILE_HEADER_BYTES.min(unpacked.len()));
    let mut frames = Vec::new();
    while let Some((head, payload)) = rest.split_at_checked(5) {
        let length = u32::from_le_bytes([head[0], head[1], head[2], head[3]]) as usize;
        let (payload, next) = payload.split_at(length.min(payload.len()));
        let payload = match head[4] {
            ITEMS => zstd::bulk::compress(payload, 1).expect("any bytes can be compressed"),
            _ => payload.to_vec(),
        };
        frames.push((head[4], payload));
        rest = next;
    }
    file(header, frames.iter().map(|(kind, payload)| (*kind, &payload[..])))
}
