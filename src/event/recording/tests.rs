//! Tests of the format as a whole; damage, full disks and the golden file have rooms of their own.

mod damage;
mod full_disk;
mod generate;
mod golden;
mod remap;

use std::io::Read;

use insta::assert_snapshot;
use proptest::prelude::*;

use super::*;
use crate::event::Ending;
use crate::event::Item;
use crate::event::Session;

/// A recording of items, with its ending.
fn record(session: &Session, items: &[Item], ending: &Ending) -> Vec<u8> {
    let mut writer = Writer::new(Vec::new(), session).unwrap();
    for item in items {
        writer.item(item).unwrap();
    }
    writer.finish(ending).unwrap()
}

/// Reads as far as it goes: the items, and the error behind them.
fn replay(input: impl Read) -> (Vec<Item>, Result<Ending, RecordingError>) {
    let mut reader = match Reader::open(input) {
        Ok(reader) => reader,
        Err(error) => return (Vec::new(), Err(error)),
    };
    let mut items = Vec::new();
    while let Some(item) = reader.next() {
        match item {
            Ok(item) => items.push(item),
            Err(error) => {
                assert!(reader.next().is_none(), "goes on behind an error");
                assert!(reader.ending().is_none(), "has an ending behind an error");
                assert_eq!(reader.items_read(), items.len() as u64);
                return (items, Err(error));
            }
        }
    }
    assert_eq!(reader.items_read(), items.len() as u64);
    let ending = reader.ending().expect("without an error there is an ending").clone();
    (items, Ok(ending))
}

proptest! {
    /// Check that what is read is what was written: session, every item in order, ending.
    #[test]
    fn what_is_read_is_what_was_written(
        session in generate::session(),
        items in prop::collection::vec(generate::item(), 0..40),
        ending in generate::ending(),
    ) {
        let bytes = record(&session, &items, &ending);
        let reader = Reader::open(&bytes[..]).unwrap();
        prop_assert_eq!(reader.session(), &session);
        let (read, read_ending) = replay(&bytes[..]);
        prop_assert_eq!(read, items);
        prop_assert_eq!(read_ending.unwrap(), ending);
    }

    /// Check that no bytes behind a good header make the reader panic.
    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..400), with_header in any::<bool>()) {
        let mut file = if with_header { frame::file_header().to_vec() } else { Vec::new() };
        file.extend(bytes);
        prop_assert!(replay(&file[..]).1.is_err());
    }

    /// Check that payloads behind good checksums, of which nothing else is right, do not make the reader panic.
    #[test]
    fn any_payloads_are_survived(
        payloads in prop::collection::vec((0u8..3, prop::collection::vec(any::<u8>(), 0..200), any::<bool>()), 1..5),
    ) {
        let header = frame::file_header();
        let session = serde_json::to_vec(&golden::session()).unwrap();
        let mut file = header.to_vec();
        let mut checksum = frame::append(
            &mut file, frame::header_checksum(&header), frame::FrameType::Session, &session,
        );
        for (kind, payload, compressed) in payloads {
            let kind = [frame::FrameType::Session, frame::FrameType::Items, frame::FrameType::Ending][usize::from(kind)];
            let payload = if compressed { zstd::bulk::compress(&payload, 1).unwrap() } else { payload };
            checksum = frame::append(&mut file, checksum, kind, &payload);
        }
        prop_assert!(replay(&file[..]).1.is_err());
    }
}

/// Check that a tick reaches the output when it ends, so that a kill loses at most the tick under way.
#[test]
fn a_tick_is_written_when_it_ends() {
    let items = golden::items();
    let ticks = items.iter().filter(|item| matches!(item, Item::Tick(_))).count();
    assert_eq!(ticks, 3);
    let mut writer = Writer::new(Vec::new(), &golden::session()).unwrap();
    for (index, item) in items.iter().enumerate() {
        writer.item(item).unwrap();
        if matches!(item, Item::Tick(_)) {
            assert_eq!(writer.items_written(), index as u64 + 1);
        }
    }
}

/// Check that a long tick is written in parts before it ends, and that a flush writes what waits.
#[test]
fn a_long_tick_is_written_in_parts() {
    let event = golden::items().into_iter().find(|item| matches!(item, Item::Event(_))).unwrap();
    let mut writer = Writer::new(Vec::new(), &golden::session()).unwrap();
    for _ in 0..10_007 {
        writer.item(&event).unwrap();
    }
    let written = writer.items_written();
    assert!(written > 5_000 && written < 10_007, "{written}");
    writer.flush_tick().unwrap();
    assert_eq!(writer.items_written(), 10_007);
    let bytes = writer.finish(&Ending::default()).unwrap();
    assert_eq!(replay(&bytes[..]).0, vec![event; 10_007]);
}

/// Check that a newer format is refused with both versions, whether or not its writer can be told.
#[test]
fn a_newer_format_is_refused_with_both_versions() {
    let header = [&frame::MAGIC[..], &7u32.to_le_bytes()].concat();
    let checksum = frame::header_checksum(header[..].try_into().unwrap());
    let error = |session: &[u8]| {
        let mut file = header.clone();
        frame::append(&mut file, checksum, frame::FrameType::Session, session);
        let error = Reader::open(&file[..]).unwrap_err().to_string();
        error.replace(concat!("podtrace ", env!("CARGO_PKG_VERSION")), "podtrace [this version]")
    };
    assert_snapshot!(
        error(br#"{"podtrace": "9.1.0", "planets": []}"#),
        @"the recording has format 7 (written by podtrace 9.1.0), this is podtrace [this version] and reads formats up to 2: replay it with the version that wrote it, or a newer one"
    );
    assert_snapshot!(
        error(b"\x1b[2J"),
        @"the recording has format 7, this is podtrace [this version] and reads formats up to 2: replay it with the version that wrote it, or a newer one"
    );
    assert_eq!(error(b"\x1b[2J"), error(br#"{"podtrace": "\u001b[2J"}"#));
}

/// Check that what is no recording at all is told apart from a damaged one.
#[test]
fn other_files_are_not_recordings() {
    for bytes in [&b""[..], b"\n", b"#!/bin/sh\necho", b"PODTRACK\x01\0\0\0"] {
        assert!(matches!(Reader::open(bytes).unwrap_err(), RecordingError::NotARecording), "{bytes:?}");
    }
    assert_snapshot!(RecordingError::NotARecording, @"not a recording: expected a file that `podtrace record` wrote, which begins with `PODTRACE`");
    let error = Reader::open(&b"PODTRACE\0\0\0\0"[..]).unwrap_err();
    assert_snapshot!(error, @"the recording is damaged at byte 0, after 0 items: there is no format 0, formats count from 1; what came before is good");
}

/// Check that an input that fails is neither cut off nor damaged, and that the place is named.
#[test]
fn a_failing_input_is_told_apart() {
    #[derive(Debug)]
    struct Failing;
    impl Read for Failing {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(std::io::Error::from_raw_os_error(nix::libc::EIO))
        }
    }
    let bytes = record(&golden::session(), &golden::items(), &golden::ending());
    let (items, error) = replay(bytes[..bytes.len() - 20].chain(Failing));
    assert_eq!(items, golden::items());
    assert_snapshot!(error.unwrap_err().to_string().replace(&(bytes.len() - 20).to_string(), "[where]"), @"cannot read the recording at byte [where], after 14 items: Input/output error (os error 5)");
    assert!(matches!(Reader::open(Failing).unwrap_err(), RecordingError::Read { offset: 0, .. }));
}
