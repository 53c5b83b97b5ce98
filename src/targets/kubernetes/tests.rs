mod cluster;

use std::fs;
use std::net::TcpListener;
use std::time::Duration;
use std::time::Instant;

use insta::assert_snapshot;
use serde_json::Value;
use serde_json::json;

use super::Access;
use super::AccessError;
use super::Change;
use super::Cluster;
use super::KubernetesError;
use super::Query;
use super::Watch;
use crate::targets::api_server::ApiServer;
use crate::targets::api_server::Fault;
use crate::targets::pod::ContainerKind;
use crate::targets::pod::ContainerState;
use crate::targets::pod::Phase;

const RECORDED: &str = include_str!("../../../tests/recorded/kubernetes/podlist.json");
const RECORDED_36: &str = include_str!("../../../tests/recorded/kubernetes/1.36/podlist-prod.json");
const FORBIDDEN: &str = include_str!("../../../tests/recorded/kubernetes/403.json");

/// The longest that a change may take to come.
const SOON: Duration = Duration::from_secs(5);

fn connect(server: &ApiServer) -> Cluster {
    connect_by(&server.kubeconfig("production"))
}

fn connect_by(kubeconfig: &str) -> Cluster {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config");
    fs::write(&path, kubeconfig).unwrap();
    Cluster::connect(&Access { kubeconfig: Some(path), context: None }).unwrap()
}

fn in_namespace(namespace: &str) -> Query {
    Query { namespace: Some(namespace.into()), ..Query::default() }
}

/// An error's text without the port of the test.
fn text(error: &KubernetesError, server: &ApiServer) -> String {
    error.to_string().replace(&server.address.to_string(), "SERVER")
}

/// Check that pods of both recorded versions are read: containers of all sorts in order, ids, restarts, states, static
/// pods' uids, owners, and images that are missing.
#[test]
fn recorded_pods() {
    for list in [RECORDED, RECORDED_36] {
        let server = ApiServer::start(list);
        let pods = connect(&server).pods(&in_namespace("production")).unwrap();
        assert_eq!(pods.len(), 7);
        let named = |name: &str| pods.iter().find(|pod| pod.name.starts_with(name)).unwrap();
        let pod = named("my-pod");
        let containers: Vec<_> =
            pod.containers.iter().map(|one| (one.name.as_str(), one.kind, one.state.clone())).collect();
        let expected = [
            ("init", ContainerKind::Init, ContainerState::Ended(Some(0))),
            ("native-sidecar", ContainerKind::Init, ContainerState::Running),
            ("app", ContainerKind::App, ContainerState::Running),
            ("side", ContainerKind::App, ContainerState::Running),
        ];
        assert_eq!(containers, expected);
        assert!(pod.containers.iter().all(|container| container.id.as_ref().is_some_and(|id| id.len() == 64)));
        assert_eq!((pod.node.as_deref(), pod.phase), (Some("labnode"), Phase::Running));
        assert_eq!(pod.kubelet_uid, pod.uid);
        assert_eq!(pod.labels["app"], "demo");
        assert_eq!(named("web-").workload.as_ref().unwrap().to_string(), "Deployment/web");
        let crasher = &named("crasher").containers[0];
        assert!(crasher.restarts > Some(2));
        // The two clusters were recorded at different moments of the loop.
        let states = [ContainerState::Waiting("CrashLoopBackOff".into()), ContainerState::Ended(Some(3))];
        assert!(states.contains(&crasher.state), "{:?}", crasher.state);
        let noimage = named("noimage");
        assert_eq!((noimage.phase, noimage.containers[0].id.as_ref()), (Phase::Pending, None));
        assert_eq!(noimage.why_waiting(), "container `app`: ErrImageNeverPull");
    }
    let server = ApiServer::start(RECORDED);
    let query = Query { name: Some("static-one-labnode".into()), ..in_namespace("kube-system") };
    let pods = connect(&server).pods(&query).unwrap();
    assert_eq!(pods[0].uid, "6555cc85-2127-49b5-bafc-09680b3f13a8");
    assert_eq!(pods[0].kubelet_uid, "9d9ef9e10d8001c525b4f1621cab1136");
    assert_eq!(pods[0].workload.as_ref().unwrap().to_string(), "Node/labnode");
}

/// Check that the API is asked for no more than is wanted, and that pages are put together.
#[test]
fn queries() {
    let server = ApiServer::start(RECORDED);
    server.page(3);
    let cluster = connect(&server);
    assert_eq!(cluster.namespace, "production");
    assert_eq!(cluster.pods(&Query::default()).unwrap().len(), 8);
    assert_eq!(server.requests().len(), 3);
    let count = |query: Query| cluster.pods(&query).unwrap().len();
    assert_eq!(count(Query { labels: Some("app=web".into()), ..in_namespace("production") }), 2);
    assert_eq!(count(Query { node: Some("labnode".into()), ..Query::default() }), 8);
    assert_eq!(count(Query { node: Some("other".into()), ..Query::default() }), 0);
    assert_eq!(count(Query { name: Some("my-pod".into()), ..Query::default() }), 1);
    assert_eq!(count(Query { name: Some("my-pod".into()), ..in_namespace("production") }), 1);
    assert_eq!(count(Query { name: Some("nope".into()), ..in_namespace("production") }), 0);
    let requests = server.requests();
    assert!(requests.contains(&"/api/v1/namespaces/production/pods/my-pod".to_owned()), "{requests:#?}");
    assert!(requests.iter().any(|request| request.contains("fieldSelector=metadata.name%3Dmy-pod")), "{requests:#?}");
}

/// Check what is said about each thing that an API does on a bad day.
#[test]
fn errors() {
    let server = ApiServer::start(RECORDED);
    let cluster = connect(&server).with_patience(Duration::from_millis(1500));
    let ask = |query: &Query| text(&cluster.pods(query).unwrap_err(), &server);
    server.fault(Fault::Forbidden(vec!["list", "get"]));
    assert_snapshot!(ask(&in_namespace("production")), @"the API at http://SERVER forbids `system:serviceaccount:production:default` to list pods in namespace `production`: allow the verbs `get`, `list` and `watch` on `pods` by a role");
    assert_snapshot!(ask(&Query::default()), @"the API at http://SERVER forbids `system:serviceaccount:production:default` to list pods in all namespaces: allow the verbs `get`, `list` and `watch` on `pods` by a role");
    assert_snapshot!(ask(&Query { name: Some("my-pod".into()), ..in_namespace("production") }), @"the API at http://SERVER forbids `system:serviceaccount:production:default` to get pods in namespace `production`: allow the verbs `get`, `list` and `watch` on `pods` by a role");
    server.fault(Fault::Status(500, "etcdserver: request timed out".into()));
    assert_snapshot!(ask(&in_namespace("production")), @"the API at http://SERVER answers 500: etcdserver: request timed out");
    server.fault(Fault::Status(
        403,
        serde_json::from_str::<Value>(FORBIDDEN).unwrap()["message"].as_str().unwrap().into(),
    ));
    assert_snapshot!(ask(&in_namespace("production")), @"the API at http://SERVER forbids `system:serviceaccount:production:default` to list pods in namespace `production`: allow the verbs `get`, `list` and `watch` on `pods` by a role");
    server.fault(Fault::Html);
    assert_snapshot!(ask(&in_namespace("production")), @"what answers at http://SERVER is no Kubernetes API: expected value at line 1 column 1");
    server.fault(Fault::Slow(Duration::from_secs(20)));
    assert_snapshot!(ask(&in_namespace("production")), @"the API at http://SERVER does not answer within 1.5 s");
    server.fault(Fault::None);
    server.demand("a token that expired");
    assert_snapshot!(ask(&in_namespace("production")), @"the API at http://SERVER does not accept who asks: the credentials are wrong or have expired, log in again");
}

/// Check that an API that is not there is told from one that is, and one that speaks TLS from one that is trusted.
#[test]
fn unreachable() {
    let server = ApiServer::start(RECORDED);
    let kubeconfig = server.kubeconfig("production");
    drop(server.kill());
    let cluster = connect_by(&kubeconfig);
    let error = cluster.pods(&Query::default()).unwrap_err();
    assert!(error.may_pass());
    assert_snapshot!(error.to_string().replace(&cluster.server, "SERVER"), @"cannot reach the API at SERVER: Connection refused (os error 111)");
    let server = ApiServer::start(RECORDED);
    let cluster = connect_by(&server.kubeconfig("production").replace("http://", "https://"));
    let error = cluster.pods(&Query::default()).unwrap_err();
    assert_snapshot!(error.to_string().replace(&cluster.server, "SERVER"), @"cannot reach the API at SERVER: received corrupt message of type InvalidContentType");
    let cluster = connect_by(&kubeconfig);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let silent = format!("http://{}", listener.local_addr().unwrap());
    let cluster = connect_by(&kubeconfig.replace(&cluster.server, &silent)).with_patience(Duration::from_millis(300));
    assert!(matches!(cluster.pods(&Query::default()), Err(KubernetesError::Slow { .. })));
}

/// Check what is said about configurations that are wrong.
#[test]
fn configurations() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config");
    let server = ApiServer::start(r#"{"items": []}"#);
    let good = server.kubeconfig("production");
    let said = |context: Option<&str>| {
        let access = Access { kubeconfig: Some(path.clone()), context: context.map(str::to_owned) };
        assert!(access.is_named());
        let error = Cluster::connect(&access).map(|_| ()).unwrap_err();
        error.to_string().replace(&folder.path().display().to_string(), "")
    };
    assert_snapshot!(said(None), @"cannot read the kubeconfig `/config`: No such file or directory (os error 2)");
    fs::write(&path, &good).unwrap();
    assert_snapshot!(said(Some("nope")), @"the kubeconfig has no context `nope`; it has `test`");
    fs::write(&path, good.replace("current-context", "other")).unwrap();
    assert_snapshot!(said(None), @"the kubeconfig has no current context: name one with `--context`; it has `test`");
    fs::write(&path, good.replace("\"name\":\"test\",\"cluster\"", "\"name\":\"else\",\"cluster\"")).unwrap();
    assert_snapshot!(said(Some("test")), @"the kubeconfig is not right: failed to load the cluster of context: test");
    fs::write(&path, good.replace("http://", "nonsense://[")).unwrap();
    assert!(matches!(
        Cluster::connect(&Access { kubeconfig: Some(path.clone()), context: None }),
        Err(AccessError::Kubeconfig(_))
    ));
}

/// A change in a word: `+name`, `~name`, `-name`, `synced`, `troubled`, `recovered`.
fn word(change: &Change) -> String {
    match change {
        Change::Added(pod) => format!("+{}", pod.name),
        Change::Changed(pod) => format!("~{}", pod.name),
        Change::Gone(pod) => format!("-{}", pod.name),
        Change::Synced => "synced".into(),
        Change::LeftOut(count) => format!("without {count}"),
        Change::Troubled(_) => "troubled".into(),
        Change::Recovered => "recovered".into(),
    }
}

/// Changes up to one, as words.
fn until(watch: &Watch, last: &str) -> Vec<String> {
    let begun = Instant::now();
    let mut words = Vec::new();
    while begun.elapsed() < SOON {
        if let Some(change) = watch.next(Duration::from_millis(100)) {
            words.push(word(&change));
            if words.last().is_some_and(|word| word == last) {
                return words;
            }
        }
    }
    panic!("no `{last}` after {words:?}");
}

fn renamed(pod: &Value, name: &str) -> Value {
    let mut pod = pod.clone();
    pod["metadata"]["name"] = json!(name);
    pod["metadata"]["uid"] = json!(format!("uid-of-{name}"));
    pod
}

/// Check that a watch tells of all pods first, then of what changes and is of use, and of nothing else.
#[test]
fn watch_changes() {
    let server = ApiServer::start(RECORDED);
    let cluster = connect(&server);
    let watch = cluster.watch(&in_namespace("production")).unwrap();
    let first = until(&watch, "synced");
    assert_eq!(first.iter().filter(|word| word.starts_with('+')).count(), 7);
    let pod = server.pod("production", "my-pod");
    server.apply(renamed(&pod, "new"));
    assert_eq!(until(&watch, "+new"), ["+new"]);
    let mut changed = pod.clone();
    changed["metadata"]["annotations"]["nobody"] = json!("cares");
    server.apply(changed.clone());
    changed["status"]["containerStatuses"][0]["restartCount"] = json!(7);
    server.apply(changed);
    server.apply(renamed(&server.pod("kube-system", "static-one-labnode"), "elsewhere"));
    server.delete("production", "new");
    assert_eq!(until(&watch, "-new"), ["~my-pod", "-new"]);
    assert!(watch.try_next().is_none());
}

/// Check that a watch that is cut in the middle of an event goes on where it was: nothing lost, nothing twice.
#[test]
fn watch_cut() {
    let server = ApiServer::start(RECORDED);
    server.fault(Fault::Cut(1));
    let watch = connect(&server).watch(&in_namespace("production")).unwrap();
    until(&watch, "synced");
    let pod = server.pod("production", "my-pod");
    let names: Vec<String> = (0..7).map(|number| format!("cut-{number}")).collect();
    for name in &names {
        server.apply(renamed(&pod, name));
    }
    let words: Vec<String> =
        until(&watch, "+cut-6").into_iter().filter(|word| word.starts_with(['+', '-', '~'])).collect();
    assert_eq!(words, names.iter().map(|name| format!("+{name}")).collect::<Vec<_>>());
}

/// Check that where the API does not remember, all is listed anew, and only what is different is told: by an event, and by
/// the status of the answer.
#[test]
fn watch_gone() {
    for by_status in [false, true] {
        let server = ApiServer::start(RECORDED);
        let watch = connect(&server).watch(&in_namespace("production")).unwrap();
        until(&watch, "synced");
        let pod = server.pod("production", "my-pod");
        let kept = server.kill();
        let server = kept.start();
        server.fault(Fault::Status(503, "starting".into()));
        server.apply(renamed(&pod, "new"));
        server.delete("production", "crasher");
        server.forget(by_status);
        server.fault(Fault::None);
        let words = until(&watch, "synced");
        let mut told: Vec<&str> =
            words.iter().map(String::as_str).filter(|word| word.starts_with(['+', '-', '~'])).collect();
        told.sort_unstable();
        assert_eq!(told, ["+new", "-crasher"], "by status: {by_status}");
    }
}

/// Check that after the API was gone for seconds, a pod that was made meanwhile is told of within two seconds of its
/// return, and that trouble is told once.
#[test]
fn watch_restart() {
    let server = ApiServer::start(RECORDED);
    let watch = connect(&server).watch(&in_namespace("production")).unwrap();
    until(&watch, "synced");
    let pod = server.pod("production", "my-pod");
    let killed = server.kill();
    assert_eq!(until(&watch, "troubled"), ["troubled"]);
    std::thread::sleep(Duration::from_secs(3));
    assert!(watch.try_next().is_none(), "trouble is told once");
    let server = killed.start();
    let back = Instant::now();
    server.apply(renamed(&pod, "meanwhile"));
    assert_eq!(until(&watch, "+meanwhile"), ["recovered", "+meanwhile"]);
    assert!(back.elapsed() < Duration::from_secs(2), "{:?}", back.elapsed());
}

/// Check that a watch that is forbidden says which verb is missing and is tried again, and that one that ends, ends at once.
#[test]
fn watch_forbidden() {
    let server = ApiServer::start(RECORDED);
    server.fault(Fault::Forbidden(vec!["watch"]));
    let watch = connect(&server).watch(&in_namespace("production")).unwrap();
    until(&watch, "synced");
    let Some(Change::Troubled(error)) = watch.next(SOON) else { panic!("nothing was told") };
    assert_snapshot!(text(&error, &server), @"the API at http://SERVER forbids `system:serviceaccount:production:default` to watch pods in namespace `production`: allow the verbs `get`, `list` and `watch` on `pods` by a role");
    server.fault(Fault::None);
    assert_eq!(until(&watch, "recovered"), ["recovered"]);
    let begun = Instant::now();
    drop(watch);
    assert!(begun.elapsed() < Duration::from_secs(1));
}

/// Check that a consumer that does not take changes holds the watch up instead of losing any, and that it can be dropped
/// then.
#[test]
fn watch_full() {
    let server = ApiServer::start(r#"{"items": []}"#);
    let recorded: Value = serde_json::from_str(RECORDED).unwrap();
    let pod = &recorded["items"][1];
    let watch = connect(&server).watch(&in_namespace("production")).unwrap();
    until(&watch, "synced");
    for number in 0..1511 {
        server.apply(renamed(pod, &format!("pod-{number}")));
    }
    std::thread::sleep(Duration::from_millis(300));
    let words = until(&watch, "+pod-1510");
    assert_eq!(words.len(), 1511);
    for number in 0..1511 {
        server.delete("production", &format!("pod-{number}"));
    }
    std::thread::sleep(Duration::from_millis(300));
    drop(watch);
}
