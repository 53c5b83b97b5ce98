//! One mount of a cgroup hierarchy, from a line of `/proc/self/mountinfo`.

use std::fs;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::path::PathBuf;

use super::Hierarchy;
use super::below;

/// The inode number of the root folder of every cgroup hierarchy: the first that kernfs gives out.
const ROOT_INODE: u64 = 1;

/// Where a hierarchy, or a part of one, is mounted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CgroupMount {
    /// Which hierarchy.
    pub hierarchy: Hierarchy,
    /// All controllers of a hierarchy of version 1; none for version 2.
    pub controllers: Vec<String>,
    /// Where, as the process sees it.
    pub point: PathBuf,
    /// The cgroup that is mounted there: `/`, or `/docker/ID` in a container. `/..` and the like if it lies above the
    /// root of this process's cgroup namespace.
    pub base: String,
    /// How deep `base` lies below the real root; `None` if a cgroup namespace hides that.
    pub level: Option<u32>,
    /// Whether it is mounted for writing.
    pub writable: bool,
}

impl CgroupMount {
    /// Reads a line (proc_pid_mountinfo(5)); `None` if it is a mount of something else.
    pub fn parse(line: &str) -> Option<Self> {
        let (mount, filesystem) = line.split_once(" - ")?;
        let mut mount = mount.split(' ').skip(3);
        let (base, point, options) = (mount.next()?, mount.next()?, mount.next()?);
        let mut filesystem = filesystem.split(' ');
        let kind = filesystem.next()?;
        let super_options = filesystem.nth(1)?;
        let (hierarchy, controllers) = match kind {
            "cgroup2" => (Hierarchy::V2, Vec::new()),
            "cgroup" => {
                let controllers: Vec<String> =
                    super_options.split(',').filter(|word| is_controller(word)).map(str::to_owned).collect();
                (Hierarchy::V1(controllers.first()?.clone()), controllers)
            }
            _ => return None,
        };
        let writable = [options, super_options].iter().all(|list| list.split(',').any(|word| word == "rw"));
        let base = unescape(base).to_string_lossy().into_owned();
        Some(Self { hierarchy, controllers, point: unescape(point), base, level: None, writable })
    }

    /// Finds [`Self::level`]. In the machine's own cgroup namespace `base` says it; in another one only the real root
    /// itself can be told, by its inode.
    pub(super) fn find_level(&mut self, root: &Path, own_namespace: Option<bool>) {
        self.level = if own_namespace == Some(false) {
            let inode = fs::metadata(below(root, &self.point)).ok().map(|folder| folder.ino());
            (inode == Some(ROOT_INODE)).then_some(0)
        } else {
            u32::try_from(self.base.split('/').filter(|part| !part.is_empty()).count()).ok()
        };
    }
}

/// Whether a word among a mount's options is a controller, and not something that cgroup1 mounts may also say.
fn is_controller(word: &str) -> bool {
    let other = ["rw", "ro", "none", "noprefix", "clone_children", "cpuset_v2_mode", "xattr", "seclabel"];
    !other.contains(&word) && (!word.contains('=') || word.starts_with("name="))
}

/// A path as the kernel escapes it: space, tab, line feed and backslash as three octal digits.
fn unescape(text: &str) -> PathBuf {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let digits =
            (*first == b'\\').then(|| after.get(..3)).flatten().and_then(|three| std::str::from_utf8(three).ok());
        match digits.and_then(|three| u8::from_str_radix(three, 8).ok()) {
            Some(byte) => {
                out.push(byte);
                rest = &after[3..];
            }
            None => {
                out.push(*first);
                rest = after;
            }
        }
    }
    std::ffi::OsString::from_vec(out).into()
}
