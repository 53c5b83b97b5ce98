//! What is said when a pod cannot be traced, with a real node and a real runtime behind it; and what is reported of one
//! that goes away meanwhile.

use insta::assert_snapshot;
use serde_json::json;

use crate::api_server::Fault;
use crate::node::Errand;
use crate::node::Node;
use crate::pod::Pod;
use crate::rig::compare::Compared;
use crate::rig::scene::report_of;

const ERRAND: Errand = Errand { connects: 13, reads: 211, execs: 5 };

/// What podtrace says on standard error, with what differs from run to run left out. Standard output stays empty.
fn said(node: &Node, code: i32, arguments: &[&str]) -> String {
    let ended = node.run(node.podtrace(arguments));
    assert_eq!(ended.code(), code, "{}", ended.errors);
    assert_eq!(ended.output, "");
    let server = format!("127.0.0.1:{}", node.api().address.port());
    let socket = node.lab.socket().to_string_lossy().into_owned();
    let version = node.lab.cri().version();
    let known = [(server, "SERVER"), (socket, "SOCKET"), (version, "VERSION"), (crate::node::name(), "HERE")];
    known.iter().fold(ended.errors.trim_end().to_owned(), |text, (found, name)| text.replace(found.as_str(), name))
}

/// Check that a pod or a container that is not there, a pod on another node and one that has ended are refused with what
/// there is instead.
#[test]
fn not_there() {
    let node = Node::start();
    let mut pod = Pod::new(&node.lab, "production", "my-pod");
    node.start_errand(&mut pod, "app", ERRAND);
    node.start_errand(&mut pod, "side", ERRAND);
    node.tell(&[&pod]);
    assert_snapshot!(said(&node, 3, &["-n", "production", "my-pot", "--for", "1s"]), @"podtrace: cannot find pod `my-pot` in namespace `production` by the API at http://SERVER; did you mean `my-pod`");
    assert_snapshot!(said(&node, 3, &["-n", "production", "my-pod", "-c", "apq", "--for", "1s"]), @"podtrace: no container is called `apq`; there are `app`, `side`");
    assert_snapshot!(said(&node, 3, &["-n", "staging", "my-pod", "--for", "1s"]), @"podtrace: cannot find pod `my-pod` in namespace `staging` by the API at http://SERVER; namespace `staging` has no pods at all: is that its name?");

    let mut elsewhere = node.api().pod("production", "my-pod");
    elsewhere["metadata"]["name"] = json!("other-pod");
    elsewhere["metadata"]["uid"] = json!("7d1f62c5-4c9b-4f43-b9f0-1f0f2f7f4a11");
    elsewhere["spec"]["nodeName"] = json!("other-node");
    elsewhere["status"]["containerStatuses"] = json!([]);
    node.api().apply(elsewhere.clone());
    assert_snapshot!(said(&node, 3, &["-n", "production", "other-pod", "--for", "1s"]), @"podtrace: pod `production/other-pod` runs on node `other-node`, and this is `HERE`: run podtrace there, for example with `kubectl debug node/other-node --profile=sysadmin -it --image=IMAGE` or `ssh other-node`");

    elsewhere["status"]["phase"] = json!("Failed");
    node.api().apply(elsewhere);
    assert_snapshot!(said(&node, 3, &["-n", "production", "other-pod", "--for", "1s"]), @"podtrace: pod `production/other-pod` has ended (failed): there is nothing left to trace");

    node.api().fault(Fault::Forbidden(vec!["get", "list", "watch"]));
    assert_snapshot!(said(&node, 3, &["-n", "production", "no-pod", "--for", "1s"]), @"podtrace: cannot find pod `no-pod` in namespace `production` by containerd VERSION at `SOCKET` (not asked: the API at http://SERVER forbids `system:serviceaccount:production:default` to get pods in namespace `production`: allow the verbs `get`, `list` and `watch` on `pods` by a role)");
}

/// Check that the doctor says of each container how it was found.
#[test]
fn doctor() {
    let node = Node::start();
    let mut pod = Pod::new(&node.lab, "production", "my-pod");
    let app = node.start_errand(&mut pod, "app", ERRAND);
    node.start_errand(&mut pod, "side", ERRAND);
    node.tell(&[&pod]);
    let ended = node.run(node.podtrace(&["doctor", "-n", "production", "my-pod"]));
    assert_eq!(ended.code(), 0, "{}{}", ended.output, ended.errors);
    let path = format!("/kubepods/burstable/pod{}/{}", pod.uid(), app.id);
    let by = format!("by the API at http://{}", node.api().address);
    for words in ["my-pod/app", "my-pod/side", "1 process in ", &path, &by] {
        assert!(ended.output.contains(words), "the doctor does not say `{words}`:\n{}", ended.output);
    }
}

/// Check that a pod that is deleted while it is traced is reported as far as it came, and that the trace ends with it.
#[test]
fn deleted_meanwhile() {
    let node = Node::start();
    let mut pod = Pod::new(&node.lab, "production", "my-pod");
    node.start_errand(&mut pod, "app", ERRAND);
    node.tell(&[&pod]);
    let running = node.trace(node.podtrace(&["-n", "production", "my-pod", "--for", "600s"]));
    node.let_work(&[(&pod, "app")]);
    let truth = node.truth(&pod, "app");
    node.lab.cri().remove_sandbox(pod.sandbox()).expect("a sandbox can be removed");
    node.api().delete("production", "my-pod");
    let ended = running.end();
    let report = report_of(&ended);
    let mut compared = Compared::sides(&report, &truth, &ended.errors);
    compared.everything_done().complete();
    let killed = compared.signal("process.exit")["errors"].clone();
    compared.equal("how the container ended", killed, json!({"SIGKILL": 1}));
    compared.end();
}
