//! Outputs that fail: the writer says so once, remembers it, and what is in the file can be replayed.

use std::fs::File;
use std::io;
use std::io::Write;
use std::sync::Arc;

use insta::assert_snapshot;

use super::golden;
use super::record;
use super::replay;
use crate::event::Ending;
use crate::event::Item;
use crate::event::Tick;
use crate::event::recording::BATCH_BYTES_MAX;
use crate::event::recording::RecordingError;
use crate::event::recording::WriteError;
use crate::event::recording::Writer;

/// A file system with so many bytes left; like a real one, it writes what fits before it fails.
#[derive(Debug)]
struct Disk<'a> {
    file: &'a mut Vec<u8>,
    left: usize,
}

impl Write for Disk<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let fits = bytes.len().min(self.left);
        if fits == 0 && !bytes.is_empty() {
            return Err(io::Error::from_raw_os_error(nix::libc::ENOSPC));
        }
        self.left -= fits;
        self.file.extend_from_slice(&bytes[..fits]);
        Ok(fits)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Check for every size of disk that the failure is returned once and by `finish`, that later items are ignored, and
/// that the items it names are exactly those that can be replayed.
#[test]
fn a_full_disk_leaves_what_was_written() {
    let items = golden::items();
    let whole = record(&golden::session(), &items, &golden::ending());
    let mut begun = 0;
    for left in 0..whole.len() {
        let mut file = Vec::new();
        let mut writer = match Writer::new(Disk { file: &mut file, left }, &golden::session()) {
            Ok(writer) => writer,
            Err(error) => {
                assert_eq!(error.items(), 0);
                continue;
            }
        };
        begun += 1;
        let results: Vec<_> = items.iter().map(|item| writer.item(item)).collect();
        let returned: Vec<_> = results.iter().filter_map(|result| result.as_ref().err()).collect();
        let failure = writer.failure().cloned();
        assert_eq!(returned.len(), usize::from(failure.is_some()), "{left} bytes");
        let written = writer.items_written();
        let good = writer.bytes_written();
        let error = writer.finish(&golden::ending()).unwrap_err();
        assert_eq!(error.items(), written, "{left} bytes");
        assert_eq!(failure.is_some(), written < items.len() as u64, "{left} bytes");
        if let WriteError::Write { bytes, .. } = error {
            assert_eq!(bytes, good);
        }

        assert_eq!(file, whole[..left]);
        let (read, result) = replay(&file[..]);
        assert_eq!(read, items[..written as usize], "{left} bytes");
        assert!(matches!(result, Err(RecordingError::CutOff { .. })), "{left} bytes");
    }
    assert!(begun > 100, "{begun}");
}

/// Check that a device that is really full is reported at once, with what to do.
#[test]
fn a_full_device_is_reported_with_advice() {
    let full = File::options().write(true).open("/dev/full").unwrap();
    let error = Writer::new(full, &golden::session()).unwrap_err();
    assert_snapshot!(error, @"the recording stops after 0 items (0 bytes): No space left on device (os error 28); free space on that file system, or record to another one");
}

/// Check that the advice fits the reason.
#[test]
fn the_advice_fits_the_reason() {
    let text = |errno| {
        let error = Arc::new(io::Error::from_raw_os_error(errno));
        WriteError::Write { items: 23, bytes: 1009, error }.to_string()
    };
    assert_snapshot!(text(nix::libc::EDQUOT), @"the recording stops after 23 items (1009 bytes): Disk quota exceeded (os error 122); raise the quota, or record to another file system");
    assert_snapshot!(text(nix::libc::EFBIG), @"the recording stops after 23 items (1009 bytes): File too large (os error 27); raise the limit on file sizes (`ulimit -f`), or record for a shorter time");
    assert_snapshot!(text(nix::libc::EPIPE), @"the recording stops after 23 items (1009 bytes): Broken pipe (os error 32); whoever read the recording went away; record to a file");
    assert_snapshot!(text(nix::libc::EIO), @"the recording stops after 23 items (1009 bytes): Input/output error (os error 5); check that the file can still be written, or record to another file system");
}

/// Check that a tick larger than the format allows ends the recording with an error, not with a file nobody can read.
#[test]
fn a_tick_too_large_ends_the_recording() {
    let mut writer = Writer::new(Vec::new(), &golden::session()).unwrap();
    let small = Item::Tick(Tick { at_ns: 7, ..Tick::default() });
    writer.item(&small).unwrap();
    let sent = vec![(crate::event::KindId(1), 1 << 63); BATCH_BYTES_MAX / 11 + 1];
    let error = writer.item(&Item::Tick(Tick { at_ns: 8, sent, ..Tick::default() })).unwrap_err();
    assert!(matches!(error, WriteError::TooLarge { items: 1, what: "a tick", limit: BATCH_BYTES_MAX, .. }), "{error}");
    writer.item(&small).unwrap();
    writer.flush_tick().unwrap();
    assert_eq!(writer.items_written(), 1);
    assert!(writer.finish(&Ending::default()).is_err());
}
