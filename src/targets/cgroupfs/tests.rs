use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::path::PathBuf;
use std::process::Child;
use std::process::Command;

use super::Forest;
use super::NamedPod;
use crate::host::Cgroups;
use crate::host::Hierarchy;
use crate::host::Host;
use crate::host::Namespaces;

const U: &str = "0f5b2a7e-3c1d-4f6a-9b8c-1234567890ab";
const H: &str = "9d9ef9e10d8001c525b4f1621cab1136";
const V2: &str = "30 20 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw";
const UNIFIED: &str = "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw";
const MEMORY: &str = "35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory";
const PIDS: &str = "36 31 0:33 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids";

fn id(digit: char) -> String {
    digit.to_string().repeat(64)
}

/// A machine of these mounts; cgroups by folder with the processes in them.
fn machine(mounts: &[&str], cgroups: &[(&str, &str)]) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    fs::create_dir_all(root.path().join("proc/self")).unwrap();
    fs::write(root.path().join("proc/self/mountinfo"), mounts.join("\n")).unwrap();
    for (folder, processes) in cgroups {
        let folder = root.path().join("sys/fs/cgroup").join(folder);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("cgroup.procs"), processes.replace(' ', "\n")).unwrap();
    }
    root
}

fn hierarchies(root: &Path) -> Cgroups {
    Cgroups::of_machine(root, Namespaces::read(root))
}

/// Check that containers and pods are found under both drivers and in nested trees, each with its level and inode.
#[test]
fn drivers() {
    let slice = U.replace('-', "_");
    let (a, b, c) = (id('a'), id('b'), id('c'));
    let by_systemd = format!("kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod{slice}.slice");
    let trees = [
        (format!("kubepods/burstable/pod{U}"), format!("kubepods/burstable/pod{U}/{a}"), 3),
        (format!("kubepods/pod{U}"), format!("kubepods/pod{U}/crio-{a}"), 2),
        (by_systemd.clone(), format!("{by_systemd}/cri-containerd-{a}.scope"), 3),
        (
            format!("docker/{c}/kubelet/{by_systemd}"),
            format!("docker/{c}/kubelet/{by_systemd}/cri-containerd-{a}.scope"),
            6,
        ),
    ];
    for (pod, container, level) in trees {
        let inner = format!("{container}/nested/{b}");
        let root = machine(&[V2], &[(&container, "11"), (&inner, "13")]);
        let cgroups = hierarchies(root.path());
        let forest = Forest::read(&cgroups);
        let tree = forest.choose(&[&a], &[]).unwrap();
        let found = tree.container(&a).unwrap().unwrap();
        assert_eq!((found.path.as_str(), found.level), (format!("/{container}").as_str(), level + 1));
        assert_eq!(found.id, fs::metadata(root.path().join("sys/fs/cgroup").join(&container)).unwrap().ino());
        for ids in [vec![a.as_str()], vec![]] {
            let found = tree.pod(U, ids.into_iter()).unwrap().unwrap();
            assert_eq!((found.path.as_str(), found.level), (format!("/{pod}").as_str(), level));
            assert_eq!(tree.containers_of(&found), [a.as_str()], "what is nested is not the pod's own");
        }
        assert!(tree.container(&id('9')).unwrap().is_none());
        assert!(tree.pod(H, std::iter::empty()).unwrap().is_none());
    }
}

/// Check that a container keeps its cgroup although runtimes make children of the same name below it.
#[test]
fn children() {
    let a = id('a');
    let scope = format!("kubepods.slice/kubepods-pod{H}.slice/crio-{a}.scope");
    let root = machine(&[V2], &[(&scope, ""), (&format!("{scope}/container"), "11")]);
    let cgroups = hierarchies(root.path());
    let forest = Forest::read(&cgroups);
    let tree = forest.choose(&[&a], &[]).unwrap();
    assert_eq!(tree.container(&a).unwrap().unwrap().path, format!("/{scope}"));
    assert_eq!(tree.runtime(&a), Some("cri-o"));
}

/// Check that where drivers disagree there is a container and no pod's cgroup, and a static pod with a uid of its own is
/// found by it.
#[test]
fn odd_pods() {
    let (a, b) = (id('a'), id('b'));
    let slice = U.replace('-', "_");
    let joint = format!("system.slice/kubepods-burstable-pod{slice}.slice:cri-containerd:{a}");
    let root = machine(&[V2], &[(&joint, "11"), (&format!("kubepods/podmy-static-pod/{b}"), "13")]);
    let cgroups = hierarchies(root.path());
    let forest = Forest::read(&cgroups);
    let tree = forest.fullest().unwrap();
    assert_eq!(tree.container(&a).unwrap().unwrap().level, 2);
    assert!(tree.pod(U, [a.as_str()].into_iter()).unwrap().is_none());
    let own = tree.pod("my-static-pod", [b.as_str()].into_iter()).unwrap().unwrap();
    assert_eq!(own.path, "/kubepods/podmy-static-pod");
    let named = |uid: &str, id: &str| NamedPod { uid: uid.into(), containers: vec![id.into()] };
    assert_eq!(tree.pods(), [named(U, &a), named("my-static-pod", &b)]);
}

/// Check that on a hybrid machine that hierarchy is taken in which the containers have processes, for all of them.
#[test]
fn hybrid() {
    let (a, b) = (id('a'), id('b'));
    let both = [format!("kubepods/pod{H}/{a}"), format!("kubepods/pod{H}/{b}")];
    let folders = |hierarchy: &str| both.iter().map(|path| format!("{hierarchy}/{path}")).collect::<Vec<_>>();
    let (unified, memory) = (folders("unified"), folders("memory"));
    let chosen = |cgroups: &[(&str, &str)], mounts: &[&str]| {
        let root = machine(mounts, cgroups);
        let cgroups = hierarchies(root.path());
        Forest::read(&cgroups).choose(&[&a, &b], &[H]).map(|tree| tree.hierarchy().clone())
    };
    let v1 = Some(Hierarchy::V1("memory".into()));
    let all = [MEMORY, PIDS, UNIFIED];
    let joined = [(unified[0].as_str(), "11"), (&unified[1], "13"), (&memory[0], "11"), (&memory[1], "13")];
    assert_eq!(chosen(&joined, &all), Some(Hierarchy::V2));
    let only_folders = [(unified[0].as_str(), ""), (&unified[1], ""), (&memory[0], "11"), (&memory[1], "13")];
    assert_eq!(chosen(&only_folders, &all), v1);
    let one_only = [(unified[0].as_str(), "11"), (&memory[0], "11"), (&memory[1], "13")];
    assert_eq!(chosen(&one_only, &all), v1);
    assert_eq!(chosen(&[(&memory[0], "11")], &[MEMORY]), v1);
    assert_eq!(chosen(&[("unified/kubepods", "11")], &all), None);
}

/// Check that from a cgroup namespace of its own the machine's hierarchy is looked at, through its first process.
#[test]
fn cgroup_namespace() {
    let a = id('a');
    let root = machine(&["30 20 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw"], &[("", "11")]);
    for (name, link) in [("cgroup", "cgroup:[4026532500]"), ("pid", "pid:[4026531836]")] {
        fs::create_dir_all(root.path().join("proc/self/ns")).unwrap();
        std::os::unix::fs::symlink(link, root.path().join("proc/self/ns").join(name)).unwrap();
    }
    let namespaces = Namespaces::read(root.path());
    assert_eq!((namespaces.cgroup, namespaces.pid), (Some(false), Some(true)));
    let init = root.path().join("proc/1/root");
    fs::create_dir_all(init.join(format!("sys/fs/cgroup/kubepods/pod{H}/{a}"))).unwrap();
    fs::write(root.path().join("proc/1/mountinfo"), "30 20 0:26 /../.. /sys/fs/cgroup rw - cgroup2 cgroup2 rw")
        .unwrap();
    // The real root is told by its inode, which a folder of a test cannot have: it is not taken for the root.
    let cgroups = Cgroups::of_machine(root.path(), namespaces);
    assert!(Forest::read(&cgroups).is_empty());
}

/// A tree below a real mount, removed when dropped, and the process in it ended.
struct Planted {
    base: PathBuf,
    child: Option<Child>,
}

impl Planted {
    /// Makes the folders; `None` if this test may not.
    fn new(mount: &Path, container: &Path) -> Option<Self> {
        let base = mount.join(format!("podtrace-test-{}", std::process::id()));
        if let Err(error) = fs::create_dir_all(base.join(container)) {
            eprintln!("skipped: cannot make cgroups below {}: {error}", mount.display());
            return None;
        }
        Some(Self { base, child: None })
    }

    fn run(&mut self, container: &Path) -> u32 {
        let child = Command::new("sleep").arg("60").spawn().unwrap();
        let pid = child.id();
        self.child = Some(child);
        fs::write(self.base.join(container).join("cgroup.procs"), pid.to_string()).unwrap();
        pid
    }
}

impl Drop for Planted {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
        let mut folders = crate::host::cgroup::walk(&self.base);
        folders.reverse();
        for folder in folders.iter().map(|folder| self.base.join(folder)).chain([self.base.clone()]) {
            let _ = fs::remove_dir(folder);
        }
    }
}

/// Check as root, on this machine: kubelet-shaped trees made by hand in each hierarchy, in which a real process is. Its id
/// is the folder's inode, its path the one the kernel gives, its processes the one in it.
#[test]
fn root_planted_trees() {
    let host = Host::read(Path::new("/"));
    let cgroups = Cgroups::of_machine(Path::new("/"), host.namespaces);
    let (a, slice) = (id('a'), U.replace('-', "_"));
    let shapes = [
        format!("kubepods/burstable/pod{U}/{a}"),
        format!("kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod{slice}.slice/cri-containerd-{a}.scope"),
    ];
    let mut compared = 0;
    for shape in &shapes {
        for mount in cgroups.mounts().iter().filter(|mount| mount.level.is_some() && mount.hierarchy.can_match()) {
            let known = matches!(&mount.hierarchy, Hierarchy::V1(name) if ["memory", "pids"].contains(&name.as_str()));
            if mount.hierarchy != Hierarchy::V2 && !known {
                continue;
            }
            let container = Path::new(shape);
            let Some(mut planted) = Planted::new(&mount.point, container) else { return };
            let pid = planted.run(container);
            let forest = Forest::read(&cgroups);
            let tree = forest.choose(&[&a], &[U]).unwrap();
            assert_eq!(tree.hierarchy(), &mount.hierarchy);
            let found = tree.container(&a).unwrap().unwrap();
            let folder = planted.base.join(container);
            assert_eq!(found.id, fs::metadata(&folder).unwrap().ino());
            let of_kernel = cgroups.of_process(pid).unwrap();
            let (_, path) = of_kernel.iter().find(|(hierarchy, _)| *hierarchy == mount.hierarchy).unwrap();
            assert_eq!(&found.path, path);
            assert_eq!(found.level as usize, path.split('/').count() - 1);
            let pod = tree.pod(U, [a.as_str()].into_iter()).unwrap().unwrap();
            assert_eq!(pod.level, found.level - 1);
            assert_eq!(crate::host::cgroup::processes(&pod.directory).into_iter().collect::<Vec<_>>(), [pid]);
            compared += 1;
        }
    }
    assert!(compared >= shapes.len(), "nothing was compared");
}
