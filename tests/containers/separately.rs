//! What two containers of a pod do is told apart, and from what a neighbour does; whoever tells podtrace of the pod.

use serde_json::Value;

use crate::api_server::Fault;
use crate::node::Errand;
use crate::node::Node;
use crate::node::stop;
use crate::pod::Pod;
use crate::rig::compare::Compared;
use crate::rig::process::Ended;
use crate::rig::process::Running;
use crate::rig::scene::report_of;

/// Different primes, so that no sum of some is another.
const APP: Errand = Errand { connects: 101, reads: 1_009, execs: 11 };
const SIDE: Errand = Errand { connects: 53, reads: 503, execs: 7 };

/// Two containers that wait for their errands, and a neighbour with the same as one of them, at the same paths.
struct Neighbours<'l> {
    pod: Pod<'l>,
    neighbour: Pod<'l>,
}

impl<'l> Neighbours<'l> {
    fn start(node: &'l Node, make: impl Fn(&'l Node, &str) -> Pod<'l>) -> Self {
        let mut both = Self { pod: make(node, "my-pod"), neighbour: make(node, "neighbour") };
        node.start_errand(&mut both.pod, "app", APP);
        node.start_errand(&mut both.pod, "side", SIDE);
        node.start_errand(&mut both.neighbour, "app", APP);
        both
    }

    /// Lets all of them work, and ends the trace.
    fn work(&self, node: &Node, running: Running) -> Ended {
        node.let_work(&[(&self.pod, "app"), (&self.pod, "side"), (&self.neighbour, "app")]);
        stop(running)
    }

    /// Compares a report in which the containers have these names. Returns the report.
    fn compare(&self, node: &Node, ended: &Ended, names: [&str; 2]) -> Value {
        let report = report_of(ended);
        let truths = ["app", "side"].map(|name| node.truth(&self.pod, name));
        for truth in &truths {
            let mut compared = Compared::sides(&report, truth, &ended.errors);
            compared.everything_done().complete();
            compared.end();
        }
        let mut compared = Compared::sides(&report, &Value::Null, &ended.errors);
        for (name, errand) in names.iter().zip([APP, SIDE]) {
            let of = |kind: &str| {
                let entry = compared.entry(kind, "target", name);
                entry.map_or(0, |entry| entry["count"].as_u64().unwrap_or(0))
            };
            let counts = ["tcp.connect", "tcp.accept", "file.read", "process.exec", "process.exit"].map(of);
            let expected = [errand.connects, errand.connects, errand.reads, errand.execs, errand.execs];
            compared.equal(
                &format!("`connects, accepts, reads, execs, exits` of `{name}`"),
                Value::from(counts.to_vec()),
                expected.to_vec(),
            );
        }
        for (kind, count) in [
            ("tcp.connect", APP.connects + SIDE.connects),
            ("file.read", APP.reads + SIDE.reads),
            ("process.exec", APP.execs + SIDE.execs),
        ] {
            compared.equal(&format!("`{kind}` in all"), compared.count(kind), count);
        }
        compared.end();
        drop(compared);
        report
    }
}

/// What the report says about where its pods were found.
fn said(report: &Value) -> String {
    let reasons = report["coverage"].as_array().into_iter().flatten().filter_map(|feature| feature["reason"].as_str());
    reasons.filter(|reason| reason.contains("pods were found")).collect::<Vec<_>>().join("\n")
}

/// Check that `podtrace -n production my-pod --for 5s -o json` reports both containers' connects, reads and execs separately
/// and exactly, and nothing of a neighbour that does the same. The errands take a fraction of that on a real machine.
#[test]
fn by_the_api() {
    let node = Node::start();
    let both = Neighbours::start(&node, |node, name| Pod::new(&node.lab, "production", name));
    node.tell(&[&both.pod, &both.neighbour]);
    let duration = if crate::rig::slow() { "600s" } else { "5s" };
    let running = node.trace(node.podtrace(&["-n", "production", "my-pod", "--for", duration]));
    node.let_work(&[(&both.pod, "app"), (&both.pod, "side"), (&both.neighbour, "app")]);
    let ended = if crate::rig::slow() { stop(running) } else { running.end() };
    let report = both.compare(&node, &ended, ["my-pod/app", "my-pod/side"]);
    assert_eq!(said(&report), "");
    let targets = report["targets"].as_array().expect("a report has targets");
    for target in targets {
        assert_eq!(target["namespace"], "production", "{target}");
        assert_eq!(target["pod"], "my-pod", "{target}");
        assert_eq!(target["node"], crate::node::name(), "{target}");
        assert_eq!(target["labels"]["app"], "my-pod", "{target}");
    }
}

/// Check the same where the API forbids to ask, so that the runtime tells of the pod; the report says so.
#[test]
fn by_the_runtime() {
    let node = Node::start();
    let both = Neighbours::start(&node, |node, name| Pod::new(&node.lab, "production", name));
    node.api().fault(Fault::Forbidden(vec!["get", "list", "watch"]));
    node.tell(&[&both.pod, &both.neighbour]);
    let running = node.trace(node.podtrace(&["-n", "production", "my-pod", "--for", "600s"]));
    let ended = both.work(&node, running);
    let said = said(&both.compare(&node, &ended, ["my-pod/app", "my-pod/side"]));
    for words in [
        "pods were found by containerd 1.",
        "workloads are told by labels",
        "allow the verbs `get`, `list` and `watch`",
    ] {
        assert!(said.contains(words), "the report does not say `{words}`: {said}");
    }
}

/// Check the same with neither API nor runtime, by the names of cgroups and what the kubelet leaves among the logs; the
/// report says so, and what is missing.
#[test]
fn by_the_cgroups() {
    let node = Node::start();
    node.kill_api();
    let both = Neighbours::start(&node, |node, name| Pod::with_kubelet_logs(&node.lab, "production", name));
    let running = node.trace(node.podtrace_alone(&["-n", "production", "my-pod", "--for", "600s"]));
    let ended = both.work(&node, running);
    let said = said(&both.compare(&node, &ended, ["my-pod/app", "my-pod/side"]));
    let words =
        ["by the names of cgroups", "labels and restarts are not known", "cannot reach the API", "there is no socket"];
    for words in words {
        assert!(said.contains(words), "the report does not say `{words}`: {said}");
    }
}

/// Check the same without what the kubelet leaves: the pod is found by the host name of its processes, its containers have
/// the first digits of their ids for names, and which of them is the sandbox is told by its process.
#[test]
fn by_the_cgroups_alone() {
    let node = Node::start();
    node.kill_api();
    let both = Neighbours::start(&node, |node, name| Pod::new(&node.lab, "production", name));
    let running = node.trace(node.podtrace_alone(&["my-pod", "--for", "600s"]));
    let ended = both.work(&node, running);
    let names = ["app", "side"].map(|name| format!("my-pod/{}", &both.pod.life(name).id[..12]));
    let report = both.compare(&node, &ended, [&names[0], &names[1]]);
    assert_eq!(report["targets"].as_array().map_or(0, Vec::len), 2, "{:#}", report["targets"]);
    let words = "without log files of the kubelet neither namespaces nor names of containers are";
    assert!(said(&report).contains(words), "{}", said(&report));
}
