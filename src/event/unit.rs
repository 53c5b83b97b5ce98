//! Numbers with units, written for people: `1.23 ms`, `4.0 KiB`, `10,007`.
//!
//! Three significant digits, as much as a histogram is good for. Data formats never use these.

/// A duration in nanoseconds: `640 ns`, `1.23 ms`, `2.35 s`.
pub fn duration(ns: u64) -> String {
    seconds(ns as f64 / 1e9)
}

/// A duration in seconds: `640 ns`, `1.23 ms`, `2.35 s`.
pub fn seconds(seconds: f64) -> String {
    const UNITS: [(f64, &str); 3] = [(1e-9, "ns"), (1e-6, "us"), (1e-3, "ms")];
    let size = seconds.abs();
    if size == 0.0 {
        return "0 s".to_owned();
    }
    // A value that would be rounded up to 1000 of a unit is written in the next one.
    let (scale, unit) = UNITS.into_iter().find(|(scale, _)| size < 999.5 * scale).unwrap_or((1.0, "s"));
    if unit == "ns" {
        format!("{:.0} ns", seconds / scale)
    } else {
        format!("{} {unit}", three_digits(seconds / scale))
    }
}

/// Bytes: `512 B`, `4.0 KiB`, `1.5 GiB`.
pub fn bytes(bytes: u64) -> String {
    per_unit(
        bytes as f64,
        &[(1u64 << 50, "PiB"), (1 << 40, "TiB"), (1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")],
        "B",
    )
}

/// A whole number, with a comma every three digits: `10,007`.
pub fn count(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number of something per second: `7.67`, `3.34 k`, `1.20 M`.
pub fn number(number: f64) -> String {
    match number.abs() {
        size if size >= 999.5e6 => format!("{} G", three_digits(number / 1e9)),
        size if size >= 999.5e3 => format!("{} M", three_digits(number / 1e6)),
        size if size >= 9_999.5 => format!("{} k", three_digits(number / 1e3)),
        size if size >= 999.5 => format!("{number:.0}"),
        size if size == 0.0 || number.fract() == 0.0 => format!("{number}"),
        _ => three_digits(number),
    }
}

/// A share of 1: `0.04 %`, `30.4 %`, `100 %`, `820 %`.
pub fn share(share: f64) -> String {
    let percent = share * 100.0;
    match percent.abs() {
        0.0 => "0 %".to_owned(),
        size if size < 0.005 => "<0.01 %".to_owned(),
        size if size < 1.0 => format!("{percent:.2} %"),
        size if size < 99.95 => format!("{percent:.1} %"),
        _ => format!("{percent:.0} %"),
    }
}

fn per_unit(value: f64, units: &[(u64, &str)], smallest: &str) -> String {
    let unit = units.iter().find(|(size, _)| value >= *size as f64);
    unit.map_or_else(|| format!("{value:.0} {smallest}"), |(size, unit)| format!("{:.1} {unit}", value / *size as f64))
}

fn three_digits(value: f64) -> String {
    match value.abs() {
        size if size < 9.995 => format!("{value:.2}"),
        size if size < 99.95 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Check that durations have three digits and change their unit where rounding would give 1000.
    #[test]
    fn durations() {
        let written: Vec<_> =
            [0, 1, 999, 1_000, 9_994, 9_996, 999_499, 999_600, 1_234_567, 212_000_000, 2_350_000_000, 200_000_000_000]
                .map(duration)
                .into();
        let expected = [
            "0 s", "1 ns", "999 ns", "1.00 us", "9.99 us", "10.0 us", "999 us", "1.00 ms", "1.23 ms", "212 ms",
            "2.35 s", "200 s",
        ];
        assert_eq!(written, expected);
    }

    /// Check bytes, counts, rates and shares at their edges.
    #[test]
    fn the_others() {
        assert_eq!([0, 1023, 1024, 4096, 1 << 40].map(bytes), ["0 B", "1023 B", "1.0 KiB", "4.0 KiB", "1.0 TiB"]);
        assert_eq!([0, 999, 1000, 10_007, 1_234_567].map(count), ["0", "999", "1,000", "10,007", "1,234,567"]);
        assert_eq!(
            [0.0, 23.0, 7.666, 3335.7, 33_357.0, 1.2e6].map(number),
            ["0", "23", "7.67", "3336", "33.4 k", "1.20 M"]
        );
        assert_eq!(
            [0.0, 0.00001, 0.0004, 0.3043, 1.0, 8.2].map(share),
            ["0 %", "<0.01 %", "0.04 %", "30.4 %", "100 %", "820 %"]
        );
    }
}
