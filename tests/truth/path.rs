//! Paths as the target sees them.

use crate::rig::compare::Compared;
use crate::rig::scene::Scene;

/// Check that operations belong to the path the file was opened by: through bind mounts of folders and files, a tmpfs,
/// links, relative to a descriptor and to the working directory, under odd names, renamed and deleted while open.
#[test]
fn every_sort_of_path() {
    let scene = Scene::with_files(0);
    let traced = scene.trace_on_files(&["paths"]);
    let mut compared = Compared::of(&traced);
    compared.everything_done().complete();
    compared.end();
}

/// Check that behind `chroot` and `pivot_root` a path begins at the process's own root.
#[test]
fn own_roots() {
    let scene = Scene::with_files(0);
    let traced = scene.trace_on_files(&["roots"]);
    let mut compared = Compared::of(&traced);
    compared.everything_done().complete();
    compared.end();
}

/// Check that opens that fail are counted under the path as it was given, with their errno.
#[test]
fn failed_opens() {
    let scene = Scene::with_files(0);
    let traced = scene.trace_on_files(&["open-errors"]);
    let mut compared = Compared::of(&traced);
    compared.everything_done().complete();
    compared.end();
}

/// Check that a file 61 folders deep is shown by its whole path, or by its end and with the loss said.
#[test]
fn deep_path() {
    let scene = Scene::with_files(0);
    let traced = scene.trace_on_files(&["deep-path"]);
    let truncated = &traced.report["completeness"]["events_lost"]["path_truncated"];
    let mut compared = Compared::of(&traced);
    if truncated.is_null() {
        compared.everything_done().complete();
    } else {
        let entries = compared.signal("file.read")["top"]["path"].as_array().map_or(&[][..], Vec::as_slice);
        let found = entries.iter().find(|entry| entry["key"].as_str().is_some_and(|key| key.ends_with("/bottom")));
        compared.equal("reads under a path that ends as it should", found.map_or(0.into(), |e| e["count"].clone()), 7);
        compared.between("truncated paths", truncated.as_f64().unwrap_or(f64::NAN), 1.0, 3.0);
    }
    compared.end();
}
