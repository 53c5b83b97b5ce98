//! A pod for the scenario `pod` of `vm-tests/`: one that the confined daemon of a node traces, where this only runs the
//! runtime and the pod.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;

use crate::node::Errand;
use crate::node::Node;
use crate::node::touch;
use crate::pod::Pod;
use crate::rig;

const ERRAND: Errand = Errand { connects: 13, reads: 211, execs: 37 };

/// Runs the pods `shop/web` and `shop/bystander`, and makes files in the folder `PODTRACE_HELD`: `containerd.sock` leads
/// to the runtime, `ready` says that both run, and `truth` what the container `app` of `web` did once it was told to by
/// the file `go`. It ends with the file `leave`.
#[test]
#[ignore = "vm-tests/scenarios/pod.sh runs it, and says when it may end"]
fn pod_of_a_scenario() {
    let place = PathBuf::from(std::env::var_os("PODTRACE_HELD").expect("PODTRACE_HELD names a folder"));
    let node = Node::start();
    let mut pod = Pod::new(&node.lab, "shop", "web");
    node.start_errand(&mut pod, "app", ERRAND);
    let mut bystander = Pod::new(&node.lab, "shop", "bystander");
    node.start_errand(&mut bystander, "app", ERRAND);
    symlink(node.lab.socket(), place.join("containerd.sock")).expect("cannot link to the socket");
    touch(&place.join("ready"));
    rig::wait_until("the file `go`", || place.join("go").exists());
    node.let_work(&[(&pod, "app"), (&bystander, "app")]);
    fs::write(place.join("truth"), node.truth(&pod, "app").to_string()).expect("cannot write the truth");
    rig::wait_until("the file `leave`", || place.join("leave").exists());
}
