//! The traced command is as it would be without podtrace.

use std::io::Write as _;
use std::process::Command;
use std::process::Stdio;

use crate::rig;
use crate::rig::scene::Scene;

/// What a process can see of how it was started: descriptors, signal dispositions and masks, limits, priority, identity,
/// environment. What must differ by itself (pids, cgroup) is left out.
const LOOK_AROUND: &str = "ls /proc/self/fd | sort -n; grep -E '^(Sig(Pnd|Blk|Ign|Cgt)|Shd|Uid|Gid|Groups|NoNewPrivs|Cap|Cpus_allowed)' \
                           /proc/self/status; cat /proc/self/limits /proc/self/oom_score_adj; umask; pwd; env | sort; \
                           cut -d' ' -f18,19,40,41 /proc/self/stat";

/// Check that the command's descriptors, signals, limits, priority, identity and environment are those it has without
/// podtrace.
#[test]
fn command_as_without_podtrace() {
    let scene = Scene::empty();
    let look = |traced: bool| {
        let file = scene.path(if traced { "traced" } else { "untraced" });
        let script = format!("{{ {LOOK_AROUND}; }} > {} 2>&1 < /dev/null", file.display());
        let mut command = Command::new(if traced { rig::podtrace() } else { "sh".into() });
        if traced {
            command.args(["run", "-o", "json", "--", "sh"]);
        }
        command.args(["-c", &script]).env("_", "same").stdin(Stdio::null()).current_dir(scene.folder());
        let ended = rig::process::Running::start(command, "look", scene.folder()).end();
        assert!(ended.status.success(), "{}", ended.errors);
        std::fs::read_to_string(file).expect("the command wrote it")
    };
    let (untraced, traced) = (look(false), look(true));
    assert!(untraced.contains("SigIgn"), "the command saw nothing, there is nothing to compare:\n{untraced}");
    let [untraced, traced] = [untraced, traced].map(|text| without_private_signals(&text));
    let differing: Vec<_> = untraced.lines().zip(traced.lines()).filter(|(one, other)| one != other).collect();
    assert!(
        differing.is_empty() && untraced.len() == traced.len(),
        "without and with podtrace: {differing:#?}\n{traced}"
    );
}

/// What was seen, without the two signals that the C library keeps for itself (32 and 33) and takes from every program
/// that has threads.
fn without_private_signals(seen: &str) -> String {
    let line = |line: &str| match line.split_once('\t') {
        Some((name @ ("SigBlk:" | "SigIgn:" | "SigCgt:"), mask)) => {
            let mask = u64::from_str_radix(mask, 16).expect("a mask is a hexadecimal number");
            format!("{name} {:x}\n", mask & !0x1_8000_0000)
        }
        _ => format!("{line}\n"),
    };
    seen.lines().map(line).collect()
}

/// Check that standard input reaches the command, to its end.
#[test]
fn standard_input_reaches_the_command() {
    let scene = Scene::empty();
    let script = format!("cat > {}", scene.path("copy").display());
    let mut command = Command::new(rig::podtrace());
    command.args(["run", "-o", "json", "--", "sh", "-c", &script]);
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("podtrace can be started");
    let mut input = child.stdin.take().expect("it was piped");
    input.write_all(&[b'i'; 100_003]).expect("the command reads");
    drop(input);
    assert!(child.wait().expect("podtrace can be waited for").success());
    let copy = std::fs::read(scene.path("copy")).expect("the command wrote it");
    assert_eq!(copy.len(), 100_003);
}

/// Check that a command with much output is not held up by it, and that none of it is lost or mixed into the report.
#[test]
fn output_of_the_command() {
    let scene = Scene::empty();
    let script = "i=0; while test $i -lt 5003; do echo line $i; i=$((i+1)); done";
    let ended = crate::podtrace(scene.folder(), &["run", "-o", "json", "--", "sh", "-c", script]);
    let report = rig::scene::report_of(&ended);
    assert_eq!(report["command"]["exit_code"], 0);
    let lines = ended.errors.lines().filter(|line| line.starts_with("line ")).count();
    assert_eq!(lines, 5003, "the command's output goes to standard error, whole");
}
