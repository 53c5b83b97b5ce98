//! Where the cgroup hierarchies are mounted, and what a folder in them is to the kernel.
//!
//! The kernel knows a cgroup by its id (the folder's inode number) and by how deep below the real root it lies. A
//! machine may have the one hierarchy of version 2, several of version 1, or both beside each other (hybrid).

use std::fmt;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::path::PathBuf;

use thiserror::Error;

use super::Namespaces;

mod mount;
mod tree;

pub use mount::CgroupMount;
pub use tree::processes;
pub use tree::walk;

/// Controllers of version 1, best first: those that service managers and container engines give every unit or
/// container a folder of its own in.
const PREFERRED: [&str; 9] =
    ["memory", "pids", "cpu", "cpuacct", "blkio", "devices", "freezer", "cpuset", "perf_event"];

/// A hierarchy of cgroups.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Hierarchy {
    /// The unified one.
    V2,
    /// One of version 1, by (the first of) its controllers: `memory`, or `name=systemd` for one without a controller.
    V1(String),
}

impl Hierarchy {
    /// Whether the kernel can be asked in which of its cgroups a task is. A hierarchy of version 1 that has only a name
    /// has no controller to ask by.
    pub fn can_match(&self) -> bool {
        !matches!(self, Self::V1(controller) if controller.starts_with("name="))
    }

    /// How good a choice it is to match by; lowest first.
    fn rank(&self) -> usize {
        match self {
            Self::V2 => 0,
            Self::V1(name) => match PREFERRED.iter().position(|one| one == name) {
                Some(position) => 1 + position,
                None if self.can_match() => 1 + PREFERRED.len(),
                None => 2 + PREFERRED.len(),
            },
        }
    }
}

impl fmt::Display for Hierarchy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::V2 => f.write_str("cgroup2"),
            Self::V1(controller) => write!(f, "cgroup1 `{controller}`"),
        }
    }
}

/// Which versions of cgroups a machine has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// Only version 2.
    Unified,
    /// Version 2 without controllers, and version 1 beside it.
    Hybrid,
    /// Only version 1.
    Legacy,
    /// No hierarchy is mounted here.
    None,
}

/// The hierarchies of this machine, as they are mounted here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cgroups {
    root: PathBuf,
    mounts: Vec<CgroupMount>,
}

/// A cgroup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cgroup {
    /// The hierarchy it belongs to.
    pub hierarchy: Hierarchy,
    /// Its path as `/proc/PID/cgroup` shows it, from `/`.
    pub path: String,
    /// Its folder, below the root that was handed in.
    pub directory: PathBuf,
    /// Its id in the kernel: the folder's inode number.
    pub id: u64,
    /// How many cgroups lie above it: 0 for the root itself.
    pub level: u32,
}

/// Why a folder cannot be used as a cgroup.
#[derive(Debug, Error)]
pub enum CgroupError {
    /// It is not there, or not readable.
    #[error("cannot read `{path}`: {source}")]
    Unreadable {
        /// The folder.
        path: PathBuf,
        /// What the kernel said.
        source: io::Error,
    },
    /// Podtrace is in a cgroup namespace and does not see the real root.
    #[error(
        "how deep `{0}` lies cannot be known inside a cgroup namespace: run podtrace in the machine's own cgroup \
         namespace (`--cgroupns=host`), or mount the machine's `/sys/fs/cgroup`"
    )]
    HiddenRoot(String),
}

impl Cgroups {
    /// Reads the mounts below `root`.
    pub fn read(root: &Path, namespaces: Namespaces) -> Self {
        Self::of("self", root, root, namespaces)
    }

    /// The hierarchies of the machine as a whole. In a cgroup namespace of its own, this process's mounts may show only
    /// a part of them; then those of the machine's first process are taken, if process ids are the machine's.
    pub fn of_machine(root: &Path, namespaces: Namespaces) -> Self {
        let own = Self::read(root, namespaces);
        if own.mounts.iter().any(|mount| mount.level.is_some()) || namespaces.pid == Some(false) {
            return own;
        }
        let init = Self::of("1", root, &root.join("proc/1/root"), namespaces);
        if init.mounts.iter().any(|mount| mount.level.is_some()) { init } else { own }
    }

    /// The mounts that a process sees, whose root folder is `seen`.
    fn of(process: &str, root: &Path, seen: &Path, namespaces: Namespaces) -> Self {
        let text = fs::read_to_string(root.join("proc").join(process).join("mountinfo")).unwrap_or_default();
        let mut mounts: Vec<CgroupMount> = text.lines().filter_map(CgroupMount::parse).collect();
        for mount in &mut mounts {
            mount.find_level(seen, namespaces.cgroup);
        }
        // A mount of the whole hierarchy before one of a part of it, the preferred hierarchy first.
        mounts.sort_by_key(|mount| (mount.hierarchy.rank(), mount.base.len()));
        Self { root: seen.to_owned(), mounts }
    }

    /// Which versions there are.
    pub fn layout(&self) -> Layout {
        let (v2, v1): (Vec<_>, Vec<_>) = self.mounts.iter().partition(|mount| mount.hierarchy == Hierarchy::V2);
        match (v2.is_empty(), v1.is_empty()) {
            (false, true) => Layout::Unified,
            (false, false) => Layout::Hybrid,
            (true, false) => Layout::Legacy,
            (true, true) => Layout::None,
        }
    }

    /// The mounts, those best to match by first.
    pub fn mounts(&self) -> &[CgroupMount] {
        &self.mounts
    }

    /// The root folder this was read below.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The mount of version 2.
    pub fn v2(&self) -> Option<&CgroupMount> {
        self.mounts.iter().find(|mount| mount.hierarchy == Hierarchy::V2)
    }

    /// The folder of a mount.
    pub fn directory(&self, mount: &CgroupMount) -> PathBuf {
        below(&self.root, &mount.point)
    }

    /// The folder a mount shows a cgroup in, by its path as `/proc/PID/cgroup` has it; `None` if that part of the
    /// hierarchy is not mounted. The folder need not exist.
    pub fn directory_of(&self, mount: &CgroupMount, path: &str) -> Option<PathBuf> {
        // A path that leads up and out lies outside of this process's cgroup namespace.
        if path.split('/').any(|part| part == "..") {
            return None;
        }
        let inside = if mount.base.starts_with("/..") { path } else { tree::inside(path, &mount.base)? };
        Some(below(&self.directory(mount), Path::new(inside)))
    }

    /// The cgroup a folder of a mount is; `relative` is its path below the mount.
    ///
    /// # Errors
    /// It is not readable, or its depth is hidden by a cgroup namespace.
    pub fn cgroup(&self, mount: &CgroupMount, relative: &Path) -> Result<Cgroup, CgroupError> {
        let directory = below(&self.directory(mount), relative);
        let unreadable = |source| CgroupError::Unreadable { path: directory.clone(), source };
        let metadata = fs::metadata(&directory).map_err(unreadable)?;
        if !metadata.is_dir() {
            return Err(unreadable(io::ErrorKind::NotADirectory.into()));
        }
        let parts: Vec<String> = relative
            .components()
            .filter_map(|part| match part {
                std::path::Component::Normal(name) => Some(name.to_string_lossy().into_owned()),
                _ => None,
            })
            .collect();
        let base = if mount.base == "/" || mount.base.starts_with("/..") { "" } else { mount.base.as_str() };
        let path = format!("{base}/{}", parts.join("/"));
        let above = mount.level.ok_or_else(|| CgroupError::HiddenRoot(path.clone()))?;
        let path = if parts.is_empty() && !base.is_empty() { base.to_owned() } else { path };
        let level = above + u32::try_from(parts.len()).unwrap_or(u32::MAX - above);
        Ok(Cgroup { hierarchy: mount.hierarchy.clone(), path, directory, id: metadata.ino(), level })
    }

    /// (hierarchy, path) of each cgroup a process is in, as `/proc/PID/cgroup` shows them.
    ///
    /// # Errors
    /// The process is gone or hidden.
    pub fn of_process(&self, pid: u32) -> io::Result<Vec<(Hierarchy, String)>> {
        self.memberships(&pid.to_string())
    }

    /// The same for this process.
    ///
    /// # Errors
    /// `/proc` is not mounted.
    pub fn of_self(&self) -> io::Result<Vec<(Hierarchy, String)>> {
        self.memberships("self")
    }

    fn memberships(&self, process: &str) -> io::Result<Vec<(Hierarchy, String)>> {
        let text = fs::read_to_string(self.root.join("proc").join(process).join("cgroup"))?;
        Ok(text.lines().filter_map(membership).collect())
    }

    /// This process's own cgroup of version 2: its folder, and whether new cgroups can be made in it.
    pub fn own(&self) -> Option<(PathBuf, bool)> {
        let path = self.of_self().ok()?.into_iter().find_map(|(one, path)| (one == Hierarchy::V2).then_some(path))?;
        let mount = self.v2()?;
        let directory = self.directory_of(mount, &path).filter(|folder| folder.is_dir())?;
        let writable = mount.writable && nix::unistd::access(&directory, nix::unistd::AccessFlags::W_OK).is_ok();
        Some((directory, writable))
    }
}

/// One line of `/proc/PID/cgroup`: `0::/a` or `4:cpu,cpuacct:/a`; the path may hold colons.
fn membership(line: &str) -> Option<(Hierarchy, String)> {
    let (_, rest) = line.split_once(':')?;
    let (controllers, path) = rest.split_once(':')?;
    let hierarchy = match controllers.split(',').next() {
        None | Some("") => Hierarchy::V2,
        Some(first) => Hierarchy::V1(first.to_owned()),
    };
    Some((hierarchy, path.strip_suffix(" (deleted)").unwrap_or(path).to_owned()))
}

/// `folder` with the components of `path` below it, whether that begins with `/` or not.
fn below(folder: &Path, path: &Path) -> PathBuf {
    let mut out = folder.to_owned();
    out.extend(path.components().filter(|part| matches!(part, std::path::Component::Normal(_))));
    out
}

#[cfg(test)]
mod tests;
