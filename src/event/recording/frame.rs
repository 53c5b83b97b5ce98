//! Frames: lengths, types and checksums around payloads that mean nothing here.

use std::io;
use std::io::BufRead;
use std::io::Read;

use super::Damage;
use super::FORMAT;
use super::FRAME_BYTES_MAX;
use super::checksum::crc32;

/// The first bytes of every recording, in all formats.
pub(super) const MAGIC: [u8; 8] = *b"PODTRACE";

/// Magic and format.
pub(super) const FILE_HEADER_BYTES: usize = 12;

/// Length, type and checksum.
pub(super) const FRAME_HEADER_BYTES: usize = 9;

/// What a payload is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FrameType {
    Session = 1,
    Items = 2,
    Ending = 3,
}

impl FrameType {
    fn of(number: u8) -> Option<Self> {
        [Self::Session, Self::Items, Self::Ending].into_iter().find(|kind| *kind as u8 == number)
    }
}

/// The file's first bytes.
pub(super) fn file_header() -> [u8; FILE_HEADER_BYTES] {
    let mut header = [0; FILE_HEADER_BYTES];
    let (magic, format) = header.split_at_mut(MAGIC.len());
    magic.copy_from_slice(&MAGIC);
    format.copy_from_slice(&FORMAT.to_le_bytes());
    header
}

/// The checksum that the first frame continues.
pub(super) fn header_checksum(header: &[u8; FILE_HEADER_BYTES]) -> u32 {
    crc32(&[header])
}

fn checksum(previous: u32, length: [u8; 4], kind: u8, payload: &[u8]) -> u32 {
    crc32(&[&previous.to_le_bytes(), &length, &[kind], payload])
}

/// Appends a frame to `out` and returns its checksum, which the next one continues. The payload is at most
/// [`FRAME_BYTES_MAX`] long.
pub(super) fn append(out: &mut Vec<u8>, previous: u32, kind: FrameType, payload: &[u8]) -> u32 {
    debug_assert!(payload.len() <= FRAME_BYTES_MAX);
    let length = (payload.len() as u32).to_le_bytes();
    let checksum = checksum(previous, length, kind as u8, payload);
    out.extend_from_slice(&length);
    out.push(kind as u8);
    out.extend_from_slice(&checksum.to_le_bytes());
    out.extend_from_slice(payload);
    checksum
}

/// Why there is no further frame.
#[derive(Debug)]
pub(super) enum Fault {
    CutOff { inside_frame: bool },
    Damaged(Damage),
    Read(io::Error),
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        Self::Read(error)
    }
}

/// Reads frame after frame.
#[derive(Debug)]
pub(super) struct Frames<R> {
    input: R,
    /// Bytes consumed so far.
    pub(super) offset: u64,
    /// Where the frame under way (or the last one) begins.
    pub(super) frame_offset: u64,
    /// The last frame's checksum.
    checksum: u32,
}

impl<R: BufRead> Frames<R> {
    /// Starts at a file's first byte; the header is returned, not judged.
    pub(super) fn open(input: R) -> Result<(Self, Vec<u8>), io::Error> {
        let mut frames = Self { input, offset: 0, frame_offset: 0, checksum: 0 };
        let header = frames.take(FILE_HEADER_BYTES)?;
        frames.frame_offset = frames.offset;
        if let Ok(header) = <&[u8; FILE_HEADER_BYTES]>::try_from(header.as_slice()) {
            frames.checksum = header_checksum(header);
        }
        Ok((frames, header))
    }

    /// At most `count` bytes; fewer only at the end of the file. Memory grows with what arrives, not with `count`.
    fn take(&mut self, count: usize) -> Result<Vec<u8>, io::Error> {
        let mut bytes = Vec::new();
        let read = self.input.by_ref().take(count as u64).read_to_end(&mut bytes);
        self.offset += bytes.len() as u64;
        read.map(|_| bytes)
    }

    /// The next frame. Its payload is the one that was written, or a collision of the checksum.
    pub(super) fn next(&mut self) -> Result<(FrameType, Vec<u8>), Fault> {
        self.frame_offset = self.offset;
        let header = self.take(FRAME_HEADER_BYTES)?;
        let [l0, l1, l2, l3, number, c0, c1, c2, c3] = header[..] else {
            return Err(Fault::CutOff { inside_frame: !header.is_empty() });
        };
        let length = u32::from_le_bytes([l0, l1, l2, l3]);
        if length as usize > FRAME_BYTES_MAX {
            return Err(Fault::Damaged(Damage::FrameTooLong(length)));
        }
        let payload = self.take(length as usize)?;
        if payload.len() < length as usize {
            return Err(Fault::CutOff { inside_frame: true });
        }
        let expected = checksum(self.checksum, [l0, l1, l2, l3], number, &payload);
        if expected != u32::from_le_bytes([c0, c1, c2, c3]) {
            return Err(Fault::Damaged(Damage::Checksum));
        }
        self.checksum = expected;
        let kind = FrameType::of(number).ok_or(Fault::Damaged(Damage::UnknownFrame(number)))?;
        Ok((kind, payload))
    }

    /// Whether nothing follows.
    pub(super) fn at_end(&mut self) -> Result<bool, io::Error> {
        loop {
            match self.input.fill_buf() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
                Ok(rest) => return Ok(rest.is_empty()),
            }
        }
    }
}
