//! Containers that begin while their pod is traced.

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
use crate::targets;
use crate::two_ticks;

/// A pod with one container that runs, and a neighbour like it; a second container, a sandbox and an unknown one begin in
/// both while the first is traced.
fn begins_late(shape: Shape) {
    let scene = Scene::with_files(0);
    let node = Node::new(shape);
    let server = ApiServer::start(r#"{"items": []}"#);
    let (mine, other) = (PodId::new("my-pod"), PodId::new("neighbour"));
    let sleeper = ["/bin/sleep".to_owned(), "1000".to_owned()];
    let mut sleepers = Vec::new();
    for pod in [&mine, &other] {
        let first = id(&format!("a{}", &pod.name[..1].replace('m', "1").replace('n', "2")));
        server.apply(node::pod(pod, &json!({}), &[Told::new("app", &first)]));
        let app = node.container(pod, &first);
        sleepers.push(node::start(&app, &format!("app-{}", pod.name), &sleeper, &scene));
    }
    let kubeconfig = scene.path("kubeconfig");
    std::fs::write(&kubeconfig, server.kubeconfig("production")).unwrap();
    let traced = scene.start_on(&["my-pod", "--kubeconfig", &kubeconfig.to_string_lossy()]);
    let pause = scene.path("pause");
    std::fs::copy(crate::rig::workload(), &pause).unwrap();
    for (pod, digit, execs) in [(&mine, "1", 23), (&other, "2", 29)] {
        let sandbox = node.container(pod, &id(&format!("5{digit}")));
        let line = [pause.to_string_lossy().into_owned(), "nothing".to_owned()];
        assert!(node::start(&sandbox, "pause", &line, &scene).end().status.success());
        let name = format!("late-{}", pod.name);
        let late = node.container(pod, &id(&format!("b{digit}")));
        let ended = node::run(&late, &name, &node::executes(execs, 0, &scene, &name), &scene);
        assert!(ended.status.success(), "{}", ended.errors);
        let told = [Told::new("app", &id(&format!("a{digit}"))), Told::new("late", &id(&format!("b{digit}")))];
        server.apply(node::pod(pod, &json!({}), &told));
        // One that nobody ever tells of, in a cgroup of its own below the container's.
        let nested = node.container(pod, &id(&format!("c{digit}"))).join("inner");
        std::fs::create_dir(&nested).unwrap();
        let name = format!("nested-{}", pod.name);
        let ended = node::run(&nested, &name, &node::executes(execs - 10, 0, &scene, &name), &scene);
        assert!(ended.status.success(), "{}", ended.errors);
    }
    two_ticks(&scene);
    traced.signal(libc::SIGINT);
    let ended = traced.end();
    let report = report_of(&ended);
    let unnamed = format!("my-pod/{}", &id("c1")[..12]);
    assert_eq!(targets(&report), ["my-pod/app", "my-pod/late", &unnamed], "{}", ended.errors);
    assert_eq!(count(&report, "process.exec", "my-pod/late"), 25, "{}", report["signals"]["process.exec"]);
    assert_eq!(count(&report, "process.exec", &unnamed), 15, "{}", report["signals"]["process.exec"]);
    assert_eq!(report["signals"]["process.exec"]["count"], 40, "{}", report["signals"]["process.exec"]);
    assert_eq!(report["signals"]["process.exec_failed"]["count"], 10);
    assert_eq!(count(&report, "process.exit", "my-pod/app"), 0);
    drop(sleepers);
}

/// Check that a container which begins in a traced pod is counted from its first program, nested cgroups with it, and that
/// neither the sandbox nor the pod beside it is, with cgroups of version 2.
#[test]
fn in_version_2() {
    begins_late(Shape::V2);
}

/// Check the same with the names that systemd gives.
#[test]
fn with_names_of_systemd() {
    begins_late(Shape::Systemd);
}

/// Check the same where containers are in version 1 only.
#[test]
fn in_version_1() {
    if node::memory().is_none() {
        eprintln!("skipped: the controller `memory` of cgroups version 1 is not mounted here");
        return;
    }
    begins_late(Shape::Memory);
}
