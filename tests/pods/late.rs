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
use crate::settle;
use crate::targets;
use crate::wait_for_target;

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
    wait_for_target(&scene, "my-pod/late");
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

/// Check that a pod which comes while others of its deployment are traced is traced from its first container's first program,
/// and let go when it is gone, while the others go on being traced.
#[test]
fn a_pod_that_comes_and_goes() {
    let scene = Scene::with_files(0);
    let node = Node::new(Shape::V2);
    let server = ApiServer::start(r#"{"items": []}"#);
    let labels = json!({"app": "web"});
    let (first, second) = (PodId::new("web-1"), PodId::new("web-2"));
    let sleeper = ["/bin/sleep".to_owned(), "1000".to_owned()];
    let beside = node::start(&node.container(&first, &id("a1")), "first", &sleeper, &scene);
    server.apply(node::pod(&first, &labels, &[Told::new("web", &id("a1"))]));
    let kubeconfig = scene.path("kubeconfig");
    std::fs::write(&kubeconfig, server.kubeconfig("production")).unwrap();
    let traced = scene.start_on(&["-l", "app=web", "--kubeconfig", &kubeconfig.to_string_lossy()]);
    crate::rig::wait_until("the watch", || server.requests().iter().any(|request| request.contains("watch")));
    // As a kubelet does it: the pod is known, its cgroup is made with a sandbox in it, and only then its containers begin.
    server.apply(node::pod(&second, &labels, &[]));
    node.container(&second, &id("52"));
    settle(&scene);
    let ended = node::run(&node.container(&second, &id("a2")), "new", &node::executes(17, 3, &scene, "new"), &scene);
    assert_eq!(ended.code(), 3, "{}", ended.errors);
    server.apply(node::pod(&second, &labels, &[Told::new("web", &id("a2"))]));
    wait_for_target(&scene, "web-2/web");
    server.delete("production", "web-2");
    node::remove(&node.pod(&second));
    settle(&scene);
    let ended = node::run(&node.container(&first, &id("a3")), "again", &node::executes(13, 0, &scene, "again"), &scene);
    assert!(ended.status.success(), "{}", ended.errors);
    traced.signal(libc::SIGINT);
    let ended = traced.end();
    let report = report_of(&ended);
    let again = format!("web-1/{}", &id("a3")[..12]);
    assert_eq!(targets(&report), ["web-1/web", "web-2/web", &again], "{}", ended.errors);
    assert_eq!(count(&report, "process.exec", "web-2/web"), 19, "{}", report["signals"]["process.exec"]);
    assert_eq!(count(&report, "process.exec", &again), 15, "{}", report["signals"]["process.exec"]);
    assert_eq!(report["targets"][1]["life"]["exit_code"], 3, "{}", report["targets"]);
    drop(beside);
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
