//! What is left when podtrace is gone, in whatever way: nothing.

use std::fs;
use std::path::PathBuf;

use crate::rig::EVERYTHING;
use crate::rig::cgroup;
use crate::rig::process::Running;
use crate::rig::scene::Scene;
use crate::rig::scene::report_of;
use crate::rig::wait_until;

/// Commands of the `bpf` system call that give a descriptor for an id, from include/uapi/linux/bpf.h.
const BY_ID: [(&str, libc::c_int); 3] = [("prog_id", 13), ("map_id", 14), ("link_id", 30)];

/// BPF objects that a process holds, as (which, id), from its descriptors.
fn objects(pid: u32) -> Vec<(&'static str, u32)> {
    let folder = format!("/proc/{pid}/fdinfo");
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("the process lives").flatten() {
        let text = fs::read_to_string(entry.path()).unwrap_or_default();
        for line in text.lines() {
            let Some((name, value)) = line.split_once(':') else { continue };
            let kind = BY_ID.iter().find(|(kind, _)| *kind == name);
            if let (Some((kind, _)), Ok(id)) = (kind, value.trim().parse()) {
                found.push((*kind, id));
            }
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// Whether the kernel still has a BPF object.
fn exists((kind, id): (&str, u32)) -> bool {
    let (_, command) = BY_ID.iter().find(|(name, _)| *name == kind).expect("one of the three");
    // The head of `union bpf_attr` for these commands: id, next id, flags.
    let mut attributes = [0u8; 128];
    attributes[..4].copy_from_slice(&id.to_ne_bytes());
    // SAFETY: the attributes are valid for reads of the length given, and zero beyond what the command looks at.
    let fd = unsafe { libc::syscall(libc::SYS_bpf, *command, attributes.as_ptr(), 12) };
    if fd >= 0 {
        // SAFETY: the descriptor was just made and belongs to nobody else.
        unsafe { libc::close(fd as i32) };
    }
    fd >= 0
}

/// Waits until the kernel has none of them: it lets go of them a moment after their last descriptor is closed.
fn wait_until_gone(objects: &[(&'static str, u32)]) {
    wait_until("the kernel to let go of the BPF objects", || !objects.iter().any(|object| exists(*object)));
}

/// A command that waits for a file, then writes another, in `sh`.
fn waiting(scene: &Scene) -> Vec<String> {
    let folder = scene.folder().display();
    let script = format!(
        "echo $$ > {folder}/pid.new; mv {folder}/pid.new {folder}/pid; \
         while ! test -e {folder}/go; do sleep 0.05; done; cat /etc/hostname > {folder}/done"
    );
    ["sh", "-c", &script].map(str::to_owned).to_vec()
}

/// Starts a run and waits until its command runs; the command's pid.
fn started(scene: &Scene) -> (Running, u32) {
    let running = scene.start_run(EVERYTHING, &[], &waiting(scene));
    let file = scene.path("pid");
    wait_until("the command to run", || file.exists());
    let pid = fs::read_to_string(file).expect("it was just seen").trim().parse().expect("a shell's pid is a number");
    (running, pid)
}

/// The folder of a process's cgroup v2.
fn cgroup_of(pid: u32) -> PathBuf {
    let text = fs::read_to_string(format!("/proc/{pid}/cgroup")).expect("the process lives");
    let path = text.lines().find_map(|line| line.strip_prefix("0::/")).expect("cgroup v2 is there");
    cgroup::mount().join(path)
}

/// Check that after SIGKILL of podtrace none of its programs, maps and links is left in the kernel, and the command goes
/// on unharmed.
#[test]
fn after_sigkill() {
    let scene = Scene::empty();
    let (running, command) = started(&scene);
    let held = objects(running.pid());
    let programs = held.iter().filter(|(kind, _)| *kind == "prog_id").count();
    assert!(programs > 0, "podtrace holds no programs, there is nothing to compare");
    assert!(held.iter().all(|object| exists(*object)), "the test cannot see podtrace's BPF objects");
    let folder = cgroup_of(command);

    running.signal(libc::SIGKILL);
    let ended = running.end();
    assert!(ended.status.code().is_none(), "podtrace was not killed: {:?}", ended.status);
    wait_until_gone(&held);

    let alive = fs::metadata(format!("/proc/{command}")).is_ok();
    assert!(alive, "the command did not survive podtrace");
    fs::write(scene.path("go"), "").expect("cannot tell the command to go on");
    let done = scene.path("done");
    wait_until("the command to end as it should", || done.exists());
    wait_until("the command to be gone", || fs::metadata(format!("/proc/{command}")).is_err());
    // Killed, podtrace could not take its cgroup away.
    if folder != cgroup::mount() {
        let _ = fs::remove_dir(folder);
    }
}

/// Check that after an ordinary end nothing is left either: no BPF object, no cgroup, no file.
#[test]
fn after_an_ordinary_end() {
    let scene = Scene::empty();
    let (running, command) = started(&scene);
    let held = objects(running.pid());
    assert!(!held.is_empty(), "podtrace holds no BPF objects, there is nothing to compare");
    let folder = cgroup_of(command);
    fs::write(scene.path("go"), "").expect("cannot tell the command to go on");
    let report = report_of(&running.end());
    assert_eq!(report["command"]["exit_code"], 0, "{report:#}");
    wait_until_gone(&held);
    if folder != cgroup::mount() {
        assert!(!folder.exists() || !folder.to_string_lossy().contains("podtrace"), "`{}` is left", folder.display());
    }
    let mut left: Vec<_> = fs::read_dir(scene.folder()).expect("the folder is there").flatten().collect();
    left.retain(|entry| {
        !["pid", "go", "done", "profile.kdl", "podtrace.out", "podtrace.err"]
            .contains(&&*entry.file_name().to_string_lossy())
    });
    assert!(left.is_empty(), "files are left: {left:?}");
}

/// Check that what podtrace pins in the BPF file system is nothing.
#[test]
fn pins_nothing() {
    let scene = Scene::empty();
    let count = || fs::read_dir("/sys/fs/bpf").map_or(0, Iterator::count);
    let before = count();
    let (running, _) = started(&scene);
    assert_eq!(count(), before, "something was pinned");
    fs::write(scene.path("go"), "").expect("cannot tell the command to go on");
    report_of(&running.end());
    assert_eq!(count(), before, "something was pinned and left");
}
