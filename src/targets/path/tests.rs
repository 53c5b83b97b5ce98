use proptest::prelude::any;
use proptest::prop_assert;
use proptest::prop_assert_eq;
use proptest::proptest;

use super::is_pod;
use super::of_process;
use super::read;
use crate::host::Hierarchy;

const U: &str = "0f5b2a7e-3c1d-4f6a-9b8c-1234567890ab";
const H: &str = "9d9ef9e10d8001c525b4f1621cab1136";

/// A path with the placeholders of the table filled in, by a vector's number so that no two share an id.
fn path(number: usize, template: &str) -> String {
    let replace = [
        ("{U_}", U.replace('-', "_")),
        ("{U}", U.to_owned()),
        ("{H}", H.to_owned()),
        ("{C}", container(number)),
        ("{N}", node(number)),
    ];
    replace.into_iter().fold(template.to_owned(), |text, (name, value)| text.replace(name, &value))
}

fn container(number: usize) -> String {
    format!("{number:02x}c1d2e3").repeat(8)
}

fn node(number: usize) -> String {
    format!("{number:02x}0f0e0d").repeat(8)
}

/// (number in the table, path, pod, container, runtime): each path as some kubelet, runtime and driver write it.
const VECTORS: &[(usize, &str, &str, &str, &str)] = &[
    (1, "/kubepods/burstable/pod{U}/{C}", "U", "C", ""),
    (2, "/kubepods/besteffort/pod{U}/{C}", "U", "C", ""),
    (3, "/kubepods/pod{U}/{C}", "U", "C", ""),
    (4, "/kubepods/besteffort/pod{H}/{C}", "H", "C", ""),
    (
        5,
        "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod{U_}.slice/cri-containerd-{C}.scope",
        "U",
        "C",
        "containerd",
    ),
    (6, "/kubepods.slice/kubepods-pod{U_}.slice/cri-containerd-{C}.scope", "U", "C", "containerd"),
    (
        7,
        "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod{H}.slice/cri-containerd-{C}.scope",
        "H",
        "C",
        "containerd",
    ),
    (
        8,
        "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod{U_}.slice/cri-containerd-{C}",
        "U",
        "C",
        "containerd",
    ),
    (9, "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod{U_}.slice/crio-{C}.scope", "U", "C", "cri-o"),
    (
        10,
        "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod{U_}.slice/crio-{C}.scope/container",
        "U",
        "C",
        "cri-o",
    ),
    (11, "/kubepods/pod{U}/crio-{C}", "U", "C", "cri-o"),
    (12, "/kubepods.slice/kubepods-pod{U_}.slice/crio-conmon-{C}.scope", "", "", ""),
    (12, "/kubepods/pod{U}/crio-conmon-{C}", "", "", ""),
    (
        13,
        "/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod{U_}.slice/docker-{C}.scope",
        "U",
        "C",
        "docker",
    ),
    (14, "/kubepods/besteffort/pod{U}/{C}/kube-proxy", "U", "C", ""),
    (
        15,
        "/system.slice/containerd.service/kubepods-burstable-pod{U_}.slice:cri-containerd:{C}",
        "U",
        "C",
        "containerd",
    ),
    (15, "/kubepods-burstable-pod{U_}.slice:cri-containerd:{C}", "U", "C", "containerd"),
    (
        16,
        "/docker/{N}/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-besteffort.slice/kubelet-kubepods-besteffort-pod{U_}.slice/cri-containerd-{C}.scope",
        "U",
        "C",
        "containerd",
    ),
    (
        17,
        "/system.slice/docker-{N}.scope/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-besteffort.slice/kubelet-kubepods-besteffort-pod{U_}.slice/cri-containerd-{C}.scope",
        "U",
        "C",
        "containerd",
    ),
    (
        18,
        "/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-besteffort.slice/kubelet-kubepods-besteffort-pod{U_}.slice/cri-containerd-{C}.scope",
        "U",
        "C",
        "containerd",
    ),
    (19, "/kubelet/kubepods/burstable/pod{U}/{C}", "U", "C", ""),
    (20, "/../cri-containerd-{C}.scope", "", "C", "containerd"),
    (21, "/../../pod{H}/{C}", "H", "C", ""),
    (22, "/../../../../kubepods/burstable/pod{U}/{C}", "U", "C", ""),
    (23, "/", "", "", ""),
    (24, "/k8s.io/{C}", "", "C", ""),
    (25, "/default/NAME", "", "", ""),
    (26, "/docker/{C}", "", "C", "docker"),
    (26, "/system.slice/docker-{C}.scope", "", "C", "docker"),
    (27, "/libpod_parent/libpod-{C}", "", "C", "podman"),
    (27, "/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-conmon-{C}.scope", "", "", ""),
    (28, "/system.slice/kubelet.service", "", "", ""),
    (28, "/podruntime.slice/containerd.service", "", "", ""),
    (28, "/runtime.slice/kubelet.service", "", "", ""),
    (29, "/system.slice/run-containerd-io.containerd.runtime.v2.task-k8s.io-{C}-rootfs.mount", "", "", ""),
    (30, "/lxc/name", "", "", ""),
    (30, "/lxc.payload.name", "", "", ""),
    (32, "/kubepods/burstable/pod0f5b2a7e-3c1d-4f6a-1234567890ab", "", "", ""),
    (32, "/docker/0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f", "", "", ""),
    (32, "/docker/cri-containerd-0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0.scope", "", "", ""),
    (32, "/docker/0F0F0F0F0F0F0F0F0F0F0F0F0F0F0F0F0F0F0F0F0F0F0F0F0F0F0F0F0F0F0F0F", "", "", ""),
    (32, "/kubepods/pod0F5B2A7E-3C1D-4F6A-9B8C-1234567890AB", "", "", ""),
];

/// Check that every known spelling of a path is read as what it is, and what is no container as none.
#[test]
fn vectors() {
    let mut numbers: Vec<usize> = VECTORS.iter().map(|vector| vector.0).collect();
    for (number, template, pod, id, runtime) in VECTORS {
        let path = path(*number, template);
        let named = read(&path);
        let pod = match *pod {
            "U" => Some(U),
            "H" => Some(H),
            _ => None,
        };
        assert_eq!(named.pod.as_ref().map(|pod| pod.uid.as_str()), pod, "vector {number}: {path}");
        let expected = (*id == "C").then(|| container(*number));
        assert_eq!(named.container.as_ref().map(|one| one.id), expected.as_deref(), "vector {number}: {path}");
        let said = named.container.as_ref().and_then(|one| one.runtime).unwrap_or_default();
        assert_eq!(said, *runtime, "vector {number}: {path}");
    }
    numbers.push(31); // `hybrid`
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers, (1..=32).collect::<Vec<_>>());
}

/// Check vector 31: on a hybrid machine the daemon's path of version 2 is left for that of version 1 with the container.
#[test]
fn hybrid() {
    let id = container(31);
    let v1 = |name: &str, path: String| (Hierarchy::V1(name.into()), path);
    let daemon = (Hierarchy::V2, "/system.slice/containerd.service".to_owned());
    let lines = [
        v1("name=systemd", format!("/docker/{}", node(31))),
        v1("pids", format!("/docker/{id}")),
        v1("memory", format!("/docker/{id}")),
        daemon.clone(),
    ];
    let (hierarchy, named) = of_process(&lines).unwrap();
    assert_eq!((hierarchy, named.container.unwrap().id), (&Hierarchy::V1("memory".into()), id.as_str()));
    let lines = [v1("memory", format!("/docker/{}", node(31))), (Hierarchy::V2, format!("/docker/{id}"))];
    assert_eq!(of_process(&lines).unwrap().1.container.unwrap().id, id);
    assert_eq!(of_process(&[daemon]), None);
}

/// Check that depths count the names from the root, so that they are levels, and that one name for both has no pod's.
#[test]
fn depths() {
    let depths = |template: &str| {
        let path = path(5, template);
        let named = read(&path);
        (named.pod.and_then(|pod| pod.depth), named.container.map(|container| container.depth))
    };
    assert_eq!(depths("/kubepods/burstable/pod{U}/{C}"), (Some(3), Some(4)));
    assert_eq!(depths("/kubepods/pod{U}/{C}/a/b"), (Some(2), Some(3)));
    assert_eq!(depths("/a/kubepods-pod{U_}.slice:cri-containerd:{C}"), (None, Some(2)));
    assert_eq!(
        depths("/docker/{N}/kubelet/kubepods/pod{U}"),
        (Some(5), None),
        "the pod is in the container, not the container in it"
    );
}

/// Check that what monitors containers inside of a container belongs to that container.
#[test]
fn monitors_inside() {
    let path = path(12, "/kubepods/pod{U}/{N}/user.slice/libpod-conmon-{C}.scope");
    assert_eq!(read(&path).container.unwrap().id, node(12));
}

/// Check that a pod is known by its uid in either spelling, also by one that is no UUID, and by nothing less.
#[test]
fn pods_by_uid() {
    assert!(is_pod(&format!("pod{U}"), U));
    assert!(is_pod(&format!("kubepods-burstable-pod{}.slice", U.replace('-', "_")), U));
    assert!(is_pod("kubepods-podmy_static_uid.slice", "my-static-uid"));
    assert!(is_pod("podmy-static-uid", "my-static-uid"));
    for (name, uid) in [
        ("pod", ""),
        ("kubepods-pod.slice", ""),
        ("podab", "a"),
        ("xpoda", "a"),
        ("kubepods-burstable.slice", "burstable"),
    ] {
        assert!(!is_pod(name, uid), "{name} {uid}");
    }
}

proptest! {
    /// Check that any text has an answer, and that what is answered is in the text.
    #[test]
    fn total(text in any::<String>()) {
        let named = read(&text);
        prop_assert!(named.container.is_none_or(|container| text.contains(container.id)));
    }

    /// Check the same for texts made of the pieces that paths are made of.
    #[test]
    fn total_on_pieces(pieces in proptest::collection::vec("/|-|:|pod|\\.slice|\\.scope|conmon|crio|[0-9a-f]{64}|[0-9a-f]{32}|0f5b2a7e.3c1d.4f6a.9b8c.1234567890ab|\\.\\.", 0..12)) {
        let text = pieces.concat();
        let named = read(&text);
        let depth = text.split('/').filter(|name| !name.is_empty()).count();
        if let (Some(pod), Some(container)) = (&named.pod, &named.container) {
            prop_assert!(pod.depth.is_none_or(|pod| pod < container.depth));
        }
        prop_assert!(named.container.as_ref().is_none_or(|container| container.depth <= depth));
        prop_assert_eq!(read(&text), named);
    }
}
