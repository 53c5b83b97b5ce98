//! What the cluster knows, in the report of a trace: whose peers are, what happened to the pod, and what may not be read.

use std::net::IpAddr;
use std::process::Command;

use serde_json::Value;
use serde_json::json;

use crate::api_server::ApiServer;
use crate::node;
use crate::node::Node;
use crate::node::PodId;
use crate::node::Shape;
use crate::node::Told;
use crate::node::id;
use crate::rig;
use crate::rig::compare::Compared;
use crate::rig::peers;
use crate::rig::process::Ended;
use crate::rig::process::Running;
use crate::rig::scene::Scene;
use crate::rig::scene::report_of;
use crate::rig::wait_until;

/// A service with one port.
fn service(name: &str, address: IpAddr, port: u16) -> Value {
    json!({
        "kind": "Service", "apiVersion": "v1",
        "metadata": {"name": name, "namespace": "production", "uid": format!("uid-of-{name}")},
        "spec": {
            "type": "ClusterIP", "clusterIP": address, "clusterIPs": [address],
            "ports": [{"name": "https", "port": port, "protocol": "TCP"}],
        },
    })
}

/// The slice of a service with one endpoint, which is a pod's.
fn slice(service: &str, address: IpAddr, port: u16, pod: &str) -> Value {
    json!({
        "kind": "EndpointSlice", "apiVersion": "discovery.k8s.io/v1", "addressType": "IPv4",
        "metadata": {
            "name": format!("{service}-x"), "namespace": "production", "uid": format!("slice-of-{service}"),
            "labels": {"kubernetes.io/service-name": service},
        },
        "endpoints": [{
            "addresses": [address], "nodeName": node::NODE,
            "targetRef": {"kind": "Pod", "namespace": "production", "name": pod},
        }],
        "ports": [{"name": "", "port": port, "protocol": "TCP"}],
    })
}

/// A warning of the kubelet about a pod, as of now.
fn warning(pod: &PodId, count: u64) -> Value {
    let now = jiff::Timestamp::from_second(jiff::Timestamp::now().as_second()).unwrap().to_string();
    json!({
        "kind": "Event", "apiVersion": "v1",
        "metadata": {"name": format!("{}.1", pod.name), "namespace": "production", "uid": "uid-of-warning"},
        "involvedObject": {
            "kind": "Pod", "namespace": "production", "name": pod.name, "uid": pod.uid,
            "fieldPath": "spec.containers{app}",
        },
        "reason": "Unhealthy", "message": "Readiness probe failed: connection refused", "type": "Warning",
        "source": {"component": "kubelet"}, "reportingComponent": "kubelet",
        "firstTimestamp": now, "lastTimestamp": now, "count": count,
    })
}

/// A pod whose only container exchanges bytes with peers, traced from before its first byte to its last.
struct Exchange {
    scene: Scene,
    server: ApiServer,
    pod: PodId,
    _node: Node,
    workload: Running,
    traced: Running,
}

impl Exchange {
    fn begin(server: ApiServer, peers: &[String]) -> Self {
        let scene = Scene::empty();
        let node = Node::new(Shape::V2);
        let pod = PodId::new("client");
        let mut job = vec!["tcp-exchange"];
        peers.iter().for_each(|peer| job.extend(["--to", peer]));
        let mut line = scene.job(&job, "truth");
        for option in ["begin", "leave"] {
            line.extend([format!("--{option}"), scene.path(option).to_string_lossy().into_owned()]);
        }
        let workload = node::start(&node.container(&pod, &id("c1")), "workload", &line, &scene);
        server.apply(node::pod(&pod, &json!({}), &[Told::new("app", &id("c1"))]));
        let kubeconfig = scene.path("kubeconfig");
        std::fs::write(&kubeconfig, server.kubeconfig("production")).unwrap();
        let traced = scene.start_on(&["-n", "production", "client", "--kubeconfig", &kubeconfig.to_string_lossy()]);
        Self { scene, server, pod, _node: node, workload, traced }
    }

    /// Lets the workload work, waits until the API was asked for these (a slow machine takes its time), and ends the trace.
    fn finish(self, asked: &[&[&str]]) -> (Scene, ApiServer, Ended) {
        let Self { scene, server, workload, traced, .. } = self;
        std::fs::write(scene.path("begin"), "").unwrap();
        wait_until("the exchange", || scene.path("truth").exists());
        wait_until("the API to be asked for names", || {
            let requests = server.requests();
            asked.iter().all(|parts| requests.iter().any(|request| parts.iter().all(|part| request.contains(part))))
        });
        if crate::rig::slow() {
            // Names come by and by.
            crate::settle(&scene);
        }
        std::fs::write(scene.path("leave"), "").unwrap();
        let done = workload.end();
        assert!(done.status.success(), "the workload failed:\n{}", done.errors);
        traced.signal(libc::SIGINT);
        let ended = traced.end();
        (scene, server, ended)
    }
}

/// Check that peers are called by the service whose address they have and by the pod behind an endpoint, beside the
/// address and with exact counts; that a warning of the kubelet is told; that nothing is listed more than once; and that
/// the recording of it replays to the same bytes.
#[test]
fn peers_and_incidents() {
    let (payments, backend): (IpAddr, IpAddr) = ("127.0.3.7".parse().unwrap(), "127.0.3.9".parse().unwrap());
    let peers =
        [peers::answering(payments, 100_003), peers::answering(backend, 499_979), peers::answering(peers::V4, 101)];
    let server = ApiServer::start(r#"{"items": []}"#);
    server.apply_as("services", service("payments", payments, peers[0].port()));
    server.apply_as("endpointslices", slice("api", backend, peers[1].port(), "api-7c9d8f6b5-x2xab"));
    let exchange = Exchange::begin(server, &peers.map(|peer| peer.to_string()));
    exchange.server.apply_as("events", warning(&exchange.pod, 1));
    exchange.server.apply_as("events", warning(&exchange.pod, 3));
    let (scene, server, ended) =
        exchange.finish(&[&["/services?", "watch="], &["/endpointslices?", "watch="], &["/events?", "watch="]]);
    let report = report_of(&ended);
    let truth = scene.truth("truth");
    let mut compared = Compared::sides(&report, &truth, &ended.errors);
    compared.everything_done().complete();
    for (peer, name, kind) in [
        (peers[0], json!("production/payments"), json!("service")),
        (peers[1], json!("production/api-7c9d8f6b5-x2xab"), json!("pod")),
        (peers[2], Value::Null, Value::Null),
    ] {
        let entry = compared.entry("tcp.connect", "peer", &peer.to_string()).cloned().unwrap_or_default();
        compared.equal(&format!("the name of {peer}"), entry["name"].clone(), name);
        compared.equal(&format!("what {peer} is"), entry["identities"][0]["kind"].clone(), kind);
    }
    let entry =
        |peer: usize| compared.entry("tcp.connect", "peer", &peers[peer].to_string()).cloned().unwrap_or_default();
    let (port, behind) = (entry(0)["identities"][0]["port"].clone(), entry(1)["identities"][0]["service"].clone());
    compared.equal("the name of the port", port, "https");
    compared.equal("the service behind the endpoint", behind, "api");
    let events = &report["sections"]["kubernetes"]["events"];
    compared.equal("events", events.as_array().map_or(0, Vec::len), 1);
    compared.equal("what happened", events[0]["reason"].clone(), "Unhealthy");
    compared.equal("how often", events[0]["count_during_trace"].clone(), 3);
    let lists: Vec<String> = server.requests().into_iter().filter(|request| !request.contains("watch=")).collect();
    for sort in ["services", "endpointslices", "events"] {
        let of_sort = lists.iter().filter(|request| request.contains(sort)).count();
        compared.equal(&format!("lists of {sort}"), of_sort, 1);
    }
    compared.end();
    let mut replay = Command::new(rig::podtrace());
    replay.args(["replay", "-o", "json"]).arg(scene.path("recording"));
    let replayed = Running::start(replay, "replay", scene.folder()).end();
    assert!(replayed.output == ended.output, "the replay differs from the live report");
    let mut text = Command::new(rig::podtrace());
    text.args(["replay", "-o", "text"]).arg(scene.path("recording"));
    let text = Running::start(text, "text", scene.folder()).end().output;
    let said = format!("production/payments (service, {})", peers[0]);
    assert!(text.contains(&said) || text.contains(&format!("payments {}", peers[0])), "{text}");
    assert!(text.contains("Kubernetes warned: client/app Unhealthy 3 times"), "{text}");
}

/// Check that where the cluster may not be read, everything is traced as ever, peers are called by their addresses, and
/// the report says what a role must allow.
#[test]
fn what_may_not_be_read() {
    let peers = [peers::answering(peers::V4, 101), peers::answering(peers::V4, 103), peers::answering(peers::V4, 107)];
    let server = ApiServer::start(r#"{"items": []}"#);
    ["services", "endpointslices", "events"].iter().for_each(|sort| server.forbid(sort, false));
    let asked = ["services", "endpointslices", "events"].map(|sort| format!("/namespaces/production/{sort}?"));
    let asked: Vec<[&str; 1]> = asked.iter().map(|request| [request.as_str()]).collect();
    let asked: Vec<&[&str]> = asked.iter().map(|request| &request[..]).collect();
    let (scene, _server, ended) = Exchange::begin(server, &peers.map(|peer| peer.to_string())).finish(&asked);
    let report = report_of(&ended);
    let truth = scene.truth("truth");
    let mut compared = Compared::sides(&report, &truth, &ended.errors);
    compared.everything_done().complete();
    let coverage = report["coverage"].as_array().cloned().unwrap_or_default();
    for (feature, missing) in [
        ("peer names: services", "`list` and `watch` on `services`"),
        ("peer names: endpoints", "`endpointslices` of the API group `discovery.k8s.io`"),
        ("kubernetes: events", "`list` and `watch` on `events`"),
    ] {
        let told = coverage.iter().find(|told| told["feature"] == feature).cloned().unwrap_or_default();
        compared.equal(feature, told["status"].clone(), "blind");
        compared.holds(missing, told["reason"].as_str().is_some_and(|reason| reason.contains(missing)));
    }
    compared.end();
}
