//! Where threads wait, and how much CPU they use.
//!
//! How often a thread leaves the CPU is for the kernel to say: a wait may be broken in two. So times are compared in
//! sum, counts as bounds.

use std::time::Duration;

use serde_json::Value;

use crate::rig;
use crate::rig::cgroup::Cgroup;
use crate::rig::compare::Compared;
use crate::rig::process::Running;
use crate::rig::scene;
use crate::rig::scene::Scene;
use crate::rig::scene::Traced;

/// A key's count and the sum of its durations, in seconds.
fn total(entry: Option<&Value>) -> (f64, f64) {
    let count = entry.and_then(|entry| entry["count"].as_f64()).unwrap_or(0.0);
    let mean = entry.and_then(|entry| entry["latency_seconds"]["mean"].as_f64()).unwrap_or(0.0);
    (count, count * mean)
}

/// How much longer than on a real machine things take that are outside of what is measured.
fn slowness() -> f64 {
    if rig::slow() { 10.0 } else { 1.0 }
}

/// Every reason's waits: at least as many and, in sum, as long as the workload says, within `spare` of a second each way
/// for what the program itself cannot see. For the program a wait also lasts while it is awake and waits for a CPU.
fn waits(compared: &mut Compared, traced: &Traced, spare: f64) {
    let spare = spare * slowness();
    let (_, for_a_cpu) = total(Some(compared.signal("sched.runq")));
    for (reason, truly) in rig::compare::object(&traced.truth["did"]["sched.offcpu"]["reason"]) {
        let (count, seconds) = total(compared.entry("sched.offcpu", "reason", reason));
        let (least, truly) = (truly["count"].as_f64().unwrap_or(0.0), truly["log"]["total"].as_f64().unwrap_or(0.0));
        compared.between(&format!("`sched.offcpu` {reason}: count"), count, least, least * 3.0 + 20.0);
        let what = format!("`sched.offcpu` {reason}: seconds");
        compared.between(&what, seconds, truly * 0.97 - for_a_cpu - spare, truly * 1.03 + spare);
    }
}

/// Reasons other than those of the workload, and those that its start has, hold no time worth naming.
fn hardly_anything_else(compared: &mut Compared, traced: &Traced, reasons: &[&str]) {
    for reason in ["disk", "lock", "network", "sleep", "poll", "pipe", "child", "accept", "stopped"] {
        let of_workload = !traced.truth["did"]["sched.offcpu"]["reason"][reason].is_null();
        if !of_workload && !reasons.contains(&reason) {
            let (_, seconds) = total(compared.entry("sched.offcpu", "reason", reason));
            compared.between(&format!("`sched.offcpu` {reason}: seconds"), seconds, 0.0, 0.1 * slowness());
        }
    }
}

/// Check that three sleeps of a second are waits by choice: under `sleep`, a second each, under no other reason, and not
/// in the verdict as something that stands out.
#[test]
fn sleeper() {
    let scene = Scene::empty();
    let traced = scene.trace(&["sleeper"]);
    let mut compared = Compared::of(&traced);
    waits(&mut compared, &traced, 0.01);
    hardly_anything_else(&mut compared, &traced, &["disk"]);
    let longest = compared.entry("sched.offcpu", "reason", "sleep").map(|entry| &entry["latency_seconds"]["max"]);
    let log = traced.truth["did"]["sched.offcpu"]["reason"]["sleep"]["log"]["max"].as_f64().unwrap_or(f64::NAN);
    compared.between("longest sleep", longest.and_then(|v| v.as_f64()).unwrap_or(f64::NAN), 0.999, log);
    compared.equal("findings", traced.report["findings"].clone(), serde_json::json!([]));
    compared.complete();
    compared.end();
}

/// Check that 11 reads of a pipe that wait 100 ms each are waits for a pipe.
#[test]
fn pipe_reader() {
    let scene = Scene::empty();
    let traced = scene.trace(&["pipe-reader"]);
    let mut compared = Compared::of(&traced);
    waits(&mut compared, &traced, 0.05);
    hardly_anything_else(&mut compared, &traced, &["disk", "child"]);
    compared.complete();
    compared.end();
}

/// Check that waits in poll, select and epoll_wait are waits for events, which is idle.
#[test]
fn poller() {
    let scene = Scene::empty();
    let traced = scene.trace(&["poller"]);
    let mut compared = Compared::of(&traced);
    waits(&mut compared, &traced, 0.01);
    hardly_anything_else(&mut compared, &traced, &["disk"]);
    compared.complete();
    compared.end();
}

/// Check that waits for a child are told apart.
#[test]
fn parent() {
    let scene = Scene::empty();
    let traced = scene.trace(&["parent"]);
    let mut compared = Compared::of(&traced);
    waits(&mut compared, &traced, 0.05);
    hardly_anything_else(&mut compared, &traced, &["disk"]);
    compared.complete();
    compared.end();
}

/// Check that waits for a lock that another thread holds are lock waits, as long as it was held.
#[test]
fn contention() {
    let scene = Scene::empty();
    let traced = scene.trace(&["contention"]);
    let mut compared = Compared::of(&traced);
    waits(&mut compared, &traced, 0.05);
    hardly_anything_else(&mut compared, &traced, &["disk", "sleep"]);
    compared.complete();
    compared.end();
}

/// Check that a wait that is kept as an event names the thread that waited, not the one that ran meanwhile.
#[test]
fn thread_that_waits() {
    let scene = Scene::empty();
    let traced = scene.trace(&["contention", "--count", "3", "--hold-ms", "200"]);
    let mut compared = Compared::of(&traced);
    let slowest = compared.report()["sections"]["events"]["sched.offcpu"]["slowest"].as_array();
    let threads: Vec<&serde_json::Value> =
        slowest.into_iter().flatten().filter(|event| event["detail"] == "lock").map(|event| &event["thread"]).collect();
    compared.holds("waits for the lock are events", !threads.is_empty());
    for thread in threads {
        compared.equal("thread of a wait", thread.clone(), traced.truth["facts"]["waiter_thread"].clone());
    }
    compared.end();
}

/// Check that waits for read-write locks and for locks on files are waits for locks.
#[test]
fn other_locks() {
    // The value that a read-write lock waits on is glibc's.
    let rw_locks = cfg!(target_env = "gnu").then_some("rw-locks");
    for job in rw_locks.into_iter().chain(["file-locks"]) {
        let scene = Scene::with_files(0);
        let traced = if job == "file-locks" { scene.trace_on_files(&[job]) } else { scene.trace(&[job]) };
        let mut compared = Compared::of(&traced);
        waits(&mut compared, &traced, 0.05);
        hardly_anything_else(&mut compared, &traced, &["disk", "child"]);
        compared.complete();
        compared.end();
    }
}

/// Check that a process that a signal stopped while it waited for a socket is said to be stopped then, not to wait for the
/// network.
#[test]
fn stopped() {
    let scene = Scene::empty();
    let traced = scene.trace(&["stopped"]);
    let mut compared = Compared::of(&traced);
    waits(&mut compared, &traced, 0.05);
    hardly_anything_else(&mut compared, &traced, &["disk", "child"]);
    compared.complete();
    compared.end();
}

/// The longest wait of a reason, and how many there were.
fn longest(compared: &Compared, reason: &str) -> (f64, u64) {
    let entry = compared.entry("sched.offcpu", "reason", reason);
    let longest = entry.and_then(|entry| entry["latency_seconds"]["max"].as_f64());
    (longest.unwrap_or(f64::NAN), entry.and_then(|entry| entry["count"].as_u64()).unwrap_or(0))
}

/// A job that hangs in a system call before anything is traced.
fn hanging(scene: &Scene, job: &[&str], call: i64) -> Running {
    let line = scene.job(job, "truth");
    let mut command = std::process::Command::new(&line[0]);
    command.args(&line[1..]);
    let hanging = Running::start(command, "hanging", scene.folder());
    let file = |name: &str| std::fs::read_to_string(format!("/proc/{}/{name}", hanging.pid())).unwrap_or_default();
    rig::wait_until("the job to hang", || {
        file("syscall").starts_with(&format!("{call} ")) && file("stat").contains(") S ")
    });
    hanging
}

/// Traces a job that hangs all along, which is a wait of this reason for as long as the trace is.
fn hangs(scene: &Scene, job: &[&str], call: i64, reason: &str, is_named: bool) {
    let hanging = hanging(scene, job, call);
    let ended = scene.start_on(&["--pid", &hanging.pid().to_string(), "--for", "2s"]).end();
    hanging.signal(libc::SIGKILL);
    drop(hanging.end());
    let report = scene::report_of(&ended);
    let mut compared = Compared::sides(&report, &Value::Null, &ended.errors);
    let duration = report["duration_seconds"].as_f64().unwrap_or(f64::NAN);
    let (seconds, count) = longest(&compared, reason);
    compared.equal(&format!("waits: {reason}"), count, 1);
    compared.between(&format!("{reason}: max"), seconds, duration - 0.05, duration + 0.3 * slowness());
    let first = report["sections"]["verdict"]["slow"].to_string() + &report["sections"]["time"].to_string();
    compared.equal("where the time went names it", first.contains(reason), is_named);
    compared.end();
}

/// Check that a process that hangs from before the trace until after it is seen to: it waits for as long as the trace is.
#[test]
fn hangs_all_along() {
    let scene = Scene::empty();
    let peer = rig::peers::late(rig::peers::V4, Duration::from_secs(600)).to_string();
    hangs(&scene, &["idle-recv", "--to", &peer], libc::SYS_recvfrom, "network", true);
}

/// Check that a server to which nobody connects is idle, and waits for no network.
#[test]
fn nobody_connects() {
    let scene = Scene::empty();
    let ready = scene.path("ready");
    hangs(&scene, &["accepts", "--ready", &ready.to_string_lossy()], libc::SYS_accept, "accept", false);
}

/// Check that a process whose cgroup is frozen for a while is said to be stopped for as long, and to wait for the network
/// before and after.
#[test]
fn frozen() {
    let scene = Scene::empty();
    let peer = rig::peers::late(rig::peers::V4, Duration::from_secs(600)).to_string();
    let cgroup = Cgroup::new();
    let hanging = hanging(&scene, &["idle-recv", "--to", &peer], libc::SYS_recvfrom);
    cgroup.take(hanging.pid());
    let tracing = scene.start_on(&["--pid", &hanging.pid().to_string(), "--for", "5s"]);
    let freeze = |state: &str| {
        let began = std::time::Instant::now();
        std::fs::write(cgroup.path().join("cgroup.freeze"), state).expect("a cgroup can be frozen");
        began
    };
    let began = freeze("1");
    std::thread::sleep(Duration::from_millis(1_300));
    let least = began.elapsed().as_secs_f64();
    freeze("0");
    let most = began.elapsed().as_secs_f64();
    let ended = tracing.end();
    hanging.signal(libc::SIGKILL);
    drop(hanging.end());
    let report = scene::report_of(&ended);
    let mut compared = Compared::sides(&report, &Value::Null, &ended.errors);
    let (seconds, count) = longest(&compared, "stopped");
    compared.equal("waits: stopped", count, 1);
    let tolerance = 0.05 * slowness();
    compared.between("stopped: max", seconds, least - tolerance, most + tolerance);
    compared.equal("waits for the network", longest(&compared, "network").1, 2);
    compared.end();
}

/// Check that a wait which has not ended when the trace does counts with what there was of it.
#[test]
fn still_waits_at_the_end() {
    let scene = Scene::empty();
    let peer = rig::peers::late(rig::peers::V4, Duration::from_secs(600)).to_string();
    let line = scene.job(&["idle-recv", "--to", &peer], "truth");
    let ended = scene.start_run(rig::EVERYTHING, &["--for", "2s"], &line).end();
    let report = scene::report_of(&ended);
    let mut compared = Compared::sides(&report, &Value::Null, &ended.errors);
    let (seconds, count) = longest(&compared, "network");
    compared.between("waits for the network", count as f64, 1.0, 2.0);
    compared.between("`sched.offcpu` network: max", seconds, if rig::slow() { 0.5 } else { 1.5 }, 2.5);
    compared.end();
}

/// Check that reads past the page cache are waits for the disk: as often as the kernel says the thread gave up the CPU,
/// and no longer than the reads took.
#[test]
fn direct_reads() {
    let scene = Scene::with_files(0);
    if !on_a_disk(&scene) {
        println!("not compared: `{}` is not on a disk", scene.folder().display());
        return;
    }
    let traced = scene.trace_on_files(&["direct-reads"]);
    let mut compared = Compared::of(&traced);
    let (count, seconds) = total(compared.entry("sched.offcpu", "reason", "disk"));
    let given_up = traced.truth["facts"]["voluntary_switches"].as_f64().unwrap_or(f64::NAN);
    let data = scene.files().join("data").to_string_lossy().into_owned();
    let log = &traced.truth["did"]["file.read"]["path"][data.as_str()]["log"];
    // The start of a program may wait for the disk too; here only more is possible.
    compared.between("`sched.offcpu` disk: count", count, given_up * 0.95, given_up + 50.0);
    compared.between("`sched.offcpu` disk: seconds", seconds, 0.0, log["total"].as_f64().unwrap_or(0.0) + 0.1);
    compared.everything_done().complete().percentiles("file.read", "path", &data);
    compared.end();
}

/// Whether a scene's files are on a file system of a block device.
fn on_a_disk(scene: &Scene) -> bool {
    let path = std::ffi::CString::new(scene.folder().to_string_lossy().into_owned()).expect("no NUL in a path");
    // SAFETY: all-zero is valid for this structure of numbers.
    let mut facts: libc::statfs = unsafe { std::mem::zeroed() };
    // SAFETY: the path is NUL-terminated and `facts` is valid for the call to fill.
    let done = unsafe { libc::statfs(path.as_ptr(), &raw mut facts) };
    // ext4, xfs, btrfs: include/uapi/linux/magic.h.
    done == 0 && [0xef53, 0x5846_5342, 0x9123_683e].contains(&(facts.f_type as u64 & 0xffff_ffff))
}

/// Check that a program that uses the CPU half of the time is shown with 50 ± 3 % of one, and with the CPU time that the
/// kernel accounts to it.
#[test]
fn half_a_cpu() {
    let scene = Scene::empty();
    // Long enough for the start of the program, which uses a whole CPU, not to matter.
    let traced = scene.trace(&["spinner", "--seconds", if rig::slow() { "11" } else { "3" }]);
    let pid = &traced.truth["facts"]["pid"];
    let mut compared = Compared::of(&traced);
    let entries = compared.signal("sched.cpu")["top"]["process"].as_array().map_or(&[][..], Vec::as_slice);
    // The process has two lives: podtrace's child until the exec, and the program.
    let lives = entries.iter().filter(|entry| entry["key"].as_str().is_some_and(|k| k.ends_with(&format!("[{pid}]"))));
    let used: Vec<(f64, f64)> = lives
        .filter_map(|entry| Some((entry["cpu_share"].as_f64()?, entry["cpu_seconds"]["total"].as_f64()?)))
        .collect();
    let share = used.iter().map(|(share, _)| *share).fold(f64::NAN, f64::max);
    let seconds: f64 = used.iter().map(|(_, seconds)| seconds).sum();
    let truly = traced.truth["facts"]["cpu_share"].as_f64().unwrap_or(f64::NAN);
    // The program holds 50 % unless the machine gives it less.
    compared.between("share of the spinner itself", truly, 0.1, 0.51);
    compared.between("`sched.cpu` share", share, truly - 0.03, truly + 0.03);
    let truly = traced.truth["facts"]["life_cpu_seconds"].as_f64().unwrap_or(f64::NAN);
    // The truth leaves out the end of the process.
    let end = if rig::slow() { 0.1 } else { 0.02 };
    compared.between("`sched.cpu` seconds", seconds, truly * 0.99, truly * 1.01 + end);
    compared.complete();
    compared.end();
}

/// Check that the time in the run queue of four spinners on one CPU is what the kernel itself accounts for them.
#[test]
fn run_queue() {
    let scene = Scene::empty();
    let traced = scene.trace(&["run-queue"]);
    let mut compared = Compared::of(&traced);
    let signal = compared.signal("sched.runq");
    let (count, seconds) = total(Some(signal));
    let truly = traced.truth["facts"]["run_delay_seconds"].as_f64().unwrap_or(f64::NAN);
    compared.between("`sched.runq` seconds", seconds, truly * 0.97, truly * 1.03 + 0.05);
    compared.between("`sched.runq` count", count, 40.0, 1e9);
    compared.complete();
    compared.end();
}
