//! What is true of this machine: facts, and nothing concluded from them but what [`doctor`] says.
//!
//! Every reader takes a root folder (`/` outside of tests), so that tests hand in a folder of their own. Nothing here
//! fails because a file is missing: an unknown fact is `None` or says so. What can be found out only by asking the
//! kernel for it (privileges permitting) is apart, in [`ability`].

pub mod ability;
pub mod bpf;
pub mod btf;
pub mod capability;
pub mod cgroup;
pub mod clock;
pub mod cpu;
pub mod doctor;
pub mod elf;
pub mod kernel;
pub mod namespace;
pub mod process;
pub mod program;
pub mod socket;

use std::fs;
use std::path::Path;

pub use ability::Abilities;
pub use ability::Obstacle;
pub use btf::Btf;
pub use capability::Privileges;
pub use cgroup::Cgroup;
pub use cgroup::Cgroups;
pub use cgroup::Hierarchy;
pub use clock::Clock;
pub use cpu::Cpus;
pub use kernel::Kernel;
pub use namespace::Namespaces;
pub use process::Processes;
pub use program::Program;

use crate::event::session::HostSummary;

/// Facts about this machine and about what this process may do on it.
#[derive(Clone, Debug)]
pub struct Host {
    /// The host's name; `unknown` if it cannot be read.
    pub name: String,
    /// The kernel.
    pub kernel: Kernel,
    /// The architecture, as `uname -m`.
    pub architecture: String,
    /// CPUs.
    pub cpus: Cpus,
    /// What this process may do.
    pub privileges: Privileges,
    /// Which of this process's namespaces are the machine's own.
    pub namespaces: Namespaces,
    /// Where the cgroup hierarchies are.
    pub cgroups: Cgroups,
}

impl Host {
    /// Reads the facts below `root`.
    pub fn read(root: &Path) -> Self {
        let namespaces = Namespaces::read(root);
        Self {
            name: line(root, "proc/sys/kernel/hostname").unwrap_or_else(|| "unknown".into()),
            kernel: Kernel::read(root),
            // The file exists since Linux 6.1; before it, a program runs on the architecture it was built for.
            architecture: line(root, "proc/sys/kernel/arch").unwrap_or_else(|| std::env::consts::ARCH.into()),
            cpus: Cpus::read(root),
            privileges: Privileges::read(root),
            namespaces,
            cgroups: Cgroups::read(root, namespaces),
        }
    }

    /// The part of it that belongs into a report.
    pub fn summary(&self) -> HostSummary {
        HostSummary {
            name: self.name.clone(),
            kernel: self.kernel.release.clone(),
            architecture: self.architecture.clone(),
            cpus: self.cpus.online,
        }
    }
}

/// The first line of a small file below `root`, trimmed; `None` if it is not readable or empty.
fn line(root: &Path, path: &str) -> Option<String> {
    let text = fs::read_to_string(root.join(path)).ok()?;
    let first = text.lines().next()?.trim();
    (!first.is_empty()).then(|| first.to_owned())
}

#[cfg(test)]
mod tests;
