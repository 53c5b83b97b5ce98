//! Names of pods and containers that the kubelet leaves on its machine: its folders and links of log files.
//!
//! They tell what an uid or an id is called where neither the API nor the runtime can be asked. Where there are no such
//! files, the name of the host that a container was started with is the pod's name.

use std::collections::BTreeMap;
use std::fs;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::path;

/// Folders `NAMESPACE_POD_UID` (kubelet, `BuildPodLogsDirectory`).
const PODS: &str = "var/log/pods";

/// Links `POD_NAMESPACE_CONTAINER-ID.log` (kubelet, `legacyLogSymlink`).
const CONTAINERS: &str = "var/log/containers";

/// More of an environment is not looked at.
const ENVIRONMENT_BYTES_MAX: u64 = 64 << 10;

/// The variable that runtimes set to the host name.
const HOSTNAME: &[u8] = b"HOSTNAME=";

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    /// By uid: namespace and name.
    pub pods: BTreeMap<String, (String, String)>,
    /// By id: the container's name, with namespace and pod.
    pub containers: BTreeMap<String, ContainerNames>,
}

/// The names of a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContainerNames {
    /// Of its namespace.
    pub namespace: String,
    /// Of its pod.
    pub pod: String,
    /// Its own.
    pub container: String,
}

impl Names {
    /// Reads them below `root`; in a pod of podtrace they are in the machine's own file system.
    pub fn read(root: &Path) -> Self {
        let mut names = Self::default();
        for place in [root.to_owned(), root.join("proc/1/root")] {
            for entry in entries(&place.join(PODS)) {
                if let Some((namespace, pod, uid)) = pod(&entry) {
                    names.pods.insert(uid.to_owned(), (namespace.to_owned(), pod.to_owned()));
                }
            }
            for entry in entries(&place.join(CONTAINERS)) {
                if let Some((id, container)) = container(&entry) {
                    names.containers.insert(id.to_owned(), container);
                }
            }
        }
        names
    }
}

/// The host name a process was started with, if it can be a pod's.
pub fn host_name(root: &Path, pid: u32) -> Option<String> {
    let mut environment = Vec::new();
    let file = File::open(root.join(format!("proc/{pid}/environ"))).ok()?;
    file.take(ENVIRONMENT_BYTES_MAX).read_to_end(&mut environment).ok()?;
    let name = environment.split(|byte| *byte == 0).find_map(|variable| variable.strip_prefix(HOSTNAME))?;
    let fits = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'.');
    (!name.is_empty() && name.iter().all(fits)).then(|| String::from_utf8_lossy(name).into_owned())
}

fn entries(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().into_string().ok()).collect()
}

/// `NAMESPACE_POD_UID`.
fn pod(name: &str) -> Option<(&str, &str, &str)> {
    let mut parts = name.splitn(3, '_');
    let (namespace, pod, uid) = (parts.next()?, parts.next()?, parts.next()?);
    (!namespace.is_empty() && !pod.is_empty() && !uid.is_empty()).then_some((namespace, pod, uid))
}

/// `POD_NAMESPACE_CONTAINER-ID.log`.
fn container(name: &str) -> Option<(&str, ContainerNames)> {
    let mut parts = name.strip_suffix(".log")?.splitn(3, '_');
    let (pod, namespace, rest) = (parts.next()?, parts.next()?, parts.next()?);
    let (container, id) = rest.rsplit_once('-')?;
    let names =
        ContainerNames { namespace: namespace.to_owned(), pod: pod.to_owned(), container: container.to_owned() };
    path::is_id(id).then_some((id, names))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::Names;
    use super::host_name;

    /// Check that names are read off the kubelet's files, also through the first process's root, and others left out.
    #[test]
    fn names() {
        let root = tempfile::tempdir().unwrap();
        let id = "0f".repeat(32);
        let uid = "427afb51-1169-4ef7-9d98-9b3a73e1b1de";
        fs::create_dir_all(root.path().join(format!("var/log/pods/production_my-pod_{uid}"))).unwrap();
        fs::create_dir_all(root.path().join("var/log/pods/lost+found")).unwrap();
        let links = root.path().join("proc/1/root/var/log/containers");
        fs::create_dir_all(&links).unwrap();
        fs::write(links.join(format!("my-pod_production_side-car-{id}.log")), "").unwrap();
        fs::write(links.join("my-pod_production_app-12.log"), "").unwrap();
        let names = Names::read(root.path());
        assert_eq!(names.pods.len(), 1);
        assert_eq!(names.pods[uid], ("production".to_owned(), "my-pod".to_owned()));
        assert_eq!(names.containers.len(), 1);
        let one = &names.containers[&id];
        let shown = (one.namespace.as_str(), one.pod.as_str(), one.container.as_str());
        assert_eq!(shown, ("production", "my-pod", "side-car"));
    }

    /// Check that a host name is read off a process's environment, and only one that can be a pod's.
    #[test]
    fn host_names() {
        let root = tempfile::tempdir().unwrap();
        let name = |environment: &[u8]| {
            fs::create_dir_all(root.path().join("proc/11")).unwrap();
            fs::write(root.path().join("proc/11/environ"), environment).unwrap();
            host_name(root.path(), 11)
        };
        assert_eq!(name(b"PATH=/bin\0HOSTNAME=my-pod\0X=1\0").as_deref(), Some("my-pod"));
        assert_eq!(name(b"XHOSTNAME=my-pod\0"), None);
        assert_eq!(name(b"HOSTNAME=\0"), None);
        assert_eq!(name(b"HOSTNAME=My Pod\xff\0"), None);
        assert_eq!(host_name(root.path(), 13), None);
    }
}
