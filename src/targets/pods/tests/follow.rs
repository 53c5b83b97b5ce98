//! What is told of pods while they are followed.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::time::Duration;
use std::time::Instant;

use serde_json::Value;
use serde_json::json;

use super::machine::Machine;
use crate::host::Namespaces;
use crate::targets::pods::Children;
use crate::targets::pods::Following;
use crate::targets::pods::News;
use crate::targets::pods::PodTarget;

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(30);

fn following(machine: &Machine, words: &[&str]) -> Following {
    let request = machine.request(words);
    let found = machine.resolve(&request).unwrap();
    Following::start(&request, &found, machine.root(), Namespaces::read(machine.root())).unwrap()
}

/// The next news that is looked for.
fn next<T>(following: &Following, what: &str, mut find: impl FnMut(News) -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match following.next().map(&mut find) {
            Some(Some(found)) => return found,
            Some(None) => {}
            None => std::thread::sleep(Duration::from_millis(5)),
        }
        assert!(Instant::now() < deadline, "waited in vain for {what}");
    }
}

/// The next news of a pod, of which something is true.
fn pod(following: &Following, uid: &str, holds: impl Fn(&PodTarget) -> bool) -> PodTarget {
    next(following, uid, |news| match news {
        News::Pod(pod) if pod.kubelet_uid == uid && holds(&pod) => Some(*pod),
        _ => None,
    })
}

/// A pod like one of `web`, with another name and uid.
fn another(machine: &Machine, name: &str, uid: &str, digit: char) -> Value {
    let mut pod = machine.server().pod("production", "web-85f5b7f4c8-mxdrj");
    pod["metadata"]["name"] = json!(name);
    pod["metadata"]["uid"] = json!(uid);
    pod["status"]["containerStatuses"][0]["containerID"] =
        json!(format!("containerd://{}", digit.to_string().repeat(64)));
    pod
}

const UID: &str = "0aaaaaaa-1111-4222-8333-444444444444";

/// Check that a pod that comes with a rollout is told of when it has a cgroup, also if that comes later, and that one that
/// goes is told of.
#[test]
fn a_rollout() {
    let mut machine = Machine::recorded();
    let following = following(&machine, &["deploy/web"]);
    let new = another(&machine, "web-85f5b7f4c8-zzzzz", UID, 'e');
    machine.server().apply(new.clone());
    machine.server().apply(another(&machine, "other-1", "0bbbbbbb-1111-4222-8333-444444444444", 'f'));
    machine.plant(&new, &mut 900);
    following.touched(UID.into(), Children::new());
    let told = pod(&following, UID, |pod| pod.containers.iter().any(|container| container.cgroup.is_some()));
    assert_eq!((told.pod.as_str(), told.cgroup.is_some()), ("web-85f5b7f4c8-zzzzz", true));
    machine.server().delete("production", "web-85f5b7f4c8-zzzzz");
    let gone = next(&following, "its end", |news| match news {
        News::Gone(uid) => Some(uid),
        _ => None,
    });
    assert_eq!(gone, UID);
}

/// Check that a container that was started again behind the API's back is named by the runtime, once its cgroup was heard of,
/// and that its sandbox is left out.
#[test]
fn behind_the_api() {
    let machine = Machine::recorded();
    let following = following(&machine, &["my-pod"]);
    let uid = "427afb51-1169-4ef7-9d98-9b3a73e1b1de";
    machine.replace_container("my-pod", "app", 'e');
    let _runtime = machine.runtime_with("my-pod", "app", 'e', 5);
    following.touched(uid.into(), Children::new());
    let id = "e".repeat(64);
    let told = pod(&following, uid, |pod| pod.containers.iter().any(|one| one.id.as_ref() == Some(&id)));
    let again = told.containers.iter().find(|one| one.id.as_ref() == Some(&id)).unwrap();
    assert_eq!((again.name.as_str(), again.restarts, again.cgroup.is_some()), ("app", Some(5), true));
    assert_eq!(told.left_out.len(), 1);
}

/// Check that a container is named also if its cgroup could not be seen yet when the kernel told of it.
#[test]
fn heard_before_seen() {
    let machine = Machine::recorded();
    let _runtime = machine.runtime_with("my-pod", "late", 'e', 0);
    let following = following(&machine, &["my-pod"]);
    let uid = "427afb51-1169-4ef7-9d98-9b3a73e1b1de";
    let (hidden, place) = machine.hidden_container("my-pod", 'e');
    following.touched(uid.into(), Children::from([(fs::metadata(&hidden).unwrap().ino(), None)]));
    // Several looks long.
    std::thread::sleep(Duration::from_millis(300));
    fs::rename(hidden, place).unwrap();
    let id = "e".repeat(64);
    let told = pod(&following, uid, |pod| pod.containers.iter().any(|one| one.id.as_ref() == Some(&id)));
    assert_eq!(told.containers.last().map(|late| (late.name.as_str(), late.cgroup.is_some())), Some(("late", true)));
}

/// Check that a container is named also if its cgroup was gone when the kernel's word of it came.
#[test]
fn heard_after_gone() {
    let machine = Machine::recorded();
    let _runtime = machine.runtime_with("my-pod", "brief", 'e', 0);
    let following = following(&machine, &["my-pod"]);
    let uid = "427afb51-1169-4ef7-9d98-9b3a73e1b1de";
    let id = "e".repeat(64);
    following.touched(uid.into(), Children::from([(u64::MAX, Some(id.clone()))]));
    let told = pod(&following, uid, |pod| pod.containers.iter().any(|one| one.id.as_ref() == Some(&id)));
    assert_eq!(
        told.containers.last().map(|brief| (brief.name.as_str(), brief.cgroup.is_some())),
        Some(("brief", false))
    );
}

/// Check that with the API gone this is told once, that a new pod is found by the runtime if it is meant, and that the API's
/// return is told.
#[test]
fn without_the_api() {
    let mut machine = Machine::recorded();
    let following = following(&machine, &["*"]);
    let asked = || machine.server().requests().iter().any(|request| request.contains("watch"));
    let deadline = Instant::now() + PATIENCE;
    while !asked() {
        assert!(Instant::now() < deadline, "waited in vain for the watch");
        std::thread::sleep(Duration::from_millis(5));
    }
    let extra = {
        let mut extra = another(&machine, "extra", UID, 'e');
        extra["metadata"]["ownerReferences"] = json!([]);
        extra
    };
    machine.plant(&extra, &mut 900);
    let killed = machine.take_server().kill();
    let why = next(&following, "trouble", |news| match news {
        News::Troubled(why) => Some(why),
        _ => None,
    });
    assert!(why.contains("API"), "{why}");
    let _runtime = machine.runtime_of(&extra);
    following.touched(UID.into(), Children::new());
    let told = pod(&following, UID, |pod| pod.containers.iter().any(|container| container.cgroup.is_some()));
    assert_eq!(told.pod, "extra");
    let _server = killed.start();
    next(&following, "its return", |news| matches!(news, News::Well).then_some(()));
}
