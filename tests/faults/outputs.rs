//! Outputs that cannot be written.

use std::os::unix::process::CommandExt as _;
use std::process::Command;
use std::process::Stdio;

use crate::assert_clear_error;
use crate::rig;
use crate::rig::process::Running;
use crate::rig::scene::Scene;
use crate::rig::scene::report_of;

/// Check that a reader who goes away early (`| head`) is no error: no message, exit code 0.
#[test]
fn closed_standard_output() {
    rig::assert_root();
    for format in ["json", "text", "csv"] {
        let mut command = Command::new(rig::podtrace());
        command.args(["run", "-o", format, "--", "sh", "-c", "ls /etc > /dev/null"]);
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("podtrace can be started");
        // The reading end goes before anything is written.
        drop(child.stdout.take());
        let ended = child.wait_with_output().expect("podtrace can be waited for");
        let errors = String::from_utf8_lossy(&ended.stderr);
        assert_eq!(ended.status.code(), Some(0), "{format}: {:?}\n{errors}", ended.status);
        for word in ["panicked", "roken pipe", "os error"] {
            assert!(!errors.contains(word), "{format}: a reader who goes away is no error:\n{errors}");
        }
    }
}

/// Check that a full standard output is an error that says so.
#[test]
fn full_standard_output() {
    rig::assert_root();
    let full = std::fs::File::options().write(true).open("/dev/full").expect("`/dev/full` is there");
    let mut command = Command::new(rig::podtrace());
    command.args(["run", "-o", "json", "--", "true"]).stdin(Stdio::null()).stdout(full).stderr(Stdio::piped());
    let ended = command.spawn().and_then(std::process::Child::wait_with_output).expect("podtrace can be started");
    let errors = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.code(), Some(1), "{errors}");
    assert!(errors.to_lowercase().contains("no space"), "the error does not say what is wrong:\n{errors}");
    assert!(!errors.contains("panicked"), "{errors}");
}

/// Check that a disk which becomes full while recording, here one of 8 KiB, does not end the run: the report comes, the
/// command ends as it would, and the failure is said.
#[test]
fn disk_that_becomes_full_while_recording() {
    let scene = Scene::with_files(1_009);
    let small = scene.path("small");
    std::fs::create_dir(&small).expect("cannot make a folder");
    let mut command = Command::new(rig::podtrace());
    command.args(["run", "-o", "json", "-p"]).arg(scene.profile("probes { file detail=\"all\" }"));
    command.arg("--record").arg(small.join("recording")).arg("--");
    command.args(scene.job_on_files(&["many-files", "--many", "1009"], "truth"));
    let place = std::ffi::CString::new(small.to_string_lossy().into_owned()).expect("no NUL in a path");
    // SAFETY: between fork and exec only system calls are made, on memory made before; the mounts are in a namespace
    // that goes with the process.
    unsafe {
        command.pre_exec(move || {
            let none = std::ptr::null();
            let done = libc::unshare(libc::CLONE_NEWNS) == 0
                && libc::mount(none, c"/".as_ptr(), none, libc::MS_REC | libc::MS_PRIVATE, none.cast()) == 0
                && libc::mount(c"t".as_ptr(), place.as_ptr(), c"tmpfs".as_ptr(), 0, c"size=8k".as_ptr().cast()) == 0;
            if done { Ok(()) } else { Err(std::io::Error::last_os_error()) }
        });
    }
    let ended = Running::start(command, "podtrace", scene.folder()).end();
    let report: serde_json::Value = serde_json::from_str(&ended.output)
        .unwrap_or_else(|error| panic!("no report ({error}); standard error:\n{}", ended.errors));
    assert_eq!(report["command"]["exit_code"], 0);
    assert!(ended.errors.contains("recording"), "the failure is not said:\n{}", ended.errors);
}

/// Check that a recording that cannot be begun, for want of a folder or of room, is an error before the command is
/// started.
#[test]
fn recording_that_cannot_be_begun() {
    let scene = Scene::empty();
    let mark = scene.path("started").to_string_lossy().into_owned();
    for file in ["/no/such/folder/file", "/dev/full"] {
        let ended = crate::podtrace(scene.folder(), &["run", "--record", file, "--", "touch", &mark]);
        assert_clear_error(&ended, 1, &[file]);
        assert!(!scene.path("started").exists(), "the command was started");
    }
}

/// Check that files which are no recording, and none at all, are clear errors.
#[test]
fn no_recording() {
    let scene = Scene::empty();
    let text = scene.path("text");
    std::fs::write(&text, "this is no recording\n").expect("cannot write a file");
    let empty = scene.path("empty");
    std::fs::write(&empty, "").expect("cannot write a file");
    for path in [text, empty, scene.path("missing")] {
        let name = path.to_string_lossy().into_owned();
        let ended = crate::podtrace(scene.folder(), &["replay", &name, "-o", "json"]);
        assert!(matches!(ended.code(), 1 | 2), "{:?}\n{}", ended.status, ended.errors);
        assert!(ended.errors.contains(&name), "the error does not name `{name}`:\n{}", ended.errors);
        assert!(ended.output.is_empty(), "there is nothing to report:\n{}", ended.output);
    }
}

/// Check that the report of a run that was asked for stays whole on standard output when standard error is closed.
#[test]
fn closed_standard_error() {
    let scene = Scene::empty();
    let mut command = Command::new("sh");
    command.args(["-c", "exec \"$0\" run -o json -- true 2>&-"]).arg(rig::podtrace());
    let ended = Running::start(command, "podtrace", scene.folder()).end();
    let report = report_of(&ended);
    assert_eq!(report["command"]["exit_code"], 0);
}
