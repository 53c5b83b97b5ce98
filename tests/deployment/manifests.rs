//! The manifests in `nix/kubernetes/`: every field is one that Kubernetes has, and versions are this package's.

use std::fs;
use std::path::PathBuf;

use k8s_openapi::api::apps::v1::DaemonSet;
use k8s_openapi::api::core::v1::Namespace;
use k8s_openapi::api::core::v1::ServiceAccount;
use k8s_openapi::api::rbac::v1::ClusterRole;
use k8s_openapi::api::rbac::v1::ClusterRoleBinding;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

pub(crate) fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("nix/kubernetes")
}

/// Every document of every manifest, the kustomization left out.
pub(crate) fn documents() -> Vec<Value> {
    let mut documents = Vec::new();
    for name in ["namespace.yaml", "rbac.yaml", "daemonset.yaml"] {
        let text = fs::read_to_string(folder().join(name)).expect("the manifest is in the tree");
        documents.extend(serde_saphyr::from_multiple::<Value>(&text).expect("the manifest is YAML"));
    }
    documents
}

/// Reads and writes it as the type it says it is: what the type does not know is lost on the way.
fn through<T: DeserializeOwned + Serialize>(document: &Value) -> Value {
    let read: T = serde_json::from_value(document.clone()).unwrap_or_else(|error| panic!("{error}: {document}"));
    serde_json::to_value(read).expect("it can be written")
}

fn typed(document: &Value) -> Value {
    match document["kind"].as_str().expect("it has a kind") {
        "Namespace" => through::<Namespace>(document),
        "ServiceAccount" => through::<ServiceAccount>(document),
        "ClusterRole" => through::<ClusterRole>(document),
        "ClusterRoleBinding" => through::<ClusterRoleBinding>(document),
        "DaemonSet" => through::<DaemonSet>(document),
        other => panic!("a kind that this test does not know: {other}"),
    }
}

/// Check that no field is misspelt or in the wrong place, and that such a one would be seen.
#[test]
fn fields_are_known() {
    let documents = documents();
    assert_eq!(documents.len(), 5);
    for document in &documents {
        assert_eq!(&typed(document), document);
    }
    let mut wrong = documents.into_iter().find(|document| document["kind"] == "DaemonSet").unwrap();
    wrong["spec"]["template"]["spec"]["hostPid"] = Value::Bool(true);
    assert_ne!(typed(&wrong), wrong);
}

/// Check that the image is of this version, and that what the manifests name is there.
#[test]
fn parts_fit_together() {
    let text = fs::read_to_string(folder().join("kustomization.yaml")).unwrap();
    let kustomization: Value = serde_saphyr::from_str(&text).unwrap();
    assert_eq!(kustomization["images"][0]["newTag"], env!("CARGO_PKG_VERSION"));
    for file in kustomization["resources"].as_array().unwrap() {
        assert!(folder().join(file.as_str().unwrap()).exists(), "{file}");
    }
    let documents = documents();
    let pod = &documents.iter().find(|document| document["kind"] == "DaemonSet").unwrap()["spec"]["template"]["spec"];
    assert_eq!(pod["containers"][0]["image"], kustomization["images"][0]["name"]);
    let mounts = pod["containers"][0]["volumeMounts"].as_array().unwrap();
    let volumes = pod["volumes"].as_array().unwrap();
    let names = |list: &[Value]| list.iter().map(|one| one["name"].clone()).collect::<Vec<_>>();
    assert_eq!(names(mounts), names(volumes));
    let profile = volumes.iter().find(|volume| volume["name"] == "profile").unwrap();
    assert_eq!(profile["configMap"]["name"], kustomization["configMapGenerator"][0]["name"]);
    assert!(folder().join(kustomization["configMapGenerator"][0]["files"][0].as_str().unwrap()).exists());
}

/// Check that the container has the capabilities of the unit for other distributions, and no other.
#[test]
fn capabilities_are_the_units() {
    let unit = fs::read_to_string(folder().join("../../nixos-module/portable/podtrace.service")).unwrap();
    let line = unit.lines().find_map(|line| line.strip_prefix("CapabilityBoundingSet=")).unwrap();
    let units: Vec<&str> = line.split(' ').map(|name| name.trim_start_matches("CAP_")).collect();
    let documents = documents();
    let set = documents.iter().find(|document| document["kind"] == "DaemonSet").unwrap();
    let capabilities = &set["spec"]["template"]["spec"]["containers"][0]["securityContext"]["capabilities"];
    let added: Vec<&str> = capabilities["add"].as_array().unwrap().iter().map(|one| one.as_str().unwrap()).collect();
    assert_eq!(added, units);
    assert_eq!(capabilities["drop"][0], "ALL");
}

/// Check that the container can write where the unit can, and nowhere else: the daemon keeps its state and a lock there.
#[test]
fn written_folders_are_the_units() {
    let unit = fs::read_to_string(folder().join("../../nixos-module/portable/podtrace.service")).unwrap();
    let named = |key: &str| unit.lines().find_map(|line| line.strip_prefix(key)).unwrap();
    let units = [format!("/var/lib/{}", named("StateDirectory=")), format!("/run/{}", named("RuntimeDirectory="))];
    let documents = documents();
    let set = documents.iter().find(|document| document["kind"] == "DaemonSet").unwrap();
    let container = &set["spec"]["template"]["spec"]["containers"][0];
    assert_eq!(container["securityContext"]["readOnlyRootFilesystem"], true);
    let mounts = container["volumeMounts"].as_array().unwrap();
    let written = mounts.iter().filter(|mount| mount["readOnly"] != true);
    let written: Vec<&str> = written.map(|mount| mount["mountPath"].as_str().unwrap()).collect();
    assert_eq!(written, units);
}
