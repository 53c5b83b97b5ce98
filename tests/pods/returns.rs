//! The API goes away and comes back.

use std::time::Duration;
use std::time::Instant;

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
use crate::rig::wait_until;

/// Check that a pod which was made while the API was away is traced within two seconds of its return, that meanwhile
/// everything known goes on being traced, and that the report tells of the gap.
#[test]
fn within_two_seconds() {
    let scene = Scene::with_files(0);
    let node = Node::new(Shape::V2);
    let server = ApiServer::start(r#"{"items": []}"#);
    let labels = json!({"app": "web"});
    let (first, second) = (PodId::new("web-1"), PodId::new("web-2"));
    let sleeper = ["/bin/sleep".to_owned(), "1000".to_owned()];
    let mut beside = vec![node::start(&node.container(&first, &id("a1")), "first", &sleeper, &scene)];
    server.apply(node::pod(&first, &labels, &[Told::new("web", &id("a1"))]));
    let kubeconfig = scene.path("kubeconfig");
    std::fs::write(&kubeconfig, server.kubeconfig("production")).unwrap();
    let traced = scene.start_on(&["-l", "app=web", "--kubeconfig", &kubeconfig.to_string_lossy()]);
    wait_until("the watch", || {
        server.requests().iter().any(|request| request.contains("/pods?") && request.contains("watch"))
    });
    let killed = server.kill();
    // Long enough for several tries in vain, which make the pauses between them longer.
    std::thread::sleep(Duration::from_secs(3));
    beside.push(node::start(&node.container(&second, &id("a2")), "second", &sleeper, &scene));
    let again = node.container(&first, &id("a3"));
    let ended = node::run(&again, "again", &node::executes(13, 0, &scene, "again"), &scene);
    assert!(ended.status.success(), "{}", ended.errors);
    let server = killed.start();
    server.apply(node::pod(&second, &labels, &[Told::new("web", &id("a2"))]));
    let returned = Instant::now();
    std::thread::sleep(Duration::from_secs(2).saturating_sub(returned.elapsed()));
    let late = node.container(&second, &id("a4"));
    let ended = node::run(&late, "late", &node::executes(17, 0, &scene, "late"), &scene);
    assert!(ended.status.success(), "{}", ended.errors);
    traced.signal(libc::SIGINT);
    let ended = traced.end();
    let report = report_of(&ended);
    let unnamed = |pod: &str, digits: &str| format!("{pod}/{}", &id(digits)[..12]);
    assert_eq!(count(&report, "process.exec", &unnamed("web-1", "a3")), 15, "{}", report["targets"]);
    assert_eq!(count(&report, "process.exec", &unnamed("web-2", "a4")), 19, "{}", report["targets"]);
    let names = crate::targets(&report);
    assert!(names.contains(&"web-1/web") && names.contains(&"web-2/web"), "{names:?}");
    let coverage = report["coverage"].to_string();
    assert!(coverage.contains("the API could not be asked from"), "{coverage}");
    drop(beside);
}
