//! Whatever the items, lists add up and nothing panics.

use proptest::collection::vec;
use proptest::prelude::Strategy;
use proptest::prelude::any;
use proptest::prop_oneof;
use proptest::proptest;
use serde_json::Value;

use super::scenario::ending;
use super::scenario::of_items;
use super::scenario::profile;
use super::scenario::session;
use crate::event::Ending;
use crate::event::ErrorCount;
use crate::event::Event;
use crate::event::Histogram;
use crate::event::Item;
use crate::event::KindId;
use crate::event::Loss;
use crate::event::LossCause;
use crate::event::ObjectId;
use crate::event::ProcessId;
use crate::event::TallyDelta;
use crate::event::TallyKey;
use crate::event::Tick;
use crate::event::example;
use crate::profile::Profile;
use crate::report::Builder;
use crate::report::csv;
use crate::report::render;

/// Deltas with numbers up to `most`, over few enough keys that they meet.
fn delta(most: u64) -> impl Strategy<Value = TallyDelta> {
    let kinds = vec![0x10_u8, 0x14, 0x16, 0x17, 0x30, 0x33, 0x40, 0x41, 0x42, 0x04, 0x7f];
    let key = (proptest::sample::select(kinds), 0..9_u8, 0..7_u32, 0..300_u64);
    let numbers = (0..=most, 0..=most, 0..=most, 0..=most);
    let histogram = vec((any::<u16>(), 0..=most), 0..3);
    let errors = vec((any::<u16>(), 0..=most), 0..3);
    (key, numbers, histogram, errors).prop_map(|(key, (count, amount, total_ns, max_ns), histogram, errors)| {
        TallyDelta {
            key: TallyKey { kind: KindId(key.0), detail: key.1, process: ProcessId(key.2), object: ObjectId(key.3) },
            count,
            amount,
            total_ns,
            max_ns,
            histogram: Histogram::from_buckets(histogram),
            errors: errors.into_iter().map(|(errno, count)| ErrorCount { errno, count }).collect(),
        }
    })
}

fn item(most: u64) -> impl Strategy<Value = Item> {
    let definition = prop_oneof![
        (0..300_u64, ".{0,12}").prop_map(|(id, path)| example::path(id, &path)),
        (0..300_u64, any::<u16>()).prop_map(|(id, port)| example::peer(id, "::1", port)),
        (0..7_u32, any::<u32>(), ".{0,12}").prop_map(|(id, pid, comm)| Item::Definition(
            crate::event::Definition::Process(example::process(id, pid, &comm))
        )),
    ];
    let event = (any::<(u8, u8, u32)>(), any::<(i64, u64, i64, u64)>(), 0..7_u32, 0..300_u64).prop_map(
        |((kind, detail, thread), (at_ns, duration_ns, result, aux), process, object)| {
            Item::Event(Event {
                kind: KindId(kind),
                at_ns,
                duration_ns,
                process: ProcessId(process),
                thread,
                object: ObjectId(object),
                detail,
                result,
                aux,
            })
        },
    );
    let loss = (any::<Option<u8>>(), proptest::sample::select(LossCause::ALL.to_vec()), 0..=most)
        .prop_map(|(kind, cause, count)| Loss { kind: kind.map(KindId), cause, count });
    let tick = (any::<i64>(), vec(delta(most), 0..40), vec(loss, 0..3), vec((any::<u8>(), 0..=most), 0..3)).prop_map(
        |(at_ns, tallies, losses, sent)| {
            let sent = sent.into_iter().map(|(kind, count)| (KindId(kind), count)).collect();
            Item::Tick(Tick { at_ns, tallies, losses, sent })
        },
    );
    prop_oneof![definition, event, tick]
}

proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { failure_persistence: None, cases: 64, ..Default::default() })]

    /// Check that counts, errors and bytes of every list add up to those of its kind, and those to what was counted.
    #[test]
    fn lists_add_up(deltas in vec(delta(1 << 40), 0..400)) {
        let expected: u64 = deltas.iter().filter(|d| d.key.kind == KindId(0x33)).map(|d| d.count).sum();
        let report = of_items(&session(), &profile(), &[example::client(), example::tick(1, deltas)], &ending());
        let report: Value = serde_json::from_str(&render::json(&report)).unwrap();
        assert_eq!(report["signals"]["file.write"]["count"], expected);
        let errors = |of: &Value| -> u64 { of["errors"].as_object().unwrap().values().map(|n| n.as_u64().unwrap()).sum() };
        let number = |of: &Value, name: &str| of.get(name).and_then(Value::as_u64).unwrap_or(0);
        for (name, signal) in report["signals"].as_object().unwrap() {
            for (dimension, entries) in signal["top"].as_object().unwrap() {
                let entries = entries.as_array().unwrap();
                assert!(entries.len() <= 101);
                for sum in ["count", "bytes"] {
                    let all: u64 = entries.iter().map(|entry| number(entry, sum)).sum();
                    assert_eq!(all, number(signal, sum), "{sum} of {name} by {dimension}");
                }
                assert_eq!(entries.iter().map(errors).sum::<u64>(), errors(signal), "errors of {name} by {dimension}");
            }
        }
    }

    /// Check that nothing panics on any items, in any format, and that the report is valid.
    #[test]
    fn any_items(items in vec(item(u64::MAX), 0..40), duration_ns in any::<u64>(), width in 0..200_usize) {
        let (session, profile) = (session(), Profile { window_ns: Some(duration_ns), ..profile() });
        let mut builder = Builder::new(&session, &profile);
        let mut writer = csv::Writer::new(Vec::new(), &session).unwrap();
        for item in &items {
            builder.item(item);
            writer.item(item).unwrap();
            render::live(&builder.live(), width, render::Style::Ansi);
        }
        let report = builder.finish(&Ending { duration_ns, ..ending() });
        for style in [render::Style::Plain, render::Style::Ansi] {
            assert!(!render::text(&report, &render::TextOptions { width, style, top: 3 }).is_empty());
        }
        let schema: Value = serde_json::from_str(include_str!("../../../doc/report.schema.json")).unwrap();
        let report: Value = serde_json::from_str(&render::json(&report)).unwrap();
        let validator = jsonschema::draft202012::new(&schema).unwrap();
        let errors: Vec<_> = validator.iter_errors(&report).map(|e| format!("{}: {e}", e.instance_path)).collect();
        assert!(errors.is_empty(), "{errors:#?}");
    }
}
