//! A cgroup made for one command, and removed after it.
//!
//! It lies below podtrace's own cgroup, so that every limit that holds for podtrace holds for the command, as it would
//! without podtrace. Its name says which podtrace made it, so that the next one can remove what a killed one left.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::Path;
use std::path::PathBuf;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;
use std::time::Instant;

use crate::host::Cgroup;
use crate::host::Cgroups;
use crate::host::Processes;
use crate::host::cgroup;

/// What the names of these cgroups begin with.
const PREFIX: &str = "podtrace-";

/// Between two attempts to remove a cgroup: the kernel empties it a moment after its last process was waited for.
const PAUSE: Duration = Duration::from_millis(5);

/// Tells the cgroups of one podtrace apart.
static NEXT: AtomicU32 = AtomicU32::new(0);

/// A cgroup made for one command.
#[derive(Debug)]
pub struct OwnCgroup {
    cgroup: Cgroup,
    removed: bool,
}

/// What became of a command's cgroup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Removal {
    /// It is gone.
    Removed,
    /// Processes are still in it: they were left alone, and so it stays. The next podtrace removes it once it is empty.
    InUse {
        /// Its folder.
        folder: PathBuf,
        /// The processes.
        pids: BTreeSet<u32>,
    },
}

impl OwnCgroup {
    /// Makes one, or says why not, as the end of a sentence.
    pub(super) fn make(cgroups: &Cgroups, processes: &Processes) -> Result<Self, String> {
        let (parent, writable) = cgroups.own().ok_or("cgroup2 is not mounted here")?;
        if !writable {
            return Err(format!("`{}` cannot be written to", parent.display()));
        }
        remove_stale(&parent, processes);
        let started = processes.stat(std::process::id()).map_err(|error| error.to_string())?.started_boot_ns;
        let name = format!("{PREFIX}{}-{started}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let folder = parent.join(name);
        fs::create_dir(&folder).map_err(|error| format!("cannot make `{}`: {error}", folder.display()))?;
        Self::of(cgroups, &folder).inspect_err(|_| drop(fs::remove_dir(&folder)))
    }

    /// What the kernel knows the folder as.
    fn of(cgroups: &Cgroups, folder: &Path) -> Result<Self, String> {
        let mount = cgroups.v2().ok_or("cgroup2 is not mounted here")?;
        let relative = folder.strip_prefix(cgroups.directory(mount)).map_err(|error| error.to_string())?;
        let cgroup = cgroups.cgroup(mount, relative).map_err(|error| error.to_string())?;
        Ok(Self { cgroup, removed: false })
    }

    /// Moves a process into it.
    pub(super) fn admit(&self, pid: u32) -> io::Result<()> {
        fs::write(self.cgroup.directory.join("cgroup.procs"), pid.to_string())
    }

    /// What the kernel knows it as.
    pub fn cgroup(&self) -> &Cgroup {
        &self.cgroup
    }

    /// The processes in it and in what the command made below it.
    pub fn pids(&self) -> BTreeSet<u32> {
        cgroup::processes(&self.cgroup.directory)
    }

    /// Removes it, and what the command made below it; waits up to `patience` for processes that are about to end.
    ///
    /// # Errors
    /// The kernel refused for another reason than processes in it.
    pub fn remove(&mut self, patience: Duration) -> io::Result<Removal> {
        let begun = Instant::now();
        loop {
            match remove_tree(&self.cgroup.directory) {
                Ok(()) => {
                    self.removed = true;
                    return Ok(Removal::Removed);
                }
                Err(error) if error.raw_os_error() != Some(libc::EBUSY) => return Err(error),
                Err(_) if begun.elapsed() < patience => thread::sleep(PAUSE.min(patience)),
                Err(_) => {
                    // Asked for twice, it is left to the next podtrace.
                    self.removed = true;
                    return Ok(Removal::InUse { folder: self.cgroup.directory.clone(), pids: self.pids() });
                }
            }
        }
    }
}

impl Drop for OwnCgroup {
    /// Leaves nothing behind on the way out of an error; what is in use stays.
    fn drop(&mut self) {
        if !self.removed {
            let _ = remove_tree(&self.cgroup.directory);
        }
    }
}

/// Removes a cgroup with those below it, deepest first, but none of them while there are processes in any: who is left
/// running may be about to use an empty one. Already gone is well.
fn remove_tree(folder: &Path) -> io::Result<()> {
    if !cgroup::processes(folder).is_empty() {
        return Err(io::Error::from_raw_os_error(libc::EBUSY));
    }
    let below = cgroup::walk(folder);
    let folders = below.iter().rev().map(|relative| folder.join(relative)).chain([folder.to_owned()]);
    for one in folders {
        match fs::remove_dir(&one) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

/// Removes what podtraces left that are no more, as far as it is empty.
pub(super) fn remove_stale(parent: &Path, processes: &Processes) {
    let Ok(entries) = fs::read_dir(parent) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let Some((pid, started)) = name.to_str().and_then(maker) else { continue };
        let lives = processes.stat(pid).is_ok_and(|stat| stat.started_boot_ns == started);
        if !lives && let Err(error) = remove_tree(&entry.path()) {
            tracing::debug!(cgroup = %entry.path().display(), %error, "a cgroup of an earlier run stays");
        }
    }
}

/// Who made a cgroup of this name: the process id and when that process started. `None` if it is none of ours.
fn maker(name: &str) -> Option<(u32, u64)> {
    let mut parts = name.strip_prefix(PREFIX)?.split('-');
    let maker = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    parts.next()?.parse::<u32>().ok()?;
    parts.next().is_none().then_some(maker)
}
