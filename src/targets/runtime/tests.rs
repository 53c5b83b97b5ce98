use std::io::Read;
use std::io::Write;
use std::os::unix::net::UnixListener;
use std::path::PathBuf;

use insta::assert_snapshot;

use super::Runtime;
use super::RuntimeError;
use super::fake::Answers;
use super::fake::FakeRuntime;
use super::socket;
use crate::targets::pod::ContainerState;
use crate::targets::pod::Phase;

const UID: &str = "427afb51-1169-4ef7-9d98-9b3a73e1b1de";

fn id(digit: char) -> String {
    digit.to_string().repeat(64)
}

/// An error's text without the folder of the test.
fn text(error: &RuntimeError, folder: &std::path::Path) -> String {
    error.to_string().replace(&folder.display().to_string(), "")
}

/// Check that pods and containers are told from labels, restarts from the annotation, and that of each container the
/// one that runs counts, else the latest.
#[test]
fn pods() {
    let folder = tempfile::tempdir().unwrap();
    let mut answers = Answers::of("containerd");
    answers.pod(
        "production",
        "web-85f5b7f4c8-mxdrj",
        UID,
        "s1",
        &[("pod-template-hash", "85f5b7f4c8"), ("app", "web")],
    );
    answers.pod("production", "old", "9d9ef9e10d8001c525b4f1621cab1136", "s2", &[]);
    answers.retire(1);
    answers.container("s1", "app", &id('a'), 2, 5);
    answers.container("s1", "app", &id('b'), 1, 7);
    answers.container("s1", "crasher", &id('c'), 2, 11);
    answers.container("s1", "crasher", &id('d'), 2, 3);
    answers.container("s2", "gone", &id('e'), 1, 0);
    answers.container("nobody's", "stray", &id('f'), 1, 0);
    answers.info.insert(id('b'), r#"{"pid": 4711, "sandboxID": "s1"}"#.into());
    answers.info.insert(id('c'), r#"{"pid": 0}"#.into());
    let server = FakeRuntime::start(&folder.path().join("a.sock"), answers);
    let mut runtime = Runtime::connect(&server.socket).unwrap();
    assert_eq!((runtime.name.as_str(), runtime.version.as_str()), ("containerd", "1.2.3"));
    let pods = runtime.pods().unwrap();
    assert_eq!(pods.len(), 1, "{pods:?}");
    let pod = &pods[0];
    assert_eq!(pod.full_name(), "production/web-85f5b7f4c8-mxdrj");
    assert_eq!((pod.uid.as_str(), pod.kubelet_uid.as_str(), pod.phase), (UID, UID, Phase::Running));
    assert_eq!(pod.workload.as_ref().unwrap().to_string(), "Deployment/web");
    assert_eq!(pod.labels.keys().collect::<Vec<_>>(), ["app", "pod-template-hash"]);
    assert_eq!(pod.sandboxes, ["s1"]);
    let containers: Vec<_> = pod
        .containers
        .iter()
        .map(|one| (one.name.as_str(), one.id.clone().unwrap(), one.restarts.unwrap(), one.state.clone()))
        .collect();
    let expected =
        [("app", id('b'), 7, ContainerState::Running), ("crasher", id('c'), 11, ContainerState::Ended(None))];
    assert_eq!(containers, expected);
    assert_eq!(runtime.pid(&id('b')).unwrap(), Some(4711));
    assert_eq!(runtime.pid(&id('c')).unwrap(), None);
    assert_eq!(runtime.pid(&id('d')).unwrap(), None);
    assert_snapshot!(text(&runtime.pid(&id('9')).unwrap_err(), folder.path()), @"the container runtime at `/a.sock` refuses `ContainerStatus`: no such container");
}

/// Check that the first usual socket that answers is taken, also in the machine's own file system, and that a dead one
/// before it does not matter.
#[test]
fn usual_sockets() {
    let root = tempfile::tempdir().unwrap();
    assert!(matches!(Runtime::find(root.path(), None), Err(RuntimeError::None)));
    let dead = root.path().join(socket::SOCKETS[0]);
    std::fs::create_dir_all(dead.parent().unwrap()).unwrap();
    drop(UnixListener::bind(&dead).unwrap());
    assert_snapshot!(text(&Runtime::find(root.path(), None).unwrap_err(), root.path()), @"cannot connect to `/run/containerd/containerd.sock`: Connection refused (os error 111)");
    let path = root.path().join("proc/1/root").join(socket::SOCKETS[1]);
    let server = FakeRuntime::start(&path, Answers::of("cri-o"));
    assert_eq!(Runtime::find(root.path(), None).unwrap().name, "cri-o");
    assert_eq!(Runtime::find(root.path(), None).unwrap().socket(), &server.socket);
    assert!(
        matches!(Runtime::find(root.path(), Some(&dead)), Err(RuntimeError::Closed { .. })),
        "a named one is not passed over"
    );
}

/// Check what is said about sockets that are absent, foreign, or refuse.
#[test]
fn errors() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let said = |error: RuntimeError| text(&error, folder.path());
    assert_snapshot!(said(Runtime::connect(&at("absent.sock")).unwrap_err()), @"there is no socket `/absent.sock`: is the container runtime running?");

    let web = UnixListener::bind(at("web.sock")).unwrap();
    let thread = std::thread::spawn(move || {
        for _ in 0..2 {
            let (mut stream, _) = web.accept().unwrap();
            let mut request = [0; 1024];
            let _ = stream.read(&mut request);
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
        }
    });
    let foreign = Runtime::connect(&at("web.sock")).unwrap_err();
    assert!(matches!(foreign, RuntimeError::Foreign { .. }), "{foreign}");
    thread.join().unwrap();

    let other = FakeRuntime::start(&at("other.sock"), Answers::refusing("Version"));
    assert_snapshot!(said(Runtime::connect(&other.socket).unwrap_err()), @"what answers at `/other.sock` does not speak the container runtime interface (CRI v1): not today");
    let strict = FakeRuntime::start(&at("strict.sock"), Answers::refusing("ListContainers"));
    assert_snapshot!(said(Runtime::connect(&strict.socket).unwrap().pods().unwrap_err()), @"the container runtime at `/strict.sock` refuses `ListContainers`: not today");
}

/// Check that the environment's way to write a socket is read, and that what is none is refused.
#[test]
fn endpoints() {
    assert_eq!(socket::parse("unix:///run/x.sock").unwrap(), PathBuf::from("/run/x.sock"));
    assert_eq!(socket::parse("/run/x.sock").unwrap(), PathBuf::from("/run/x.sock"));
    assert_snapshot!(socket::parse("tcp://1.2.3.4:5").unwrap_err(), @"`CONTAINER_RUNTIME_ENDPOINT` is `tcp://1.2.3.4:5`: expected a path, or `unix://` and a path");
}

/// Check that a runtime that accepts and says nothing is not waited for without end.
#[test]
fn silence() {
    let folder = tempfile::tempdir().unwrap();
    let listener = UnixListener::bind(folder.path().join("silent.sock")).unwrap();
    let begun = std::time::Instant::now();
    let error = Runtime::connect(&folder.path().join("silent.sock")).unwrap_err();
    assert_snapshot!(text(&error, folder.path()), @"the container runtime at `/silent.sock` does not answer within 5 s");
    assert!(begun.elapsed().as_secs() < 8);
    drop(listener);
}
