//! A node made of cgroups in a folder of the test's own, and what the API says of it.

use std::fs;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering;

use serde_json::Value;
use serde_json::json;

use crate::rig;
use crate::rig::process::Ended;
use crate::rig::process::Running;
use crate::rig::scene::Scene;

/// The node's name.
pub(crate) const NODE: &str = "labnode";

/// In which hierarchy, and how cgroups are called.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Shape {
    /// cgroup2, names of the cgroupfs driver.
    V2,
    /// cgroup2, names of the systemd driver.
    Systemd,
    /// Version 1, controller `memory`, names of the cgroupfs driver.
    Memory,
}

/// A node.
#[derive(Debug)]
pub(crate) struct Node {
    base: PathBuf,
    shape: Shape,
}

/// A pod's identity.
#[derive(Clone, Debug)]
pub(crate) struct PodId {
    pub(crate) name: String,
    pub(crate) uid: String,
}

impl PodId {
    /// One with a uid of its own.
    pub(crate) fn new(name: &str) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let uid = format!("{:08x}-1234-4abc-8def-{number:012x}", std::process::id());
        Self { name: name.to_owned(), uid }
    }
}

/// A container's id: 64 digits that begin like this.
pub(crate) fn id(prefix: &str) -> String {
    format!("{prefix:0<64}")
}

/// Where the controller `memory` of version 1 is mounted.
pub(crate) fn memory() -> Option<PathBuf> {
    let mounts = fs::read_to_string("/proc/mounts").expect("`/proc/mounts` can be read");
    let of_memory = |line: &&str| {
        let fields: Vec<&str> = line.split(' ').collect();
        fields[2] == "cgroup" && fields[3].split(',').any(|option| option == "memory")
    };
    mounts.lines().find(of_memory).and_then(|line| line.split(' ').nth(1)).map(PathBuf::from)
}

impl Node {
    /// One without pods.
    pub(crate) fn new(shape: Shape) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let mount = match shape {
            Shape::V2 | Shape::Systemd => rig::cgroup::mount(),
            Shape::Memory => memory().expect("whoever asks for it has looked whether it is there"),
        };
        let base = mount.join(format!("podtrace-node-{}-{number}", std::process::id()));
        fs::create_dir(&base).unwrap_or_else(|error| panic!("cannot make `{}`: {error}", base.display()));
        Self { base, shape }
    }

    /// Where a pod's cgroup is, or will be.
    pub(crate) fn pod(&self, pod: &PodId) -> PathBuf {
        match self.shape {
            Shape::V2 | Shape::Memory => self.base.join(format!("kubepods/burstable/pod{}", pod.uid)),
            Shape::Systemd => self.base.join(format!(
                "kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod{}.slice",
                pod.uid.replace('-', "_")
            )),
        }
    }

    /// Makes a container's cgroup, and its pod's.
    pub(crate) fn container(&self, pod: &PodId, id: &str) -> PathBuf {
        let name = match self.shape {
            Shape::V2 | Shape::Memory => id.to_owned(),
            Shape::Systemd => format!("cri-containerd-{id}.scope"),
        };
        let folder = self.pod(pod).join(name);
        fs::create_dir_all(&folder).unwrap_or_else(|error| panic!("cannot make `{}`: {error}", folder.display()));
        folder
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        remove(&self.base);
    }
}

/// Removes a cgroup with all below it, once whatever is in it has ended.
pub(crate) fn remove(folder: &Path) {
    let below = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    below.filter(|path| path.is_dir()).for_each(|path| remove(&path));
    for pid in fs::read_to_string(folder.join("cgroup.procs")).unwrap_or_default().lines() {
        // SAFETY: takes numbers only; the process was started by this test, nobody else is in its cgroups.
        unsafe { libc::kill(pid.parse().unwrap_or(0), libc::SIGKILL) };
    }
    for _ in 0..1000 {
        match fs::remove_dir(folder) {
            Err(error) if error.raw_os_error() == Some(libc::EBUSY) => {
                std::thread::sleep(std::time::Duration::from_millis(5));
            }
            _ => return,
        }
    }
}

/// Starts a program as the first of a container.
pub(crate) fn start(container: &Path, name: &str, line: &[String], scene: &Scene) -> Running {
    let processes = std::ffi::CString::new(container.join("cgroup.procs").to_string_lossy().into_owned()).unwrap();
    let mut command = Command::new(&line[0]);
    command.args(&line[1..]);
    // Where nobody tells a pod's name, this would be taken for it.
    command.env_remove("HOSTNAME");
    // SAFETY: between fork and exec only calls that are allowed there; nothing is allocated.
    unsafe {
        command.pre_exec(move || {
            let file = libc::open(processes.as_ptr(), libc::O_WRONLY | libc::O_CLOEXEC);
            let written = libc::write(file, c"0".as_ptr().cast(), 1);
            if written == 1 { Ok(()) } else { Err(std::io::Error::last_os_error()) }
        });
    }
    Running::start(command, name, scene.folder())
}

/// Runs a shell line as a container to its end.
pub(crate) fn run(container: &Path, name: &str, line: &str, scene: &Scene) -> Ended {
    start(container, name, &["/bin/sh".into(), "-c".into(), line.into()], scene).end()
}

/// A shell line whose process executes as many programs, one after the other, and ends with a code. In all it executes two
/// more: the shell and the workload.
pub(crate) fn executes(count: u32, code: i32, scene: &Scene, truth: &str) -> String {
    let job = scene.job(&["execs", "--count", &count.to_string()], truth);
    format!("{} || exit 99; exit {code}", job.join(" "))
}

/// A container for [`pod`]: name, id, restarts, and how the life before ended: its id, code and reason.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub(crate) name: &'static str,
    pub(crate) id: String,
    pub(crate) restarts: u32,
    pub(crate) before: Option<(String, i32, &'static str)>,
}

impl Told {
    pub(crate) fn new(name: &'static str, id: &str) -> Self {
        Self { name, id: id.to_owned(), restarts: 0, before: None }
    }
}

/// A pod as the API tells it.
pub(crate) fn pod(pod: &PodId, labels: &Value, containers: &[Told]) -> Value {
    let time = "2026-01-02T03:04:05Z";
    let status = |told: &Told| {
        let before = told.before.as_ref().map(|(id, code, reason)| {
            let id = format!("containerd://{id}");
            json!({"terminated": {"containerID": id, "exitCode": code, "reason": reason, "startedAt": time, "finishedAt": time}})
        });
        json!({
            "name": told.name, "image": "x", "imageID": "x", "ready": true, "restartCount": told.restarts,
            "containerID": format!("containerd://{}", told.id),
            "state": {"running": {"startedAt": time}}, "lastState": before.unwrap_or(json!({})),
        })
    };
    json!({
        "kind": "Pod", "apiVersion": "v1",
        "metadata": {"name": pod.name, "namespace": "production", "uid": pod.uid, "labels": labels},
        "spec": {
            "nodeName": NODE,
            "containers": containers.iter().map(|told| json!({"name": told.name, "image": "x"})).collect::<Vec<_>>(),
        },
        "status": {
            "phase": "Running", "qosClass": "Burstable",
            "containerStatuses": containers.iter().map(status).collect::<Vec<_>>(),
        },
    })
}
