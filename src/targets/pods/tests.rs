mod faults;
mod follow;
mod machine;

use insta::assert_snapshot;

use super::Source;
use crate::event::session::TargetKind;
use crate::host::doctor::containers;
use crate::profile::InNamespace;
use crate::profile::selector;
use crate::profile::selector::Exclusion;
use crate::targets::Membership;
use crate::targets::api_server::Fault;
use crate::targets::pod::ContainerKind;
use crate::targets::runtime::Runtime;
use machine::Machine;

/// (pod, container, level, path, pids) of everything that was found.
fn shown(found: &super::Found) -> Vec<String> {
    let mut lines = Vec::new();
    for pod in &found.pods {
        for container in &pod.containers {
            let place = container.cgroup.as_ref().map_or("-".to_owned(), |cgroup| format!("level {}", cgroup.level));
            lines.push(format!("{} {} {place}", pod.pod, container.name));
        }
    }
    lines
}

/// Check that a pod is found by the API with all its containers, each joined with its cgroup by its id.
#[test]
fn by_the_api() {
    let machine = Machine::recorded();
    let found = machine.find(&["my-pod"]).unwrap();
    assert_eq!(
        shown(&found),
        ["my-pod init -", "my-pod native-sidecar level 4", "my-pod app level 4", "my-pod side level 4"]
    );
    assert!(matches!(found.source, Source::Api { .. }));
    assert_eq!(found.remarks, [""; 0]);
    let pod = &found.pods[0];
    let Some(Membership::CgroupSubtree { level, path, pids, .. }) = pod.membership() else { panic!() };
    assert_eq!((level, path.as_str()), (3, "/kubepods/burstable/pod427afb51-1169-4ef7-9d98-9b3a73e1b1de"));
    assert_eq!(pids.len(), 4, "three containers and the sandbox");
    assert!(pod.whole);
    assert_eq!(pod.left_out.len(), 1, "the sandbox");
    assert_eq!(pod.children.len(), 4, "three containers and the sandbox: {:?}", pod.children);
    let target = pod.target(7, Some("app"));
    assert_eq!((target.index, target.name.as_str()), (7, "my-pod/app"));
    assert_eq!(target.kind, TargetKind::Container);
    assert_eq!(target.namespace.as_deref(), Some("production"));
    assert_eq!((target.pod.as_deref(), target.container.as_deref()), (Some("my-pod"), Some("app")));
    assert_eq!((target.node.as_deref(), &target.workload), (Some("labnode"), &None));
    assert_eq!(target.labels["app"], "demo");
}

/// Check that a static pod is found although the API has another uid than its cgroup.
#[test]
fn static_pods() {
    let machine = Machine::recorded();
    let found = machine.find(&["-n", "kube-system", "static-one-labnode"]).unwrap();
    assert_eq!(shown(&found), ["static-one-labnode app level 4"]);
    assert_eq!(found.pods[0].kubelet_uid, "9d9ef9e10d8001c525b4f1621cab1136");
    assert!(found.pods[0].cgroup.as_ref().unwrap().path.ends_with("/pod9d9ef9e10d8001c525b4f1621cab1136"));
}

/// Check that each way to name pods finds those and no others.
#[test]
fn selectors() {
    let machine = Machine::recorded();
    let pods = |words: &[&str]| -> Vec<String> {
        let found = machine.find(words).unwrap_or_else(|error| panic!("{words:?}: {error}"));
        found.pods.iter().map(|pod| pod.pod.clone()).collect()
    };
    let web = ["web-85f5b7f4c8-mxdrj", "web-85f5b7f4c8-nn8tf"];
    assert_eq!(pods(&["deploy/web"]), web);
    assert_eq!(pods(&["rs/web-85f5b7f4c8"]), web);
    assert_eq!(pods(&["web-*"]), web);
    assert_eq!(pods(&["-l", "app=web"]), web);
    assert_eq!(pods(&["-l", "app in (demo, other)"]), ["my-pod"]);
    assert_eq!(pods(&["pod/my-pod", "guaranteed", "my-pod"]), ["guaranteed", "my-pod"]);
    assert_eq!(pods(&["pod/427afb51-1169-4ef7-9d98-9b3a73e1b1de"]), ["my-pod"]);
    assert_eq!(pods(&["-A", "static-one-*"]), ["static-one-labnode"]);
    assert_eq!(pods(&["node/labnode"]).len(), 7, "all that have a cgroup, of all namespaces");
    assert_eq!(pods(&["-n", "kube-system", "node/labnode"]), ["static-one-labnode"]);
}

/// Check that only containers that are meant are found, that leaving one out leaves the pod's own cgroup unfit, and that
/// the sandbox is none.
#[test]
fn narrowing() {
    let machine = Machine::recorded();
    let mut request = machine.request(&["my-pod"]);
    request.narrowing.containers = vec![selector::container("app").unwrap(), selector::container("native-*").unwrap()];
    let found = machine.resolve(&request).unwrap();
    assert_eq!(shown(&found), ["my-pod native-sidecar level 4", "my-pod app level 4"]);
    assert!(!found.pods[0].whole);
    let mut request = machine.request(&["my-pod"]);
    request.narrowing.without = vec![Exclusion::parse("side").unwrap(), Exclusion::parse("pod/guaranteed").unwrap()];
    assert_eq!(shown(&machine.resolve(&request).unwrap()).len(), 3);
    request.selectors = machine.request(&["*"]).selectors;
    let found = machine.resolve(&request).unwrap();
    assert!(found.pods.iter().all(|pod| pod.pod != "guaranteed") && found.pods.len() == 5, "{:?}", shown(&found));
}

/// Check that with the API forbidding to ask, the runtime carries alone, says why and what is missing, and finds the same
/// cgroups.
#[test]
fn by_the_runtime() {
    let machine = Machine::recorded();
    machine.server().fault(Fault::Forbidden(vec!["get", "list"]));
    let runtime = machine.runtime();
    let found = machine.find(&["my-pod"]).unwrap();
    let expected = ["my-pod app level 4", "my-pod init -", "my-pod native-sidecar level 4", "my-pod side level 4"];
    assert_eq!(shown(&found), expected);
    assert_snapshot!(machine.said(&found.remarks.join("\n")), @"pods were found by containerd 1.2.3 at `/run/containerd/containerd.sock`, so workloads are told by labels and names; init containers are not told from others, and pods of other nodes are not known; better sources could not be used: the API at http://SERVER forbids `system:serviceaccount:production:default` to get pods in namespace `production`: allow the verbs `get`, `list` and `watch` on `pods` by a role");
    assert_eq!(shown(&machine.find(&["deploy/web"]).unwrap()).len(), 2);
    assert_eq!(shown(&machine.find(&["-l", "app=web"]).unwrap()).len(), 2);
    drop(runtime);
}

/// Check that with neither, names of cgroups carry alone: by the kubelet's logs, by the host name, and by the uid.
#[test]
fn by_names() {
    let mut machine = Machine::recorded();
    machine.kill_server();
    machine.logs("production", "my-pod", "427afb51-1169-4ef7-9d98-9b3a73e1b1de", &["app", "side"]);
    let found = machine.find(&["my-pod"]).unwrap();
    assert_eq!(found.source, Source::Cgroups);
    let mut lines = shown(&found);
    lines.sort();
    assert_eq!(lines, ["my-pod 6fe4a98c8e03 level 4", "my-pod app level 4", "my-pod side level 4"]);
    assert_snapshot!(machine.said(&found.remarks.join("\n")), @"pods were found by the names of cgroups, so workloads, labels and restarts are not known, nor pods of other nodes; without log files of the kubelet neither namespaces nor names of containers are; better sources could not be used: cannot reach the API at http://SERVER: Connection refused (os error 111); and no container runtime's socket is there: set `CONTAINER_RUNTIME_ENDPOINT` if it has another place than the usual");
    let by_host_name = machine.find(&["guaranteed"]).unwrap();
    assert_eq!(by_host_name.pods[0].namespace, None);
    assert_eq!(shown(&by_host_name), ["guaranteed 1e42296d094d level 3"]);
    let patterns = machine.find(&["-n", "kube-system", "g*"]).unwrap_err().to_string();
    assert!(patterns.starts_with("cannot find pods `g*` in namespace `kube-system`"), "{patterns}");
    let by_uid = machine.find(&["pod/f83c1125-ab1d-442a-aad4-496aea1848d8"]).unwrap();
    assert_eq!(by_uid.pods[0].pod, "guaranteed");
    assert_snapshot!(machine.said(&machine.find(&["deploy/web"]).unwrap_err().to_string()), @"cannot tell which are the pods of `deploy/web`: only the API and the container runtime know (not asked: cannot reach the API at http://SERVER: Connection refused (os error 111); and no container runtime's socket is there: set `CONTAINER_RUNTIME_ENDPOINT` if it has another place than the usual)");
}

/// Check that a container that was restarted behind the API's back is found in the pod's cgroup, named by the runtime.
#[test]
fn restarted_since() {
    let machine = Machine::recorded();
    machine.replace_container("my-pod", "app", 'e');
    let _runtime = machine.runtime_with("my-pod", "app", 'e', 5);
    let found = machine.find(&["my-pod"]).unwrap();
    let app: Vec<_> = found.pods[0].containers.iter().filter(|container| container.name == "app").collect();
    assert_eq!(app.len(), 1, "{:?}", shown(&found));
    assert_eq!((app[0].id.as_deref(), app[0].restarts), (Some("e".repeat(64).as_str()), Some(5)));
    assert!(app[0].cgroup.is_some() && app[0].kind == ContainerKind::App);
}

/// Check that pods of a workload that run elsewhere are told of, and those that are here traced.
#[test]
fn partly_elsewhere() {
    let machine = Machine::recorded();
    machine.move_pod("web-85f5b7f4c8-nn8tf", "other-node");
    let found = machine.find(&["deploy/web"]).unwrap();
    assert_eq!(shown(&found), ["web-85f5b7f4c8-mxdrj web level 4"]);
    assert_snapshot!(found.remarks.join("\n"), @"of the pods that were named, these are not traced, because they do not run here: `production/web-85f5b7f4c8-nn8tf` on node `other-node`");
}

/// Check that a namespace of the command line holds for selectors that name none, and that the context's is the default.
#[test]
fn namespaces() {
    let machine = Machine::recorded();
    let mut request = machine.request(&["*"]);
    assert_eq!(machine.resolve(&request).unwrap().pods.len(), 6);
    request.namespace = InNamespace::Named("kube-system".into());
    assert_eq!(machine.resolve(&request).unwrap().pods.len(), 1);
    request.namespace = InNamespace::All;
    assert_eq!(machine.resolve(&request).unwrap().pods.len(), 7);
}

/// Check what the doctor is told of a pod's containers: those that run with their processes, the others with the reason,
/// and the runtime as it calls itself.
#[test]
fn inspected() {
    let machine = Machine::recorded();
    let _socket = machine.runtime();
    let runtime = Runtime::find(machine.root(), None).unwrap();
    let found = machine.find(&["my-pod"]).unwrap();
    let findings: Vec<_> =
        found.pods.iter().flat_map(|pod| pod.inspect(&found.source, Some(&runtime), machine.root())).collect();
    assert_snapshot!(machine.said(&containers::render(&findings, &["tcp", "file"])), @"
    container production/my-pod/init
    found     by the API at http://SERVER as 2be6ed71b8ec
    runs      no: it has ended with exit code 0
    runtime   containerd 1.2.3 at `/run/containerd/containerd.sock`

    container production/my-pod/native-sidecar
    found     by the API at http://SERVER as 6fe4a98c8e03
    runs      1 process in cgroup2 `/kubepods/burstable/pod427afb51-1169-4ef7-9d98-9b3a73e1b1de/6fe4a98c8e037441b28eb5b9721d5d960bc67e84c54d06509c12219fd34cf303`
    runtime   containerd 1.2.3 at `/run/containerd/containerd.sock`
    program   pid 109: cannot tell its executable: No such file or directory (os error 2)
    seen      tcp, file, as far as listed below, whatever the language

    container production/my-pod/app
    found     by the API at http://SERVER as 65dfdf2b28a1
    runs      1 process in cgroup2 `/kubepods/burstable/pod427afb51-1169-4ef7-9d98-9b3a73e1b1de/65dfdf2b28a1150a1ebea2218a2ec1385ad5630ef27790415d4b98a26da82f2d`
    runtime   containerd 1.2.3 at `/run/containerd/containerd.sock`
    program   pid 110: cannot tell its executable: No such file or directory (os error 2)
    seen      tcp, file, as far as listed below, whatever the language

    container production/my-pod/side
    found     by the API at http://SERVER as ade00c2ac6b4
    runs      1 process in cgroup2 `/kubepods/burstable/pod427afb51-1169-4ef7-9d98-9b3a73e1b1de/ade00c2ac6b45d3608f0e70cf350b3b3e74df667f462bb84994c3189755703a8`
    runtime   containerd 1.2.3 at `/run/containerd/containerd.sock`
    program   pid 111: cannot tell its executable: No such file or directory (os error 2)
    seen      tcp, file, as far as listed below, whatever the language
    ");
    let without = found.pods[0].inspect(&found.source, None, machine.root());
    assert_eq!(without[2].runtime, None, "names of this driver do not say it");
}
