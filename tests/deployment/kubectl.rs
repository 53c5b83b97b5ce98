//! `kubectl apply -k --dry-run=client`, against a server that knows which resources there are and has none of them.
//!
//! There is no API server to be had here. What is checked: kustomize builds the folder, and kubectl accepts every object
//! as one of a resource of that version and scope, and would create it. What is not: admission, and the schema, which
//! `manifests.rs` checks by types.

use std::fs;
use std::process::Command;
use std::sync::Arc;
use std::sync::Mutex;

use axum::Router;
use axum::extract::State;
use axum::http::Method;
use axum::http::StatusCode;
use axum::http::Uri;
use axum::response::IntoResponse;
use axum::response::Response;
use serde_json::Value;
use serde_json::json;
use tokio::sync::oneshot;

use crate::manifests;

/// Requests that would have changed something.
type Writes = Arc<Mutex<Vec<String>>>;

fn resource(name: &str, kind: &str, namespaced: bool) -> Value {
    let verbs = ["create", "delete", "get", "list", "patch", "update", "watch"];
    json!({"name": name, "singularName": "", "namespaced": namespaced, "kind": kind, "verbs": verbs})
}

fn resources(version: &str, list: &[Value]) -> Value {
    json!({"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": version, "resources": list})
}

fn group(name: &str) -> Value {
    let version = json!({"groupVersion": format!("{name}/v1"), "version": "v1"});
    json!({"name": name, "versions": [version], "preferredVersion": version})
}

async fn answer(State(writes): State<Writes>, method: Method, uri: Uri) -> Response {
    if method != Method::GET {
        writes.lock().unwrap().push(format!("{method} {uri}"));
        return StatusCode::FORBIDDEN.into_response();
    }
    let answer = match uri.path() {
        "/version" => json!({"major": "1", "minor": "33", "gitVersion": "v1.33.0"}),
        "/api" => json!({"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []}),
        "/apis" => json!({"kind": "APIGroupList", "apiVersion": "v1",
            "groups": [group("apps"), group("rbac.authorization.k8s.io")]}),
        "/api/v1" => resources(
            "v1",
            &[
                resource("namespaces", "Namespace", false),
                resource("serviceaccounts", "ServiceAccount", true),
                resource("configmaps", "ConfigMap", true),
            ],
        ),
        "/apis/apps/v1" => resources("apps/v1", &[resource("daemonsets", "DaemonSet", true)]),
        "/apis/rbac.authorization.k8s.io/v1" => resources(
            "rbac.authorization.k8s.io/v1",
            &[
                resource("clusterroles", "ClusterRole", false),
                resource("clusterrolebindings", "ClusterRoleBinding", false),
            ],
        ),
        _ => {
            let status = json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
                "message": "not found", "reason": "NotFound", "code": 404});
            return (StatusCode::NOT_FOUND, axum::Json(status)).into_response();
        }
    };
    axum::Json(answer).into_response()
}

/// Check that kubectl would create every object of the folder, and asks for no change in doing so.
#[test]
fn objects_are_accepted() {
    if Command::new("kubectl").arg("version").arg("--client").output().is_err() {
        println!("skipped: there is no kubectl here (Debian: kubernetes-client)");
        return;
    }
    let writes = Writes::default();
    let kept = Arc::clone(&writes);
    let (end, ended) = oneshot::channel::<()>();
    let (tell, told) = std::sync::mpsc::channel();
    let thread = std::thread::spawn(move || {
        let executor = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        executor.block_on(async {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            tell.send(listener.local_addr().unwrap()).unwrap();
            let router: Router = Router::new().fallback(answer).with_state(kept);
            let ended = async { ended.await.unwrap_or_default() };
            axum::serve(listener, router).with_graceful_shutdown(ended).await.unwrap();
        });
    });
    let folder = tempfile::tempdir().unwrap();
    let address = told.recv().unwrap();
    let config = json!({"apiVersion": "v1", "kind": "Config", "current-context": "test",
        "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}],
        "clusters": [{"name": "test", "cluster": {"server": format!("http://{address}")}}],
        "users": [{"name": "test", "user": {}}]});
    let path = folder.path().join("config");
    fs::write(&path, config.to_string()).unwrap();
    let output = Command::new("kubectl")
        .arg("--kubeconfig")
        .arg(&path)
        .arg("--cache-dir")
        .arg(folder.path().join("cache"))
        .args(["apply", "--dry-run=client", "--validate=false", "-k"])
        .arg(manifests::folder())
        .env("HOME", folder.path())
        .output()
        .unwrap();
    let _ = end.send(());
    thread.join().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    let mut objects: Vec<&str> = said.lines().filter_map(|line| line.strip_suffix(" created (dry run)")).collect();
    objects.sort_unstable();
    let configuration = objects.iter().position(|object| object.starts_with("configmap/podtrace-"));
    objects.remove(configuration.expect("the profile is among them"));
    assert_eq!(
        objects,
        [
            "clusterrole.rbac.authorization.k8s.io/podtrace",
            "clusterrolebinding.rbac.authorization.k8s.io/podtrace",
            "daemonset.apps/podtrace",
            "namespace/podtrace",
            "serviceaccount/podtrace",
        ]
    );
    assert_eq!(*writes.lock().unwrap(), [""; 0]);
}
