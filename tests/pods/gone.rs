//! Pods that go while they are traced.

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

/// Check that a trace ends with its report when the only pod that was named is deleted, and says so.
#[test]
fn the_only_one() {
    let scene = Scene::with_files(0);
    let node = Node::new(Shape::V2);
    let server = ApiServer::start(r#"{"items": []}"#);
    let pod = PodId::new("my-pod");
    let container = node.container(&pod, &id("a"));
    let sleeper = ["/bin/sleep".to_owned(), "1000".to_owned()];
    let app = node::start(&container, "app", &sleeper, &scene);
    server.apply(node::pod(&pod, &json!({}), &[Told::new("app", &id("a"))]));
    let kubeconfig = scene.path("kubeconfig");
    std::fs::write(&kubeconfig, server.kubeconfig("production")).unwrap();
    let traced = scene.start_on(&["my-pod", "--for", "10m", "--kubeconfig", &kubeconfig.to_string_lossy()]);
    app.signal(libc::SIGKILL);
    app.end();
    node::remove(&node.pod(&pod));
    server.delete("production", "my-pod");
    let ended = traced.end();
    let report = report_of(&ended);
    assert_eq!(report["sections"]["verdict"]["interrupted"], "pod `production/my-pod` is gone", "{}", ended.errors);
    assert_eq!(count(&report, "process.exit", "my-pod/app"), 1);
    assert_eq!(report["targets"][0]["life"]["exit_code"], 137, "{}", report["targets"]);
}
