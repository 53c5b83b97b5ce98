//! `--cgroup`: a cgroup and everything below it.

use std::path::Component;
use std::path::Path;
use std::path::PathBuf;

use super::Membership;
use super::Resolved;
use super::TargetError;
use super::near;
use super::others;
use super::plain;
use crate::event::session::TargetKind;
use crate::host::Cgroups;
use crate::host::Host;
use crate::host::cgroup;
use crate::host::cgroup::CgroupMount;

/// A folder that was found: the mount, and the path below it.
#[derive(Clone, Debug)]
pub(super) struct Place<'a> {
    /// The mount.
    pub(super) mount: &'a CgroupMount,
    /// The path below it.
    pub(super) relative: PathBuf,
}

/// Looks up a cgroup by its folder, or by its path in a hierarchy.
pub(super) fn resolve(index: u16, text: &str, host: &Host) -> Result<Resolved, TargetError> {
    let cgroups = &host.cgroups;
    if text.is_empty() {
        return Err(TargetError::Empty("cgroup"));
    }
    if cgroups.mounts().is_empty() {
        return Err(TargetError::NoCgroups);
    }
    let path = Path::new(text);
    if path.components().any(|part| part == Component::ParentDir) {
        return Err(TargetError::Upwards(text.to_owned()));
    }
    let mut places = by_folder(cgroups, path);
    if places.is_empty() {
        places = by_path(cgroups, text);
    }
    let Some(place) = choose(cgroups, places) else {
        return Err(TargetError::NoCgroup {
            path: text.to_owned(),
            expected: expected(cgroups),
            near: like(cgroups, text),
        });
    };
    let (membership, remark) = membership(host, &place)?;
    let name = match &membership {
        Membership::CgroupSubtree { path, .. } => path.clone(),
        Membership::Processes { .. } => text.to_owned(),
    };
    Ok(Resolved { target: plain(index, TargetKind::Cgroup, name), membership, remark })
}

/// What to test for, for a folder: its id, or, in a hierarchy the kernel cannot be asked about, the processes in it.
pub(super) fn membership(host: &Host, place: &Place<'_>) -> Result<(Membership, Option<String>), TargetError> {
    let cgroups = &host.cgroups;
    if place.mount.hierarchy.can_match() {
        return Ok((Membership::of_cgroup(cgroups.cgroup(place.mount, &place.relative)?), None));
    }
    // The same path may be there in a hierarchy with a controller.
    let path = place.relative.to_string_lossy();
    let twins = by_path(cgroups, &path).into_iter().filter(|twin| twin.mount.hierarchy.can_match()).collect();
    if let Some(twin) = choose(cgroups, twins).filter(|_| !path.is_empty()) {
        return Ok((Membership::of_cgroup(cgroups.cgroup(twin.mount, &twin.relative)?), None));
    }
    if host.namespaces.pid == Some(false) {
        return Err(TargetError::PidNamespace);
    }
    let pids = others(cgroup::processes(&folder(cgroups, place)));
    let remark = format!(
        "{} has no controller to match by: followed are the processes that are in it now, and what they fork",
        place.mount.hierarchy
    );
    Ok((Membership::Processes { pids }, Some(remark)))
}

/// Of several places of the same name, that in the hierarchy best to match by; one with processes in it before one
/// without, since container engines leave empty folders in hierarchies they do not use.
pub(super) fn choose<'a>(cgroups: &Cgroups, places: Vec<Place<'a>>) -> Option<Place<'a>> {
    if places.len() > 1
        && let Some(place) = places
            .iter()
            .find(|place| place.mount.hierarchy.can_match() && !cgroup::processes(&folder(cgroups, place)).is_empty())
    {
        return Some(place.clone());
    }
    places.into_iter().next()
}

/// The folder of a place.
pub(super) fn folder(cgroups: &Cgroups, place: &Place<'_>) -> PathBuf {
    cgroups.directory(place.mount).join(&place.relative)
}

/// The place an absolute path of a folder leads to: that of the mount closest to it.
fn by_folder<'a>(cgroups: &'a Cgroups, path: &Path) -> Vec<Place<'a>> {
    let place = |mount: &'a CgroupMount| {
        let relative = path.strip_prefix(&mount.point).ok()?.to_owned();
        Some(Place { mount, relative })
    };
    let inside = cgroups.mounts().iter().filter_map(place).filter(|place| folder(cgroups, place).is_dir());
    inside.max_by_key(|place| place.mount.point.components().count()).into_iter().collect()
}

/// The places of a path in a hierarchy: as `/proc/PID/cgroup` has it, or below the mount.
fn by_path<'a>(cgroups: &'a Cgroups, text: &str) -> Vec<Place<'a>> {
    let trimmed = text.trim_matches('/');
    let place = |mount: &'a CgroupMount| {
        let point = cgroups.directory(mount);
        let whole = cgroups.directory_of(mount, &format!("/{trimmed}"));
        let directory = whole.into_iter().chain([point.join(trimmed)]).find(|directory| directory.is_dir())?;
        Some(Place { mount, relative: directory.strip_prefix(&point).ok()?.to_owned() })
    };
    cgroups.mounts().iter().filter_map(place).collect()
}

/// Where cgroups are, for a message.
fn expected(cgroups: &Cgroups) -> String {
    let points = cgroups.mounts().iter().filter(|mount| mount.hierarchy.can_match()).take(3);
    let names: Vec<String> = points.map(|mount| format!("`{}`", mount.point.display())).collect();
    names.join(", ")
}

/// Cgroups with names like this one, as paths in their hierarchies.
fn like(cgroups: &Cgroups, text: &str) -> Vec<String> {
    let all = cgroups.mounts().iter().flat_map(|mount| cgroup::walk(&cgroups.directory(mount)));
    near::nearest(text, all.map(|path| format!("/{}", path.display())))
}
