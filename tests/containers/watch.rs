//! Pods that come while the trace goes on.

use std::time::Duration;

use crate::node::Errand;
use crate::node::Node;
use crate::node::stop;
use crate::pod::Pod;
use crate::rig::compare::Compared;
use crate::rig::scene::report_of;

const ONE: Errand = Errand { connects: 13, reads: 211, execs: 5 };
const OTHER: Errand = Errand { connects: 7, reads: 101, execs: 3 };

/// How long after the return of the API a pod that was made meanwhile may go untraced.
const LATE_MAX: Duration = Duration::from_secs(2);

/// Check that the API may be killed during the watch and come back: a pod that was made meanwhile is traced within two
/// seconds of its return, and one that was traced goes on being traced.
#[test]
fn api_restarted() {
    let node = Node::start();
    let mut one = Pod::new(&node.lab, "production", "web-one");
    node.start_errand(&mut one, "one", ONE);
    node.tell(&[&one]);
    let running = node.trace(node.podtrace(&["-n", "production", "web-*", "--for", "600s"]));
    node.kill_api();
    let mut other = Pod::new(&node.lab, "production", "web-other");
    node.start_errand(&mut other, "other", OTHER);
    let mut bystander = Pod::new(&node.lab, "production", "bystander");
    node.start_errand(&mut bystander, "other", OTHER);
    node.revive_api();
    node.tell(&[&other, &bystander]);
    // The bound itself, not a guess at how long something takes.
    std::thread::sleep(LATE_MAX);
    node.let_work(&[(&one, "one"), (&other, "other"), (&bystander, "other")]);
    let ended = stop(running);
    let report = report_of(&ended);
    for (pod, name, errand) in [(&one, "one", ONE), (&other, "other", OTHER)] {
        let truth = node.truth(pod, name);
        let mut compared = Compared::sides(&report, &truth, &ended.errors);
        compared.everything_done();
        let target = format!("{}/{name}", pod.name());
        let of = |kind: &str| compared.entry(kind, "target", &target).map_or(0, |e| e["count"].as_u64().unwrap_or(0));
        // Whether its own start was seen, which is also a program, depends on when it was found.
        let counts = ["tcp.connect", "process.fork", "process.exit"].map(of);
        let expected = [errand.connects, errand.execs, errand.execs].map(u64::from);
        compared.equal(&format!("`{target}`: connects, forks, exits"), counts.to_vec(), expected.to_vec());
        compared.end();
    }
    let mut compared = Compared::sides(&report, &serde_json::Value::Null, &ended.errors);
    compared.equal("connects in all", compared.count("tcp.connect"), ONE.connects + OTHER.connects);
    compared.complete();
    compared.end();
}
