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

/// Pods, containers of each, processes of each container.
const PODS: usize = 250;
const CONTAINERS: usize = 2;
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

/// Check that 250 pods with 1,000 processes are resolved within a second.
#[test]
fn resolved_within_a_second() {
    rig::assert_root();
    let node = Node::new(Shape::V2);
    let server = ApiServer::start(r#"{"items": []}"#);
    let mut crowd = Crowd(Vec::new());
    for number in 0..PODS {
        let pod = PodId::new(&format!("web-{number}"));
        let names = ["app", "side"];
        let told: Vec<Told> =
            names.iter().enumerate().map(|(at, name)| Told::new(name, &id(&format!("{number:04x}{at}")))).collect();
        for one in &told[..CONTAINERS] {
            let cgroup = node.container(&pod, &one.id);
            (0..PROCESSES).for_each(|_| crowd.add(&cgroup));
        }
        server.apply(node::pod(&pod, &json!({}), &told));
    }
    let folder = tempfile::tempdir().unwrap();
    let kubeconfig: PathBuf = folder.path().join("kubeconfig");
    std::fs::write(&kubeconfig, server.kubeconfig("production")).unwrap();
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
    let bound = Duration::from_secs(if rig::slow() { 20 } else { 1 });
    assert!(took < bound, "it took {took:?}");
}
