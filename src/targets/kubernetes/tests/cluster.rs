//! Services, endpoints, addresses of pods, events: read from recorded answers and fed from a server.

use std::net::IpAddr;
use std::sync::mpsc;
use std::sync::mpsc::Receiver;
use std::time::Duration;

use insta::assert_debug_snapshot;
use insta::assert_snapshot;
use serde_json::Value;
use serde_json::json;

use super::RECORDED;
use super::SOON;
use super::connect;
use super::in_namespace;
use super::text;
use crate::targets::api_server::ApiServer;
use crate::targets::kubernetes::Change;
use crate::targets::kubernetes::Endpoints;
use crate::targets::kubernetes::Feed;
use crate::targets::kubernetes::Feeds;
use crate::targets::kubernetes::KubernetesError;
use crate::targets::kubernetes::PodAddress;
use crate::targets::kubernetes::PodEvent;
use crate::targets::kubernetes::Query;
use crate::targets::kubernetes::Service;
use crate::targets::kubernetes::Watched;
use crate::targets::kubernetes::happening::cut;

const SERVICES: &str = include_str!("../../../../tests/recorded/kubernetes/services.json");
const SLICES: &str = include_str!("../../../../tests/recorded/kubernetes/endpointslices.json");
/// In the forms that the kubelet and the scheduler write; made by hand, none were recorded.
const EVENTS: &str = include_str!("../../../../tests/recorded/kubernetes/events-by-hand.json");

fn server() -> ApiServer {
    let server = ApiServer::start(RECORDED);
    server.apply_list("services", SERVICES);
    server.apply_list("endpointslices", SLICES);
    server.apply_list("events", EVENTS);
    server
}

fn feed<T: Watched>(server: &ApiServer, query: &Query, limit: usize) -> ((Feed, Feeds), Receiver<Change<T>>) {
    let (sender, changes) = mpsc::channel();
    let feeds = connect(server).feeds().unwrap();
    let feed = feeds.add(query, limit, move |change| sender.send(change).is_ok());
    ((feed, feeds), changes)
}

/// What is told up to the moment when all there is was told.
fn all<T: Watched>(changes: &Receiver<Change<T>>) -> Vec<T> {
    let mut all = Vec::new();
    loop {
        match changes.recv_timeout(SOON).expect("something is told soon") {
            Change::Added(one) | Change::Changed(one) => all.push(one),
            Change::Synced => return all,
            other => panic!("{other:?}"),
        }
    }
}

fn trouble<T: Watched>(changes: &Receiver<Change<T>>) -> KubernetesError {
    match changes.recv_timeout(SOON).expect("something is told soon") {
        Change::Troubled(error) => error,
        other => panic!("{other:?}"),
    }
}

/// Check what is taken from recorded services and endpoint slices.
#[test]
fn recorded_services() {
    let server = server();
    let (_feeds, changes) = feed::<Service>(&server, &Query::default(), 100);
    assert_debug_snapshot!(all(&changes), @r#"
    [
        Service {
            uid: "05fe7659-c199-4640-b175-c43e90b54666",
            namespace: "production",
            name: "demo",
            addresses: {
                10.96.25.56,
            },
            ports: [
                (
                    80,
                    Some(
                        "http",
                    ),
                ),
            ],
        },
    ]
    "#);
    let (_feeds, changes) = feed::<Endpoints>(&server, &Query::default(), 100);
    assert_debug_snapshot!(all(&changes), @r#"
    [
        Endpoints {
            uid: "b4597b4c-9796-4e5f-af9e-5fb9a44e5d86",
            namespace: "production",
            service: "demo",
            addresses: [
                (
                    10.244.0.5,
                    Some(
                        "my-pod",
                    ),
                ),
            ],
            ports: {
                8080,
            },
        },
    ]
    "#);
}

/// Check that pods have their own addresses and their nodes', that those that share their node's have none of their own,
/// and that those that have ended have none any more.
#[test]
fn addresses_of_pods() {
    let server = server();
    let mut ended = server.pod("production", "guaranteed");
    ended["status"]["phase"] = json!("Failed");
    server.apply(ended);
    let (_feeds, changes) = feed::<PodAddress>(&server, &in_namespace("production"), 100);
    let pods = all(&changes);
    let line = |pod: &PodAddress| {
        let workload = pod.workload.as_deref().unwrap_or("-");
        let node = pod.node.as_deref().unwrap_or("-");
        format!("{} {workload} {:?} on {node} {:?}", pod.name, pod.addresses, pod.node_addresses)
    };
    assert_snapshot!(pods.iter().map(line).collect::<Vec<_>>().join("\n"), @"
    besteffort - {} on labnode {10.250.0.1}
    crasher - {10.244.0.14} on labnode {10.250.0.1}
    guaranteed - {} on labnode {10.250.0.1}
    my-pod - {10.244.0.16} on labnode {10.250.0.1}
    noimage - {10.244.0.15} on labnode {10.250.0.1}
    web-85f5b7f4c8-mxdrj Deployment/web {10.244.0.12} on labnode {10.250.0.1}
    web-85f5b7f4c8-nn8tf Deployment/web {10.244.0.17} on labnode {10.250.0.1}
    ");
}

/// Check that events of both forms are read, that the API is asked for one pod's alone, and that a container's field is
/// told from others.
#[test]
fn events_of_both_forms() {
    let server = server();
    let of_pod = "involvedObject.kind=Pod,involvedObject.name=my-pod".to_owned();
    let query = Query { fields: Some(of_pod), ..in_namespace("production") };
    let (_feeds, changes) = feed::<PodEvent>(&server, &query, 100);
    let events = all(&changes);
    assert_eq!(events.len(), 2);
    assert_debug_snapshot!(events[1], @r#"
    PodEvent {
        uid: "a2",
        namespace: "production",
        pod: "my-pod",
        container: Some(
            "app",
        ),
        warning: true,
        reason: "Unhealthy",
        message: "Readiness probe failed: Get \"http://10.244.0.16:8080/ready\": dial tcp 10.244.0.16:8080: connect: connection refused",
        reporter: "kubelet",
        first: Some(
            2026-11-22T14:37:21Z,
        ),
        last: Some(
            2026-11-22T14:39:41Z,
        ),
        count: 7,
    }
    "#);
    let (first, last) = (events[0].first.unwrap(), events[0].last.unwrap());
    assert_eq!((first.to_string().as_str(), first == last), ("2026-11-22T14:36:59.117352Z", true));
    assert_eq!((events[0].reporter.as_str(), events[0].count), ("default-scheduler", 1));
    let query = Query { fields: Some("involvedObject.kind=Pod".into()), ..in_namespace("production") };
    let (_feeds, changes) = feed::<PodEvent>(&server, &query, 100);
    let crasher = all(&changes).into_iter().find(|event| event.pod == "crasher").unwrap();
    assert_eq!((crasher.count, crasher.container.as_deref()), (23, Some("app")));
    assert_eq!(crasher.last.unwrap().to_string(), "2026-11-22T14:40:47.25Z");
}

/// Check that no more than the limit is kept or asked for, and that how much more there is, is told.
#[test]
fn limited() {
    let server = server();
    server.page(2);
    let (_feeds, changes) = feed::<PodAddress>(&server, &in_namespace("production"), 3);
    let mut words = Vec::new();
    while words.last().is_none_or(|word| word != "synced") {
        words.push(match changes.recv_timeout(SOON).unwrap() {
            Change::Added(_) => "added".to_owned(),
            Change::LeftOut(count) => format!("without {count}"),
            Change::Synced => "synced".to_owned(),
            other => panic!("{other:?}"),
        });
    }
    // Two pages of two: one of the second and the three of those that follow.
    assert_eq!(words, ["added", "added", "added", "without 4", "synced"]);
    let lists = server.requests().iter().filter(|request| !request.contains("watch")).count();
    assert_eq!(lists, 2, "what is beyond the limit is not asked for");
    let mut pod = server.pod("production", "my-pod");
    pod["status"]["message"] = json!("changed");
    server.apply(pod.clone());
    pod["metadata"]["name"] = json!("one-more");
    pod["metadata"]["uid"] = json!("uid-of-one-more");
    server.apply(pod);
    assert_eq!(changes.recv_timeout(SOON).unwrap(), Change::LeftOut(5));
}

/// Check that what is forbidden is named with its group, as a role has to be written.
#[test]
fn forbidden() {
    let server = server();
    server.forbid("endpointslices", false);
    server.forbid("services", true);
    let (_feeds, changes) = feed::<Endpoints>(&server, &Query::default(), 100);
    assert_snapshot!(text(&trouble(&changes), &server), @"the API at http://SERVER forbids `system:serviceaccount:production:default` to list endpointslices in all namespaces: allow the verbs `list` and `watch` on `endpointslices` of the API group `discovery.k8s.io` by a role");
    let (_feeds, changes) = feed::<Service>(&server, &Query::default(), 100);
    assert_snapshot!(text(&trouble(&changes), &server), @"the API at http://SERVER forbids `system:serviceaccount:production:default` to list services in all namespaces: allow the verbs `list` and `watch` on `services` by a role");
    let (_feeds, changes) = feed::<Service>(&server, &in_namespace("production"), 100);
    assert_eq!(all(&changes).len(), 1);
}

/// Check that a feed can be dropped while nobody takes what it tells, that others go on once somebody takes that, and that
/// all can be dropped once nobody listens.
#[test]
fn dropped() {
    let server = server();
    let feeds = connect(&server).feeds().unwrap();
    let (sender, changes) = mpsc::sync_channel(0);
    let feed = feeds.add::<PodAddress>(&Query::default(), 100, move |change| sender.send(change).is_ok());
    assert!(matches!(changes.recv_timeout(SOON), Ok(Change::Added(_))));
    let (sender, others) = mpsc::sync_channel(0);
    let _other = feeds.add::<Service>(&Query::default(), 100, move |change| sender.send(change).is_ok());
    assert!(others.recv_timeout(Duration::from_millis(100)).is_err(), "the thread waits for the first to be taken");
    drop(feed);
    drop(changes);
    assert!(matches!(others.recv_timeout(SOON), Ok(Change::Added(_))));
    drop(others);
    drop(feeds);
}

/// Check that texts are cut between characters.
#[test]
fn long_texts() {
    assert_eq!(cut("größe", 10), "größe");
    assert_eq!(cut("größe", 3), "gr...");
    assert_eq!(cut("größe", 4), "grö...");
}

/// Check that lists that the API writes as nothing are empty, and that addresses that are none are left out.
#[test]
fn nothing_in_it() {
    let slice: Value = json!({
        "kind": "EndpointSlice", "apiVersion": "discovery.k8s.io/v1", "addressType": "IPv4",
        "metadata": {"name": "x"}, "endpoints": null, "ports": null,
    });
    let slice = Endpoints::of(&serde_json::from_value(slice).unwrap());
    assert!(slice.addresses.is_empty() && slice.ports.is_empty());
    let headless: Value = json!({
        "metadata": {"name": "x"}, "spec": {"clusterIP": "None", "clusterIPs": ["None"], "ports": null},
        "status": {"loadBalancer": {"ingress": [{"hostname": "x.example"}, {"ip": "192.0.2.7"}]}},
    });
    let service = Service::of(&serde_json::from_value(headless).unwrap());
    assert_eq!(service.addresses.into_iter().collect::<Vec<_>>(), ["192.0.2.7".parse::<IpAddr>().unwrap()]);
    let pod = PodAddress::of(&serde_json::from_value(json!({"metadata": {"name": "x"}})).unwrap());
    assert!(pod.addresses.is_empty() && pod.node.is_none());
}

proptest::proptest! {
    /// Check that whatever an API tells, things are taken from it without a panic and within their limits.
    #[test]
    fn anything(text in ".*", number in proptest::prelude::any::<i32>(), time in "[0-9]{4}-0[1-9]-1[0-9]T00:00:00Z") {
        let event: Value = json!({
            "metadata": {"uid": text}, "involvedObject": {"fieldPath": text, "name": text}, "message": text,
            "count": number, "lastTimestamp": time, "series": {"count": number}, "reason": text,
        });
        let event = PodEvent::of(&serde_json::from_value(event).unwrap());
        proptest::prop_assert!(event.message.len() <= 403 && event.count >= 1);
        let service = json!({"metadata": {}, "spec": {"clusterIPs": [text], "ports": [{"port": number, "name": text}]}});
        let service = Service::of(&serde_json::from_value(service).unwrap());
        proptest::prop_assert!(service.ports.len() <= 1);
        let slice = json!({
            "metadata": {}, "addressType": "FQDN", "ports": [{"port": number}],
            "endpoints": [{"addresses": [text], "targetRef": {"kind": "Pod", "name": text}}],
        });
        let slice = Endpoints::of(&serde_json::from_value(slice).unwrap());
        proptest::prop_assert!(slice.ports.len() <= 1);
    }
}
