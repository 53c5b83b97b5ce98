//! Reads a recording from its beginning to its ending, or to where it is damaged.

use std::io::BufReader;
use std::io::Read;

use super::BATCH_BYTES_MAX;
use super::Damage;
use super::FORMAT;
use super::RecordingError;
use super::frame::FILE_HEADER_BYTES;
use super::frame::Fault;
use super::frame::FrameType;
use super::frame::Frames;
use super::frame::MAGIC;
use crate::event::Ending;
use crate::event::Item;
use crate::event::Session;

/// log2 of the window a decompressor may keep; what zstd's level 1 writes needs 19.
const WINDOW_LOG_MAX: u32 = 23;

/// Reads a recording: the session at once, then item after item as an [`Iterator`], then the ending.
///
/// After an error the iterator is at its end: nothing behind the damage is read, since what it refers to may be
/// missing.
#[derive(Debug)]
pub struct Reader<R> {
    frames: Frames<BufReader<R>>,
    session: Session,
    /// The current frame's items, encoded.
    batch: Vec<u8>,
    /// How much of `batch` was decoded.
    decoded: usize,
    /// Items handed out.
    items: u64,
    ending: Option<Ending>,
    failed: bool,
}

impl<R: Read> Reader<R> {
    /// Reads header and session.
    ///
    /// # Errors
    /// If it is not a recording, one of a newer format, or damaged before its first item.
    pub fn open(input: R) -> Result<Self, RecordingError> {
        let (mut frames, header) = match Frames::open(BufReader::new(input)) {
            Ok(opened) => opened,
            Err(error) => return Err(RecordingError::Read { offset: 0, items: 0, error }),
        };
        let known = header.len().min(MAGIC.len());
        if header.is_empty() || header[..known] != MAGIC[..known] {
            return Err(RecordingError::NotARecording);
        }
        let Ok(header) = <[u8; FILE_HEADER_BYTES]>::try_from(header) else {
            return Err(RecordingError::CutOff { offset: frames.offset, items: 0, inside_frame: true });
        };
        let [.., f0, f1, f2, f3] = header;
        let format = u32::from_le_bytes([f0, f1, f2, f3]);
        if format == 0 {
            return Err(RecordingError::Damaged { offset: 0, items: 0, damage: Damage::Format(0) });
        }
        let first = frames.next();
        if format > FORMAT {
            let podtrace = first.ok().and_then(|(_, payload)| version_in(&payload));
            return Err(RecordingError::NewerFormat { found: format, podtrace });
        }
        let session = first.and_then(|(kind, payload)| match kind {
            FrameType::Session => {
                serde_json::from_slice(&payload).map_err(|error| Fault::Damaged(Damage::Session(error.to_string())))
            }
            FrameType::Items | FrameType::Ending => Err(Fault::Damaged(Damage::NoSession)),
        });
        match session {
            Ok(session) => {
                let (batch, decoded, items, ending, failed) = (Vec::new(), 0, 0, None, false);
                Ok(Self { frames, session, batch, decoded, items, ending, failed })
            }
            Err(fault) => Err(located(&frames, 0, fault)),
        }
    }

    /// What was true when the trace began. Kinds have the numbers of the version that recorded them: see
    /// [`super::KindMap`].
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// What was true when the trace ended; `None` until all items were read, and forever if the recording is cut off.
    pub fn ending(&self) -> Option<&Ending> {
        self.ending.as_ref()
    }

    /// How many items were read so far.
    pub fn items_read(&self) -> u64 {
        self.items
    }

    fn read(&mut self) -> Result<Option<Item>, Fault> {
        loop {
            if self.decoded < self.batch.len() {
                let (item, rest) = postcard::take_from_bytes(&self.batch[self.decoded..])
                    .map_err(|error| Fault::Damaged(Damage::Item(error)))?;
                self.decoded = self.batch.len() - rest.len();
                self.items += 1;
                return Ok(Some(item));
            }
            let (kind, payload) = self.frames.next()?;
            match kind {
                FrameType::Session => return Err(Fault::Damaged(Damage::SecondSession)),
                FrameType::Items => {
                    self.decoded = 0;
                    decompress(&payload, &mut self.batch).map_err(Fault::Damaged)?;
                }
                FrameType::Ending => {
                    let ending = serde_json::from_slice(&payload)
                        .map_err(|error| Fault::Damaged(Damage::Ending(error.to_string())))?;
                    if !self.frames.at_end()? {
                        self.frames.frame_offset = self.frames.offset;
                        return Err(Fault::Damaged(Damage::BytesAfterEnding));
                    }
                    self.ending = Some(ending);
                    return Ok(None);
                }
            }
        }
    }
}

impl<R: Read> Iterator for Reader<R> {
    type Item = Result<Item, RecordingError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed || self.ending.is_some() {
            return None;
        }
        match self.read() {
            Ok(item) => item.map(Ok),
            Err(fault) => {
                self.failed = true;
                Some(Err(located(&self.frames, self.items, fault)))
            }
        }
    }
}

/// Says where a fault was met.
fn located<R>(frames: &Frames<R>, items: u64, fault: Fault) -> RecordingError {
    match fault {
        Fault::CutOff { inside_frame } => RecordingError::CutOff { offset: frames.offset, items, inside_frame },
        Fault::Damaged(damage) => RecordingError::Damaged { offset: frames.frame_offset, items, damage },
        Fault::Read(error) => RecordingError::Read { offset: frames.offset, items, error },
    }
}

/// Replaces `batch` by what a payload holds, at most [`BATCH_BYTES_MAX`]; the sizes that zstd writes down are not
/// trusted.
fn decompress(payload: &[u8], batch: &mut Vec<u8>) -> Result<(), Damage> {
    let failed = |error: std::io::Error| Damage::Compression(error.to_string());
    batch.clear();
    let mut decoder = zstd::stream::read::Decoder::with_buffer(payload).map_err(failed)?;
    decoder.window_log_max(WINDOW_LOG_MAX).map_err(failed)?;
    decoder.take(BATCH_BYTES_MAX as u64 + 1).read_to_end(batch).map_err(failed)?;
    if batch.len() > BATCH_BYTES_MAX { Err(Damage::BatchTooLong) } else { Ok(()) }
}

/// The version that wrote a session of a newer format, if it is one a terminal can be shown.
fn version_in(session: &[u8]) -> Option<String> {
    let session: serde_json::Value = serde_json::from_slice(session).ok()?;
    let version = session.get("podtrace")?.as_str()?;
    let plain = version.len() <= 32 && version.bytes().all(|byte| byte.is_ascii_graphic());
    plain.then(|| version.to_owned())
}
