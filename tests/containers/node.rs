//! A node of a cluster: the runtime, the API, and podtrace between them, which knows both from its environment.

use std::cell::Ref;
use std::cell::RefCell;
use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use crate::api_server::ApiServer;
use crate::api_server::Killed;
use crate::lab::Lab;
use crate::lab::image;
use crate::pod::Container;
use crate::pod::Pod;
use crate::rig;
use crate::rig::process::Ended;
use crate::rig::process::Running;
use crate::rig::scene::Scene;

/// What a container does once it is told to: connects to itself, reads of a file, programs executed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Errand {
    pub(crate) connects: u32,
    pub(crate) reads: u32,
    pub(crate) execs: u32,
}

impl Errand {
    /// The command line, for a folder as the container sees it.
    fn command(self, directory: &str) -> Vec<String> {
        let truth = format!("{directory}/truth");
        let counts = [self.connects, self.reads, self.execs].map(|count| count.to_string());
        let [connects, reads, execs] = &counts;
        let options =
            [("dir", directory), ("connects", connects), ("reads", reads), ("execs", execs), ("truth", &truth)];
        let mut line = vec!["/bin/workload".to_owned(), "errand".to_owned()];
        line.extend(options.iter().flat_map(|(name, value)| [format!("--{name}"), (*value).to_owned()]));
        line
    }
}

/// A node with its own runtime, and an API that knows no pods yet.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) lab: Lab,
    api: RefCell<Option<ApiServer>>,
    killed: RefCell<Option<Killed>>,
    scene: Scene,
}

impl Node {
    /// A new one.
    pub(crate) fn start() -> Self {
        let api = ApiServer::start(r#"{"items": []}"#);
        let scene = Scene::empty();
        fs::write(scene.path("kubeconfig"), api.kubeconfig("default")).expect("cannot write a kubeconfig");
        Self { lab: Lab::start(), api: RefCell::new(Some(api)), killed: RefCell::default(), scene }
    }

    /// The API, while it runs.
    pub(crate) fn api(&self) -> Ref<'_, ApiServer> {
        Ref::map(self.api.borrow(), |api| api.as_ref().expect("the API was not killed"))
    }

    /// Kills the API: its connections are cut, and nobody listens any more.
    pub(crate) fn kill_api(&self) {
        let killed = self.api.take().expect("the API is killed once").kill();
        self.killed.replace(Some(killed));
    }

    /// Starts the API again, at the same address, with what it knew.
    pub(crate) fn revive_api(&self) {
        let killed = self.killed.take().expect("the API was killed before");
        self.api.replace(Some(killed.start()));
    }

    /// The folder of a container on the machine, with what an errand needs.
    pub(crate) fn folder(&self, pod: &Pod<'_>, container: &str) -> PathBuf {
        let folder = self.scene.path(&format!("{}-{}-{container}", pod.name(), pod.uid()));
        furnish(&folder);
        folder
    }

    /// Starts a container that waits for [`Self::let_work`] before its errand, and after it until it is killed.
    pub(crate) fn start_errand(&self, pod: &mut Pod<'_>, name: &str, errand: Errand) -> Container {
        let directory = format!("/srv/{name}");
        let mut command = errand.command(&directory);
        command.extend(["begin", "leave"].iter().flat_map(|file| [format!("--{file}"), format!("{directory}/{file}")]));
        pod.start(name, (&self.folder(pod, name), &directory), &command)
    }

    /// Makes a container that does its errand as soon as it is started by the runtime's interface.
    pub(crate) fn create_errand(&self, pod: &mut Pod<'_>, name: &str, errand: Errand) -> Container {
        let directory = format!("/srv/{name}");
        pod.create(name, (&self.folder(pod, name), &directory), &errand.command(&directory))
    }

    /// Starts a life of a container that does its errand at once, in a folder of its own, and ends with an exit code.
    pub(crate) fn start_life(&self, pod: &mut Pod<'_>, name: &str, life: &str, errand: Errand, code: u8) -> Container {
        let directory = format!("/srv/{life}");
        let mut command = errand.command(&directory);
        command.extend(["--end".to_owned(), code.to_string()]);
        pod.start(name, (&self.folder(pod, life), &directory), &command)
    }

    /// Runs a program with an errand in a container that runs, as `kubectl exec` does; what it says it did. Its folder is
    /// `inside` in the container's.
    pub(crate) fn exec_errand(&self, pod: &Pod<'_>, name: &str, inside: &str, errand: Errand) -> Value {
        let folder = self.folder(pod, name).join(inside);
        furnish(&folder);
        self.lab.cri().exec(&pod.life(name).id, &errand.command(&format!("/srv/{name}/{inside}")));
        truth(&folder)
    }

    /// Lets containers do their errands, and waits until they have.
    pub(crate) fn let_work(&self, containers: &[(&Pod<'_>, &str)]) {
        for (pod, name) in containers {
            touch(&self.folder(pod, name).join("begin"));
        }
        for (pod, name) in containers {
            let truth = self.folder(pod, name).join("truth");
            rig::wait_until(&format!("the errand of `{}/{name}`", pod.name()), || truth.exists());
        }
    }

    /// What a container says it did.
    pub(crate) fn truth(&self, pod: &Pod<'_>, name: &str) -> Value {
        truth(&self.folder(pod, name))
    }

    /// Tells the API of pods, as they are now.
    pub(crate) fn tell(&self, pods: &[&Pod<'_>]) {
        for pod in pods {
            self.api().apply(pod.told(&name()));
        }
    }

    /// A command line of podtrace, which finds the API and the runtime.
    pub(crate) fn podtrace(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(rig::podtrace());
        command.env("KUBECONFIG", self.scene.path("kubeconfig"));
        command.env("CONTAINER_RUNTIME_ENDPOINT", format!("unix://{}", self.lab.socket().display()));
        command.args(arguments);
        command
    }

    /// The same, which finds no runtime.
    pub(crate) fn podtrace_alone(&self, arguments: &[&str]) -> Command {
        let mut command = self.podtrace(arguments);
        command.env("CONTAINER_RUNTIME_ENDPOINT", "/run/podtrace-lab/no-runtime.sock");
        command
    }

    /// Starts a trace with every probe and a report as JSON; returns when it traces.
    pub(crate) fn trace(&self, command: Command) -> Running {
        self.scene.start_tracing(command)
    }

    /// Runs podtrace to its end.
    pub(crate) fn run(&self, command: Command) -> Ended {
        Running::start(command, "podtrace", self.scene.folder()).end()
    }
}

/// Makes a folder, if it is not there, with what an errand needs: a file, and a program without libraries.
fn furnish(folder: &Path) {
    if !folder.exists() {
        fs::create_dir(folder).expect("cannot make a folder");
        fs::write(folder.join("data"), [b'd'; 4096]).expect("cannot write a file");
        fs::copy(image::busybox(), folder.join("program")).expect("cannot copy a program");
    }
}

/// What an errand in a folder says it did.
fn truth(folder: &Path) -> Value {
    let text = fs::read_to_string(folder.join("truth")).expect("the errand is done");
    serde_json::from_str(&text).expect("the truth is JSON")
}

/// The node's name: this machine's.
pub(crate) fn name() -> String {
    let name = fs::read_to_string("/proc/sys/kernel/hostname").expect("a machine has a name");
    name.trim().to_lowercase()
}

/// Makes a file.
pub(crate) fn touch(path: &Path) {
    fs::write(path, "").unwrap_or_else(|error| panic!("cannot make `{}`: {error}", path.display()));
}

/// Asks podtrace to stop, as Ctrl-C does.
pub(crate) fn stop(running: Running) -> Ended {
    running.signal(libc::SIGINT);
    running.end()
}
