//! Quantities as people write them: `10ms`, `5%`, `128MiB`; each unit that is accepted is in a table here.
//!
//! Whole and decimal numbers, no signs, no exponents. A quantity without its unit is refused: nothing is guessed.

/// What was expected where a duration could not be read.
pub(super) const DURATION: &str = "a duration such as `10ms` (units: `ns`, `us`, `ms`, `s`, `m`, `h`)";
/// What was expected where a share could not be read.
pub(super) const SHARE: &str = "a percentage such as `5%`";
/// What was expected where a size could not be read.
pub(super) const SIZE: &str = "a size such as `128MiB` (units: `B`, `KiB`, `MiB`, `GiB`, `kB`, `MB`, `GB`)";
/// What was expected where a plain number could not be read.
pub(super) const NUMBER: &str = "a plain number such as `100`";

/// Units of time, in nanoseconds.
const DURATIONS: &[(&str, u64)] = &[
    ("ns", 1),
    ("us", 1_000),
    ("µs", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
];

/// Units of size, in bytes; those of 1024 as IEC 80000-13 names them.
const SIZES: &[(&str, u64)] = &[
    ("B", 1),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("kB", 1_000),
    ("KB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
];

/// Why a quantity could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum UnitError {
    /// It does not begin with a number.
    #[error("does not begin with a number")]
    NoNumber,
    /// A number without a unit.
    #[error("has no unit")]
    NoUnit,
    /// A unit that is not known here.
    #[error("has the unknown unit `{0}`")]
    UnknownUnit(String),
    /// A plain number was wanted.
    #[error("has a unit where a plain number is meant")]
    Unwanted,
    /// Finer than what can be told apart.
    #[error("is finer than a single {0}")]
    TooFine(&'static str),
    /// More than can be counted.
    #[error("is too large")]
    TooLarge,
}

/// A duration, in nanoseconds.
pub(super) fn duration_ns(text: &str) -> Result<u64, UnitError> {
    scaled(text, DURATIONS, "nanosecond")
}

/// A size, in bytes.
pub(super) fn bytes(text: &str) -> Result<u64, UnitError> {
    scaled(text, SIZES, "byte")
}

/// A percentage, as a share of 1.
pub(super) fn share(text: &str) -> Result<f64, UnitError> {
    match split(text)? {
        (number, "%") => Ok(number.parse::<f64>().map_err(|_| UnitError::NoNumber)? / 100.0),
        (_, "") => Err(UnitError::NoUnit),
        (_, unit) => Err(UnitError::UnknownUnit(unit.to_owned())),
    }
}

/// A plain number.
pub(super) fn number(text: &str) -> Result<f64, UnitError> {
    match split(text)? {
        (number, "") => number.parse().map_err(|_| UnitError::NoNumber),
        _ => Err(UnitError::Unwanted),
    }
}

/// A number and what follows it.
fn split(text: &str) -> Result<(&str, &str), UnitError> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    if whole.is_empty() || fraction.is_empty() || fraction.contains('.') {
        return Err(UnitError::NoNumber);
    }
    // f64 has no more than 17 significant digits, u64 no more than 20: what is longer is a slip of the keyboard.
    if number.len() > 20 {
        return Err(UnitError::TooLarge);
    }
    Ok((number, unit.trim_start_matches(' ')))
}

/// A number with a unit from a table, as an exact multiple of the table's smallest.
fn scaled(text: &str, units: &[(&str, u64)], smallest: &'static str) -> Result<u64, UnitError> {
    let (number, unit) = split(text)?;
    if unit.is_empty() {
        return Err(UnitError::NoUnit);
    }
    let (_, scale) =
        units.iter().find(|(name, _)| *name == unit).ok_or_else(|| UnitError::UnknownUnit(unit.to_owned()))?;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits: u128 = format!("{whole}{fraction}").parse().map_err(|_| UnitError::NoNumber)?;
    let parts = 10_u128.pow(fraction.len() as u32);
    let product = digits * u128::from(*scale);
    if !product.is_multiple_of(parts) {
        return Err(UnitError::TooFine(smallest));
    }
    u64::try_from(product / parts).map_err(|_| UnitError::TooLarge)
}

/// A duration as a profile would write it: the largest unit that leaves a whole number.
pub(super) fn written_duration(nanoseconds: u64) -> String {
    let fits =
        |(name, scale): &&(&str, u64)| *name != "µs" && nanoseconds.is_multiple_of(*scale) && nanoseconds >= *scale;
    let (name, scale) = DURATIONS.iter().rev().find(fits).unwrap_or(&("s", 1));
    format!("{}{name}", nanoseconds / scale)
}

/// A size as a profile would write it: in the unit that leaves the smallest whole number.
pub(super) fn written_size(bytes: u64) -> String {
    let whole = SIZES.iter().filter(|(_, scale)| bytes.is_multiple_of(*scale) && bytes >= *scale);
    let (name, scale) = whole.max_by_key(|(_, scale)| *scale).unwrap_or(&("B", 1));
    format!("{}{name}", bytes / scale)
}
