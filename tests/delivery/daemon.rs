//! The daemon: restarts, reloads, systemd, one a node.

use std::fs;
use std::os::unix::net::UnixDatagram;
use std::process::Command;
use std::time::Duration;

use crate::job_in;
use crate::receiver::Receiver;
use crate::rig;
use crate::rig::cgroup::Cgroup;
use crate::rig::peers;
use crate::rig::peers::V4;
use crate::rig::process::Running;
use crate::rig::scene::Scene;

fn profile(cgroup: &Cgroup, sink: &str) -> String {
    let path = cgroup.path().display();
    format!(
        "targets {{ cgroup \"{path}\" }}\nprobes {{ tcp }}\nwindow \"1s\"\n\
         threshold \"tcp.connect\" errors=\">0\" severity=\"critical\"\n{sink}\n"
    )
}

fn command(scene: &Scene) -> Command {
    let mut command = Command::new(rig::podtrace());
    command.args(["daemon", "--log-level", "info", "-p"]).arg(scene.path("profile.kdl"));
    command.arg("--state-dir").arg(scene.path("state")).arg("--runtime-dir").arg(scene.path("run"));
    command
}

fn start(scene: &Scene, name: &str) -> Running {
    let mut running = Running::start(command(scene), name, scene.folder());
    rig::wait_until("the daemon to trace", || {
        assert!(!running.has_ended(), "the daemon ended:\n{}", running.errors_so_far());
        running.errors_so_far().contains("tracing targets=")
    });
    running
}

fn fail_to_connect(scene: &Scene, cgroup: &Cgroup) {
    let open = peers::quiet(V4).to_string();
    let closed = peers::closed(V4);
    let refused = closed.address.to_string();
    let line = scene.job(&["connects", "--to", &open, "--refused", &refused], "truth");
    job_in(scene, cgroup, &line, "truth");
}

/// Check that an alert which could not be sent before the daemon was killed arrives once the sink is back and the daemon
/// runs again, and that it is then told to be over.
#[test]
fn killed_while_the_sink_is_down() {
    let scene = Scene::empty();
    let cgroup = Cgroup::new();
    let down = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port").local_addr().expect("an address");
    scene.profile(&profile(&cgroup, &format!("sink \"webhook\" url=\"http://{down}/\"")));
    let first = start(&scene, "first");
    fail_to_connect(&scene, &cgroup);
    let kept = || {
        let folders = fs::read_dir(scene.path("state/spool")).into_iter().flatten().flatten();
        folders
            .flat_map(|folder| fs::read_dir(folder.path()))
            .flatten()
            .flatten()
            .filter(|file| file.path().extension().is_some_and(|extension| extension == "json"))
            .count()
    };
    rig::wait_until("the alert to be kept", || kept() > 0 && scene.path("state/open-alerts.json").exists());
    first.signal(libc::SIGKILL);
    assert!(!first.end().status.success());

    let receiver = Receiver::on(down);
    let second = start(&scene, "second");
    rig::wait_until("the alert and its end", || receiver.sent().len() >= 2);
    let alerts = receiver.documents();
    assert_eq!((&alerts[0]["status"], &alerts[0]["severity"]), (&"firing".into(), &"critical".into()), "{alerts:#?}");
    assert_eq!(alerts[0]["rule"], "tcp.connect errors > 0");
    let last = alerts.last().expect("there are two");
    assert_eq!((&last["status"], &last["fingerprint"]), (&"resolved".into(), &alerts[0]["fingerprint"]), "{alerts:#?}");
    second.signal(libc::SIGTERM);
    let ended = second.end();
    assert_eq!(ended.code(), 0, "{}", ended.errors);
    assert_eq!(kept(), 0);
}

/// Check that a bad profile is said and the old one stays, that a good one takes its place, and that a second daemon is
/// refused.
#[test]
fn reload() {
    let scene = Scene::empty();
    let cgroup = Cgroup::new();
    let (before, after) = (Receiver::new(), Receiver::new());
    let good = profile(&cgroup, &format!("sink \"webhook\" url=\"http://{}/\"", before.address));
    scene.profile(&good);
    let daemon = start(&scene, "daemon");

    let second = Running::start(command(&scene), "second", scene.folder()).end();
    assert_eq!(second.code(), 1);
    assert!(second.errors.contains(&format!("(pid {})", daemon.pid())), "{}", second.errors);

    scene.profile(&good.replace("threshold", "treshold"));
    daemon.signal(libc::SIGHUP);
    rig::wait_until("the mistake to be said", || daemon.errors_so_far().contains("the old one stays"));
    assert!(daemon.errors_so_far().contains("treshold"), "{}", daemon.errors_so_far());
    fail_to_connect(&scene, &cgroup);
    rig::wait_until("an alert by the old profile", || !before.sent().is_empty());

    let again = daemon.errors_so_far().matches("tracing targets=").count();
    let other = format!("sink \"webhook\" url=\"http://{}/\"\nalerts dedup=\"100ms\"", after.address);
    scene.profile(&profile(&cgroup, &other));
    daemon.signal(libc::SIGHUP);
    rig::wait_until("a trace by the new profile", || {
        daemon.errors_so_far().matches("tracing targets=").count() > again
    });
    fail_to_connect(&scene, &cgroup);
    rig::wait_until("an alert by the new profile", || {
        after.documents().iter().any(|alert| alert["status"] == "firing")
    });
    daemon.signal(libc::SIGTERM);
    assert_eq!(daemon.end().code(), 0);
}

/// A rule that finds every failed connect.
fn rule(scene: &Scene, figure: &str, title: &str) -> String {
    let path = scene.path("mine.lua");
    let text = format!(
        "return {{\n  name = \"mine\", about = \"By hand.\", needs = {{ \"tcp.connect\" }},\n  evaluate = function(window)\n\
         if window.tcp.connect.{figure} == 0 then return nil end\n\
         return {{ {{ severity = \"critical\", title = \"{title}\", evidence = {{ \"seen\" }}, id = \"x\" }} }}\n  end,\n}}\n"
    );
    fs::write(&path, text).expect("cannot write a rule");
    path.to_string_lossy().into_owned()
}

/// Check that rules of `--rules` and of the profile judge in the daemon, that at SIGHUP a broken one is said with its line
/// and the old one goes on, and that a good one takes its place.
#[test]
fn rules_are_reloaded() {
    let scene = Scene::empty();
    let cgroup = Cgroup::new();
    let receiver = Receiver::new();
    scene.profile(&format!(
        "targets {{ cgroup \"{}\" }}\nprobes {{ tcp }}\nwindow \"1s\"\nrule \"connect-failures\" failures=1\n\
         sink \"webhook\" url=\"http://{}/\"\nalerts dedup=\"100ms\"\n",
        cgroup.path().display(),
        receiver.address
    ));
    let path = rule(&scene, "errors", "said by the first");
    let mut with_rules = command(&scene);
    with_rules.args(["--rules", &path]);
    let mut daemon = Running::start(with_rules, "daemon", scene.folder());
    rig::wait_until("the daemon to trace", || {
        assert!(!daemon.has_ended(), "the daemon ended:\n{}", daemon.errors_so_far());
        daemon.errors_so_far().contains("tracing targets=")
    });
    let firing = |rule: &str, title: &str| {
        let is_it = |alert: &&serde_json::Value| {
            alert["status"] == "firing"
                && alert["rule"] == rule
                && alert["title"].as_str().is_some_and(|said| said.starts_with(title))
        };
        receiver.documents().iter().filter(is_it).count()
    };
    fail_to_connect(&scene, &cgroup);
    rig::wait_until("alerts of both rules", || {
        firing("mine", "said by the first") == 1 && firing("connect-failures", "connects to 127.0.0.1:") == 1
    });

    rule(&scene, "erors", "said by a broken one");
    daemon.signal(libc::SIGHUP);
    rig::wait_until("the mistake to be said", || daemon.errors_so_far().contains("the old one stays"));
    let said = daemon.errors_so_far();
    assert!(said.contains(&format!("{path}:4: ")) && said.contains("erors") && said.contains("errors"), "{said}");
    rig::wait_until("the end of the first", || {
        receiver.documents().iter().any(|alert| alert["status"] == "resolved" && alert["rule"] == "mine")
    });
    fail_to_connect(&scene, &cgroup);
    rig::wait_until("the old rule to speak again", || firing("mine", "said by the first") == 2);

    let again = daemon.errors_so_far().matches("tracing targets=").count();
    rule(&scene, "errors", "said by the second");
    daemon.signal(libc::SIGHUP);
    rig::wait_until("a trace by the new rule", || daemon.errors_so_far().matches("tracing targets=").count() > again);
    fail_to_connect(&scene, &cgroup);
    rig::wait_until("the new rule to speak", || firing("mine", "said by the second") >= 1);
    assert_eq!(firing("mine", "said by a broken one"), 0);
    daemon.signal(libc::SIGTERM);
    assert_eq!(daemon.end().code(), 0);
}

/// Check that systemd hears when it is ready, that it is alive, when it reloads and when it stops.
#[test]
fn systemd() {
    let scene = Scene::empty();
    let cgroup = Cgroup::new();
    scene.profile(&profile(&cgroup, ""));
    let path = scene.path("notify");
    let socket = UnixDatagram::bind(&path).expect("cannot make a socket");
    socket.set_read_timeout(Some(Duration::from_millis(100))).expect("a timeout can be set");
    let mut command = command(&scene);
    command.args(["--log-format", "json"]);
    command.env("NOTIFY_SOCKET", &path).env("WATCHDOG_USEC", "200000").env_remove("WATCHDOG_PID");
    let daemon = Running::start(command, "daemon", scene.folder());
    let mut heard = String::new();
    let mut wait_for = |word: &str| {
        rig::wait_until(word, || {
            let mut bytes = [0; 4_096];
            if let Ok(length) = socket.recv(&mut bytes) {
                heard.push_str(&String::from_utf8_lossy(&bytes[..length]));
                heard.push('\n');
            }
            heard.contains(word)
        });
        heard.clear();
    };
    wait_for("READY=1");
    wait_for("WATCHDOG=1");
    daemon.signal(libc::SIGHUP);
    wait_for("RELOADING=1");
    wait_for("READY=1");
    daemon.signal(libc::SIGTERM);
    wait_for("STOPPING=1");
    let ended = daemon.end();
    assert_eq!(ended.code(), 0, "{}", ended.errors);
    // Each line of the log is an object.
    for line in ended.errors.lines() {
        let entry: serde_json::Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        assert!(entry["level"].is_string() && entry["message"].is_string(), "{line}");
    }
}
