//! Tests against sorted lists and the definition of the buckets.

use proptest::prelude::*;

use super::*;

/// From 256 ns, where a bucket is at most 1/16 as wide as its lower edge, to 100 s.
const RANGE_NS: std::ops::RangeInclusive<u64> = 256..=100_000_000_000;

/// Durations of all sizes alike: a number of bits, then a number of so many bits.
fn duration() -> impl Strategy<Value = u64> {
    (8u32..37)
        .prop_flat_map(|bits| (1u64 << bits)..(2u64 << bits))
        .prop_map(|ns| ns.clamp(*RANGE_NS.start(), *RANGE_NS.end()))
}

/// Any duration, the largest included.
fn any_duration() -> impl Strategy<Value = u64> {
    (0u32..64).prop_flat_map(|bits| any::<u64>().prop_map(move |number| number >> bits))
}

fn histogram_of(durations: &[u64]) -> Histogram {
    let mut histogram = Histogram::default();
    durations.iter().for_each(|duration| histogram.record(*duration));
    histogram
}

proptest! {
    /// Check that a quantile is within the stated error of the exact one by nearest rank from the sorted durations.
    #[test]
    fn quantiles_are_within_the_stated_error(
        mut durations in prop::collection::vec(duration(), 1..300),
        percent in 1usize..=100,
    ) {
        let histogram = histogram_of(&durations);
        durations.sort_unstable();
        let exact = durations[(percent * durations.len()).div_ceil(100) - 1] as f64;
        let found = histogram.quantile_ns(percent as f64 / 100.0).unwrap() as f64;
        prop_assert!((found - exact).abs() <= exact * RELATIVE_ERROR, "p{percent}: {found}, exactly {exact}");
    }

    /// Check that a duration lies between the edges of its bucket.
    #[test]
    fn a_duration_lies_in_its_bucket(duration in any_duration()) {
        let bucket = bucket_of(duration);
        prop_assert!(bucket < BUCKETS);
        prop_assert!(lower_edge_ns(bucket) <= duration);
        prop_assert!(duration < lower_edge_ns(bucket + 1) || bucket == BUCKETS - 1);
    }

    /// Check that a longer duration never falls into a lower bucket.
    #[test]
    fn buckets_rise_with_durations(one in any_duration(), other in any_duration()) {
        prop_assert_eq!(bucket_of(one.min(other)), bucket_of(one).min(bucket_of(other)));
    }

    /// Check that merging two histograms gives that of both lists, whichever comes first.
    #[test]
    fn merging_is_concatenation(
        one in prop::collection::vec(any_duration(), 0..100),
        other in prop::collection::vec(any_duration(), 0..100),
    ) {
        let both = histogram_of(&[&one[..], &other[..]].concat());
        let mut merged = histogram_of(&one);
        merged.merge(&histogram_of(&other));
        prop_assert_eq!(&merged, &both);
        prop_assert_eq!(merged.count(), (one.len() + other.len()) as u64);
        let mut turned = histogram_of(&other);
        turned.merge(&histogram_of(&one));
        prop_assert_eq!(&turned, &both);
    }

    /// Check that whatever pairs it is made from, a histogram is sparse and in order, and that nothing is left out.
    #[test]
    fn pairs_may_come_in_any_order(pairs in prop::collection::vec((any::<u16>(), 0u64..1_000), 0..60)) {
        let histogram = Histogram::from_buckets(pairs.clone());
        prop_assert!(histogram.buckets().windows(2).all(|pair| pair[0].0 < pair[1].0));
        prop_assert!(histogram.buckets().iter().all(|(bucket, count)| usize::from(*bucket) < BUCKETS && *count > 0));
        prop_assert_eq!(histogram.count(), pairs.iter().map(|(_, count)| count).sum::<u64>());
    }

    /// Check that a histogram from outside is taken exactly if it is one that could have been made here.
    #[test]
    fn buckets_from_outside_are_judged(pairs in prop::collection::vec((0u16..600, 0u64..3), 0..4)) {
        let made = Histogram::from_buckets(pairs.clone());
        let bytes = postcard::to_stdvec(&pairs).unwrap();
        match postcard::from_bytes::<Histogram>(&bytes) {
            Ok(taken) => prop_assert_eq!((&taken.buckets, &taken), (&pairs, &made)),
            Err(_) => prop_assert_ne!(&made.buckets, &pairs),
        }
    }
}

/// Check every edge: buckets begin where the one before ends, at the widths that the module promises.
#[test]
fn edges_follow_each_other() {
    for bucket in 0..BUCKETS {
        let (low, next) = (lower_edge_ns(bucket), lower_edge_ns(bucket + 1));
        assert_eq!(bucket_of(low), bucket);
        assert_eq!(bucket_of(next - 1), bucket);
        assert!(next - low == 4 || (next - low) * 16 <= low, "bucket {bucket}: {low} to {next}");
    }
    assert_eq!(lower_edge_ns(BUCKETS - 1), 133_143_986_176);
    assert_eq!(bucket_of(u64::MAX), BUCKETS - 1);
    assert_eq!(lower_edge_ns(usize::MAX), lower_edge_ns(BUCKETS));
}

/// Check quantiles that need no tolerance: of nothing, of one, at both ends, and where a product is just off a whole
/// number.
#[test]
fn ranks_are_exact() {
    assert_eq!(Histogram::default().quantile_ns(0.5), None);
    assert_eq!(Histogram::default().count(), 0);
    assert!(Histogram::default().is_empty());
    let one = histogram_of(&[40]);
    for quantile in [f64::NAN, -1.0, 0.0, 0.5, 1.0, 2.0] {
        assert_eq!(one.quantile_ns(quantile), Some(42), "{quantile}");
    }
    let mut compared = 0;
    for count in 1..=2_003u64 {
        for percent in 1..=100u64 {
            assert_eq!(
                nearest_rank(percent as f64 / 100.0, count),
                (percent * count).div_ceil(100),
                "p{percent} of {count}"
            );
            compared += 1;
        }
    }
    assert_eq!(compared, 200_300);
}

/// Check that counts no trace reaches, as a forged recording may hold, neither overflow nor lose the order.
#[test]
fn counts_stop_at_the_largest() {
    let mut histogram = Histogram::from_buckets([(3, u64::MAX), (3, u64::MAX), (9, 1)]);
    assert_eq!(histogram.count(), u64::MAX);
    histogram.merge(&histogram.clone());
    assert_eq!(histogram.buckets(), [(3, u64::MAX), (9, 2)]);
    assert_eq!(histogram.quantile_ns(1.0), Some(14));
}
