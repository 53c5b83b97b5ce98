//! Pods as a kubelet makes them: labels, annotations, cgroups, folders for logs, and containers with attempts.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::path::PathBuf;

use serde_json::Value;
use serde_json::json;

use crate::cri::message::ContainerConfig;
use crate::cri::message::ContainerMetadata;
use crate::cri::message::ContainerSecurityContext;
use crate::cri::message::CreateContainerRequest;
use crate::cri::message::ImageSpec;
use crate::cri::message::LinuxContainerConfig;
use crate::cri::message::LinuxPodSandboxConfig;
use crate::cri::message::Mount;
use crate::cri::message::NamespaceOption;
use crate::cri::message::PodSandboxConfig;
use crate::cri::message::PodSandboxMetadata;
use crate::cri::message::SandboxSecurityContext;
use crate::lab::Lab;
use crate::lab::image;

/// Where kubelets keep logs, and where they link to those of each container.
pub(crate) const LOGS: &str = "/var/log/pods";
pub(crate) const LINKS: &str = "/var/log/containers";

/// A pod that runs.
#[derive(Debug)]
pub(crate) struct Pod<'l> {
    lab: &'l Lab,
    config: PodSandboxConfig,
    sandbox: String,
    containers: Vec<Container>,
}

/// A life of a container.
#[derive(Clone, Debug)]
pub(crate) struct Container {
    /// Its name in the pod.
    pub(crate) name: String,
    /// Its id: that of this life.
    pub(crate) id: String,
    /// How many lives it had before.
    pub(crate) attempt: u32,
}

impl<'l> Pod<'l> {
    /// Makes a pod without containers. A kubelet keeps logs in `/var/log/pods`; here they are in the lab.
    pub(crate) fn new(lab: &'l Lab, namespace: &str, name: &str) -> Self {
        let logs = |uid: &str| lab.path("logs").join(format!("{namespace}_{name}_{uid}"));
        Self::with_logs(lab, namespace, name, logs)
    }

    /// The same, with logs where a kubelet keeps them.
    pub(crate) fn with_kubelet_logs(lab: &'l Lab, namespace: &str, name: &str) -> Self {
        Self::with_logs(lab, namespace, name, |uid| Path::new(LOGS).join(format!("{namespace}_{name}_{uid}")))
    }

    fn with_logs(lab: &'l Lab, namespace: &str, name: &str, logs: impl Fn(&str) -> PathBuf) -> Self {
        let uid = fs::read_to_string("/proc/sys/kernel/random/uuid").expect("the kernel makes uuids").trim().to_owned();
        lab.note(&uid);
        let logs = logs(&uid);
        fs::create_dir_all(&logs).expect("cannot make a folder for logs");
        let words =
            |words: &[(&str, &str)]| words.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect();
        let config = PodSandboxConfig {
            metadata: Some(PodSandboxMetadata {
                name: name.into(),
                uid: uid.clone(),
                namespace: namespace.into(),
                attempt: 0,
            }),
            hostname: name.into(),
            log_directory: logs.to_string_lossy().into_owned(),
            labels: words(&[
                ("app", name),
                ("io.kubernetes.pod.name", name),
                ("io.kubernetes.pod.namespace", namespace),
                ("io.kubernetes.pod.uid", &uid),
            ]),
            annotations: words(&[
                ("kubernetes.io/config.seen", "2026-01-01T00:00:00Z"),
                ("kubernetes.io/config.source", "api"),
            ]),
            linux: Some(LinuxPodSandboxConfig {
                cgroup_parent: format!("/kubepods/burstable/pod{uid}"),
                security_context: Some(SandboxSecurityContext { namespaces: Some(NamespaceOption::usual()) }),
            }),
        };
        let sandbox = lab.cri().run_sandbox(&config);
        Self { lab, config, sandbox, containers: Vec::new() }
    }

    /// Starts a container; a further life of it, if there was one of the name. A folder of the machine is mounted in it.
    pub(crate) fn start(&mut self, name: &str, folder: (&Path, &str), command: &[String]) -> Container {
        let id = self.create(name, folder, command).id;
        self.lab.cri().start(&id);
        self.containers.last().expect("it was just made").clone()
    }

    /// Makes a container and does not start it: its runtime waits in its cgroup.
    pub(crate) fn create(&mut self, name: &str, (folder, inside): (&Path, &str), command: &[String]) -> Container {
        let attempt = self.containers.iter().filter(|container| container.name == name).count() as u32;
        let mut labels = self.config.labels.clone();
        labels.remove("app");
        labels.insert("io.kubernetes.container.name".into(), name.into());
        fs::create_dir_all(Path::new(&self.config.log_directory).join(name)).expect("cannot make a folder for logs");
        let config = ContainerConfig {
            metadata: Some(ContainerMetadata { name: name.into(), attempt }),
            image: Some(ImageSpec { image: image::WORK.into() }),
            command: command.to_vec(),
            mounts: vec![Mount { container_path: inside.to_owned(), host_path: folder.to_string_lossy().into_owned() }],
            labels,
            annotations: [("io.kubernetes.container.restartCount".to_owned(), attempt.to_string())].into(),
            log_path: format!("{name}/{attempt}.log"),
            linux: Some(LinuxContainerConfig {
                security_context: Some(ContainerSecurityContext { namespaces: Some(NamespaceOption::usual()) }),
            }),
        };
        let request = CreateContainerRequest {
            pod_sandbox_id: self.sandbox.clone(),
            config: Some(config),
            sandbox_config: Some(self.config.clone()),
        };
        let container = Container { name: name.to_owned(), id: self.lab.cri().create(request), attempt };
        self.containers.push(container.clone());
        self.link(&container);
        container
    }

    /// Links to a container's log, if that is where a kubelet keeps it.
    fn link(&self, container: &Container) {
        let log = self.log_of(container);
        if log.starts_with(LOGS) {
            fs::create_dir_all(LINKS).expect("cannot make a folder for links to logs");
            let Container { name, id, .. } = container;
            let link = format!("{}_{}_{name}-{id}.log", self.name(), self.namespace());
            symlink(log, Path::new(LINKS).join(link)).expect("cannot link to a log");
        }
    }

    fn log_of(&self, container: &Container) -> PathBuf {
        let file = format!("{}/{}.log", container.name, container.attempt);
        Path::new(&self.config.log_directory).join(file)
    }

    /// The folder of a life of a container in the hierarchy of version 2.
    pub(crate) fn cgroup(&self, container: &Container) -> PathBuf {
        crate::rig::cgroup::mount().join(format!("kubepods/burstable/pod{}/{}", self.uid(), container.id))
    }

    /// The id of its sandbox.
    pub(crate) fn sandbox(&self) -> &str {
        &self.sandbox
    }

    /// The latest life of a container.
    pub(crate) fn life(&self, name: &str) -> &Container {
        let of_name = |container: &&Container| container.name == name;
        self.containers.iter().rfind(of_name).unwrap_or_else(|| panic!("no container `{name}` was started"))
    }

    /// Waits for the end of a life of a container; its exit code.
    pub(crate) fn wait(&self, container: &Container) -> i32 {
        let status = || self.lab.cri().status(&container.id);
        crate::rig::wait_until(&format!("the end of `{}`", container.name), || status().has_ended());
        let code = status().exit_code;
        // For a test that fails.
        eprint!("{}", fs::read_to_string(self.log_of(container)).unwrap_or_default());
        code
    }

    /// Its uid.
    pub(crate) fn uid(&self) -> &str {
        self.metadata().uid.as_str()
    }

    /// Its name.
    pub(crate) fn name(&self) -> &str {
        self.metadata().name.as_str()
    }

    /// Its namespace.
    pub(crate) fn namespace(&self) -> &str {
        self.metadata().namespace.as_str()
    }

    fn metadata(&self) -> &PodSandboxMetadata {
        self.config.metadata.as_ref().expect("every pod has them")
    }

    /// The pod as the API tells it, from what the runtime says now, on a node of this name.
    pub(crate) fn told(&self, node: &str) -> Value {
        let mut names: Vec<&str> = self.containers.iter().map(|container| container.name.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        let statuses: Vec<Value> = names.iter().map(|name| self.told_of(self.life(name))).collect();
        let declared: Vec<Value> = names.iter().map(|name| json!({"name": name, "image": image::WORK})).collect();
        json!({
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {
                "name": self.name(), "namespace": self.namespace(), "uid": self.uid(), "labels": {"app": self.name()},
            },
            "spec": { "nodeName": node, "containers": declared },
            "status": { "phase": "Running", "qosClass": "Burstable", "containerStatuses": statuses },
        })
    }

    fn told_of(&self, container: &Container) -> Value {
        let status = self.lab.cri().status(&container.id);
        let id = format!("containerd://{}", container.id);
        let state = if status.has_ended() {
            json!({"terminated": {"exitCode": status.exit_code, "reason": "Error", "containerID": id}})
        } else if status.runs() {
            json!({"running": {"startedAt": "2026-01-01T00:00:00Z"}})
        } else {
            json!({"waiting": {"reason": "ContainerCreating"}})
        };
        let mut told = json!({
            "name": container.name, "image": image::WORK, "imageID": "", "ready": status.runs(),
            "restartCount": container.attempt, "state": state, "lastState": {},
        });
        if status.has_ended() || status.runs() {
            told["containerID"] = id.into();
        }
        told
    }
}
