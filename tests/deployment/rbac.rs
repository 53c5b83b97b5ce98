//! What the cluster lets podtrace ask, held against what it asks: no right is missing, and none is there for nothing.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::Duration;
use std::time::Instant;

use podtrace::targets::kubernetes::Access;
use podtrace::targets::kubernetes::Cluster;
use podtrace::targets::kubernetes::Endpoints;
use podtrace::targets::kubernetes::PodAddress;
use podtrace::targets::kubernetes::PodEvent;
use podtrace::targets::kubernetes::Query;
use podtrace::targets::kubernetes::Service;

use crate::api_server::ApiServer;
use crate::manifests;

const RECORDED: &str = include_str!("../recorded/kubernetes/podlist.json");

/// API group, resource and verb.
type Right = (String, String, &'static str);

/// The right that a request takes.
fn right(request: &str) -> Right {
    let (path, query) = request.split_once('?').unwrap_or((request, ""));
    let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    let (group, rest) = match parts[..] {
        ["api", "v1", ref rest @ ..] => ("", rest.to_vec()),
        ["apis", group, _, ref rest @ ..] => (group, rest.to_vec()),
        _ => panic!("no request that is known here: {request}"),
    };
    let rest = if rest[0] == "namespaces" { rest[2..].to_vec() } else { rest };
    let watches = query.split('&').any(|part| part == "watch=true" || part == "watch=1");
    let verb = match (rest.len(), watches) {
        (1, true) => "watch",
        (1, false) => "list",
        (2, _) => "get",
        _ => panic!("no request that is known here: {request}"),
    };
    (group.to_owned(), rest[0].to_owned(), verb)
}

/// The rights of the ClusterRole.
fn granted() -> BTreeSet<Right> {
    let documents = manifests::documents();
    let role = documents.iter().find(|document| document["kind"] == "ClusterRole").unwrap();
    let mut rights = BTreeSet::new();
    let texts = |value: &serde_json::Value| -> Vec<String> {
        value.as_array().unwrap().iter().map(|one| one.as_str().unwrap().to_owned()).collect()
    };
    for rule in role["rules"].as_array().unwrap() {
        for group in texts(&rule["apiGroups"]) {
            for resource in texts(&rule["resources"]) {
                for verb in texts(&rule["verbs"]) {
                    let verb = ["get", "list", "watch"].into_iter().find(|known| *known == verb);
                    let verb = verb.expect("podtrace only reads");
                    rights.insert((group.clone(), resource.clone(), verb));
                }
            }
        }
    }
    rights
}

/// Check that the role has the rights for what the code asks for, seen by a server, and no other.
#[test]
fn rights_are_those_that_are_used() {
    let server = ApiServer::start(RECORDED);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config");
    fs::write(&path, server.kubeconfig("production")).unwrap();
    let cluster = Cluster::connect(&Access { kubeconfig: Some(path), context: None }).unwrap();
    let in_namespace = Query { namespace: Some("production".into()), ..Query::default() };
    cluster.pods(&Query { name: Some("my-pod".into()), ..in_namespace.clone() }).unwrap();
    cluster.pods(&in_namespace).unwrap();
    let everywhere = Query::default();
    let _watch = cluster.watch(&everywhere).unwrap();
    let feeds = cluster.feeds().unwrap();
    let _all = [
        feeds.add::<Service>(&everywhere, 100, |_| true),
        feeds.add::<Endpoints>(&everywhere, 100, |_| true),
        feeds.add::<PodAddress>(&everywhere, 100, |_| true),
        feeds.add::<PodEvent>(&everywhere, 100, |_| true),
    ];
    let used = || server.requests().iter().map(|request| right(request)).collect::<BTreeSet<Right>>();
    let deadline = Instant::now() + Duration::from_secs(20);
    while used().iter().filter(|(.., verb)| *verb == "watch").count() < 4 {
        assert!(Instant::now() < deadline, "not every watch was begun: {:?}", used());
        std::thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(used(), granted());
}

/// The resource of a type that can be asked for by itself.
fn resource(kind: &str) -> Option<&'static str> {
    let resources = [
        ("Pod", "pods"),
        ("Service", "services"),
        ("EndpointSlice", "endpointslices"),
        ("Endpoints", "endpoints"),
        ("Event", "events"),
        ("Node", "nodes"),
        ("Namespace", "namespaces"),
        ("Deployment", "deployments"),
        ("ReplicaSet", "replicasets"),
    ];
    resources.into_iter().find(|(name, _)| *name == kind).map(|(_, resource)| resource)
}

fn sources(folder: &Path, texts: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, texts);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            texts.push(fs::read_to_string(&path).unwrap());
        }
    }
}

/// Check that no part of the code asks for a resource that the test above has not made it ask for.
#[test]
fn resources_in_the_code_are_those_of_the_role() {
    let mut texts = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut texts);
    let uses = texts.iter().flat_map(|text| text.lines()).filter_map(|line| {
        let path = line.trim().strip_prefix("use k8s_openapi::api::")?;
        path.split([' ', ';']).next()?.rsplit("::").next()
    });
    let used: BTreeSet<&str> = uses.filter_map(resource).collect();
    let rights = granted();
    let granted: BTreeSet<&str> = rights.iter().map(|(_, resource, _)| resource.as_str()).collect();
    assert_eq!(used, granted);
}
