use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use proptest::prelude::any;
use proptest::proptest;

use super::CgroupError;
use super::CgroupMount;
use super::Cgroups;
use super::Hierarchy;
use super::Layout;
use super::Namespaces;

const OWN: Namespaces = Namespaces { cgroup: Some(true), pid: Some(true), user: Some(true), time: Some(true) };

const V2: &str = "30 20 0:26 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate";
const UNIFIED: &str = "41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw";
const SYSTEMD: &str = "40 31 0:37 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,xattr,name=systemd";
const CPU: &str = "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct";
const MEMORY: &str = "35 31 0:32 / /sys/fs/cgroup/memory ro,relatime - cgroup cgroup rw,memory";
const TMPFS: &str = "31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755";

/// A folder with these mounts, this process in these cgroups, and these folders.
fn machine(mounts: &[&str], own: &str, folders: &[&str], namespaces: Namespaces) -> (tempfile::TempDir, Cgroups) {
    let root = tempfile::tempdir().unwrap();
    fs::create_dir_all(root.path().join("proc/self")).unwrap();
    fs::write(root.path().join("proc/self/mountinfo"), mounts.join("\n")).unwrap();
    fs::write(root.path().join("proc/self/cgroup"), own).unwrap();
    for folder in folders {
        fs::create_dir_all(root.path().join(folder)).unwrap();
    }
    let cgroups = Cgroups::read(root.path(), namespaces);
    (root, cgroups)
}

/// Check that each layout is told from its mounts, and which hierarchy comes first.
#[test]
fn layouts() {
    for (mounts, layout, first) in [
        ([V2].as_slice(), Layout::Unified, Some(Hierarchy::V2)),
        (&[TMPFS, SYSTEMD, CPU, MEMORY, UNIFIED], Layout::Hybrid, Some(Hierarchy::V2)),
        (&[TMPFS, SYSTEMD, CPU, MEMORY], Layout::Legacy, Some(Hierarchy::V1("memory".into()))),
        (&[TMPFS], Layout::None, None),
    ] {
        let (_root, cgroups) = machine(mounts, "", &[], OWN);
        assert_eq!(cgroups.layout(), layout);
        assert_eq!(cgroups.mounts().first().map(|mount| mount.hierarchy.clone()), first);
    }
}

/// Check that controllers, read-only mounts and named hierarchies are read.
#[test]
fn mounts() {
    let (_root, cgroups) = machine(&[SYSTEMD, CPU, MEMORY], "", &[], OWN);
    let shown: Vec<_> = cgroups.mounts().iter().map(|one| (one.controllers.join("+"), one.writable)).collect();
    assert_eq!(shown, [("memory".into(), false), ("cpu+cpuacct".into(), true), ("name=systemd".into(), true)]);
    assert!(!cgroups.mounts()[2].hierarchy.can_match());
}

/// Check that spaces in a mount's place are unescaped.
#[test]
fn escaped() {
    let mount = CgroupMount::parse(r"30 20 0:26 / /a\040b\134 rw - cgroup2 none rw").unwrap();
    assert_eq!(mount.point, Path::new(r"/a b\"));
}

/// Check that a cgroup's id is its folder's inode and its level counts from the real root.
#[test]
fn identity() {
    let folder = "sys/fs/cgroup/a.slice/b.service";
    let (root, cgroups) = machine(&[V2], "", &[folder], OWN);
    let mount = cgroups.v2().unwrap();
    let cgroup = cgroups.cgroup(mount, "a.slice/b.service".as_ref()).unwrap();
    let inode = fs::metadata(root.path().join(folder)).unwrap().ino();
    assert_eq!((cgroup.id, cgroup.level, cgroup.path.as_str()), (inode, 2, "/a.slice/b.service"));
    let top = cgroups.cgroup(mount, "".as_ref()).unwrap();
    assert_eq!((top.level, top.path.as_str()), (0, "/"));
    assert!(matches!(cgroups.cgroup(mount, "c".as_ref()), Err(CgroupError::Unreadable { .. })));
}

/// Check that a mount of a part of the hierarchy, as containers have, keeps paths and levels of the whole.
#[test]
fn part_of_a_hierarchy() {
    let bound = "30 20 0:26 /docker/abc /sys/fs/cgroup rw - cgroup2 cgroup2 rw";
    let (root, cgroups) = machine(&[bound], "", &["sys/fs/cgroup/inner"], OWN);
    let mount = cgroups.v2().unwrap();
    let inner = cgroups.cgroup(mount, "inner".as_ref()).unwrap();
    assert_eq!((inner.level, inner.path.as_str()), (3, "/docker/abc/inner"));
    assert_eq!(cgroups.cgroup(mount, "".as_ref()).unwrap().path, "/docker/abc");
    let place = root.path().join("sys/fs/cgroup");
    assert_eq!(cgroups.directory_of(mount, "/docker/abc/inner"), Some(place.join("inner")));
    assert_eq!(cgroups.directory_of(mount, "/docker/abc"), Some(place));
    assert_eq!(cgroups.directory_of(mount, "/docker/abcdef"), None);
    assert_eq!(cgroups.directory_of(mount, "/../docker/abc"), None);
}

/// Check that inside of a cgroup namespace, where the depth cannot be known, it is not guessed.
#[test]
fn hidden_root() {
    let (_root, cgroups) = machine(&[V2], "", &["sys/fs/cgroup/inner"], Namespaces { cgroup: Some(false), ..OWN });
    let error = cgroups.cgroup(cgroups.v2().unwrap(), "inner".as_ref()).unwrap_err();
    insta::assert_snapshot!(error, @"how deep `/inner` lies cannot be known inside a cgroup namespace: run podtrace in the machine's own cgroup namespace (`--cgroupns=host`), or mount the machine's `/sys/fs/cgroup`");
}

/// Check that this process's own cgroup is found in a hybrid layout, with every membership, colons in paths kept.
#[test]
fn own() {
    let text = "9:name=systemd:/a:b\n2:cpu,cpuacct:/\n0::/me (deleted)\n";
    let (root, cgroups) = machine(&[TMPFS, SYSTEMD, CPU, UNIFIED], text, &["sys/fs/cgroup/unified/me"], OWN);
    let shown: Vec<String> = cgroups.of_self().unwrap().iter().map(|(one, path)| format!("{one} {path}")).collect();
    assert_eq!(shown, ["cgroup1 `name=systemd` /a:b", "cgroup1 `cpu` /", "cgroup2 /me"]);
    assert_eq!(cgroups.own(), Some((root.path().join("sys/fs/cgroup/unified/me"), true)));
}

/// Check that folders are found, parents first.
#[test]
fn walk() {
    let (root, _) = machine(&[], "", &["x/a/c/d", "x/b"], OWN);
    let found: Vec<String> =
        super::walk(&root.path().join("x")).iter().map(|path| path.display().to_string()).collect();
    assert_eq!(found, ["a", "b", "a/c", "a/c/d"]);
}

proptest! {
    /// Check that no line makes a reader panic.
    #[test]
    fn total(line in any::<String>(), base in any::<String>()) {
        let _ = CgroupMount::parse(&line);
        let _ = CgroupMount::parse(&format!("1 1 1:1 {base} {line} rw - cgroup c rw,{base}"));
        let _ = super::membership(&line);
    }
}

/// Check that this machine's own hierarchies are understood: this process's cgroup is a folder with this process in it.
#[test]
fn this_machine() {
    let cgroups = Cgroups::read("/".as_ref(), Namespaces::read("/".as_ref()));
    let (directory, _) = cgroups.own().expect("this test needs a mounted cgroup2");
    let processes = fs::read_to_string(directory.join("cgroup.procs")).unwrap();
    assert!(processes.lines().any(|line| line == std::process::id().to_string()));
}
