//! What two containers of a pod do is told apart, and from what a neighbour does.

use crate::node::Errand;
use crate::node::Node;
use crate::node::stop;
use crate::pod::Pod;
use crate::rig::compare::Compared;
use crate::rig::scene::report_of;

/// Different primes, so that no sum of some is another.
const APP: Errand = Errand { connects: 101, reads: 1_009, execs: 11 };
const SIDE: Errand = Errand { connects: 53, reads: 503, execs: 7 };

/// Check that `podtrace -n production my-pod` reports both containers' connects, reads and execs separately and exactly,
/// and nothing of a neighbour that does the same.
#[test]
fn two_containers_and_a_neighbour() {
    let node = Node::start();
    let mut pod = Pod::new(&node.lab, "production", "my-pod");
    let mut neighbour = Pod::new(&node.lab, "production", "neighbour");
    node.start_errand(&mut pod, "app", APP);
    node.start_errand(&mut pod, "side", SIDE);
    node.start_errand(&mut neighbour, "app", APP);
    node.tell(&[&pod, &neighbour]);
    let running = node.trace(node.podtrace(&["-n", "production", "my-pod", "--for", "60s"]));
    node.let_work(&[(&pod, "app"), (&pod, "side"), (&neighbour, "app")]);
    let ended = stop(running);
    let report = report_of(&ended);
    println!("{report:#}");
    let truth = node.truth(&pod, "app");
    let mut compared = Compared::sides(&report, &truth, &ended.errors);
    compared.everything_done();
    compared.end();
}
