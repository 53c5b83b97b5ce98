//! What the names in a cgroup's path say: pod, container, runtime.
//!
//! Kubelets and runtimes name cgroups after what is in them, each in its own way. This reads a path as text: nothing is
//! looked up, and any text has an answer. Which spellings there are is listed in the tests. What it does not do: tell
//! the sandbox from a container, both are named alike.

use crate::host::Hierarchy;

/// Hexadecimal digits of a container id: a SHA-256, in all runtimes.
const CONTAINER_DIGITS: usize = 64;

/// Hexadecimal digits of a static pod's uid: the MD5 of its manifest (kubelet, `config.hash`).
const HASH_DIGITS: usize = 32;

/// Digits of the groups of a UUID (RFC 9562).
const UUID_GROUPS: [usize; 5] = [8, 4, 4, 4, 12];

/// What the names in a path say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Named<'a> {
    /// The pod.
    pub pod: Option<PodName>,
    /// The container: the innermost one.
    pub container: Option<ContainerName<'a>>,
}

/// A pod in a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PodName {
    /// Its uid as the kubelet knows it, with `-` between the groups; a static pod's has no groups.
    pub uid: String,
    /// How many names of the path lead to its cgroup; `None` if it has none of its own.
    pub depth: Option<usize>,
}

/// A container in a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContainerName<'a> {
    /// Its id: 64 digits.
    pub id: &'a str,
    /// The runtime, where the name says it: `containerd`, `cri-o`, `docker`, `podman`.
    pub runtime: Option<&'static str>,
    /// How many names of the path lead to its cgroup.
    pub depth: usize,
}

/// Reads a path.
///
/// The names are looked at from the right: the innermost container wins, and its pod is the nearest to the left of it.
/// What monitors a container (`conmon`) is not in it.
pub fn read(path: &str) -> Named<'_> {
    let names: Vec<&str> = path.split('/').filter(|name| !name.is_empty()).collect();
    let mut container = None;
    let mut monitored = false;
    for (at, name) in names.iter().enumerate().rev() {
        let depth = at + 1;
        if container.is_none() {
            match component(name) {
                Some(Component::Monitor) => monitored = true,
                Some(Component::Container { slice, prefix, id }) => {
                    let parent = at.checked_sub(1).map(|parent| names[parent]);
                    let runtime = runtime(prefix.or(parent.filter(|parent| *parent == "docker")));
                    container = Some(ContainerName { id, runtime, depth });
                    // Where the drivers of kubelet and runtime disagree, both are in one name.
                    if let Some(uid) = slice.and_then(pod_uid) {
                        return Named { pod: Some(PodName { uid, depth: None }), container };
                    }
                    continue;
                }
                None => {}
            }
        }
        if let Some(uid) = pod_uid(name) {
            if monitored && container.is_none() {
                return Named::default();
            }
            return Named { pod: Some(PodName { uid, depth: Some(depth) }), container };
        }
    }
    Named { pod: None, container }
}

/// Of the lines of a process's `/proc/PID/cgroup`, the one to go by: version 2 if its path names a container, else the
/// first of version 1, in the order they are matched in, that does.
pub fn of_process(lines: &[(Hierarchy, String)]) -> Option<(&Hierarchy, Named<'_>)> {
    let rank = |hierarchy: &Hierarchy| match hierarchy {
        Hierarchy::V2 => 0,
        Hierarchy::V1(name) => 1 + MATCHED.iter().position(|one| one == name).unwrap_or(MATCHED.len()),
    };
    let named = lines.iter().map(|(hierarchy, path)| (hierarchy, read(path)));
    named.filter(|(_, named)| named.container.is_some()).min_by_key(|(hierarchy, _)| rank(hierarchy))
}

/// Controllers of version 1 that can be matched by, best first.
pub const MATCHED: [&str; 3] = ["memory", "pids", "cpu"];

/// Whether a name is that of the pod with this uid, in either spelling. The uid may be anything: a static pod's manifest
/// can set it.
pub fn is_pod(name: &str, uid: &str) -> bool {
    if uid.is_empty() {
        return false;
    }
    if name.strip_prefix("pod") == Some(uid) {
        return true;
    }
    let slice = name.strip_suffix(".slice").and_then(|name| name.rsplit_once('-'));
    slice.and_then(|(_, last)| last.strip_prefix("pod")).is_some_and(|text| text == uid.replace('-', "_"))
}

/// What a pod's folder is found by: what stands behind `pod`, with `-` for `_`. Not only what looks like a uid: a static
/// pod's may be anything.
pub fn pod_key(name: &str) -> Option<String> {
    let text = match name.strip_suffix(".slice") {
        Some(slice) => slice.rsplit_once('-')?.1,
        None => name,
    };
    let uid = text.strip_prefix("pod").filter(|uid| !uid.is_empty())?;
    Some(uid.replace('_', "-"))
}

/// The uid of the pod that a cgroup's own name tells of: that of the pod, or of a container that is not in its pod's.
pub fn uid(name: &str) -> Option<String> {
    read(name).pod.map(|pod| pod.uid).or_else(|| pod_key(name))
}

/// Whether a name is that of what watches over a container from beside it (`conmon`).
pub fn is_monitor(name: &str) -> bool {
    matches!(component(name), Some(Component::Monitor))
}

/// A name that has to do with a container.
enum Component<'a> {
    Container { slice: Option<&'a str>, prefix: Option<&'a str>, id: &'a str },
    Monitor,
}

/// `ID`, `PREFIX-ID`, `PREFIX-ID.scope`, `SLICE:PREFIX:ID`.
fn component(name: &str) -> Option<Component<'_>> {
    if is_id(name) {
        return Some(Component::Container { slice: None, prefix: None, id: name });
    }
    if let Some((slice, rest)) = name.split_once(':') {
        let (prefix, id) = rest.split_once(':')?;
        return is_id(id).then_some(Component::Container { slice: Some(slice), prefix: Some(prefix), id });
    }
    let name = name.strip_suffix(".scope").unwrap_or(name);
    let (prefix, id) = name.rsplit_once('-')?;
    if !is_id(id) || prefix.is_empty() {
        return None;
    }
    let monitor = prefix == "conmon" || prefix.ends_with("-conmon");
    Some(if monitor { Component::Monitor } else { Component::Container { slice: None, prefix: Some(prefix), id } })
}

/// The runtime of a prefix.
fn runtime(prefix: Option<&str>) -> Option<&'static str> {
    match prefix? {
        "cri-containerd" => Some("containerd"),
        "crio" => Some("cri-o"),
        "docker" => Some("docker"),
        "libpod" => Some("podman"),
        _ => None,
    }
}

/// The uid in `podUID`, `kubepods-burstable-podUID.slice`.
fn pod_uid(name: &str) -> Option<String> {
    let text = match name.strip_suffix(".slice") {
        Some(slice) => slice.rsplit_once('-').map_or(slice, |(_, last)| last),
        None => name,
    };
    let text = text.strip_prefix("pod")?;
    let uid = text.replace('_', "-");
    let is_uuid = uid.split('-').map(str::len).eq(UUID_GROUPS) && uid.split('-').all(is_hex);
    let is_hash = text.len() == HASH_DIGITS && is_hex(text);
    (is_uuid || is_hash).then_some(uid)
}

/// Whether a text can be a container's id.
pub fn is_id(text: &str) -> bool {
    text.len() == CONTAINER_DIGITS && is_hex(text)
}

/// Runtimes write lower case only.
fn is_hex(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests;
