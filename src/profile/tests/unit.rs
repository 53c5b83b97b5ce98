//! Quantities, as tables.

use super::super::unit::UnitError;
use super::super::unit::bytes;
use super::super::unit::duration_ns;
use super::super::unit::number;
use super::super::unit::share;
use super::super::unit::written_duration;
use super::super::unit::written_size;

fn unknown<T>(unit: &str) -> Result<T, UnitError> {
    Err(UnitError::UnknownUnit(unit.to_owned()))
}

/// Check that each unit of time is read exactly, and what is none is refused with the reason.
#[test]
fn durations() {
    let table: &[(&str, Result<u64, UnitError>)] = &[
        ("7ns", Ok(7)),
        ("500us", Ok(500_000)),
        ("500µs", Ok(500_000)),
        ("10ms", Ok(10_000_000)),
        ("1s", Ok(1_000_000_000)),
        ("2m", Ok(120_000_000_000)),
        ("3h", Ok(10_800_000_000_000)),
        ("0s", Ok(0)),
        ("1.5s", Ok(1_500_000_000)),
        ("0.001us", Ok(1)),
        ("10 ms", Ok(10_000_000)),
        ("18446744073709551615ns", Ok(u64::MAX)),
        ("18446744073709551616ns", Err(UnitError::TooLarge)),
        ("5124096h", Err(UnitError::TooLarge)),
        ("100000000000000000000s", Err(UnitError::TooLarge)),
        ("0.5ns", Err(UnitError::TooFine("nanosecond"))),
        ("10", Err(UnitError::NoUnit)),
        ("10 ", Err(UnitError::NoUnit)),
        ("", Err(UnitError::NoNumber)),
        ("ms", Err(UnitError::NoNumber)),
        (".5s", Err(UnitError::NoNumber)),
        ("5.s", Err(UnitError::NoNumber)),
        ("1.2.3s", Err(UnitError::NoNumber)),
        ("-1s", Err(UnitError::NoNumber)),
        ("+1s", Err(UnitError::NoNumber)),
        (" 1s", Err(UnitError::NoNumber)),
        ("1e3s", unknown("e3s")),
        ("10MS", unknown("MS")),
        ("10sec", unknown("sec")),
        ("1m30s", unknown("m30s")),
        ("1_000s", unknown("_000s")),
        ("5%", unknown("%")),
        ("١s", Err(UnitError::NoNumber)),
    ];
    for (text, expected) in table {
        assert_eq!(duration_ns(text), *expected, "{text:?}");
    }
}

/// Check that each unit of size is read exactly.
#[test]
fn sizes() {
    let table: &[(&str, Result<u64, UnitError>)] = &[
        ("7B", Ok(7)),
        ("64KiB", Ok(65_536)),
        ("128MiB", Ok(134_217_728)),
        ("1GiB", Ok(1_073_741_824)),
        ("1.5KiB", Ok(1_536)),
        ("1kB", Ok(1_000)),
        ("1KB", Ok(1_000)),
        ("3MB", Ok(3_000_000)),
        ("2GB", Ok(2_000_000_000)),
        ("0.5B", Err(UnitError::TooFine("byte"))),
        ("128", Err(UnitError::NoUnit)),
        ("128M", unknown("M")),
        ("128mib", unknown("mib")),
        ("99999999999GiB", Err(UnitError::TooLarge)),
    ];
    for (text, expected) in table {
        assert_eq!(bytes(text), *expected, "{text:?}");
    }
}

/// Check that percentages and plain numbers are told apart.
#[test]
fn shares_and_numbers() {
    assert_eq!(share("5%"), Ok(0.05));
    assert_eq!(share("0.5%"), Ok(0.005));
    assert_eq!(share("150 %"), Ok(1.5));
    assert_eq!(share("5"), Err(UnitError::NoUnit));
    assert_eq!(share("5%%"), unknown("%%"));
    assert_eq!(share("%"), Err(UnitError::NoNumber));
    assert_eq!(number("100"), Ok(100.0));
    assert_eq!(number("2.5"), Ok(2.5));
    assert_eq!(number("100ms"), Err(UnitError::Unwanted));
    assert_eq!(number("5%"), Err(UnitError::Unwanted));
    assert_eq!(number("inf"), Err(UnitError::NoNumber));
    assert_eq!(number("NaN"), Err(UnitError::NoNumber));
}

/// Check that what is written is read as the same, for every unit and between them.
#[test]
fn written_is_read_back() {
    let mut compared = 0;
    for exponent in 0..64 {
        for value in [1_u64 << exponent, (1 << exponent) - 1, 3 << (exponent / 2), 10_u64.pow(exponent / 4) * 7] {
            assert_eq!(duration_ns(&written_duration(value)), Ok(value), "{}", written_duration(value));
            assert_eq!(bytes(&written_size(value)), Ok(value), "{}", written_size(value));
            compared += 1;
        }
    }
    assert_eq!(compared, 256);
    assert_eq!(written_duration(90_000_000_000), "90s");
    assert_eq!(written_duration(120_000_000_000), "2m");
    assert_eq!(written_duration(1_500_000), "1500us");
    assert_eq!(written_size(134_217_728), "128MiB");
    assert_eq!(written_size(3_000_000), "3MB");
    assert_eq!(written_size(1_001), "1001B");
}
