//! Totals, ranks and memory of bounded tables.

use super::Table;
use crate::event::KindId;
use crate::event::ObjectId;
use crate::event::ProcessId;
use crate::event::TallyDelta;
use crate::event::TallyKey;
use crate::event::histogram::BUCKETS;
use crate::window::Figures;
use crate::window::figures::Weight;

const LIMIT: usize = 512;

/// The most a table of 512 keys may take: a row with its histogram (16 bytes a bucket), errors and key.
const BYTES_MAX: usize = LIMIT * (BUCKETS * 16 + 512);

fn of_duration(duration_ns: u64) -> Figures {
    let key = TallyKey { kind: KindId(1), detail: 0, process: ProcessId(1), object: ObjectId(1) };
    let mut histogram = crate::event::Histogram::default();
    histogram.record(duration_ns);
    let (count, amount, total_ns, max_ns) = (1, 3, duration_ns, duration_ns);
    let mut figures = Figures::default();
    figures.add(&TallyDelta { key, count, amount, total_ns, max_ns, histogram, errors: Vec::new() }, true);
    figures
}

/// Check that a million distinct keys take no more memory than stated, that totals are exact, and that every key that
/// has more than the stated share is there although its weight came in pieces no larger than the others'.
#[test]
fn a_million_distinct_keys() {
    const KEYS: u64 = 1_000_000;
    const HEAVY: u64 = 7;
    let mut table = Table::<u64>::new(LIMIT);
    let mut all = Figures::default();
    let mut most_bytes = 0;
    for number in 0..KEYS {
        let figures = of_duration(1_000 + number % 97);
        all.merge(&figures);
        table.row(1_000_000 + number * 7919).merge(&figures);
        // A heavy key gets one operation for 101 of others: 1 % each of all weight, when 2/512 is what makes it sure.
        if number % 101 < HEAVY {
            all.merge(&figures);
            table.row(number % 101).merge(&figures);
        }
        if number % 10_007 == 0 {
            most_bytes = most_bytes.max(table.bytes());
        }
    }
    let mut sum = table.other().clone();
    table.rows().for_each(|(_, figures)| sum.merge(figures));
    assert_eq!(sum, all, "totals are exact");
    assert!(table.len() <= LIMIT && table.folded() > KEYS / 2);
    assert!(most_bytes.max(table.bytes()) <= BYTES_MAX, "{most_bytes} of {BYTES_MAX}");
    let Weight(floor, _, _) = table.floor();
    assert!(floor <= 2 * all.total_ns / LIMIT as u64, "{floor} of {}", all.total_ns);
    for heavy in 0..HEAVY {
        let true_count = (0..KEYS).filter(|number| number % 101 == heavy).count() as u64;
        let shown = table.get(&heavy).unwrap_or_else(|| panic!("heavy key {heavy} has no row"));
        assert!(shown.count <= true_count && shown.total_ns + floor >= true_count * 1_000, "{heavy}: {shown:?}");
    }
}

/// Check that merging keeps totals and the limit.
#[test]
fn merged_tables_stay_exact() {
    let (mut one, mut two) = (Table::<u64>::new(7), Table::<u64>::new(7));
    for key in 0..23 {
        one.row(key).merge(&of_duration(key * 1_000));
        two.row(key + 11).merge(&of_duration(key * 3_000));
    }
    one.merge(&two, |key| *key);
    let count = one.rows().map(|(_, figures)| figures.count).sum::<u64>() + one.other().count;
    assert_eq!(count, 46);
    assert!(one.len() <= 7);
}
