//! Nothing is lost by counting; what single events are lost is counted.

use crate::rig::EVERYTHING;
use crate::rig::compare::Compared;
use crate::rig::compare::object;
use crate::rig::process::Running;
use crate::rig::scene::Scene;
use crate::rig::scene::report_of;

/// A profile that makes every file operation an event.
const EVERY_FILE_EVENT: &str = "probes { file detail=\"all\" }";

/// Check that as many reads as two threads can make in two seconds are counted to the last one, without a loss.
#[test]
fn as_fast_as_possible() {
    let scene = Scene::with_files(0);
    let traced = scene.trace_on_files(&["many-ops"]);
    let mut compared = Compared::of(&traced);
    compared.everything_done().complete();
    let data = scene.files().join("data").to_string_lossy().into_owned();
    let count = compared.entry("file.read", "path", &data).map_or(0, |entry| entry["count"].as_u64().unwrap_or(0));
    compared.holds("there were many", count > 10_007);
    compared.end();
}

/// Check that 1,009 different files are all counted, even if not every one has a line of its own.
#[test]
fn many_files() {
    let scene = Scene::with_files(1_009);
    let traced = scene.trace_with(EVERYTHING, &[], &scene.job_on_files(&["many-files", "--many", "1009"], "truth"));
    let mut compared = Compared::of(&traced);
    let files = scene.files().join("many").to_string_lossy().into_owned();
    for (kind, truly) in [("file.open", 1_009), ("file.read", 1_513), ("file.close", 1_009)] {
        let entries = compared.signal(kind)["top"]["path"].as_array().map_or(&[][..], Vec::as_slice);
        let (mut named, mut other) = (0, 0);
        for entry in entries {
            let (key, count) = (entry["key"].as_str().unwrap_or_default(), entry["count"].as_u64().unwrap_or(0));
            if key.starts_with(&files) {
                let each = &traced.truth["did"][kind]["path"][key];
                compared.equal(&format!("`{kind}` of `{key}`: count"), count, each["count"].clone());
                named += count;
            } else if key == "other" {
                other = count;
            }
        }
        // What the program's start did may be among the others.
        let what = format!("`{kind}` of named files and others");
        compared.between(&what, (named + other) as f64, truly as f64, truly as f64 + 50.0);
        compared.holds(&format!("`{kind}` names files"), named > 0);
    }
    compared.complete();
    compared.end();
}

/// Check that with a ring far too small, the events that arrived and the events that were lost are together all that
/// there were, while the counts stay exact.
#[test]
fn overflowing_ring() {
    let scene = Scene::with_files(0);
    let line = scene.job_on_files(&["many-ops", "--count", "50021", "--threads", "2"], "truth");
    let mut command = std::process::Command::new(crate::rig::podtrace());
    command.env("PODTRACE_RING_BYTES", "16384");
    command.args(["run", "-o", "json", "-p"]).arg(scene.profile(EVERY_FILE_EVENT)).arg("--").args(line);
    let traced = scene.traced(Running::start(command, "podtrace", scene.folder()).end());

    let mut compared = Compared::of(&traced);
    compared.everything_done();
    let kind = &traced.report["completeness"]["kinds"]["file.read"];
    let lost: u64 = object(&kind["lost"]).filter_map(|(_, count)| count.as_u64()).sum();
    compared.holds("events were lost", lost > 0);
    compared.equal("seen and lost", kind["seen"].as_u64().unwrap_or(0) + lost, compared.count("file.read"));
    compared.end();
}

/// Check that every operation becomes an event if that is asked for, at a rate that the ring can hold: none is lost.
#[test]
fn every_operation_an_event() {
    let scene = Scene::with_files(0);
    let line = scene.job_on_files(&["reads"], "truth");
    let traced = scene.trace_with(EVERY_FILE_EVENT, &[], &line);
    let mut compared = Compared::of(&traced);
    compared.everything_done().complete();
    for kind in ["file.open", "file.read", "file.close"] {
        let seen = traced.report["completeness"]["kinds"][kind]["seen"].clone();
        compared.equal(&format!("events of `{kind}`"), seen, compared.count(kind));
    }
    compared.end();
}

/// Check that CSV has a line for every event there was.
#[test]
fn every_event_a_line_of_csv() {
    let scene = Scene::with_files(0);
    let line = scene.job_on_files(&["relatives"], "truth");
    let mut command = std::process::Command::new(crate::rig::podtrace());
    command.args(["run", "-o", "csv", "-p"]).arg(scene.profile(EVERY_FILE_EVENT)).arg("--").args(line);
    let ended = Running::start(command, "podtrace", scene.folder()).end();
    assert!(ended.status.success(), "podtrace failed:\n{}", ended.errors);
    let truth = scene.truth("truth");
    let copied = scene.files().join("copied").to_string_lossy().into_owned();
    let empty = serde_json::json!({});
    let mut compared = Compared::sides(&empty, &truth, &ended.errors);
    for kind in ["file.write", "file.fsync", "file.truncate"] {
        let lines = ended.output.lines().filter(|line| line.contains(kind) && line.contains(&copied)).count();
        compared.equal(kind, lines, truth["did"][kind]["path"][copied.as_str()]["count"].clone());
    }
    compared.end();
}

/// Check that a run of `--for` ends by itself although its command goes on, and that the command is not left behind.
#[test]
fn bounded_time() {
    let scene = Scene::empty();
    let began = std::time::Instant::now();
    let line = scene.job(&["sleeper", "--count", "1", "--sleep-ms", "600000"], "truth");
    let ended = scene.start_run(EVERYTHING, &["--for", "2s"], &line).end();
    let report = report_of(&ended);
    let truth = serde_json::Value::Null;
    let mut compared = Compared::sides(&report, &truth, &ended.errors);
    let seconds = report["duration_seconds"].as_f64().unwrap_or(f64::NAN);
    compared.between("duration", seconds, 1.9, began.elapsed().as_secs_f64());
    compared.equal("execs", compared.count("process.exec"), 1);
    compared.end();
}

/// Check that requests to an io_uring, which no system call shows, are said to be unseen, each of them.
#[test]
fn io_uring_is_said_to_be_unseen() {
    let scene = Scene::empty();
    let traced = scene.trace(&["io-uring"]);
    let mut compared = Compared::of(&traced);
    let lost = &traced.report["completeness"]["events_lost"];
    compared.equal("requests not seen", lost["io_uring"].clone(), traced.truth["facts"]["requests"].clone());
    compared.equal("losses of other causes", object(lost).filter(|(cause, _)| *cause != "io_uring").count(), 0);
    compared.end();
}

/// Check that system calls of 32-bit programs, which are not decoded, are said to be missing and counted as nothing
/// else.
#[cfg(target_arch = "x86_64")]
#[test]
fn calls_of_32_bit_programs_are_said_to_be_missing() {
    let scene = Scene::empty();
    let traced = scene.trace(&["compat"]);
    let mut compared = Compared::of(&traced);
    let lost = &traced.report["completeness"]["events_lost"];
    compared.equal("calls not decoded", lost["compat_syscall"].clone(), traced.truth["facts"]["calls"].clone());
    compared.equal("losses of other causes", object(lost).filter(|(cause, _)| *cause != "compat_syscall").count(), 0);
    // 7 reads were mistaken for closes, by number, if there are more than the program's start and truth make.
    compared.between("`file.close` in all", compared.count("file.close") as f64, 1.0, 20.0);
    compared.end();
}
