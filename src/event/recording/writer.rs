//! Writes a recording while the trace runs.

use std::fmt;
use std::io;
use std::io::Write;
use std::sync::Arc;

use super::BATCH_BYTES_MAX;
use super::FRAME_BYTES_MAX;
use super::WriteError;
use super::frame;
use super::frame::FrameType;
use crate::event::Ending;
use crate::event::Item;
use crate::event::Session;

/// Items wait until they take this many bytes, or their tick ends.
const BATCH_BYTES: usize = 64 << 10;

/// The fastest of zstd's ordinary levels: the agent's CPU counts, the last fifth of the size does not.
const COMPRESSION_LEVEL: i32 = 1;

/// Writes a recording while the trace runs.
///
/// Every frame goes out in one `write`, so `output` needs no buffer of its own; with one, less survives a kill. The
/// first failure is final, since a file with a gap would be no prefix of the trace: it is returned once, remembered
/// ([`Self::failure`]), and what comes later is dropped in silence, so that tracing goes on. [`Self::finish`] returns it
/// again.
pub struct Writer<W> {
    output: W,
    compressor: zstd::bulk::Compressor<'static>,
    /// Encoded items that wait to be written.
    batch: Vec<u8>,
    /// How many.
    batch_items: u64,
    /// Items in the file.
    items: u64,
    /// Bytes in the file.
    bytes: u64,
    /// The last frame's checksum.
    checksum: u32,
    failure: Option<WriteError>,
}

impl<W: Write> Writer<W> {
    /// Begins a recording: writes the header and the session.
    ///
    /// # Errors
    /// If `output` cannot be written, or the session (its profile texts) is larger than a frame may be.
    pub fn new(output: W, session: &Session) -> Result<Self, WriteError> {
        let compressor = zstd::bulk::Compressor::new(COMPRESSION_LEVEL).map_err(|error| WriteError::Write {
            items: 0,
            bytes: 0,
            error: Arc::new(error),
        })?;
        let header = frame::file_header();
        let checksum = frame::header_checksum(&header);
        let (batch, batch_items, items, bytes, failure) = (Vec::new(), 0, 0, 0, None);
        let mut writer = Self { output, compressor, batch, batch_items, items, bytes, checksum, failure };
        let payload = serde_json::to_vec(session).map_err(|error| writer.encode_error("the session", &error))?;
        writer.write_frame(header.to_vec(), FrameType::Session, &payload, "a session")?;
        Ok(writer)
    }

    /// Adds an item. It is in the file once its tick has ended ([`Item::Tick`], [`Self::flush_tick`]) or enough others
    /// came.
    ///
    /// # Errors
    /// The first time something cannot be written; `Ok` ever after, see [`Self::failure`].
    pub fn item(&mut self, item: &Item) -> Result<(), WriteError> {
        if self.failure.is_some() {
            return Ok(());
        }
        let result = self.add(item);
        self.remember(result)
    }

    /// Writes what waits, e.g. when a tick has passed without an [`Item::Tick`].
    ///
    /// # Errors
    /// As [`Self::item`].
    pub fn flush_tick(&mut self) -> Result<(), WriteError> {
        if self.failure.is_some() {
            return Ok(());
        }
        let result = self.write_batch();
        self.remember(result)
    }

    /// Writes what waits and the ending, and hands the output back.
    ///
    /// # Errors
    /// The failure, if there was one at any time: then the file has no ending and is cut off for its readers.
    pub fn finish(mut self, ending: &Ending) -> Result<W, WriteError> {
        if let Some(failure) = self.failure {
            return Err(failure);
        }
        self.write_batch()?;
        let payload = serde_json::to_vec(ending).map_err(|error| self.encode_error("the ending", &error))?;
        self.write_frame(Vec::new(), FrameType::Ending, &payload, "an ending")?;
        self.output.flush().map_err(|error| self.write_error(error))?;
        Ok(self.output)
    }

    /// What stopped the recording, and after how many items; `None` while it is whole.
    pub fn failure(&self) -> Option<&WriteError> {
        self.failure.as_ref()
    }

    /// Items that are in the file.
    pub fn items_written(&self) -> u64 {
        self.items
    }

    /// Bytes that are in the file.
    pub fn bytes_written(&self) -> u64 {
        self.bytes
    }

    fn remember(&mut self, result: Result<(), WriteError>) -> Result<(), WriteError> {
        if let Err(error) = &result {
            self.failure = Some(error.clone());
            self.batch = Vec::new();
        }
        result
    }

    fn add(&mut self, item: &Item) -> Result<(), WriteError> {
        let before = self.batch.len();
        if let Err(error) = postcard::to_io(item, &mut self.batch) {
            self.batch.truncate(before);
            self.write_batch()?;
            return Err(self.encode_error("an item", &error));
        }
        self.batch_items += 1;
        if matches!(item, Item::Tick(_)) || self.batch.len() >= BATCH_BYTES {
            self.write_batch()?;
        }
        Ok(())
    }

    fn write_batch(&mut self) -> Result<(), WriteError> {
        if self.batch_items == 0 {
            return Ok(());
        }
        if self.batch.len() > BATCH_BYTES_MAX {
            return Err(self.too_large("a tick", self.batch.len(), BATCH_BYTES_MAX));
        }
        let payload = self.compressor.compress(&self.batch).map_err(|error| self.write_error(error))?;
        self.write_frame(Vec::new(), FrameType::Items, &payload, "a tick")?;
        self.items += self.batch_items;
        self.batch.clear();
        self.batch_items = 0;
        Ok(())
    }

    /// Writes a frame after what `out` holds already.
    fn write_frame(
        &mut self,
        mut out: Vec<u8>,
        kind: FrameType,
        payload: &[u8],
        what: &'static str,
    ) -> Result<(), WriteError> {
        if payload.len() > FRAME_BYTES_MAX {
            return Err(self.too_large(what, payload.len(), FRAME_BYTES_MAX));
        }
        let checksum = frame::append(&mut out, self.checksum, kind, payload);
        self.output.write_all(&out).map_err(|error| self.write_error(error))?;
        self.checksum = checksum;
        self.bytes += out.len() as u64;
        Ok(())
    }

    fn write_error(&self, error: io::Error) -> WriteError {
        WriteError::Write { items: self.items, bytes: self.bytes, error: Arc::new(error) }
    }

    fn too_large(&self, what: &'static str, size: usize, limit: usize) -> WriteError {
        WriteError::TooLarge { items: self.items, bytes: self.bytes, what, size, limit }
    }

    fn encode_error(&self, what: &'static str, error: &dyn std::error::Error) -> WriteError {
        WriteError::Encode { items: self.items, bytes: self.bytes, what, reason: error.to_string() }
    }
}

impl<W> fmt::Debug for Writer<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer")
            .field("items", &self.items)
            .field("bytes", &self.bytes)
            .field("waiting", &self.batch_items)
            .field("failure", &self.failure)
            .finish_non_exhaustive()
    }
}
