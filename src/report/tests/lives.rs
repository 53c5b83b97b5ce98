//! Containers that come and go: every life a target of its own.

use insta::assert_snapshot;
use serde_json::json;

use super::json_of;
use super::scenario::of_items;
use crate::event::Definition;
use crate::event::Ending;
use crate::event::Item;
use crate::event::Process;
use crate::event::ProcessId;
use crate::event::TallyDelta;
use crate::event::TallyKey;
use crate::event::example;
use crate::event::example::S;
use crate::event::session::Life;
use crate::event::session::PlannedFeature;
use crate::event::session::Target;
use crate::event::session::TargetKind;
use crate::families;
use crate::profile::Profile;
use crate::report::Report;
use crate::report::render::TextOptions;
use crate::report::render::text;

fn life(index: u16, name: &str, life: Life) -> Target {
    Target {
        kind: TargetKind::Container,
        pod: Some("web".into()),
        container: Some("app".into()),
        life: Some(life),
        ..example::target(index, name)
    }
}

/// A container that ran from the beginning, was killed, and started again under a name that was told later.
fn report() -> Report {
    let exec = families::kind_named("process.exec").expect("it is known").id;
    let mut session = example::session(&[(exec.0, "process.exec")]);
    session.command = None;
    session.targets = vec![life(1, "web/app", Life { restarts: Some(0), ..Life::default() })];
    let first = Life { restarts: Some(0), ended_ns: Some(S as i64), exit_code: Some(137), ..Life::default() };
    let killed = Life { reason: Some("OOMKilled".into()), ..first };
    let second = Life { began_ns: Some(S as i64 * 3 / 2), container_id: Some("0f".repeat(32)), ..Life::default() };
    let named = Life { restarts: Some(1), ..second.clone() };
    let define = |target| Item::Definition(Definition::Target(Box::new(target)));
    let process = |id, target| {
        Item::Definition(Definition::Process(Process { target, ..example::process(id, 4711 + id, "app") }))
    };
    let executed = |process, count| {
        let key = TallyKey { process: ProcessId(process), ..example::counted(exec.0, 0, 0).key };
        TallyDelta { key, ..example::counted(exec.0, 0, count) }
    };
    let items = [
        process(1, 1),
        example::tick(S, vec![executed(1, 7)]),
        define(life(1, "web/app", killed)),
        define(life(2, "web/0f0f0f0f0f0f", second)),
        process(2, 2),
        example::tick(2 * S, vec![executed(2, 11)]),
        define(life(2, "web/app#1", named)),
    ];
    let late = PlannedFeature {
        feature: "targets".into(),
        blind: None,
        degraded: Some("the API could not be asked from 1.00 s to 1.20 s".into()),
    };
    let ending = Ending { duration_ns: 3 * S, coverage: vec![late], ..Ending::default() };
    of_items(&session, &Profile::default(), &items, &ending)
}

/// Check that every life is among the targets as it was last told, that figures are per life, and that the schema knows all
/// of it.
#[test]
fn as_data() {
    let report = json_of(&report());
    let schema = serde_json::from_str(include_str!("../../../doc/report.schema.json")).unwrap();
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    let errors: Vec<_> = validator.iter_errors(&report).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{errors:#?}");
    assert_eq!(
        report["targets"][0]["life"],
        json!({"restarts": 0, "ended_seconds": 1.0, "exit_code": 137, "reason": "OOMKilled"})
    );
    assert_eq!(
        report["targets"][1]["life"],
        json!({"container_id": "0f".repeat(32), "restarts": 1, "began_seconds": 1.5})
    );
    let top = report["signals"]["process.exec"]["top"]["target"].as_array().unwrap();
    let counts: Vec<_> = top.iter().map(|one| (one["key"].as_str().unwrap(), one["count"].as_u64().unwrap())).collect();
    assert_eq!(counts, [("web/app#1", 11), ("web/app", 7)]);
    let last = report["coverage"].as_array().unwrap().iter().find(|feature| feature["feature"] == "targets").unwrap();
    assert_eq!(last["reason"], "the API could not be asked from 1.00 s to 1.20 s");
}

/// Check that people are shown every life and how it ended.
#[test]
fn as_text() {
    let text = text(&report(), &TextOptions::default());
    let lines: Vec<&str> = text.lines().skip_while(|line| !line.starts_with("CONTAINERS")).take(3).collect();
    assert_snapshot!(lines.join("\n"), @r"
    CONTAINERS              began    ended  how
      web/app              before  1.000 s  exit 137 (OOMKilled)
      web/app#1           1.500 s
    ");
    assert!(text.starts_with("podtrace 0.1.0: web/app\n"), "{text}");
}
