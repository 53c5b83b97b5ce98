//! Which of this process's namespaces are the machine's own.
//!
//! The kernel's programs see the machine's process ids, its whole cgroup tree and its clock. Inside a namespace of its
//! own, podtrace would see others, and must know.

use std::fs;
use std::path::Path;

/// Inode numbers of the initial namespaces: `enum init_ns_ino` of `linux/nsfs.h` (`PROC_*_INIT_INO` of
/// `linux/proc_ns.h` before), the same on every machine.
const INITIAL: [(&str, u64); 4] =
    [("cgroup", 0xEFFF_FFFB), ("pid", 0xEFFF_FFFC), ("user", 0xEFFF_FFFD), ("time", 0xEFFF_FFFA)];

/// Whether a namespace is the machine's own; `None` where the kernel has no such namespaces or does not tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Namespaces {
    /// Cgroup paths begin at the real root.
    pub cgroup: Option<bool>,
    /// Process ids are those of the machine.
    pub pid: Option<bool>,
    /// Capabilities count on the machine, not only inside.
    pub user: Option<bool>,
    /// The monotonic clock is that of the machine.
    pub time: Option<bool>,
}

impl Namespaces {
    /// Reads them from the links in `proc/self/ns` below `root`.
    pub fn read(root: &Path) -> Self {
        let initial = |name: &str| {
            let link = fs::read_link(root.join("proc/self/ns").join(name)).ok()?;
            let inode = parse_link(link.to_str()?)?;
            let (_, expected) = INITIAL.into_iter().find(|(known, _)| *known == name)?;
            Some(inode == expected)
        };
        Self { cgroup: initial("cgroup"), pid: initial("pid"), user: initial("user"), time: initial("time") }
    }
}

/// The inode of `pid:[4026531836]`.
pub fn parse_link(link: &str) -> Option<u64> {
    link.split_once(":[")?.1.strip_suffix(']')?.parse().ok()
}
