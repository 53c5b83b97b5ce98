//! A node made of folders: the cgroups of the recorded pods, with a process in each container and a sandbox in each pod.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::path::PathBuf;

use serde_json::Value;
use serde_json::json;

use crate::host::Namespaces;
use crate::profile::InNamespace;
use crate::profile::PodSelector;
use crate::profile::Subject;
use crate::profile::selector::Labels;
use crate::targets::api_server::ApiServer;
use crate::targets::kubernetes::Access;
use crate::targets::pods::Found;
use crate::targets::pods::PodsError;
use crate::targets::pods::Request;
use crate::targets::pods::resolve;
use crate::targets::runtime::SOCKETS;
use crate::targets::runtime::fake::Answers;
use crate::targets::runtime::fake::FakeRuntime;

const RECORDED: &str = include_str!("../../../../tests/recorded/kubernetes/podlist.json");

/// A node.
pub(super) struct Machine {
    root: tempfile::TempDir,
    server: Option<ApiServer>,
    address: String,
    /// By pod: its cgroup's folder.
    pods: BTreeMap<String, String>,
}

impl Machine {
    /// The node of the recorded pods.
    pub(super) fn recorded() -> Self {
        let root = tempfile::tempdir().unwrap();
        let server = ApiServer::start(RECORDED);
        let address = server.address.to_string();
        let mut machine = Self { root, server: Some(server), address, pods: BTreeMap::new() };
        machine.write("proc/self/mountinfo", "30 20 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw");
        machine.write("proc/sys/kernel/hostname", "labnode\n");
        machine.write("kubeconfig", &machine.server().kubeconfig("production"));
        let list: Value = serde_json::from_str(RECORDED).unwrap();
        let mut pid = 100;
        for pod in list["items"].as_array().unwrap() {
            machine.plant(pod, &mut pid);
        }
        machine
    }

    /// Adds a pod's cgroups, with a process in each container that runs.
    pub(super) fn plant(&mut self, pod: &Value, pid: &mut u32) {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let name = text(&pod["metadata"]["name"]);
        let hash = &pod["metadata"]["annotations"]["kubernetes.io/config.hash"];
        let uid = hash.as_str().map_or_else(|| text(&pod["metadata"]["uid"]), str::to_owned);
        let class = match pod["status"]["qosClass"].as_str().unwrap() {
            "Guaranteed" => String::new(),
            other => format!("{}/", other.to_lowercase()),
        };
        let folder = format!("sys/fs/cgroup/kubepods/{class}pod{uid}");
        self.pods.insert(name.clone(), folder.clone());
        let sandbox = sandbox(&name);
        self.process(&format!("{folder}/{sandbox}"), pid, "pause", "labnode");
        for sort in ["initContainerStatuses", "containerStatuses"] {
            for container in pod["status"][sort].as_array().into_iter().flatten() {
                if container["state"]["running"].is_object() {
                    let id = text(&container["containerID"]).replace("containerd://", "");
                    self.process(&format!("{folder}/{id}"), pid, "sleep", &name);
                }
            }
        }
    }

    fn process(&self, cgroup: &str, pid: &mut u32, comm: &str, host: &str) {
        *pid += 1;
        self.write(&format!("{cgroup}/cgroup.procs"), &format!("{pid}\n"));
        let stat = format!("{pid} ({comm}) S 1 1 1 0 -1 0 0 0 0 0 1 1 0 0 20 0 1 0 5 1 1\n");
        self.write(&format!("proc/{pid}/stat"), &stat);
        self.write(&format!("proc/{pid}/environ"), &format!("HOSTNAME={host}\0"));
    }

    pub(super) fn write(&self, path: &str, text: &str) {
        let path = self.root.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub(super) fn root(&self) -> &Path {
        self.root.path()
    }

    pub(super) fn server(&self) -> &ApiServer {
        self.server.as_ref().unwrap()
    }

    /// The API, to be killed and started again.
    pub(super) fn take_server(&mut self) -> ApiServer {
        self.server.take().unwrap()
    }

    /// The API is gone for good.
    pub(super) fn kill_server(&mut self) {
        drop(self.server.take().unwrap().kill());
    }

    /// A request in words of the command line.
    pub(super) fn request(&self, words: &[&str]) -> Request {
        let access = Access { kubeconfig: Some(self.root().join("kubeconfig")), context: None };
        let mut request = Request { access, ..Request::default() };
        let mut words = words.iter();
        while let Some(word) = words.next() {
            let subject = match *word {
                "-n" => {
                    request.namespace = InNamespace::parse(words.next().unwrap()).unwrap();
                    continue;
                }
                "-A" => {
                    request.namespace = InNamespace::All;
                    continue;
                }
                "-l" => Subject::Labels(Labels::parse(words.next().unwrap()).unwrap()),
                word => Subject::parse(word).unwrap(),
            };
            request.selectors.push(PodSelector { subject, namespace: InNamespace::Default });
        }
        request
    }

    pub(super) fn find(&self, words: &[&str]) -> Result<Found, PodsError> {
        self.resolve(&self.request(words))
    }

    pub(super) fn resolve(&self, request: &Request) -> Result<Found, PodsError> {
        resolve(request, self.root(), Namespaces::read(self.root()), &mut |_| true)
    }

    /// A text without what differs from run to run.
    pub(super) fn said(&self, text: &str) -> String {
        text.replace(&self.address, "SERVER").replace(&self.root().display().to_string(), "")
    }

    /// A runtime with the pods `my-pod` and those of `web`, as it would know them.
    pub(super) fn runtime(&self) -> FakeRuntime {
        self.runtime_with("besteffort", "app", 'd', 0)
    }

    /// The same, with one more container.
    pub(super) fn runtime_with(&self, pod: &str, container: &str, digit: char, restarts: u32) -> FakeRuntime {
        let mut answers = Answers::of("containerd");
        let list: Value = serde_json::from_str(RECORDED).unwrap();
        for one in list["items"].as_array().unwrap() {
            let text = |path: &str| one.pointer(path).and_then(Value::as_str).unwrap_or_default();
            let (name, namespace) = (text("/metadata/name"), text("/metadata/namespace"));
            let labels = one["metadata"]["labels"].as_object();
            let labels: Vec<(&str, &str)> =
                labels.into_iter().flatten().map(|(key, value)| (key.as_str(), value.as_str().unwrap())).collect();
            let uid = Path::new(&self.pods[name]).file_name().unwrap().to_str().unwrap().trim_start_matches("pod");
            answers.pod(namespace, name, uid, &sandbox(name), &labels);
            let sorts = ["initContainerStatuses", "containerStatuses"].map(|sort| one["status"][sort].as_array());
            for status in sorts.into_iter().flatten().flatten() {
                let state = if status["state"]["running"].is_object() { 1 } else { 2 };
                if let Some(id) = status["containerID"].as_str() {
                    let id = id.replace("containerd://", "");
                    answers.container(&sandbox(name), status["name"].as_str().unwrap(), &id, state, 0);
                }
            }
            if name == pod {
                answers.container(&sandbox(name), container, &digit.to_string().repeat(64), 1, restarts);
            }
        }
        FakeRuntime::start(&self.root().join(SOCKETS[0]), answers)
    }

    /// A runtime with one pod, as the API told it.
    pub(super) fn runtime_of(&self, pod: &Value) -> FakeRuntime {
        let text = |path: &str| pod.pointer(path).and_then(Value::as_str).unwrap_or_default();
        let name = text("/metadata/name");
        let mut answers = Answers::of("containerd");
        answers.pod(text("/metadata/namespace"), name, text("/metadata/uid"), &sandbox(name), &[]);
        for status in pod["status"]["containerStatuses"].as_array().unwrap() {
            let id = status["containerID"].as_str().unwrap().replace("containerd://", "");
            answers.container(&sandbox(name), status["name"].as_str().unwrap(), &id, 1, 0);
        }
        FakeRuntime::start(&self.root().join(SOCKETS[0]), answers)
    }

    /// The kubelet's log files of a pod, for some of its containers.
    pub(super) fn logs(&self, namespace: &str, pod: &str, uid: &str, containers: &[&str]) {
        fs::create_dir_all(self.root().join(format!("var/log/pods/{namespace}_{pod}_{uid}"))).unwrap();
        let recorded = self.server.as_ref().map(|server| server.pod(namespace, pod));
        let list: Value = serde_json::from_str(RECORDED).unwrap();
        let of_list = || list["items"].as_array().unwrap().iter().find(|one| one["metadata"]["name"] == pod).cloned();
        let recorded = recorded.or_else(of_list).unwrap();
        for status in recorded["status"]["containerStatuses"].as_array().unwrap() {
            let name = status["name"].as_str().unwrap();
            if containers.contains(&name) {
                let id = status["containerID"].as_str().unwrap().replace("containerd://", "");
                self.write(&format!("var/log/containers/{pod}_{namespace}_{name}-{id}.log"), "");
            }
        }
    }

    /// A container has another id now than the API says.
    pub(super) fn replace_container(&self, pod: &str, container: &str, digit: char) {
        let recorded = self.server().pod("production", pod);
        let statuses = recorded["status"]["containerStatuses"].as_array().unwrap();
        let status = statuses.iter().find(|status| status["name"] == container).unwrap();
        let old = status["containerID"].as_str().unwrap().replace("containerd://", "");
        let folder = self.root().join(&self.pods[pod]);
        fs::rename(folder.join(old), folder.join(digit.to_string().repeat(64))).unwrap();
    }

    /// Makes a cgroup that nobody can see yet, for another container of a pod: where it is, and where it belongs.
    pub(super) fn hidden_container(&self, pod: &str, digit: char) -> (PathBuf, PathBuf) {
        let hidden = self.root().join("hidden");
        fs::create_dir(&hidden).unwrap();
        fs::write(hidden.join("cgroup.procs"), "").unwrap();
        (hidden, self.root().join(&self.pods[pod]).join(digit.to_string().repeat(64)))
    }

    /// A pod runs on another node.
    pub(super) fn move_pod(&self, pod: &str, node: &str) {
        fs::remove_dir_all(self.root().join(&self.pods[pod])).unwrap();
        let mut recorded = self.server().pod("production", pod);
        recorded["spec"]["nodeName"] = json!(node);
        self.server().apply(recorded);
    }
}

/// The id of a pod's sandbox.
fn sandbox(pod: &str) -> String {
    let mut id: String = pod.bytes().map(|byte| format!("{byte:02x}")).collect();
    id.truncate(64);
    format!("{id:0<64}")
}
