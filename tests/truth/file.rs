//! File operations: counts, bytes, errors, times.

use crate::rig::compare::Compared;
use crate::rig::scene::Scene;

/// The path of a file that a job works on.
fn path(scene: &Scene, name: &str) -> String {
    scene.files().join(name).to_string_lossy().into_owned()
}

/// Check that 10,007 preads of ever different sizes, some beyond the end, are counted to the byte.
#[test]
fn reads() {
    let scene = Scene::with_files(0);
    let traced = scene.trace_on_files(&["reads"]);
    let mut compared = Compared::of(&traced);
    compared.everything_done().complete();
    let count =
        compared.entry("file.read", "path", &path(&scene, "data")).map_or(0, |e| e["count"].as_u64().unwrap_or(0));
    compared.equal("preads", count, 10_007);
    compared.end();
}

/// Check that percentiles of reads are those of the generator's own log. Each read copies a mebibyte: small ones take
/// so little that the log is mostly the way into the kernel and the clock itself, which the tracer is right to leave
/// out.
#[test]
fn read_percentiles() {
    let scene = Scene::with_files(0);
    let traced = scene.trace_on_files(&["reads", "--count", "1009", "--size", "1048576"]);
    let mut compared = Compared::of(&traced);
    compared.everything_done().complete().percentiles("file.read", "path", &path(&scene, "data"));
    compared.end();
}

/// Check that 1,009 writes by five calls and 101 fsyncs are counted to the byte, and that the fsyncs' percentiles are
/// those of the generator's log.
#[test]
fn writes() {
    let scene = Scene::with_files(0);
    let traced = scene.trace_on_files(&["writes"]);
    let mut compared = Compared::of(&traced);
    compared.everything_done().nothing_else("file.fsync", "path").complete();
    compared.equal("fsyncs", compared.count("file.fsync"), 101);
    let written = compared.entry("file.write", "path", &path(&scene, "written"));
    compared.equal("writes", written.map_or(0, |entry| entry["count"].as_u64().unwrap_or(0)), 1_009);
    // Without a disk below it an fsync takes no time worth measuring.
    let log = &traced.truth["did"]["file.fsync"]["path"][path(&scene, "written")]["log"];
    if log["p50"].as_f64().is_some_and(|p50| p50 > 50e-6) {
        compared.percentiles("file.fsync", "path", &path(&scene, "written"));
    }
    compared.end();
}

/// Check that percentiles of writes are those of the generator's own log; each writes a mebibyte, as with reads.
#[test]
fn write_percentiles() {
    let scene = Scene::with_files(0);
    let traced = scene.trace_on_files(&["writes", "--count", "211", "--syncs", "0", "--size", "1048576"]);
    let mut compared = Compared::of(&traced);
    compared.everything_done().complete().percentiles("file.write", "path", &path(&scene, "written"));
    compared.end();
}

/// Check that every call that reads counts: read, pread64, readv, preadv, preadv2.
#[test]
fn every_call_that_reads() {
    let scene = Scene::with_files(0);
    let traced = scene.trace_on_files(&["read-forms"]);
    let mut compared = Compared::of(&traced);
    compared.everything_done().complete();
    compared.end();
}

/// Check that copies inside the kernel count as a read of one file and a write of another, splices as the file's side
/// only, and that the other truncations and syncs count.
#[test]
fn relatives() {
    let scene = Scene::with_files(0);
    let traced = scene.trace_on_files(&["relatives"]);
    let mut compared = Compared::of(&traced);
    compared.everything_done().nothing_else("file.truncate", "path").nothing_else("file.fsync", "path").complete();
    compared.end();
}

/// Check that calls that fail on a good descriptor are counted with their errno and the path.
#[test]
fn errors() {
    let scene = Scene::with_files(0);
    let traced = scene.trace_on_files(&["file-errors"]);
    let mut compared = Compared::of(&traced);
    compared.everything_done().nothing_else("file.truncate", "path").complete();
    compared.end();
}

/// Check that 808 reads and writes of a pipe, a socket of the machine, a counter and a terminal are no file's: all the
/// writes there are is the one of the truth itself.
#[test]
fn not_files() {
    let scene = Scene::empty();
    let traced = scene.trace(&["not-files"]);
    let mut compared = Compared::of(&traced);
    compared.equal("moved", traced.truth["facts"]["moved"].clone(), 808);
    compared.equal("writes in all", compared.count("file.write"), 1);
    let reads = compared.count("file.read");
    compared.between("reads in all, which are the program's start", reads as f64, 0.0, 100.0);
    compared.complete();
    compared.end();
}

/// Check that a file in memory is called by its name, and not taken for the root folder.
#[test]
fn memory_file() {
    let scene = Scene::empty();
    let traced = scene.trace(&["memory-file"]);
    let mut compared = Compared::of(&traced);
    compared.everything_done().complete();
    compared.holds("nothing of the root folder", compared.entry("file.write", "path", "/").is_none());
    compared.end();
}

/// Check that processes which live for a moment are traced from their first to their last call.
#[test]
fn short_lived_processes() {
    let scene = Scene::with_files(0);
    let traced = scene.trace_on_files(&["short-lived"]);
    let mut compared = Compared::of(&traced);
    compared.everything_done().complete();
    let first = path(&scene, "first");
    let count = compared.entry("file.read", "path", &first).map_or(0, |entry| entry["count"].as_u64().unwrap_or(0));
    compared.equal("reads", count, 101 * 7);
    compared.end();
}
