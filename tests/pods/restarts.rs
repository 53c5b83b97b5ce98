//! A container that crashes and is started again.

use serde_json::Value;
use serde_json::json;

use crate::api_server::ApiServer;
use crate::count;
use crate::node;
use crate::node::Node;
use crate::node::PodId;
use crate::node::Shape;
use crate::node::Told;
use crate::node::id;
use crate::rig::scene::Scene;
use crate::rig::scene::report_of;
use crate::wait_for_target;

/// How often each life executes a program, beside the shell's and the workload's own, and its exit code.
const LIVES: [(u32, i32); 5] = [(7, 3), (11, 1), (13, 137), (17, 2), (19, 7)];

/// Check that a container that is started five times has five lives in the report, each with its figures, exit code and
/// reason; and that the replayed report is the live one.
#[test]
fn each_start_is_a_life() {
    let scene = Scene::with_files(0);
    let node = Node::new(Shape::V2);
    let server = ApiServer::start(r#"{"items": []}"#);
    let pod = PodId::new("crasher");
    let sleeper = ["/bin/sleep".to_owned(), "1000".to_owned()];
    let side = Told::new("side", &id("a"));
    let beside = node::start(&node.container(&pod, &side.id), "side", &sleeper, &scene);
    let mut app = Told::new("app", &id("b0"));
    app.before = Some((id("bf"), 1, "Error"));
    server.apply(node::pod(&pod, &json!({}), &[side.clone(), app.clone()]));
    let kubeconfig = scene.path("kubeconfig");
    std::fs::write(&kubeconfig, server.kubeconfig("production")).unwrap();
    let traced = scene.start_on(&["crasher", "--kubeconfig", &kubeconfig.to_string_lossy()]);
    for (turn, (execs, code)) in LIVES.into_iter().enumerate() {
        let told = Told { id: id(&format!("c{turn}")), restarts: turn as u32 + 1, ..app.clone() };
        let container = node.container(&pod, &told.id);
        let name = format!("life-{turn}");
        let ended = node::run(&container, &name, &node::executes(execs, code, &scene, &name), &scene);
        assert_eq!(ended.code(), code, "{}", ended.errors);
        std::fs::remove_dir(&container).unwrap();
        app.before = Some((told.id.clone(), code, if code == 137 { "OOMKilled" } else { "Error" }));
        let next = Told { id: told.id, restarts: told.restarts, ..app.clone() };
        server.apply(node::pod(&pod, &json!({}), &[side.clone(), next]));
    }
    wait_for_target(&scene, "crasher/app#5");
    traced.signal(libc::SIGINT);
    let ended = traced.end();
    let report = report_of(&ended);
    for (turn, (execs, code)) in LIVES.into_iter().enumerate() {
        let name = format!("crasher/app#{}", turn + 1);
        let target = report["targets"].as_array().unwrap().iter().find(|target| target["name"] == name.as_str());
        let target = target.unwrap_or_else(|| panic!("no `{name}`: {}", report["targets"]));
        let life = &target["life"];
        assert_eq!(count(&report, "process.exec", &name), u64::from(execs) + 2, "{name}: {life}");
        assert_eq!(life["exit_code"], code, "{name}: {life}");
        assert_eq!(life["restarts"], turn + 1, "{name}: {life}");
        assert_eq!(life["container_id"], id(&format!("c{turn}")), "{name}: {life}");
        assert_eq!(life["reason"], if code == 137 { json!("OOMKilled") } else { Value::Null }, "{name}: {life}");
        let times = [&life["began_seconds"], &life["ended_seconds"]].map(|time| time.as_f64().unwrap());
        assert!(0.0 < times[0] && times[0] < times[1], "{name}: {life}");
    }
    assert_eq!(count(&report, "process.exec", "crasher/side"), 0);
    let replayed = std::process::Command::new(crate::rig::podtrace())
        .args(["replay", "-o", "json"])
        .arg(scene.path("recording"))
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&replayed.stdout), ended.output);
    drop(beside);
}
