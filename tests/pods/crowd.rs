//! A node full of pods.

use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;
use std::time::Instant;

use podtrace::host::Namespaces;
use podtrace::profile::InNamespace;
use podtrace::profile::PodSelector;
use podtrace::profile::Subject;
use podtrace::targets::kubernetes::Access;
use podtrace::targets::pods;
use serde_json::json;

use crate::api_server::ApiServer;
use crate::node;
use crate::node::Node;
use crate::node::PodId;
use crate::node::Shape;
use crate::node::Told;
use crate::node::id;
use crate::rig;
use crate::rig::scene::Scene;
use crate::rig::scene::report_of;

/// Pods, containers of each, processes of each container: 1,000 processes.
const PODS: usize = 250;
const NAMES: [&str; 2] = ["app", "side"];
const PROCESSES: usize = 2;

/// Children of this test that wait for their end.
struct Crowd(Vec<libc::pid_t>);

impl Crowd {
    /// Adds one, in a cgroup.
    fn add(&mut self, cgroup: &Path) {
        // SAFETY: the child only waits, and ends with this process; nothing else of this process is used in it.
        let pid = unsafe {
            match libc::fork() {
                0 => {
                    libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
                    loop {
                        libc::pause();
                    }
                }
                pid => pid,
            }
        };
        assert!(pid > 0, "cannot fork");
        self.0.push(pid);
        std::fs::write(cgroup.join("cgroup.procs"), pid.to_string()).expect("cannot move a process");
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        for pid in &self.0 {
            // SAFETY: children of this process that were not waited for yet.
            unsafe {
                libc::kill(*pid, libc::SIGKILL);
                libc::waitpid(*pid, std::ptr::null_mut(), 0);
            }
        }
    }
}

/// Pods on a node, with what they run, and the API that tells of them.
struct Full {
    server: ApiServer,
    _crowd: Crowd,
    _node: Node,
}

impl Full {
    fn new() -> Self {
        rig::assert_root();
        let node = Node::new(Shape::V2);
        let server = ApiServer::start(r#"{"items": []}"#);
        let mut crowd = Crowd(Vec::new());
        for number in 0..PODS {
            let pod = PodId::new(&format!("web-{number}"));
            let names = NAMES.iter().enumerate();
            let told: Vec<Told> = names.map(|(at, name)| Told::new(name, &id(&format!("{number:04x}{at}")))).collect();
            for one in &told {
                let cgroup = node.container(&pod, &one.id);
                (0..PROCESSES).for_each(|_| crowd.add(&cgroup));
            }
            server.apply(node::pod(&pod, &json!({}), &told));
        }
        Self { server, _crowd: crowd, _node: node }
    }
}

/// Check that 250 pods with 1,000 processes are resolved within a second.
#[test]
fn resolved_within_a_second() {
    let full = Full::new();
    let folder = tempfile::tempdir().unwrap();
    let kubeconfig: PathBuf = folder.path().join("kubeconfig");
    std::fs::write(&kubeconfig, full.server.kubeconfig("production")).unwrap();
    let request = pods::Request {
        selectors: vec![PodSelector { subject: Subject::All, namespace: InNamespace::Default }],
        access: Access { kubeconfig: Some(kubeconfig), context: None },
        ..pods::Request::default()
    };
    let root = Path::new("/");
    let begin = Instant::now();
    let found = pods::resolve(&request, root, Namespaces::read(root), &mut |_| true).unwrap();
    let took = begin.elapsed();
    assert_eq!(found.pods.len(), PODS);
    assert!(found.pods.iter().all(|pod| pod.containers.iter().all(|container| container.cgroup.is_some())));
    println!("250 pods with 1,000 processes were resolved in {took:?}");
    let bound = Duration::from_secs(if rig::slow() { 30 } else { 1 });
    assert!(took < bound, "it took {took:?}");
}

/// The shortest of many turns of the same operations by this process, which nobody traces.
fn operations() -> Duration {
    use std::os::unix::fs::FileExt as _;
    let file = std::fs::File::open("/etc/passwd").unwrap();
    let turn = |_| {
        let begin = Instant::now();
        let mut byte = [0];
        (0..2_000).for_each(|_| drop(file.read_at(&mut byte, 0)));
        begin.elapsed()
    };
    (0..200).map(turn).min().expect("there are turns")
}

/// Check that what an operation outside of all pods costs does not depend on how many pods are traced.
#[test]
fn bystanders_do_not_notice() {
    let full = Full::new();
    let scene = Scene::empty();
    let kubeconfig = scene.path("kubeconfig");
    std::fs::write(&kubeconfig, full.server.kubeconfig("production")).unwrap();
    let kubeconfig = kubeconfig.to_string_lossy();
    let while_traced = |pods: &str| {
        let traced = scene.start_on(&[pods, "--kubeconfig", &kubeconfig]);
        let took = operations();
        traced.signal(libc::SIGINT);
        let report = report_of(&traced.end());
        (took, report["targets"].as_array().map_or(0, Vec::len))
    };
    // Twice each, taking turns: the machine changes its pace.
    let [one, all] = [["web-0", "*"], ["web-0", "*"]]
        .map(|pods| pods.map(while_traced))
        .into_iter()
        .fold([(Duration::MAX, 0); 2], |best, next| {
            std::array::from_fn(|at| if next[at].0 < best[at].0 { next[at] } else { best[at] })
        });
    assert_eq!((one.1, all.1), (NAMES.len(), PODS * NAMES.len()));
    let ratio = all.0.as_secs_f64() / one.0.as_secs_f64();
    println!("an operation costs {ratio:.3} times as much with {PODS} pods traced as with one");
    assert!(rig::slow() || ratio < 1.25, "{ratio:.3} times as much: {:?} against {:?}", all.0, one.0);
}
