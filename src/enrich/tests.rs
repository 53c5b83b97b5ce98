use std::collections::BTreeSet;

use insta::assert_snapshot;
use jiff::Timestamp;

use super::Ask;
use super::Enricher;
use super::Source;
use super::Word;
use crate::event::Definition;
use crate::event::Item;
use crate::event::definition::Side;
use crate::event::example;
use crate::event::session::Target;
use crate::targets::kubernetes::Change;
use crate::targets::kubernetes::Endpoints;
use crate::targets::kubernetes::KubernetesError;
use crate::targets::kubernetes::PodAddress;
use crate::targets::kubernetes::PodEvent;
use crate::targets::kubernetes::Resource;
use crate::targets::kubernetes::Service;
use crate::targets::kubernetes::Verb;

const STARTED: &str = "2026-01-02T03:04:05.7Z";

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn pod_target(pod: &str) -> Target {
    Target {
        namespace: Some("shop".into()),
        pod: Some(pod.into()),
        node: Some("node-7".into()),
        ..example::target(0, pod)
    }
}

/// An enricher of a pod, and what it asks at once.
fn begun() -> Enricher {
    let mut enricher = Enricher::new(time(STARTED));
    enricher.target(&pod_target("client-0"));
    enricher
}

fn peer(enricher: &mut Enricher, number: u64, address: &str, port: u16, side: Side) {
    let Item::Definition(Definition::Peer(mut peer)) = example::peer(number, address, port) else { panic!() };
    peer.side = side;
    enricher.define(&Definition::Peer(peer));
}

fn everywhere(source: Source) -> Ask {
    Ask { source, namespace: None, pod: None }
}

fn service(name: &str, address: &str, ports: &[(u16, &str)]) -> Service {
    Service {
        uid: format!("uid-of-{name}"),
        namespace: "shop".into(),
        name: name.into(),
        addresses: BTreeSet::from([address.parse().unwrap()]),
        ports: ports.iter().map(|(port, name)| (*port, Some((*name).to_owned()))).collect(),
    }
}

fn endpoints(service: &str, port: u16, addresses: &[(&str, Option<&str>)]) -> Endpoints {
    let addresses = addresses.iter().map(|(text, pod)| (text.parse().unwrap(), pod.map(str::to_owned)));
    Endpoints {
        uid: format!("slice-of-{service}"),
        namespace: "shop".into(),
        service: service.into(),
        addresses: addresses.collect(),
        ports: BTreeSet::from([port]),
    }
}

fn pod(name: &str, address: Option<&str>, node: &str) -> PodAddress {
    PodAddress {
        uid: format!("uid-of-{name}"),
        namespace: "shop".into(),
        name: name.into(),
        workload: Some("Deployment/api".into()),
        addresses: address.map(|text| text.parse().unwrap()).into_iter().collect(),
        node: Some(node.into()),
        node_addresses: BTreeSet::from(["192.168.7.1".parse().unwrap()]),
    }
}

/// Items in words.
fn words(enricher: &mut Enricher) -> String {
    let word = |item: Item| match item {
        Item::Definition(Definition::PeerName(name)) => {
            let port = name.port.as_ref().map(|port| format!(" port {port}")).unwrap_or_default();
            let behind = name.service.as_ref().map(|service| format!(" behind {service}")).unwrap_or_default();
            format!("{}: {} ({}){port}{behind}", name.object.0, name.full_name(), name.what())
        }
        Item::Incident(incident) => format!(
            "{} {}/{} {}: {} times, {} of them during, {:+.1} s to {:+.1} s",
            incident.id,
            incident.pod,
            incident.container.as_deref().unwrap_or("-"),
            incident.reason,
            incident.count,
            incident.during,
            incident.first_ns as f64 / 1e9,
            incident.at_ns as f64 / 1e9,
        ),
        Item::Feature(feature) => format!("{}: blind {:?}, {:?}", feature.feature, feature.blind, feature.degraded),
        other => panic!("{other:?}"),
    };
    enricher.take().into_iter().map(word).collect::<Vec<_>>().join("\n")
}

/// Tells that there are no services and endpoints but those that were told.
fn settle(enricher: &mut Enricher) {
    enricher.word(&everywhere(Source::Services), Word::Service(Change::Synced));
    enricher.word(&everywhere(Source::Endpoints), Word::Endpoints(Change::Synced));
}

/// Check that nothing is asked for that is not needed: names once there is a peer, pods once there is one inside that
/// services and endpoints do not explain.
#[test]
fn asks_no_more_than_needed() {
    let mut enricher = begun();
    let asks = |enricher: &mut Enricher| -> Vec<String> {
        let query = |ask: &Ask| {
            let query = ask.query();
            let parts = [query.namespace, query.name, query.node, query.fields];
            parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
        };
        enricher.asks().iter().map(|ask| format!("{:?} {}", ask.source, query(ask))).collect()
    };
    assert_eq!(asks(&mut enricher), ["Events shop involvedObject.kind=Pod,involvedObject.name=client-0"]);
    peer(&mut enricher, 11, "10.96.0.12", 443, Side::Client);
    peer(&mut enricher, 12, "10.96.0.12", 80, Side::Client);
    peer(&mut enricher, 13, "8.8.8.8", 53, Side::Client);
    assert_eq!(asks(&mut enricher), ["Services ", "Endpoints "]);
    let payments = service("payments", "10.96.0.12", &[(443, "https")]);
    enricher.word(&everywhere(Source::Services), Word::Service(Change::Added(payments)));
    settle(&mut enricher);
    assert_eq!(asks(&mut enricher), [""; 0], "public addresses are not worth a list of all pods");
    peer(&mut enricher, 17, "10.244.0.9", 8080, Side::Server);
    assert_eq!(asks(&mut enricher), ["Pods "]);
    enricher.target(&pod_target("client-1"));
    enricher.target(&pod_target("client-1"));
    assert_eq!(asks(&mut enricher), ["Events shop involvedObject.kind=Pod"]);
    let ended: Vec<_> = enricher.ended().into_iter().map(|ask| (ask.source, ask.pod)).collect();
    let alone = Some("client-0".to_owned());
    assert_eq!(ended, [(Source::Events, alone)]);
}

/// Check what each sort of address is called, and that what cannot be told is not named.
#[test]
fn names() {
    let mut enricher = begun();
    let peers = [
        (1, "10.96.0.12", 443, Side::Client),
        (2, "10.96.0.12", 9, Side::Client),
        (3, "10.96.0.53", 53, Side::Client),
        (4, "10.244.0.17", 8080, Side::Client),
        (5, "10.244.0.17", 5000, Side::Server),
        (6, "192.168.7.1", 10250, Side::Client),
        (7, "192.168.7.1", 9100, Side::Client),
        (8, "192.168.7.1", 5000, Side::Server),
        (9, "172.16.0.9", 5432, Side::Client),
        (10, "::ffff:10.244.0.17", 8080, Side::Client),
        (11, "10.244.0.99", 1, Side::Client),
        (12, "127.0.0.1", 1, Side::Client),
    ];
    for (number, address, port, side) in peers {
        peer(&mut enricher, number, address, port, side);
    }
    enricher.asks();
    for one in [
        service("payments", "10.96.0.12", &[(443, "https")]),
        service("dns", "10.96.0.53", &[(53, "dns"), (53, "dns-tcp")]),
    ] {
        enricher.word(&everywhere(Source::Services), Word::Service(Change::Added(one)));
    }
    for one in [
        endpoints("api", 8080, &[("10.244.0.17", Some("api-1")), ("10.244.0.18", Some("api-2"))]),
        endpoints("agent", 9100, &[("192.168.7.1", Some("agent-x"))]),
        endpoints("database", 5432, &[("172.16.0.9", None)]),
    ] {
        enricher.word(&everywhere(Source::Endpoints), Word::Endpoints(Change::Added(one)));
    }
    assert_eq!(words(&mut enricher), "", "not before all is known");
    settle(&mut enricher);
    assert_snapshot!(words(&mut enricher), @"
    1: shop/payments (service) port https
    2: shop/payments (service)
    3: shop/dns (service)
    4: shop/api-1 (pod) behind api
    10: shop/api-1 (pod) behind api
    9: shop/database (service)
    7: shop/agent-x (pod) behind agent
    ");
    assert_eq!(enricher.asks(), [everywhere(Source::Pods)]);
    for one in [pod("api-1", Some("10.244.0.17"), "node-7"), pod("agent-x", None, "node-7"), pod("b", None, "node-7")] {
        enricher.word(&everywhere(Source::Pods), Word::Pod(Change::Added(one)));
    }
    enricher.word(&everywhere(Source::Pods), Word::Pod(Change::Synced));
    assert_snapshot!(words(&mut enricher), @"
    4: shop/api-1 (pod of deploy/api) behind api
    5: shop/api-1 (pod of deploy/api)
    10: shop/api-1 (pod of deploy/api) behind api
    6: node-7 (node)
    7: shop/agent-x (pod of deploy/api) behind agent
    8: node-7 (node)
    ");
    // Somebody else gets the address; who has gone keeps the name.
    enricher.word(&everywhere(Source::Pods), Word::Pod(Change::Gone(pod("api-1", Some("10.244.0.17"), "node-7"))));
    assert_eq!(words(&mut enricher), "");
    let gone = endpoints("api", 8080, &[("10.244.0.17", Some("api-1"))]);
    enricher.word(&everywhere(Source::Endpoints), Word::Endpoints(Change::Gone(gone)));
    assert_eq!(words(&mut enricher), "");
    let next = PodAddress { uid: "other".into(), ..pod("api-9", Some("10.244.0.17"), "node-7") };
    enricher.word(&everywhere(Source::Pods), Word::Pod(Change::Added(next.clone())));
    assert_snapshot!(words(&mut enricher), @"
    4: shop/api-9 (pod of deploy/api)
    5: shop/api-9 (pod of deploy/api)
    10: shop/api-9 (pod of deploy/api)
    ");
    // Two at the same address: neither is named.
    let twin = PodAddress { uid: "twin".into(), name: "twin".into(), ..next };
    enricher.word(&everywhere(Source::Pods), Word::Pod(Change::Added(twin)));
    peer(&mut enricher, 99, "10.244.0.17", 1, Side::Client);
    assert_eq!(words(&mut enricher), "");
}

fn forbidden(resource: &'static str, namespace: Option<&str>) -> KubernetesError {
    KubernetesError::Forbidden {
        server: "http://SERVER".into(),
        verb: Verb::List,
        resource: Resource { name: resource, group: "", is_got: false },
        namespace: namespace.map(str::to_owned),
        user: None,
    }
}

/// Check that where a cluster may not be read, the targets' namespaces are, and that what is missing is said, also when
/// nothing may be read, when there is too much, and when it is well again.
#[test]
fn what_cannot_be_had() {
    let mut enricher = begun();
    peer(&mut enricher, 1, "10.96.0.12", 443, Side::Client);
    enricher.asks();
    let services = everywhere(Source::Services);
    enricher.word(&services, Word::Service(Change::Troubled(forbidden("services", None))));
    let inside = Ask { namespace: Some("shop".into()), ..services.clone() };
    assert_eq!(enricher.asks(), std::slice::from_ref(&inside));
    assert_eq!(enricher.ended(), [services]);
    enricher.word(&inside, Word::Service(Change::Troubled(forbidden("services", Some("shop")))));
    assert_snapshot!(words(&mut enricher), @r#"peer names: services: blind Some("the API at http://SERVER forbids to list services in namespace `shop`: allow the verbs `list` and `watch` on `services` by a role"), None"#);
    enricher.word(&inside, Word::Service(Change::Synced));
    enricher.word(&inside, Word::Service(Change::LeftOut(7)));
    assert_snapshot!(words(&mut enricher), @r#"peer names: services: blind None, Some("only what is in `shop` is known: the API at http://SERVER forbids to list services in all namespaces: allow the verbs `list` and `watch` on `services` by a role; there are at least 7 more than the 20,000 that are kept")"#);
    let endpoints = everywhere(Source::Endpoints);
    let slow = KubernetesError::Slow { server: "http://SERVER".into(), seconds: 10.0 };
    enricher.word(&endpoints, Word::Endpoints(Change::Synced));
    enricher.word(&endpoints, Word::Endpoints(Change::Troubled(slow)));
    assert_snapshot!(words(&mut enricher), @r#"peer names: endpoints: blind None, Some("not all is known: the API at http://SERVER does not answer within 10 s")"#);
    enricher.word(&endpoints, Word::Endpoints(Change::Recovered));
    assert_eq!(words(&mut enricher), "peer names: endpoints: blind None, None");
    assert!(!enricher.is_settled());
    enricher.refused(None, "there is no cluster");
    assert!(enricher.is_settled());
    assert_snapshot!(words(&mut enricher), @r#"
    peer names: services: blind None, Some("not all is known: there is no cluster; only what is in `shop` is known: the API at http://SERVER forbids to list services in all namespaces: allow the verbs `list` and `watch` on `services` by a role; there are at least 7 more than the 20,000 that are kept")
    peer names: endpoints: blind None, Some("not all is known: there is no cluster")
    peer names: pods and nodes: blind Some("there is no cluster"), None
    kubernetes: events: blind Some("there is no cluster"), None
    "#);
}

/// Check that a trace that ends before everything was told says so, and names what is known.
#[test]
fn ends_early() {
    let mut enricher = begun();
    peer(&mut enricher, 1, "10.96.0.12", 443, Side::Client);
    enricher.asks();
    let payments = service("payments", "10.96.0.12", &[]);
    enricher.word(&everywhere(Source::Services), Word::Service(Change::Added(payments)));
    let items = enricher.finish();
    assert!(
        items
            .iter()
            .any(|item| matches!(item, Item::Definition(Definition::PeerName(name)) if name.name == "payments"))
    );
    let said = |item: &Item| matches!(item, Item::Feature(feature) if feature.blind.is_some());
    assert_eq!(items.iter().filter(|item| said(item)).count(), 3, "{items:#?}");
}

fn event(uid: &str, reason: &str, first: &str, last: &str, count: u64) -> PodEvent {
    PodEvent {
        uid: uid.into(),
        namespace: "shop".into(),
        pod: "client-0".into(),
        container: Some("app".into()),
        warning: true,
        reason: reason.into(),
        message: "a sentence".into(),
        reporter: "kubelet".into(),
        first: Some(time(&format!("2026-01-02T{first}Z"))),
        last: Some(time(&format!("2026-01-02T{last}Z"))),
        count,
    }
}

/// Check that events are counted as a whole and since the trace began, whether they were there before, go on, or begin; and
/// that those of others and of long ago are left out.
#[test]
fn events() {
    let mut enricher = begun();
    let ask = enricher.asks().remove(0);
    let mut tell = |change| {
        enricher.word(&ask, Word::Event(change));
        words(&mut enricher)
    };
    assert_eq!(
        tell(Change::Added(event("a", "Unhealthy", "03:00:00", "03:03:00", 7))),
        "0 client-0/app Unhealthy: 7 times, 0 of them during, -245.7 s to -65.7 s"
    );
    assert_eq!(tell(Change::Added(event("b", "BackOff", "02:00:00", "02:50:00", 7))), "");
    // It is not known whether this was just before or just after the beginning.
    assert_snapshot!(tell(Change::Added(event("c", "Killing", "03:04:05", "03:04:05", 1))), @"1 client-0/app Killing: 1 times, 0 of them during, -0.7 s to -0.7 s");
    let other = PodEvent { pod: "other".into(), ..event("d", "Unhealthy", "03:00:00", "03:03:00", 7) };
    assert_eq!(tell(Change::Added(other)), "");
    assert_eq!(tell(Change::Synced), "");
    assert_snapshot!(tell(Change::Changed(event("a", "Unhealthy", "03:00:00", "03:04:09", 9))), @"0 client-0/app Unhealthy: 9 times, 2 of them during, -245.7 s to +3.3 s");
    assert_snapshot!(tell(Change::Changed(event("b", "BackOff", "02:00:00", "03:04:05", 11))), @"2 client-0/app BackOff: 11 times, 1 of them during, -3845.7 s to -0.7 s");
    assert_snapshot!(tell(Change::Added(event("e", "Pulled", "03:04:06", "03:04:06", 1))), @"3 client-0/app Pulled: 1 times, 1 of them during, +0.3 s to +0.3 s");
}
