//! Damage of every sort: what was read before it is a prefix, and an error says where it is.

use std::io::Write;

use insta::assert_snapshot;
use proptest::prelude::*;

use super::golden;
use super::record;
use super::replay;
use crate::event::Item;
use crate::event::recording::BATCH_BYTES_MAX;
use crate::event::recording::Damage;
use crate::event::recording::FRAME_BYTES_MAX;
use crate::event::recording::Reader;
use crate::event::recording::RecordingError;
use crate::event::recording::frame;
use crate::event::recording::frame::FrameType;

/// The golden recording, small but with an item of each sort.
fn small() -> (Vec<Item>, Vec<u8>) {
    let items = golden::items();
    let bytes = record(&golden::session(), &items, &golden::ending());
    (items, bytes)
}

/// The places where a frame begins, and the end.
fn boundaries(bytes: &[u8]) -> Vec<usize> {
    let mut at = frame::FILE_HEADER_BYTES;
    let mut places = vec![at];
    while at < bytes.len() {
        at += frame::FRAME_HEADER_BYTES + u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
        places.push(at);
    }
    places
}

/// A file of chosen frames with good checksums.
fn forge(frames: &[(FrameType, &[u8])]) -> Vec<u8> {
    let mut file = frame::file_header().to_vec();
    let mut checksum = frame::header_checksum(&frame::file_header());
    for (kind, payload) in frames {
        checksum = frame::append(&mut file, checksum, *kind, payload);
    }
    file
}

fn session_json() -> Vec<u8> {
    serde_json::to_vec(&golden::session()).unwrap()
}

fn damage_of(file: &[u8]) -> Damage {
    match replay(file).1.unwrap_err() {
        RecordingError::Damaged { damage, .. } => damage,
        other => panic!("{other}"),
    }
}

/// Check that a recording cut at any byte gives a prefix of its items and says where it is cut.
#[test]
fn a_cut_at_any_byte_gives_a_prefix() {
    let (items, bytes) = small();
    let boundaries = boundaries(&bytes);
    assert_eq!(boundaries.len(), 6, "session, three ticks, ending and the end");
    let mut most = 0;
    for cut in 1..bytes.len() {
        let (read, result) = replay(&bytes[..cut]);
        assert_eq!(read, items[..read.len()], "cut at {cut}");
        assert!(read.len() >= most, "less is read from more, cut at {cut}");
        most = read.len();
        let error = result.unwrap_err();
        let RecordingError::CutOff { offset, items, inside_frame } = error else {
            panic!("cut at {cut}: {error}");
        };
        assert_eq!((offset, items), (cut as u64, read.len() as u64));
        assert_eq!(inside_frame, !boundaries.contains(&cut), "cut at {cut}");
    }
    assert_eq!(most, items.len(), "all items are there before the ending is");
    assert_eq!(replay(&bytes[..]).1.unwrap(), golden::ending());
}

/// Check that no flipped bit of a recording goes unnoticed, and that what is read before it is a prefix.
#[test]
fn no_flipped_bit_goes_unnoticed() {
    let (items, mut bytes) = small();
    for bit in 0..bytes.len() * 8 {
        bytes[bit / 8] ^= 1 << (bit % 8);
        let (read, result) = replay(&bytes[..]);
        assert_eq!(read, items[..read.len()], "bit {bit}");
        assert!(result.is_err(), "bit {bit}");
        bytes[bit / 8] ^= 1 << (bit % 8);
    }
    assert_eq!(replay(&bytes[..]).0, items);
}

proptest! {
    /// Check that several changed, removed or inserted bytes at once give a prefix as well.
    #[test]
    fn any_change_gives_a_prefix(
        changes in prop::collection::vec((any::<prop::sample::Index>(), 0u8..3, any::<u8>()), 1..6),
    ) {
        let (items, original) = small();
        let mut bytes = original.clone();
        for (place, how, value) in changes {
            let place = place.index(bytes.len());
            match how {
                0 => bytes[place] = value,
                1 => bytes.insert(place, value),
                _ => { bytes.remove(place); }
            }
        }
        let (read, result) = replay(&bytes[..]);
        prop_assert_eq!(&read[..], &items[..read.len()]);
        prop_assert_eq!(result.is_ok(), bytes == original);
    }
}

/// Check that a frame left out, repeated or moved is noticed although each is whole.
#[test]
fn frames_keep_their_order() {
    let (items, bytes) = small();
    let places = boundaries(&bytes);
    let piece = |index: usize| &bytes[places[index]..places[index + 1]];
    let head = &bytes[..places[1]];
    let ticks = [3, 9, items.len()];
    for (order, read) in [
        (&[2, 3, 4][..], 0),
        (&[1, 3, 4], ticks[0]),
        (&[1, 1, 2], ticks[0]),
        (&[2, 1, 3, 4], 0),
        (&[1, 2, 4], ticks[1]),
    ] {
        let mut file = head.to_vec();
        order.iter().for_each(|index| file.extend(piece(*index)));
        let (found, result) = replay(&file[..]);
        assert_eq!(found, items[..read], "{order:?}");
        assert!(matches!(result, Err(RecordingError::Damaged { damage: Damage::Checksum, .. })), "{order:?}");
    }
}

/// Check that a file that goes on after its ending is refused, and that the place is the end of the recording.
#[test]
fn nothing_may_follow_the_ending() {
    let (items, mut bytes) = small();
    let end = bytes.len() as u64;
    bytes.push(0);
    let (read, result) = replay(&bytes[..]);
    assert_eq!(read, items);
    let RecordingError::Damaged { offset, damage, .. } = result.unwrap_err() else { panic!("not damaged") };
    assert_eq!((offset, damage), (end, Damage::BytesAfterEnding));
}

/// Check that frames in the wrong place, of unknown types or without meaning are refused by name.
#[test]
fn frames_without_meaning_are_refused() {
    let session = session_json();
    let good = zstd::bulk::compress(&postcard::to_stdvec(&golden::items()[0]).unwrap(), 1).unwrap();
    assert_eq!(damage_of(&forge(&[(FrameType::Items, &good)])), Damage::NoSession);
    assert_eq!(
        damage_of(&forge(&[(FrameType::Session, &session), (FrameType::Session, &session)])),
        Damage::SecondSession
    );
    assert!(matches!(damage_of(&forge(&[(FrameType::Session, b"{}")])), Damage::Session(_)));
    let after = |kind, payload: &[u8]| damage_of(&forge(&[(FrameType::Session, &session), (kind, payload)]));
    assert!(matches!(after(FrameType::Items, b"plain"), Damage::Compression(_)));
    assert!(matches!(after(FrameType::Ending, b"[]"), Damage::Ending(_)));
    let half = zstd::bulk::compress(&[0, 0, 1], 1).unwrap();
    assert!(matches!(after(FrameType::Items, &half), Damage::Item(_)));

    let mut unknown = forge(&[(FrameType::Session, &session)]);
    let checksum = unknown[frame::FILE_HEADER_BYTES + 5..][..4].to_vec();
    let sum = super::checksum::crc32(&[&checksum, &0u32.to_le_bytes(), &[9]]);
    unknown.extend([&0u32.to_le_bytes()[..], &[9], &sum.to_le_bytes()].concat());
    assert_eq!(damage_of(&unknown), Damage::UnknownFrame(9));
}

/// Check that lengths no honest file has are refused before memory is taken for them.
#[test]
fn lengths_are_not_trusted() {
    let mut long = forge(&[(FrameType::Session, &session_json())]);
    long.extend([&u32::MAX.to_le_bytes()[..], &[2], &[0; 4]].concat());
    assert_eq!(damage_of(&long), Damage::FrameTooLong(u32::MAX));

    let mut short = forge(&[(FrameType::Session, &session_json())]);
    short.extend([&(FRAME_BYTES_MAX as u32).to_le_bytes()[..], &[2], &[0; 4], b"three"].concat());
    assert!(matches!(replay(&short[..]).1, Err(RecordingError::CutOff { inside_frame: true, .. })));

    let mut bomb = zstd::stream::write::Encoder::new(Vec::new(), 1).unwrap();
    let zeros = vec![0; 1 << 20];
    (0..=BATCH_BYTES_MAX >> 20).for_each(|_| bomb.write_all(&zeros).unwrap());
    let bomb = bomb.finish().unwrap();
    assert!(bomb.len() < 100_000);
    let bomb = forge(&[(FrameType::Session, &session_json()), (FrameType::Items, &bomb)]);
    assert_eq!(damage_of(&bomb), Damage::BatchTooLong);

    // A window of 2^27 bytes declared: frame header descriptor 0, window descriptor exponent 17.
    let window = [0x28, 0xB5, 0x2F, 0xFD, 0, 17 << 3, 1, 0, 0];
    let window = forge(&[(FrameType::Session, &session_json()), (FrameType::Items, &window)]);
    assert!(matches!(damage_of(&window), Damage::Compression(_)));
}

/// Check the words users see.
#[test]
fn errors_say_where_and_what() {
    let (_, bytes) = small();
    let places = boundaries(&bytes);
    let text = |file: &[u8], offset: usize| {
        let text = replay(file).1.unwrap_err().to_string();
        let named = format!("byte {offset},");
        assert!(text.contains(&named), "`{named}` in {text}");
        text.replace(&named, "byte [offset],")
    };
    assert_snapshot!(text(&bytes[..places[3]], places[3]), @"the recording is cut off at byte [offset], after 9 items (its ending is missing): podtrace was killed or could not write on; what came before is complete");
    assert_snapshot!(text(&bytes[..places[3] - 2], places[3] - 2), @"the recording is cut off at byte [offset], after 3 items (in the middle of a frame): podtrace was killed or could not write on; what came before is complete");
    let mut changed = bytes.clone();
    changed[places[2] + 15] ^= 4;
    assert_snapshot!(text(&changed, places[2]), @"the recording is damaged at byte [offset], after 3 items: the checksum does not match: bytes were changed, or a frame is missing; what came before is good");
}

/// Check that an open recording shows its session even where its items are damaged.
#[test]
fn the_session_stays_readable() {
    let (_, mut bytes) = small();
    let place = boundaries(&bytes)[1] + 11;
    bytes[place] ^= 1;
    assert_eq!(Reader::open(&bytes[..]).unwrap().session(), &golden::session());
}
