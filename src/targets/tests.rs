use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::os::unix::fs::symlink;
use std::path::Path;

use insta::assert_snapshot;

use super::Membership;
use super::Resolved;
use super::TargetError;
use super::finding;
use super::resolve;
use super::resolve_one;
use crate::event::session::TargetKind;
use crate::host::Hierarchy;
use crate::host::Host;
use crate::host::Processes;
use crate::profile::Selector;

const V2: &str = "30 20 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw";
const UNIFIED: &str = "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw";
const SYSTEMD: &str = "40 31 0:37 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,name=systemd";
const MEMORY: &str = "35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory";
const PIDS: &str = "36 31 0:33 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids";

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

/// Adds a process to a machine.
fn process(root: &Path, pid: u32, comm: &str, parent: u32, state: char, flags: u64, tgid: u32) {
    let folder = root.join(format!("proc/{pid}"));
    fs::create_dir_all(&folder).unwrap();
    let stat = format!("{pid} ({comm}) {state} {parent} 1 1 0 -1 {flags} 0 0 0 0 1 1 0 0 20 0 1 0 5 1 1\n");
    fs::write(folder.join("stat"), stat).unwrap();
    fs::write(folder.join("status"), format!("Tgid:\t{tgid}\nNSpid:\t{pid}\n")).unwrap();
}

fn one(root: &Path, selector: &Selector) -> Result<Resolved, TargetError> {
    resolve_one(3, selector, &Host::read(root), &Processes::new(root))
}

fn cgroup(root: &Path, path: &str) -> Result<Resolved, TargetError> {
    one(root, &Selector::Cgroup(path.into()))
}

fn unit(root: &Path, name: &str) -> Result<Resolved, TargetError> {
    one(root, &Selector::Unit(name.into()))
}

/// (hierarchy, path, level) and that the id is the inode of the folder given.
fn subtree(resolved: &Resolved, root: &Path, folder: &str) -> String {
    let Membership::CgroupSubtree { id, level, hierarchy, path, pids } = &resolved.membership else {
        panic!("not a cgroup: {resolved:?}")
    };
    assert_eq!(*id, fs::metadata(root.join("sys/fs/cgroup").join(folder)).unwrap().ino());
    format!("{hierarchy} {path} level {level} pids {pids:?}")
}

/// Check that a cgroup is found by its folder, by its path in the hierarchy, and by one relative to the mount.
#[test]
fn cgroup_by_each_name() {
    let root = machine(&[V2], &[("a.slice/b.service", "11 13"), ("a.slice/b.service/inner", "17"), ("c", "19")]);
    for name in [
        "/sys/fs/cgroup/a.slice/b.service",
        "/sys/fs/cgroup/a.slice/b.service/",
        "/a.slice/b.service",
        "a.slice/b.service",
    ] {
        let resolved = cgroup(root.path(), name).unwrap();
        assert_eq!((resolved.target.index, resolved.target.kind), (3, TargetKind::Cgroup));
        assert_eq!(resolved.target.name, "/a.slice/b.service");
        assert_eq!(
            subtree(&resolved, root.path(), "a.slice/b.service"),
            "cgroup2 /a.slice/b.service level 2 pids {11, 13, 17}"
        );
    }
    assert_eq!(subtree(&cgroup(root.path(), "/").unwrap(), root.path(), ""), "cgroup2 / level 0 pids {11, 13, 17, 19}");
}

/// Check that in a hybrid layout the hierarchy is taken that has the processes, and the folder's own if one was named.
#[test]
fn cgroup_hybrid() {
    let root = machine(
        &[SYSTEMD, MEMORY, PIDS, UNIFIED],
        &[
            ("unified/docker/x", ""),
            ("memory/docker/x", "11"),
            ("pids/docker/x", "11"),
            ("unified/y", "13"),
            ("memory/y", "13"),
        ],
    );
    let shown = |name: &str, folder: &str| subtree(&cgroup(root.path(), name).unwrap(), root.path(), folder);
    assert_eq!(shown("/docker/x", "memory/docker/x"), "cgroup1 `memory` /docker/x level 2 pids {11}");
    assert_eq!(shown("y", "unified/y"), "cgroup2 /y level 1 pids {13}");
    assert_eq!(shown("/sys/fs/cgroup/pids/docker/x", "pids/docker/x"), "cgroup1 `pids` /docker/x level 2 pids {11}");
    assert_eq!(shown("/sys/fs/cgroup/unified/docker/x", "unified/docker/x"), "cgroup2 /docker/x level 2 pids {}");
}

/// Check that a hierarchy without a controller is left for one with, or followed by processes.
#[test]
fn cgroup_without_controller() {
    let root = machine(
        &[SYSTEMD, PIDS],
        &[("systemd/a.service", "11"), ("pids/a.service", "11"), ("systemd/b.service", "13 17")],
    );
    let twin = cgroup(root.path(), "/sys/fs/cgroup/systemd/a.service").unwrap();
    assert_eq!(subtree(&twin, root.path(), "pids/a.service"), "cgroup1 `pids` /a.service level 1 pids {11}");
    let alone = unit(root.path(), "b").unwrap();
    assert_eq!(alone.membership, Membership::Processes { pids: BTreeSet::from([13, 17]) });
    assert_snapshot!(alone.remark.unwrap(), @"cgroup1 `name=systemd` has no controller to match by: followed are the processes that are in it now, and what they fork");
}

/// Check that what is no cgroup is refused, with what was expected and like names.
#[test]
fn cgroup_errors() {
    let root = machine(&[V2], &[("system.slice/nginx.service", "11"), ("system.slice/postgres.service", "")]);
    let text = |name: &str| cgroup(root.path(), name).unwrap_err().to_string();
    assert_snapshot!(text("/system.slice/ngnix.service"), @"there is no cgroup `/system.slice/ngnix.service`: expected a folder below `/sys/fs/cgroup`, or a path from `/proc/PID/cgroup`; did you mean `/system.slice/nginx.service`");
    assert_snapshot!(text("postgres"), @"there is no cgroup `postgres`: expected a folder below `/sys/fs/cgroup`, or a path from `/proc/PID/cgroup`; did you mean `/system.slice/postgres.service`");
    assert_snapshot!(text("/sys/fs/cgroup/zebra"), @"there is no cgroup `/sys/fs/cgroup/zebra`: expected a folder below `/sys/fs/cgroup`, or a path from `/proc/PID/cgroup`");
    assert_snapshot!(text("a/../b"), @"cgroup path `a/../b` leads upwards: write it without `..`");
    assert_snapshot!(text(""), @"the name of a cgroup is empty");
    assert_snapshot!(cgroup(machine(&[], &[]).path(), "/a").unwrap_err(), @"no cgroup hierarchy is mounted here: mount `/sys/fs/cgroup`, or name a process with `--pid`");
}

/// Check that a unit is found wherever it lies in the tree, with and without its ending.
#[test]
fn units() {
    let nested = "user.slice/user-7.slice/user@7.service/app.slice/pipe@x.service";
    let root = machine(
        &[V2],
        &[("system.slice/nginx.service", "11"), (nested, "13"), ("system.slice/_cgroup.x.service", "17")],
    );
    for name in ["nginx", "nginx.service"] {
        let found = unit(root.path(), name).unwrap();
        assert_eq!((found.target.kind, found.target.name.as_str()), (TargetKind::Unit, "nginx.service"));
        let shown = subtree(&found, root.path(), "system.slice/nginx.service");
        assert_eq!(shown, "cgroup2 /system.slice/nginx.service level 2 pids {11}");
    }
    assert!(subtree(&unit(root.path(), "pipe@x").unwrap(), root.path(), nested).ends_with("level 5 pids {13}"));
    assert_eq!(unit(root.path(), "user.slice").unwrap().target.name, "user.slice");
    assert_eq!(unit(root.path(), "cgroup.x.service").unwrap().membership.pids(), &BTreeSet::from([17]));
}

/// Check that a unit that shows in several hierarchies is one unit, in that best to match by.
#[test]
fn unit_hybrid() {
    let root = machine(
        &[SYSTEMD, PIDS, UNIFIED],
        &[("systemd/s/a.service", "11"), ("pids/s/a.service", "11"), ("unified/s/a.service", "11")],
    );
    let found = unit(root.path(), "a").unwrap();
    assert_eq!(subtree(&found, root.path(), "unified/s/a.service"), "cgroup2 /s/a.service level 2 pids {11}");
}

/// Check that a missing and an ambiguous unit are told apart.
#[test]
fn unit_errors() {
    let root = machine(
        &[V2],
        &[
            ("a/app.service", "11"),
            ("b/app.service", "13"),
            ("a/nginx.service", ""),
            ("a/nginx-proxy.service", ""),
            ("a/nginx-dir", ""),
        ],
    );
    let text = |name: &str| unit(root.path(), name).unwrap_err().to_string();
    assert_snapshot!(text("app"), @"several cgroups belong to units of the name `app`: name one of them with `--cgroup`: `/a/app.service`, `/b/app.service`");
    assert_snapshot!(text("ngin"), @"no cgroup belongs to a unit `ngin`: it is not running, or is none; did you mean `nginx.service`, `nginx-proxy.service`");
    assert_snapshot!(text("zebra"), @"no cgroup belongs to a unit `zebra`: it is not running, or is none");
    assert_snapshot!(text("a/app.service"), @"`a/app.service` is a path, not a unit's name: use `--cgroup a/app.service`");
    assert_snapshot!(text(""), @"the name of a unit is empty");
}

/// Check that a process comes with its descendants and nobody else.
#[test]
fn processes() {
    let root = machine(&[], &[]);
    for (pid, parent) in [(1, 0), (11, 1), (13, 11), (17, 13), (19, 1)] {
        process(root.path(), pid, "x", parent, 'S', 0, pid);
    }
    // Podtrace itself, started by the shell that is traced.
    process(root.path(), std::process::id(), "podtrace", 11, 'S', 0, std::process::id());
    let found = one(root.path(), &Selector::Pid(11)).unwrap();
    assert_eq!((found.target.kind, found.target.name.as_str()), (TargetKind::Process, "pid 11"));
    assert_eq!(found.membership, Membership::Processes { pids: BTreeSet::from([11, 13, 17]) });
}

/// Check that what is no process that can be traced is refused by name.
#[test]
fn process_errors() {
    let root = machine(&[], &[]);
    process(root.path(), 2, "kthreadd", 0, 'S', 0x0020_0040, 2);
    process(root.path(), 13, "worker", 1, 'S', 0, 11);
    process(root.path(), 17, "gone", 1, 'Z', 0, 17);
    let text = |pid: u32| one(root.path(), &Selector::Pid(pid)).unwrap_err().to_string();
    assert_snapshot!(text(2), @"process 2 (`kthreadd`) is a thread of the kernel: only programs can be traced");
    assert_snapshot!(text(13), @"13 is a thread of process 11 (`worker`): use `--pid 11`");
    assert_snapshot!(text(17), @"process 17 (`gone`) has ended, only its parent has not asked for its status yet");
    assert_snapshot!(text(4711), @"there is no process 4711");
    process(root.path(), std::process::id(), "podtrace", 1, 'S', 0, std::process::id());
    assert!(matches!(one(root.path(), &Selector::Pid(std::process::id())), Err(TargetError::Ourselves(_))));
    fs::create_dir_all(root.path().join("proc/self/ns")).unwrap();
    symlink("pid:[4026532500]", root.path().join("proc/self/ns/pid")).unwrap();
    assert_snapshot!(text(17), @"process ids inside of a pid namespace are not those the kernel counts by: share the machine's pid namespace (`--pid=host`, or `hostPID: true` for a pod)");
}

/// Check that all selectors are looked up, each once, and that all mistakes come at once.
#[test]
fn several() {
    let root = machine(&[V2], &[("a", "11"), ("b", "13")]);
    let host = Host::read(root.path());
    let [a, b, no, none] = ["a", "b", "zebra", "yak"].map(|name| Selector::Cgroup(name.into()));
    let all = |selectors: &[Selector]| resolve(selectors, &host, &Processes::new(root.path()));
    let found = all(&[a.clone(), a.clone(), b.clone()]).unwrap();
    let shown: Vec<_> = found.iter().map(|one| (one.target.index, one.target.name.as_str())).collect();
    assert_eq!(shown, [(0, "/a"), (1, "/b")]);
    assert_eq!(all(&[a, no, none]).unwrap_err().len(), 2);
}

/// Check what the doctor is told.
#[test]
fn findings() {
    let root = machine(&[MEMORY], &[("memory/a", "11 13")]);
    let selector = Selector::Cgroup("a".into());
    let found = finding(&selector, &cgroup(root.path(), "a"));
    assert_eq!((found.name.as_str(), found.found), ("a", Ok("2 processes in cgroup1 `memory` `/a`".into())));
    let lost = finding(&Selector::Pid(7), &one(root.path(), &Selector::Pid(7)));
    assert_eq!((lost.name.as_str(), lost.found), ("pid 7", Err("there is no process 7".into())));
}

/// Check on this machine: this process's own cgroup is found by the path the kernel gives, with this process's parent
/// or another process in it, and a real thread is refused with its process.
#[test]
fn this_machine() {
    let root = Path::new("/");
    let host = Host::read(root);
    let (_, path) =
        host.cgroups.of_self().unwrap().into_iter().find(|(one, _)| *one == Hierarchy::V2).expect("needs cgroup2");
    let found = cgroup(root, &path).unwrap();
    assert_eq!(found.target.name, path);
    assert!(!found.membership.pids().contains(&std::process::id()));
    let thread = nix::unistd::gettid().as_raw().cast_unsigned();
    let error = one(root, &Selector::Pid(thread)).unwrap_err();
    assert!(matches!(error, TargetError::Thread { process, .. } if process == std::process::id()), "{error}");
}
