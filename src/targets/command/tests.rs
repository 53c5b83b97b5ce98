use std::collections::BTreeSet;
use std::env;
use std::ffi::OsString;
use std::fs;
use std::io::BufRead;
use std::io::BufReader;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::path::PathBuf;
use std::process;
use std::process::Stdio;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::thread;
use std::time::Duration;
use std::time::Instant;

use nix::sys::signal::SigSet;
use nix::sys::signal::SigmaskHow;
use nix::sys::signal::Signal;
use nix::unistd::Pid;

use super::Command;
use super::CommandError;
use super::CommandStdout;
use super::FORWARDED;
use super::Forwarded;
use super::Held;
use super::NOT_RUN;
use super::Removal;
use super::Running;
use super::SignalOrigin;
use super::running::has_it_already;
use crate::event::session::CommandStatus;
use crate::event::session::TargetKind;
use crate::host::Cgroups;
use crate::host::Namespaces;
use crate::host::Processes;
use crate::host::cgroup;
use crate::targets::Membership;

/// How long something that must happen may take on a busy machine.
const SOON: Duration = Duration::from_secs(20);

/// What the helper process is to do, and with which file.
const HELPER: &str = "PODTRACE_TEST_HELPER";

/// One held command at a time: a second fork would keep the first one's pipes open.
fn alone() -> MutexGuard<'static, ()> {
    static ONE: Mutex<()> = Mutex::new(());
    assert!(nix::unistd::geteuid().is_root(), "needs root");
    ONE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn cgroups() -> Cgroups {
    Cgroups::read("/".as_ref(), Namespaces::read("/".as_ref()))
}

fn held(arguments: &[&str]) -> Result<Held, CommandError> {
    let arguments = arguments.iter().map(OsString::from).collect();
    let command = Command { arguments, stdout: CommandStdout::Inherit };
    command.spawn_held(&cgroups(), &Processes::new("/".as_ref()))
}

fn run(script: &str) -> Running {
    held(&["sh", "-c", script]).unwrap().release().unwrap()
}

/// Waits until something holds.
fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < SOON, "{what}");
        thread::sleep(Duration::from_millis(2));
    }
}

/// The folder of a held command's cgroup.
fn folder_of(held: &Held) -> PathBuf {
    held.cgroup().expect("this test needs a cgroup2 that can be written to").cgroup().directory.clone()
}

/// Check that exit codes and signal deaths are told, real-time signals too, and that asking again gives the same.
#[test]
fn root_statuses() {
    let _alone = alone();
    for (script, expected) in [
        ("exit 0", CommandStatus::Exited(0)),
        ("exit 37", CommandStatus::Exited(37)),
        ("kill -KILL $$", CommandStatus::Signalled(9)),
        ("kill -40 $$", CommandStatus::Signalled(40)),
    ] {
        let mut running = run(script);
        assert_eq!(running.wait().unwrap(), expected, "{script}");
        assert_eq!(running.try_wait().unwrap(), Some(expected), "{script}");
        assert_eq!(running.tidy(SOON).unwrap(), Some(Removal::Removed));
    }
}

/// Check that nothing of the command runs before it is released, that it is in its cgroup by then, as the target says,
/// and that what it forks is there too.
#[test]
fn root_gate_and_cgroup() {
    let _alone = alone();
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("ran");
    let held =
        held(&["sh", "-c", &format!("cat /proc/self/cgroup > {0}.new; mv {0}.new {0}; sleep 60", file.display())])
            .unwrap();
    let folder = folder_of(&held);
    let resolved = held.resolved(5);
    let pid = held.pid();
    thread::sleep(Duration::from_millis(300));
    assert!(!file.exists(), "it ran before it was released");
    assert_eq!(cgroup::processes(&folder), BTreeSet::from([pid]));
    assert_eq!(
        (resolved.target.index, resolved.target.kind, resolved.target.name.as_str()),
        (5, TargetKind::Command, "sh")
    );
    let Membership::CgroupSubtree { path, pids, .. } = resolved.membership else { panic!("no cgroup") };
    assert_eq!((pids, resolved.remark), (BTreeSet::from([pid]), None));

    let mut running = held.release().unwrap();
    eventually("the command runs", || file.exists());
    assert!(fs::read_to_string(&file).unwrap().lines().any(|line| line == format!("0::{path}")));
    eventually("the child of the command is in the cgroup", || cgroup::processes(&folder).len() == 2);
    assert_eq!(running.wait_for(Duration::from_millis(50)).unwrap(), None);
    for one in cgroup::processes(&folder) {
        nix::sys::signal::kill(Pid::from_raw(one.cast_signed()), Signal::SIGKILL).unwrap();
    }
    assert_eq!(running.wait_for(SOON).unwrap(), Some(CommandStatus::Signalled(9)));
    assert_eq!(running.tidy(SOON).unwrap(), Some(Removal::Removed));
    assert!(!folder.exists());
}

/// Check that waiting for a while ends as soon as the command does.
#[test]
fn root_wait_for() {
    let _alone = alone();
    let mut running = run("sleep 0.2");
    let begun = Instant::now();
    assert_eq!(running.wait_for(SOON).unwrap(), Some(CommandStatus::Exited(0)));
    assert!(begun.elapsed() < SOON / 2);
    running.tidy(SOON).unwrap();
}

/// Check that what is no program is refused before anything is made, and what only the kernel can tell afterwards.
#[test]
fn root_refused() {
    let _alone = alone();
    assert!(matches!(held(&[]), Err(CommandError::Empty)));
    insta::assert_snapshot!(held(&["no-such-command"]).unwrap_err(), @"`no-such-command`: command not found");
    insta::assert_snapshot!(held(&["/no/such/file"]).unwrap_err(), @"`/no/such/file`: no such file");
    insta::assert_snapshot!(held(&["/etc"]).unwrap_err(), @"`/etc` is a folder, not a program");
    insta::assert_snapshot!(held(&["/etc/passwd"]).unwrap_err(), @"`/etc/passwd`: permission denied: the file is not executable for this user");
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("broken");
    fs::write(&file, "#!/no/such/interpreter\n").unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
    let held = held(&[file.to_str().unwrap()]).unwrap();
    let folder = folder_of(&held);
    let error = held.release().unwrap_err();
    assert!(matches!(error, CommandError::Exec { errno: nix::errno::Errno::ENOENT, .. }), "{error}");
    assert_eq!(error.shell_status(), 127);
    assert!(!folder.exists(), "the cgroup stayed");
}

/// Check that a script that does not name its interpreter runs in a shell, with its arguments.
#[test]
fn root_script_without_interpreter() {
    let _alone = alone();
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("script");
    fs::write(&file, "exit $(($1 + $#))\n").unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
    let mut running = held(&[file.to_str().unwrap(), "40", "x"]).unwrap().release().unwrap();
    assert_eq!(running.wait().unwrap(), CommandStatus::Exited(42));
    running.tidy(SOON).unwrap();
}

/// Check that a held command that is given up is gone with its cgroup, without having run.
#[test]
fn root_given_up() {
    let _alone = alone();
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("ran");
    let held = held(&["touch", file.to_str().unwrap()]).unwrap();
    let (folder, pid) = (folder_of(&held), held.pid());
    drop(held);
    assert!(!folder.exists() && !file.exists());
    assert!(Processes::new("/".as_ref()).stat(pid).is_err());
}

/// Check that one who is killed at the gate is told as such.
#[test]
fn root_killed_at_the_gate() {
    let _alone = alone();
    let held = held(&["true"]).unwrap();
    nix::sys::signal::kill(Pid::from_raw(held.pid().cast_signed()), Signal::SIGINT).unwrap();
    thread::sleep(Duration::from_millis(100));
    let mut running = held.release().unwrap();
    assert_eq!(running.wait().unwrap(), CommandStatus::Signalled(2));
    running.tidy(SOON).unwrap();
}

/// Check that each signal on the list reaches the command, and none once it has ended.
#[test]
fn root_forwarding() {
    let _alone = alone();
    let place = tempfile::tempdir().unwrap();
    for signal in FORWARDED {
        let ready = place.path().join(signal.as_str());
        let name = signal.as_str().trim_start_matches("SIG");
        let mut running =
            run(&format!("trap 'exit 53' {name}; touch {}; while :; do sleep 0.01; done", ready.display()));
        eventually("the command has its trap", || ready.exists());
        assert_eq!(running.forward(signal, SignalOrigin::Terminal).unwrap(), Forwarded::AlreadyThere);
        assert_eq!(running.wait_for(Duration::from_millis(50)).unwrap(), None, "{signal} was doubled");
        assert_eq!(running.forward(signal, SignalOrigin::Process).unwrap(), Forwarded::Sent);
        let ended = running.wait_for(SOON).unwrap();
        assert_eq!(ended, Some(CommandStatus::Exited(53)), "{signal}: does whoever runs the tests ignore it?");
        assert_eq!(running.forward(signal, SignalOrigin::Process).unwrap(), Forwarded::Ended);
        running.tidy(SOON).unwrap();
    }
}

/// Check that the terminal's signals are passed on only to who has left its group.
#[test]
fn terminal() {
    assert!(has_it_already(SignalOrigin::Terminal, true));
    assert!(!has_it_already(SignalOrigin::Terminal, false));
    assert!(!has_it_already(SignalOrigin::Process, true));
}

/// Check that the command starts with nothing blocked and SIGPIPE as it should be, in our process group.
#[test]
fn root_signals_are_reset() {
    let _alone = alone();
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("status");
    let mut blocked = SigSet::empty();
    blocked.add(Signal::SIGUSR2);
    let before = blocked.thread_swap_mask(SigmaskHow::SIG_BLOCK).unwrap();
    let held = held(&["sh", "-c", &format!("cat /proc/self/status > {}", file.display())]).unwrap();
    let still = SigSet::thread_get_mask().unwrap();
    before.thread_set_mask().unwrap();
    assert!(still.contains(Signal::SIGUSR2) && !still.contains(Signal::SIGTERM), "our own mask was changed");
    assert_eq!(nix::unistd::getpgid(Some(Pid::from_raw(held.pid().cast_signed()))), nix::unistd::getpgid(None));
    let mut running = held.release().unwrap();
    assert_eq!(running.wait().unwrap(), CommandStatus::Exited(0));
    running.tidy(SOON).unwrap();
    let status = fs::read_to_string(&file).unwrap();
    let mask = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(":\t")).unwrap();
        u64::from_str_radix(line, 16).unwrap()
    };
    assert_eq!((mask("SigBlk"), mask("SigIgn") & 1 << 12), (0, 0));
}

/// Check that what the command leaves running is left alone and named, and its cgroup removed later.
#[test]
fn root_lingering() {
    let _alone = alone();
    let mut running = run("sleep 60 & exit 0");
    assert_eq!(running.wait().unwrap(), CommandStatus::Exited(0));
    let folder = running.cgroup().unwrap().cgroup().directory.clone();
    let Removal::InUse { folder: left, pids } = running.tidy(Duration::from_millis(50)).unwrap().unwrap() else {
        panic!("removed under a process")
    };
    assert_eq!((&left, pids.len()), (&folder, 1));
    let sleeper = Pid::from_raw(pids.first().unwrap().cast_signed());
    nix::sys::signal::kill(sleeper, None).expect("the sleeper lives");
    nix::sys::signal::kill(sleeper, Signal::SIGKILL).unwrap();
    eventually("the cgroup can be removed", || fs::remove_dir(&folder).is_ok());
}

/// Check that cgroups the command made below its own go too.
#[test]
fn root_nested() {
    let _alone = alone();
    let held = held(&["sh", "-c", "exit 0"]).unwrap();
    let folder = folder_of(&held);
    fs::create_dir_all(folder.join("a/b")).unwrap();
    let mut running = held.release().unwrap();
    running.wait().unwrap();
    assert_eq!(running.tidy(SOON).unwrap(), Some(Removal::Removed));
    assert!(!folder.exists());
}

/// Starts this test binary as the podtrace that is to be killed.
fn helper(what: &str, file: &Path) -> process::Child {
    process::Command::new(env::current_exe().unwrap())
        .args(["--ignored", "--exact", "--nocapture", "targets::command::tests::played_by_a_helper_process"])
        .env(HELPER, what)
        .env("PODTRACE_TEST_FILE", file)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Not a test of its own: what the helper process of other tests does.
#[test]
#[ignore = "is run by other tests, in a process of its own"]
fn played_by_a_helper_process() {
    let what = env::var(HELPER).expect("is run by other tests");
    let file = env::var("PODTRACE_TEST_FILE").unwrap();
    let script = format!("echo of-the-command; sleep 0.5; echo ran > {file}.new; mv {file}.new {file}");
    let command = Command {
        arguments: ["sh", "-c", &script].map(OsString::from).into(),
        stdout: if what == "redirect" { CommandStdout::ToStderr } else { CommandStdout::Inherit },
    };
    let held = command.spawn_held(&cgroups(), &Processes::new("/".as_ref())).unwrap();
    let folder = folder_of(&held);
    if what == "hold" {
        eprintln!("held {} {}", held.pid(), folder.display());
        thread::sleep(SOON);
    }
    let mut running = held.release().unwrap();
    eprintln!("held {} {}", running.pid(), folder.display());
    if what == "release" {
        thread::sleep(SOON);
    }
    running.wait().unwrap();
    running.tidy(SOON).unwrap();
}

/// What a helper said: the command's process id and cgroup, and where the rest can be read.
fn said(helper: &mut process::Child) -> (Pid, PathBuf, BufReader<process::ChildStderr>) {
    let mut errors = BufReader::new(helper.stderr.take().unwrap());
    let mut line = String::new();
    while !line.starts_with("held ") {
        line.clear();
        assert_ne!(errors.read_line(&mut line).unwrap(), 0, "the helper failed");
    }
    let mut words = line.split_whitespace().skip(1);
    let pid = Pid::from_raw(words.next().unwrap().parse().unwrap());
    (pid, PathBuf::from(words.next().unwrap()), errors)
}

/// Check that a command whose podtrace is killed at the gate says so, ends with the status that stands for it without
/// having run, and that the cgroup left behind is removed by the next podtrace.
#[test]
fn root_podtrace_killed_while_holding() {
    let _alone = alone();
    // Orphans come to this process, so that their status can be seen.
    // SAFETY: plain numbers.
    assert_eq!(unsafe { libc::prctl(libc::PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) }, 0);
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("ran");
    let mut helper = helper("hold", &file);
    let (pid, folder, mut errors) = said(&mut helper);
    helper.kill().unwrap();
    helper.wait().unwrap();
    let mut text = String::new();
    errors.read_to_string(&mut text).unwrap();
    assert!(text.ends_with("podtrace: ended before the command was traced: the command was not run\n"), "{text}");
    let status = nix::sys::wait::waitpid(pid, None).unwrap();
    assert_eq!(status, nix::sys::wait::WaitStatus::Exited(pid, NOT_RUN));
    assert!(!file.exists());
    assert!(folder.is_dir(), "nobody was there to remove it");
    drop(held(&["true"]).unwrap());
    assert!(!folder.exists(), "the next podtrace left it");
}

/// Check that a command that runs goes on when podtrace is killed.
#[test]
fn root_podtrace_killed_while_running() {
    let _alone = alone();
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("ran");
    let mut helper = helper("release", &file);
    let (_, folder, _errors) = said(&mut helper);
    helper.kill().unwrap();
    helper.wait().unwrap();
    assert!(!file.exists(), "the command was faster than the kill: nothing was tested");
    eventually("the command runs to its end", || file.exists());
    eventually("its cgroup is removed", || {
        drop(held(&["true"]).unwrap());
        !folder.exists()
    });
}

/// Check that the command's output goes where it is sent, apart from podtrace's own.
#[test]
fn root_output() {
    let _alone = alone();
    let place = tempfile::tempdir().unwrap();
    for (what, in_stdout) in [("plain", true), ("redirect", false)] {
        let output = helper(what, &place.path().join(what)).wait_with_output().unwrap();
        assert!(output.status.success());
        let has = |bytes: &[u8]| String::from_utf8_lossy(bytes).contains("of-the-command");
        assert_eq!((has(&output.stdout), has(&output.stderr)), (in_stdout, !in_stdout), "{what}");
    }
}
