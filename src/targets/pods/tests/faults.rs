//! What is said when pods are not found, or not here, or not yet.

use std::fs;
use std::time::Duration;

use insta::assert_snapshot;
use serde_json::json;

use super::machine::Machine;
use crate::profile::selector;
use crate::targets::api_server::Fault;
use crate::targets::kubernetes::Access;
use crate::targets::pods::PodsError;
use crate::targets::pods::resolve;

/// Check what is said about names that nothing has.
#[test]
fn not_found() {
    let machine = Machine::recorded();
    let said = |words: &[&str]| machine.said(&machine.find(words).unwrap_err().to_string());
    assert_snapshot!(said(&["my-pdo"]), @"cannot find pod `my-pdo` in namespace `production` by the API at http://SERVER; did you mean `my-pod`");
    assert_snapshot!(said(&["web"]), @"cannot find pod `web` in namespace `production` by the API at http://SERVER; did you mean `web-85f5b7f4c8-mxdrj`, `web-85f5b7f4c8-nn8tf`; a workload has this name: `deployment/web`");
    assert_snapshot!(said(&["zebra-*"]), @"cannot find pods `zebra-*` in namespace `production` by the API at http://SERVER");
    assert_snapshot!(said(&["deploy/wbe"]), @"cannot find pods of `deploy/wbe` in namespace `production` by the API at http://SERVER; it may be there and have no pods");
    assert_snapshot!(said(&["sts/web"]), @"cannot find pods of `sts/web` in namespace `production` by the API at http://SERVER; there is `deployment/web`");
    assert_snapshot!(said(&["-l", "app=zebra"]), @"cannot find pods with labels `app=zebra` in namespace `production` by the API at http://SERVER");
    assert_snapshot!(said(&["-n", "prodution", "my-pod"]), @"cannot find pod `my-pod` in namespace `prodution` by the API at http://SERVER; namespace `prodution` has no pods at all: is that its name?");
    assert_snapshot!(said(&["node/other"]), @"cannot find pods of node `other` in any namespace by the API at http://SERVER");
}

/// Check that without the API what is not found says so, with the reasons, and that nothing is widened: another node's
/// name finds no pods of this one.
#[test]
fn not_found_without_the_api() {
    let machine = Machine::recorded();
    machine.server().fault(Fault::Status(503, "starting".into()));
    let runtime = machine.runtime();
    let said = |words: &[&str]| machine.said(&machine.find(words).unwrap_err().to_string());
    assert_snapshot!(said(&["my-pdo"]), @"cannot find pod `my-pdo` in namespace `production` by containerd 1.2.3 at `/run/containerd/containerd.sock`; did you mean `my-pod` (not asked: the API at http://SERVER answers 503: starting)");
    assert_snapshot!(said(&["node/other"]), @"cannot find pods of node `other` in any namespace by containerd 1.2.3 at `/run/containerd/containerd.sock` (not asked: the API at http://SERVER answers 503: starting)");
    drop(runtime);
    fs::remove_file(machine.root().join(crate::targets::runtime::SOCKETS[0])).unwrap();
    assert_snapshot!(said(&["-l", "app=web"]), @"cannot tell which are the pods with labels `app=web`: only the API and the container runtime know (not asked: the API at http://SERVER answers 503: starting; and no container runtime's socket is there: set `CONTAINER_RUNTIME_ENDPOINT` if it has another place than the usual)");
    assert_snapshot!(said(&["zebra"]), @"cannot find pod `zebra` in namespace `production` by the names of cgroups (not asked: the API at http://SERVER answers 503: starting; and no container runtime's socket is there: set `CONTAINER_RUNTIME_ENDPOINT` if it has another place than the usual)");
}

/// Check what is said about pods that are elsewhere, not yet, not any more, or should be here.
#[test]
fn not_here() {
    let machine = Machine::recorded();
    let said = |words: &[&str]| machine.said(&machine.find(words).unwrap_err().to_string());
    machine.move_pod("guaranteed", "other-node");
    assert_snapshot!(said(&["guaranteed"]), @"pod `production/guaranteed` runs on node `other-node`, and this is `labnode`: run podtrace there, for example with `kubectl debug node/other-node --profile=sysadmin -it --image=IMAGE` or `ssh other-node`");
    assert_snapshot!(said(&["noimage"]), @"pod `production/noimage` does not run: container `app`: ErrImageNeverPull; wait for it with `--wait`");
    let mut ended = machine.server().pod("production", "besteffort");
    ended["status"]["phase"] = json!("Succeeded");
    machine.move_pod("besteffort", "labnode");
    machine.server().apply(ended);
    assert_snapshot!(said(&["besteffort"]), @"pod `production/besteffort` has ended (succeeded): there is nothing left to trace");
    machine.move_pod("my-pod", "labnode");
    assert_snapshot!(said(&["my-pod"]), @"pod `production/my-pod` runs, says the API at http://SERVER, but none of its containers has a cgroup on this machine (`labnode`): is it a pod of this cluster and node?");
}

/// Check that a pod between two lives of its container is found by its own cgroup, and that this is said.
#[test]
fn between_lives() {
    let machine = Machine::recorded();
    let found = machine.find(&["crasher"]).unwrap();
    assert!(found.pods[0].membership().is_some());
    let whole = found.pods[0].target(7, None);
    assert_eq!((whole.name.as_str(), &whole.container), ("crasher", &None));
    assert_snapshot!(found.remarks.join("\n"), @"pod `production/crasher`: none of its containers runs at present (container `app`: CrashLoopBackOff)");
}

/// Check what is said about containers that no pod has.
#[test]
fn unknown_container() {
    let machine = Machine::recorded();
    let mut request = machine.request(&["my-pod", "guaranteed"]);
    request.narrowing.containers = vec![selector::container("app").unwrap(), selector::container("sid").unwrap()];
    assert_snapshot!(machine.resolve(&request).unwrap_err(), @"no container is called `sid`; there are `app`, `init`, `native-sidecar`, `side`");
}

/// Check that one name in several namespaces is not guessed at, and all of them are taken if all were asked for.
#[test]
fn ambiguous() {
    let mut machine = Machine::recorded();
    machine.kill_server();
    // Both are known by the host name they were started with.
    for pid in 100..130 {
        if machine.root().join(format!("proc/{pid}/environ")).exists() {
            machine.write(&format!("proc/{pid}/environ"), "HOSTNAME=twin\0");
        }
    }
    let said = machine.said(&machine.find(&["twin"]).unwrap_err().to_string());
    assert!(
        said.starts_with("several pods are called `twin`: name one with `--namespace`, or by its uid: `twin (2bc"),
        "{said}"
    );
    assert_eq!(machine.find(&["-A", "twin"]).unwrap().pods.len(), 6);
}

/// Check that what the user said about the cluster must be right, and that a machine without cgroups is told of.
#[test]
fn access() {
    let machine = Machine::recorded();
    let mut request = machine.request(&["my-pod"]);
    request.access = Access { context: Some("staging".into()), ..request.access };
    assert_snapshot!(machine.resolve(&request).unwrap_err(), @"the kubeconfig has no context `staging`; it has `test`");
    machine.write("proc/self/mountinfo", "");
    assert_snapshot!(machine.find(&["my-pod"]).unwrap_err(), @"the machine's cgroups cannot be seen from here, so no container can be found: run podtrace on the node itself, or in a pod with `hostPID: true` and the node's `/sys/fs/cgroup` mounted");
}

/// Check that a pod is waited for until it runs, with progress, no longer than was said, and not at all for what will not
/// pass.
#[test]
fn waiting() {
    let machine = Machine::recorded();
    let namespaces = crate::host::Namespaces::read(machine.root());
    let recorded = machine.server().pod("production", "my-pod");
    let mut pending = recorded.clone();
    pending["status"] = json!({"phase": "Pending", "conditions": [{
        "type": "PodScheduled", "status": "False", "reason": "Unschedulable",
        "message": "0/3 nodes are available: 3 Insufficient cpu.",
    }]});
    pending["spec"]["nodeName"] = json!("");
    machine.server().apply(pending);
    let mut request = machine.request(&["my-pod"]);
    let folder = machine.root().join("sys/fs/cgroup/kubepods/burstable");
    let aside = machine.root().join("aside");
    fs::rename(&folder, &aside).unwrap();
    assert_snapshot!(machine.resolve(&request).unwrap_err(), @"pod `production/my-pod` does not run: Unschedulable: 0/3 nodes are available: 3 Insufficient cpu; wait for it with `--wait`");

    request.wait = Some(Duration::from_secs(20));
    let mut said = Vec::new();
    let found = resolve(&request, machine.root(), namespaces, &mut |text| {
        said.push(text.to_owned());
        if said.len() == 2 {
            machine.server().apply(recorded.clone());
            fs::rename(&aside, &folder).unwrap();
        }
        true
    });
    assert_eq!(found.unwrap().pods.len(), 1);
    assert_eq!(said.len(), 2);
    assert_snapshot!(said[0], @"waiting for pod `production/my-pod`: Unschedulable: 0/3 nodes are available: 3 Insufficient cpu");

    let mut request = machine.request(&["noimage"]);
    request.wait = Some(Duration::from_millis(700));
    assert_snapshot!(machine.resolve(&request).unwrap_err(), @"pod `production/noimage` does not run: container `app`: ErrImageNeverPull");
    let ended = resolve(&request, machine.root(), namespaces, &mut |_| false);
    assert!(matches!(ended, Err(PodsError::Interrupted)));
    machine.move_pod("guaranteed", "other-node");
    let mut request = machine.request(&["guaranteed"]);
    request.wait = Some(Duration::from_secs(600));
    assert!(matches!(machine.resolve(&request), Err(PodsError::Elsewhere { .. })));
}
