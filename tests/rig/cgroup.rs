//! Control groups that tests make and that go with them.

use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering;

/// A cgroup of this test; removed when dropped, after whatever is left in it was moved out.
#[derive(Debug)]
pub(crate) struct Cgroup {
    path: PathBuf,
}

/// Where cgroup v2 is mounted: at the top, or beside the old controllers.
pub(crate) fn mount() -> PathBuf {
    let mounts = fs::read_to_string("/proc/mounts").expect("`/proc/mounts` can be read");
    let found = mounts.lines().map(|line| line.split(' ').collect::<Vec<_>>()).find(|fields| fields[2] == "cgroup2");
    PathBuf::from(found.expect("this test needs cgroup v2; nothing of type `cgroup2` is mounted")[1])
}

impl Cgroup {
    /// A new cgroup at the top.
    pub(crate) fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        Self::make(mount().join(format!("podtrace-truth-{}-{number}", std::process::id())))
    }

    /// A new cgroup below this one. It must go before this one.
    pub(crate) fn below(&self, name: &str) -> Self {
        Self::make(self.path.join(name))
    }

    fn make(path: PathBuf) -> Self {
        fs::create_dir(&path).unwrap_or_else(|error| panic!("cannot make `{}`: {error}", path.display()));
        Self { path }
    }

    /// Its folder.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Moves a process in.
    pub(crate) fn take(&self, pid: u32) {
        fs::write(self.path.join("cgroup.procs"), pid.to_string())
            .unwrap_or_else(|error| panic!("cannot move {pid} into `{}`: {error}", self.path.display()));
    }
}

/// Moves a process to the top, out of every cgroup.
pub(crate) fn release(pid: u32) {
    fs::write(mount().join("cgroup.procs"), pid.to_string()).expect("cannot move a process out of its cgroup");
}

impl Drop for Cgroup {
    fn drop(&mut self) {
        for pid in fs::read_to_string(self.path.join("cgroup.procs")).unwrap_or_default().lines() {
            let _ = fs::write(mount().join("cgroup.procs"), pid);
        }
        // A cgroup is busy until the last of its processes is quite gone.
        for _ in 0..200 {
            match fs::remove_dir(&self.path) {
                Err(error) if error.raw_os_error() == Some(libc::EBUSY) => {
                    std::thread::sleep(std::time::Duration::from_millis(5));
                }
                _ => return,
            }
        }
    }
}
