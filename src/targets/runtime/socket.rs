//! Where runtimes listen.

use std::path::Path;
use std::path::PathBuf;

use super::RuntimeError;

/// The environment variable that names the socket, as other clients of the interface have it.
pub const ENDPOINT: &str = "CONTAINER_RUNTIME_ENDPOINT";

/// Where runtimes listen unless told otherwise: containerd, CRI-O, cri-dockerd, k3s and RKE2, k0s, MicroK8s.
pub const SOCKETS: [&str; 6] = [
    "run/containerd/containerd.sock",
    "run/crio/crio.sock",
    "run/cri-dockerd.sock",
    "run/k3s/containerd/containerd.sock",
    "run/k0s/containerd.sock",
    "var/snap/microk8s/common/run/containerd.sock",
];

/// The usual sockets that are there: seen from here, and, for a pod of podtrace, in the machine's own file system.
pub(super) fn usual(root: &Path) -> impl Iterator<Item = PathBuf> {
    let places = [root.to_owned(), root.join("proc/1/root")];
    let all = places.into_iter().flat_map(|place| SOCKETS.map(|socket| place.join(socket)));
    all.filter(|socket| socket.exists())
}

/// The socket that the environment names, if it does.
pub(super) fn from_environment() -> Option<Result<PathBuf, RuntimeError>> {
    let text = std::env::var(ENDPOINT).ok().filter(|text| !text.is_empty())?;
    Some(parse(&text))
}

/// `unix:///run/x.sock` or `/run/x.sock`.
pub(super) fn parse(text: &str) -> Result<PathBuf, RuntimeError> {
    let path = text.strip_prefix("unix://").unwrap_or(text);
    if path.starts_with('/') { Ok(path.into()) } else { Err(RuntimeError::Endpoint { value: text.to_owned() }) }
}
