//! Walking the folders of a hierarchy.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::path::PathBuf;

/// More folders than this are not looked at: a machine has some thousands of cgroups at most.
const FOLDERS_MAX: usize = 100_000;

/// Every cgroup below a folder, as paths relative to it, parents before their children; the folder itself is not among
/// them. What vanishes meanwhile is left out.
pub fn walk(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut next = 0;
    list(folder, Path::new(""), &mut found);
    while next < found.len() && found.len() < FOLDERS_MAX {
        let relative: PathBuf = found[next].clone();
        list(&folder.join(&relative), &relative, &mut found);
        next += 1;
    }
    found
}

/// The processes in a cgroup and everything below it, as of now.
pub fn processes(folder: &Path) -> BTreeSet<u32> {
    let inside = |relative: &Path| fs::read_to_string(folder.join(relative).join("cgroup.procs")).unwrap_or_default();
    let mut folders = walk(folder);
    folders.push(PathBuf::new());
    let ids = |text: String| text.lines().filter_map(|line| line.parse().ok()).collect::<Vec<u32>>();
    // A process of another pid namespace shows as 0.
    folders.iter().flat_map(|relative| ids(inside(relative))).filter(|pid| *pid != 0).collect()
}

/// Adds the folders in `folder`, in order of their names. Links are not followed.
fn list(folder: &Path, relative: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    let is_folder = |entry: &fs::DirEntry| entry.file_type().is_ok_and(|kind| kind.is_dir());
    let mut names: Vec<_> = entries.flatten().filter(is_folder).map(|entry| relative.join(entry.file_name())).collect();
    names.sort();
    found.append(&mut names);
}

/// The part of `path` below `base`, by whole components; `None` if it lies elsewhere.
pub(super) fn inside<'a>(path: &'a str, base: &str) -> Option<&'a str> {
    let rest = path.strip_prefix(base.trim_end_matches('/'))?;
    (rest.is_empty() || rest.starts_with('/')).then_some(rest)
}
