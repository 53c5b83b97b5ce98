//! What a lab leaves when it is ended, also one whose test was killed: processes, mounts, cgroups, folders.
//!
//! Only what is a lab's own is touched: processes in the cgroups of its pods, and those that name its folder.

use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use crate::pod::LINKS;
use crate::pod::LOGS;

/// What folders of labs begin with; the pid of the test follows.
pub(super) const PREFIX: &str = "podtrace-lab-";

/// The file in a lab's folder with the uids of its pods, one a line.
pub(super) const PODS: &str = "pods";

/// How often, and how long after each other, is looked whether a cgroup has become empty.
const LOOKS: u32 = 400;
const PAUSE: Duration = Duration::from_millis(5);

/// Ends what labs of tests that are gone left behind.
pub(super) fn others(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let pid = name.strip_prefix(PREFIX).and_then(|rest| rest.split('-').next()?.parse::<u32>().ok());
        if pid.is_some_and(|pid| !Path::new(&format!("/proc/{pid}")).exists()) {
            one(&entry.path());
        }
    }
}

/// Ends what is left of a lab: nothing, if it ended as it should.
pub(super) fn one(folder: &Path) {
    let pods: Vec<String> =
        fs::read_to_string(folder.join(PODS)).unwrap_or_default().lines().map(str::to_owned).collect();
    for pid in pods.iter().flat_map(|uid| cgroups(uid)).flat_map(|cgroup| processes(&cgroup)) {
        kill(pid);
    }
    named(folder).into_iter().for_each(kill);
    for uid in &pods {
        cgroups(uid).iter().for_each(|cgroup| remove(cgroup));
        remove_logs(uid);
    }
    let text = fs::read_to_string("/proc/self/mounts").unwrap_or_default();
    let below =
        text.lines().filter_map(|line| line.split(' ').nth(1)).filter(|place| Path::new(place).starts_with(folder));
    for place in below.collect::<Vec<_>>().into_iter().rev() {
        let _ = Command::new("umount").args(["-l", place]).status();
    }
    let _ = fs::remove_dir_all(folder);
}

/// A pod's folders in all hierarchies, as a kubelet with the cgroupfs driver names them.
fn cgroups(uid: &str) -> Vec<PathBuf> {
    hierarchies()
        .map(|mount| mount.join("kubepods/burstable").join(format!("pod{uid}")))
        .filter(|path| path.exists())
        .collect()
}

fn hierarchies() -> impl Iterator<Item = PathBuf> {
    let text = fs::read_to_string("/proc/self/mounts").unwrap_or_default();
    let lines: Vec<Vec<String>> = text.lines().map(|line| line.split(' ').map(str::to_owned).collect()).collect();
    lines.into_iter().filter(|fields| fields[2].starts_with("cgroup")).map(|fields| PathBuf::from(&fields[1]))
}

/// A cgroup with those below it, deepest first.
fn below(cgroup: &Path) -> Vec<PathBuf> {
    let folders = fs::read_dir(cgroup).into_iter().flatten().flatten().filter(|entry| entry.path().is_dir());
    let mut found: Vec<PathBuf> = folders.flat_map(|entry| below(&entry.path())).collect();
    found.push(cgroup.to_owned());
    found
}

fn processes(cgroup: &Path) -> Vec<i32> {
    let of = |cgroup: PathBuf| fs::read_to_string(cgroup.join("cgroup.procs")).unwrap_or_default();
    below(cgroup)
        .into_iter()
        .flat_map(|one| of(one).lines().filter_map(|pid| pid.parse().ok()).collect::<Vec<_>>())
        .collect()
}

/// Removes a pod's cgroups, and those above where nothing else is in them.
fn remove(cgroup: &Path) {
    for one in below(cgroup) {
        // Busy until the last of its processes is quite gone.
        for _ in 0..LOOKS {
            match fs::remove_dir(&one) {
                Err(error) if error.raw_os_error() == Some(libc::EBUSY) => std::thread::sleep(PAUSE),
                _ => break,
            }
        }
    }
    for above in cgroup.ancestors().skip(1).take(2) {
        let _ = fs::remove_dir(above);
    }
}

/// Removes a pod's logs from where a kubelet would have them, and the links to them.
fn remove_logs(uid: &str) {
    let entries = |folder: &str| fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let is_own = |path: &Path| path.to_string_lossy().contains(uid);
    for link in entries(LINKS).filter(|path| fs::read_link(path).is_ok_and(|to| is_own(&to))) {
        let _ = fs::remove_file(link);
    }
    for folder in entries(LOGS).filter(|path| is_own(path)) {
        let _ = fs::remove_dir_all(folder);
    }
    for folder in [LINKS, LOGS] {
        // Only if nobody else has something there.
        let _ = fs::remove_dir(folder);
    }
}

/// Processes that have a folder in their arguments: the runtime, and its shims.
fn named(folder: &Path) -> Vec<i32> {
    let folder = folder.to_string_lossy();
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    pids.filter(|pid| {
        let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let mut words = line.split(|byte| *byte == 0).map(String::from_utf8_lossy);
        let is_runtime = words
            .next()
            .is_some_and(|program| program.rsplit('/').next().unwrap_or_default().starts_with("containerd"));
        is_runtime && words.any(|word| word.starts_with(&*folder))
    })
    .collect()
}

fn kill(pid: i32) {
    // SAFETY: takes numbers only; the process was just found in a place that is the lab's own.
    unsafe { libc::kill(pid, libc::SIGKILL) };
}
