use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;
use std::time::Instant;

use insta::assert_snapshot;
use jiff::Timestamp;
use serde_json::Value;
use serde_json::json;
use tempfile::TempDir;

use super::Naming;
use crate::event::Definition;
use crate::event::Item;
use crate::event::definition::Side;
use crate::event::example;
use crate::event::session::Target;
use crate::targets::api_server::ApiServer;
use crate::targets::api_server::Fault;
use crate::targets::kubernetes::Access;
use crate::targets::kubernetes::Feeds;

const PODS: &str = include_str!("../../../tests/recorded/kubernetes/podlist.json");
const SERVICES: &str = include_str!("../../../tests/recorded/kubernetes/services.json");
const SLICES: &str = include_str!("../../../tests/recorded/kubernetes/endpointslices.json");
/// In the forms that the kubelet and the scheduler write; made by hand, none were recorded.
const EVENTS: &str = include_str!("../../../tests/recorded/kubernetes/events-by-hand.json");

/// The longest that something may take to come.
const SOON: Duration = Duration::from_secs(10);

fn server() -> ApiServer {
    let server = ApiServer::start(PODS);
    server.apply_list("services", SERVICES);
    server.apply_list("endpointslices", SLICES);
    server.apply_list("events", EVENTS);
    server
}

/// The naming of a trace of `my-pod` that began in the middle of its recorded events.
fn naming(kubeconfig: &str) -> (TempDir, Naming) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config");
    fs::write(&path, kubeconfig).unwrap();
    let target =
        Target { namespace: Some("production".into()), pod: Some("my-pod".into()), ..example::target(0, "my-pod/app") };
    let access = Access { kubeconfig: Some(path), context: None };
    // The file is read when the thread begins.
    (folder, Naming::start(&access, "2026-11-22T14:38:00Z".parse().unwrap(), &[target]).unwrap())
}

fn peer(number: u64, address: &str, port: u16, side: Side) -> Item {
    let Item::Definition(Definition::Peer(mut peer)) = example::peer(number, address, port) else { panic!() };
    peer.side = side;
    Item::Definition(Definition::Peer(peer))
}

fn words(items: &[Item]) -> Vec<String> {
    let word = |item: &Item| match item {
        Item::Definition(Definition::PeerName(name)) => {
            format!("{}: {} ({})", name.object.0, name.full_name(), name.what())
        }
        Item::Incident(incident) => format!(
            "{} {}: {} times, {} of them during",
            incident.container.as_deref().unwrap_or("-"),
            incident.reason,
            incident.count,
            incident.during
        ),
        Item::Feature(feature) => format!(
            "{}: {}",
            feature.feature,
            feature.blind.as_ref().or(feature.degraded.as_ref()).map_or("well", String::as_str)
        ),
        other => panic!("{other:?}"),
    };
    let mut words: Vec<String> = items.iter().map(word).collect();
    words.sort();
    words
}

/// Items until one of them is as wanted.
fn until(naming: &Naming, wanted: &str) -> Vec<String> {
    let begun = Instant::now();
    let mut all = Vec::new();
    while begun.elapsed() < SOON {
        all.extend(naming.items());
        if words(&all).iter().any(|word| word.contains(wanted)) {
            return words(&all);
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("no `{wanted}` in {:#?}", words(&all));
}

/// Check that peers are named by services, endpoints, pods and nodes, that events are told, and that each list is asked
/// for once, however many peers there are.
#[test]
fn names_peers() {
    let server = server();
    let (_folder, mut naming) = naming(&server.kubeconfig("production"));
    naming.look_at(&[
        peer(1, "10.96.25.56", 80, Side::Client),
        peer(2, "10.244.0.12", 40_000, Side::Server),
        peer(3, "10.250.0.1", 10_250, Side::Client),
        peer(4, "10.99.99.99", 1, Side::Client),
        peer(5, "8.8.8.8", 53, Side::Client),
    ]);
    until(&naming, "web-85f5b7f4c8-mxdrj");
    for number in 0..1009 {
        naming.look_at(&[peer(1000 + number, "10.99.99.98", number as u16, Side::Client)]);
    }
    let items = words(&naming.finish());
    assert!(items.is_empty(), "{items:#?}");
    let lists: Vec<String> = server.requests().into_iter().filter(|request| !request.contains("watch=")).collect();
    assert_eq!(lists.len(), 4, "{lists:#?}");
}

/// Check what a short trace has: everything that was answered within a moment of its end, and what was not.
#[test]
fn short_traces_have_names() {
    let server = server();
    let (_folder, mut short) = naming(&server.kubeconfig("production"));
    short.look_at(&[peer(1, "10.96.25.56", 80, Side::Client), peer(2, "10.244.0.12", 40_000, Side::Server)]);
    assert_snapshot!(words(&short.finish()).join("\n"), @"
    - Scheduled: 1 times, 0 of them during
    1: production/demo (service)
    2: production/web-85f5b7f4c8-mxdrj (pod of deploy/web)
    app Unhealthy: 7 times, 1 of them during
    ");
    server.fault(Fault::Slow(Duration::from_secs(60)));
    let (_folder, mut short) = naming(&server.kubeconfig("production"));
    short.look_at(&[peer(1, "10.96.25.56", 80, Side::Client)]);
    let begun = Instant::now();
    assert_snapshot!(words(&short.finish()).join("\n"), @"
    kubernetes: events: the API had not answered when the trace ended
    peer names: endpoints: the API had not answered when the trace ended
    peer names: services: the API had not answered when the trace ended
    ");
    assert!(begun.elapsed() < Duration::from_millis(3500), "{:?}", begun.elapsed());
}

/// Check that where only the target's namespace may be read, its services still name peers; and that with nothing allowed
/// all that is missing is said, with what a role must allow.
#[test]
fn by_namespace_where_all_is_forbidden() {
    let server = server();
    server.forbid("services", true);
    server.forbid("endpointslices", false);
    server.forbid("events", false);
    let (_folder, mut naming) = naming(&server.kubeconfig("production"));
    naming.look_at(&[peer(1, "10.96.25.56", 80, Side::Client)]);
    let items = words(&naming.finish()).join("\n").replace(&server.address.to_string(), "SERVER");
    assert_snapshot!(items, @"
    1: production/demo (service)
    kubernetes: events: the API at http://SERVER forbids `system:serviceaccount:production:default` to list events in namespace `production`: allow the verbs `list` and `watch` on `events` by a role
    peer names: endpoints: only what is in `production` is known: the API at http://SERVER forbids `system:serviceaccount:production:default` to list endpointslices in all namespaces: allow the verbs `list` and `watch` on `endpointslices` of the API group `discovery.k8s.io` by a role
    peer names: endpoints: the API at http://SERVER forbids `system:serviceaccount:production:default` to list endpointslices in namespace `production`: allow the verbs `list` and `watch` on `endpointslices` of the API group `discovery.k8s.io` by a role
    peer names: services: only what is in `production` is known: the API at http://SERVER forbids `system:serviceaccount:production:default` to list services in all namespaces: allow the verbs `list` and `watch` on `services` by a role
    ");
}

/// Check that a further failing probe is told while the trace runs, also after the API was gone meanwhile, and what happens
/// to a pod that came later.
#[test]
fn tells_what_happens() {
    let server = server();
    let (_folder, mut naming) = naming(&server.kubeconfig("production"));
    assert_eq!(
        until(&naming, "Unhealthy"),
        ["- Scheduled: 1 times, 0 of them during", "app Unhealthy: 7 times, 1 of them during"]
    );
    let server = server.kill();
    until(&naming, "kubernetes: events: not all is known: cannot reach");
    let server = server.start();
    let list: Value = serde_json::from_str(EVENTS).unwrap();
    let mut event = list["items"][1].clone();
    event["count"] = json!(9);
    event["lastTimestamp"] = json!("2026-11-22T14:41:01Z");
    server.apply_as("events", event);
    until(&naming, "app Unhealthy: 9 times, 3 of them during");
    let later = Target {
        namespace: Some("production".into()),
        pod: Some("crasher".into()),
        ..example::target(1, "crasher/app")
    };
    naming.look_at(&[Item::Definition(Definition::Target(Box::new(later)))]);
    until(&naming, "app BackOff: 23 times");
    naming.finish();
}

/// Check that without a cluster everything that is missing is said, and that nothing begins where no pod is traced.
#[test]
fn without_a_cluster() {
    let (_folder, mut naming) = naming("{}");
    naming.look_at(&[peer(1, "10.96.25.56", 80, Side::Client)]);
    assert_snapshot!(words(&naming.finish()).join("\n"), @"
    kubernetes: events: the kubeconfig has no current context: name one with `--context`
    peer names: endpoints: the kubeconfig has no current context: name one with `--context`
    peer names: services: the kubeconfig has no current context: name one with `--context`
    ");
    assert!(Naming::start(&Access::default(), Timestamp::UNIX_EPOCH, &[example::target(0, "x")]).is_none());
}

/// Check that where credentials come from a command, it runs as often as for one client (the library's has it run several
/// times), however much is asked.
#[test]
fn logs_in_once() {
    let server = server();
    server.demand("a token of the command");
    let folder = tempfile::tempdir().unwrap();
    let (program, runs) = (folder.path().join("login"), folder.path().join("runs"));
    let answer = json!({
        "kind": "ExecCredential", "apiVersion": "client.authentication.k8s.io/v1",
        "status": {"token": "a token of the command"},
    });
    fs::write(&program, format!("#!/bin/sh\necho run >> '{}'\ncat <<'END'\n{answer}\nEND\n", runs.display())).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let mut kubeconfig: Value = serde_json::from_str(&server.kubeconfig("production")).unwrap();
    kubeconfig["users"][0]["user"] = json!({"exec": {
        "apiVersion": "client.authentication.k8s.io/v1", "command": program, "interactiveMode": "Never",
    }});
    let count = || fs::read_to_string(&runs).unwrap_or_default().lines().count();
    let path = folder.path().join("config");
    fs::write(&path, kubeconfig.to_string()).unwrap();
    drop(Feeds::connect(&Access { kubeconfig: Some(path), context: None }).unwrap());
    let of_one = count();
    let (_folder, mut naming) = naming(&kubeconfig.to_string());
    naming.look_at(&[peer(1, "10.96.25.56", 80, Side::Client), peer(2, "10.244.0.12", 40_000, Side::Server)]);
    let items = words(&naming.finish());
    assert!(items.contains(&"1: production/demo (service)".to_owned()), "{items:#?}");
    assert!(items.contains(&"2: production/web-85f5b7f4c8-mxdrj (pod of deploy/web)".to_owned()), "{items:#?}");
    assert_eq!((of_one > 0, count()), (true, 2 * of_one));
}
