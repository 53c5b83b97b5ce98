//! `--unit`: a systemd unit, by the cgroup that carries its name.
//!
//! The tree of folders is all that is asked: no bus, no service manager. So it works for units of a container's own
//! service manager and of users' too, and only for units that run: others have no cgroup.

use std::path::Path;
use std::path::PathBuf;

use super::Resolved;
use super::TargetError;
use super::cgroup;
use super::cgroup::Place;
use super::near;
use super::plain;
use crate::event::session::TargetKind;
use crate::host::Host;
use crate::host::cgroup::CgroupMount;
use crate::host::cgroup::walk;

/// Endings of units that have a cgroup (systemd.unit(5)).
pub(super) const ENDINGS: [&str; 6] = [".service", ".scope", ".slice", ".socket", ".mount", ".swap"];

/// Looks up a unit.
pub(super) fn resolve(index: u16, name: &str, host: &Host) -> Result<Resolved, TargetError> {
    if name.is_empty() {
        return Err(TargetError::Empty("unit"));
    }
    if name.contains('/') {
        return Err(TargetError::UnitIsPath(name.to_owned()));
    }
    let cgroups = &host.cgroups;
    if cgroups.mounts().is_empty() {
        return Err(TargetError::NoCgroups);
    }
    let trees: Vec<(&CgroupMount, Vec<PathBuf>)> =
        cgroups.mounts().iter().map(|mount| (mount, walk(&cgroups.directory(mount)))).collect();
    let Some((unit, places)) =
        wanted(name).into_iter().find_map(|unit| matching(&trees, &unit).map(|found| (unit, found)))
    else {
        let units = trees.iter().flat_map(|(_, tree)| tree).filter_map(|path| last(path)).filter(|name| is_unit(name));
        return Err(TargetError::NoUnit { name: name.to_owned(), near: near::nearest(name, units.map(str::to_owned)) });
    };
    // Paths of the first hierarchy that has any; the same unit shows in several.
    let mut paths: Vec<String> = Vec::new();
    let best = cgroup::choose(cgroups, places.clone());
    for place in &places {
        if best.as_ref().is_some_and(|best| best.mount.hierarchy == place.mount.hierarchy) {
            paths.push(format!("/{}", place.relative.display()));
        }
    }
    paths.sort();
    paths.dedup();
    match best {
        Some(place) if paths.len() == 1 => {
            let (membership, remark) = cgroup::membership(host, &place)?;
            Ok(Resolved { target: plain(index, TargetKind::Unit, unit), membership, remark })
        }
        _ => Err(TargetError::AmbiguousUnit { name: name.to_owned(), paths }),
    }
}

/// The names of folders to look for, best first.
fn wanted(name: &str) -> Vec<String> {
    if is_unit(name) { vec![name.to_owned()] } else { vec![format!("{name}.service"), name.to_owned()] }
}

/// The folders of this name in all hierarchies, those best to match by first; `None` if there is none.
///
/// systemd puts an underscore before a name that would clash with the kernel's own files (`cgroup.`, controllers).
fn matching<'a>(trees: &[(&'a CgroupMount, Vec<PathBuf>)], unit: &str) -> Option<Vec<Place<'a>>> {
    let is_it = |path: &&PathBuf| last(path).is_some_and(|one| one == unit || one.strip_prefix('_') == Some(unit));
    let of_tree = |(mount, tree): &(&'a CgroupMount, Vec<PathBuf>)| -> Vec<Place<'a>> {
        tree.iter().filter(is_it).map(|relative| Place { mount, relative: relative.clone() }).collect()
    };
    let found: Vec<Place<'a>> = trees.iter().flat_map(of_tree).collect();
    (!found.is_empty()).then_some(found)
}

fn last(path: &Path) -> Option<&str> {
    path.file_name()?.to_str()
}

fn is_unit(name: &str) -> bool {
    ENDINGS.iter().any(|ending| name.len() > ending.len() && name.ends_with(ending))
}
