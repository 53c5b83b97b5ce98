//! What a shell is offered, asked as a shell asks.

use std::fs;
use std::process::Command;

use crate::api_server::ApiServer;
use crate::api_server::Fault;

const RECORDED: &str = include_str!("../recorded/kubernetes/podlist.json");

/// What is offered for the last of these words. `{}` stands for a kubeconfig of the server.
fn offered(server: &ApiServer, words: &[&str]) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config");
    fs::write(&path, server.kubeconfig("production")).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_podtrace"))
        .env("COMPLETE", "bash")
        .env("_CLAP_COMPLETE_INDEX", words.len().to_string())
        .env("_CLAP_IFS", "\n")
        .env("KUBECONFIG", &path)
        .args(["--", "podtrace"])
        .args(words)
        .output()
        .unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

/// Check that pods, workloads, containers and namespaces of the cluster are offered where each can stand.
#[test]
fn names_of_the_cluster() {
    let server = ApiServer::start(RECORDED);
    assert_eq!(offered(&server, &["-n", "production", "my-p"]), ["my-pod"]);
    assert_eq!(offered(&server, &["my-p"]), ["my-pod"], "the namespace of the context");
    assert_eq!(offered(&server, &["doctor", "pod/my-p"]), ["pod/my-pod"]);
    assert_eq!(offered(&server, &["deploy/"]), ["deploy/web"]);
    assert_eq!(offered(&server, &["my-pod", "-c", ""]), ["app", "init", "native-sidecar", "side"]);
    assert_eq!(offered(&server, &["-n", "prod"]), ["production"]);
    assert_eq!(offered(&server, &["-n", "nowhere", "my-p"]), [""; 0]);
}

/// Check that commands, options, values and shipped profiles are offered too, and that a cluster that does not answer
/// keeps nobody waiting.
#[test]
fn names_without_a_cluster() {
    let server = ApiServer::start(RECORDED);
    server.fault(Fault::Status(500, "out of order".into()));
    assert_eq!(offered(&server, &["doc"]), ["doctor"]);
    assert_eq!(offered(&server, &["run", "--max"]), ["--max-loss"]);
    assert_eq!(offered(&server, &["list", "pro"]), ["profiles"]);
    assert_eq!(offered(&server, &["run", "-p", "late"]), ["latency"]);
    assert_eq!(offered(&server, &["my-"]), [""; 0]);
}

/// Check that the script for each shell names podtrace and is read by it without complaint, where the shell is here.
#[test]
fn scripts() {
    for shell in ["bash", "zsh", "fish", "elvish"] {
        let output = Command::new(env!("CARGO_BIN_EXE_podtrace")).args(["completion", shell]).output().unwrap();
        let script = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success() && script.contains("podtrace"), "{shell}");
        if shell == "bash" {
            let read = Command::new("bash").args(["-n", "-c", &script]).output().unwrap();
            assert!(read.status.success() && read.stderr.is_empty(), "{read:?}");
        }
    }
}
