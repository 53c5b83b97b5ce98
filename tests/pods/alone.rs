//! Without API and runtime: names of cgroups carry alone. And certain containers only.

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
use crate::settle;
use crate::targets;
use crate::wait_for_target;

/// Check that with names of cgroups alone, a container that begins later is traced, and so is a pod that does where all are
/// meant; and that the report says what is missing.
#[test]
fn by_names_of_cgroups() {
    let scene = Scene::with_files(0);
    let node = Node::new(Shape::Systemd);
    let (first, second) = (PodId::new("first"), PodId::new("second"));
    let sleeper = ["/bin/sleep".to_owned(), "1000".to_owned()];
    let mut beside = vec![node::start(&node.container(&first, &id("a1")), "first", &sleeper, &scene)];
    let nothing = scene.path("nothing");
    std::fs::write(&nothing, "apiVersion: v1\nkind: Config\n").unwrap();
    // No context in it, no socket there: neither can be asked.
    let absent = scene.path("no.sock").to_string_lossy().into_owned();
    let traced = scene.start_with(
        &[("KUBECONFIG", nothing.to_string_lossy().as_ref()), ("CONTAINER_RUNTIME_ENDPOINT", &absent)],
        &["*"],
    );
    let ended = node::run(&node.container(&first, &id("a2")), "late", &node::executes(13, 5, &scene, "late"), &scene);
    assert_eq!(ended.code(), 5, "{}", ended.errors);
    beside.push(node::start(&node.container(&second, &id("b1")), "second", &sleeper, &scene));
    wait_for_target(&scene, &format!("{}/{}", second.uid, &id("b1")[..12]));
    let ended = node::run(&node.container(&second, &id("b2")), "new", &node::executes(17, 0, &scene, "new"), &scene);
    assert!(ended.status.success(), "{}", ended.errors);
    settle(&scene);
    traced.signal(libc::SIGINT);
    let ended = traced.end();
    let report = report_of(&ended);
    let name = |pod: &PodId, digits: &str| format!("{}/{}", pod.uid, &id(digits)[..12]);
    assert_eq!(count(&report, "process.exec", &name(&first, "a2")), 15, "{:?}", targets(&report));
    assert_eq!(count(&report, "process.exec", &name(&second, "b2")), 19, "{:?}", targets(&report));
    let late = name(&first, "a2");
    let life = report["targets"].as_array().unwrap().iter().find(|target| target["name"] == late.as_str());
    assert_eq!(life.unwrap()["life"]["exit_code"], 5);
    let coverage = report["coverage"].to_string();
    assert!(coverage.contains("pods were found by the names of cgroups"), "{coverage}");
    drop(beside);
}

/// Check that where a certain container is meant, one of that name that begins later is counted from its first program, and
/// others are not at all.
#[test]
fn certain_containers() {
    let scene = Scene::with_files(0);
    let node = Node::new(Shape::V2);
    let server = ApiServer::start(r#"{"items": []}"#);
    let pod = PodId::new("my-pod");
    let sleeper = ["/bin/sleep".to_owned(), "1000".to_owned()];
    let mut app = Told::new("app", &id("a0"));
    let mut side = Told::new("side", &id("b0"));
    let beside = [&app, &side].map(|told| node::start(&node.container(&pod, &told.id), told.name, &sleeper, &scene));
    server.apply(node::pod(&pod, &json!({}), &[app.clone(), side.clone()]));
    let kubeconfig = scene.path("kubeconfig");
    std::fs::write(&kubeconfig, server.kubeconfig("production")).unwrap();
    let traced = scene.start_on(&["my-pod", "-c", "app", "--kubeconfig", &kubeconfig.to_string_lossy()]);
    for (at, execs) in [(0, 23), (1, 29)] {
        let told = if at == 0 { &mut app } else { &mut side };
        told.restarts = 1;
        told.id = id(&format!("{}1", &told.id[..1]));
        let line = node::executes(execs, 0, &scene, told.name);
        let line = ["/bin/sh".to_owned(), "-c".to_owned(), line];
        let again = node::start(&node.container(&pod, &told.id), "again", &line, &scene);
        // Told only now that it runs.
        server.apply(node::pod(&pod, &json!({}), &[app.clone(), side.clone()]));
        let ended = again.end();
        assert!(ended.status.success(), "{}", ended.errors);
    }
    wait_for_target(&scene, "my-pod/app#1");
    traced.signal(libc::SIGINT);
    let ended = traced.end();
    let report = report_of(&ended);
    assert_eq!(targets(&report), ["my-pod/app", "my-pod/app#1"]);
    assert_eq!(count(&report, "process.exec", "my-pod/app#1"), 25, "{}", report["signals"]["process.exec"]);
    assert_eq!(report["signals"]["process.exec"]["count"], 25);
    drop(beside);
}
