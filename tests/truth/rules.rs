//! What rules say of a known workload: the slow dependency first, hostile rules stopped, the replay the same.

use std::fs;
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use crate::rig::compare::Compared;
use crate::rig::peers;
use crate::rig::peers::V4;
use crate::rig::process::Ended;
use crate::rig::process::Running;
use crate::rig::scene::Scene;

/// Runs podtrace.
fn podtrace(scene: &Scene, name: &str, arguments: &[&str], line: &[String]) -> Ended {
    let mut command = Command::new(crate::rig::podtrace());
    command.args(arguments).args(line);
    Running::start(command, name, scene.folder()).end()
}

/// A rule by hand.
fn rule(scene: &Scene, name: &str, evaluate: &str) -> String {
    let path = scene.path(&format!("{name}.lua"));
    let text = format!(
        "return {{\n  name = \"{name}\", about = \"By hand.\", needs = {{ \"tcp.connect\" }},\n  evaluate = {evaluate},\n}}\n"
    );
    fs::write(&path, text).expect("cannot write a rule");
    path.to_string_lossy().into_owned()
}

/// Check that with a dependency that takes 200 ms the first finding names it with its share of the time, that
/// `--fail-on critical` exits with 4, that hostile rules are stopped and named while the others go on, and that the
/// recording gives the same report byte for byte.
#[test]
fn slow_dependency_first() {
    let scene = Scene::empty();
    let peer = peers::slow(V4, Duration::from_millis(200)).to_string();
    let recording = scene.path("recording").to_string_lossy().into_owned();
    let loops =
        rule(&scene, "loops", "function()\n    while true do pcall(function() while true do end end) end\n  end");
    let eats = rule(&scene, "eats", "function()\n    local t = {}\n    while true do t[#t + 1] = { t } end\n  end");
    let dives =
        rule(&scene, "dives", "function()\n    local function f(n) return 1 + f(n) end\n    return f(1)\n  end");
    let arguments =
        ["run", "-p", "latency", "--rules", "lua/rules", "--rules", &loops, "--rules", &eats, "--rules", &dives];
    let arguments = [&arguments[..], &["--record", &recording, "-o", "json", "--fail-on", "critical", "--"]].concat();
    let line = scene.job(&["response", "--to", &peer, "--count", "23"], "truth");
    let live = podtrace(&scene, "live", &arguments, &line);
    let report: Value = serde_json::from_str(&live.output).expect("the report is JSON");
    let truth = scene.truth("truth");
    let mut compared = Compared::sides(&report, &truth, &live.errors);
    compared.equal("exit code of podtrace", live.code(), 4);
    let first = &report["findings"][0];
    compared.equal("the first finding's rule", first["rule"].clone(), "slow-dependency");
    compared.equal("its severity", first["severity"].clone(), "critical");
    let title = first["title"].as_str().unwrap_or_default();
    compared.holds("the peer is named", title.starts_with(&format!("{peer} answers slowly: p99 ")));
    compared.holds("the share of time is named", title.ends_with(" % of the time"));
    let said = |name: &str| -> String {
        let rules = report["sections"]["rules"].as_array().cloned().unwrap_or_default();
        let rule = rules.into_iter().find(|rule| rule["rule"] == name).unwrap_or(Value::Null);
        format!("{} {}", rule["status"].as_str().unwrap_or_default(), rule["reason"].as_str().unwrap_or_default())
    };
    compared.equal("the endless loop", said("loops"), format!("disabled {loops}:4: it took more than 1,000,000 steps"));
    compared.holds("what allocates", said("eats").ends_with("it needs more than 8.0 MiB of memory"));
    compared.equal(
        "what recurses",
        said("dives"),
        format!("disabled {dives}:4: it calls itself too deep (stack overflow)"),
    );
    let replayed = podtrace(&scene, "replay", &["replay", &recording, "-o", "json"], &[]);
    compared.holds("the replay is the live report", replayed.output == live.output);
    compared.end();
}

/// Check that a trace of much less than a second makes no rates up: seven resets are seven, and the windows that rules speak
/// of are no longer than the trace.
#[test]
fn short_traces() {
    let scene = Scene::empty();
    let profile = scene
        .profile("probes {\n    tcp\n}\nthreshold \"tcp.reset\" rate=\">10\"\nthreshold \"tcp.reset\" count=\">5\"\n");
    let profile = profile.to_string_lossy().into_owned();
    let open = peers::quiet(V4).to_string();
    let closed = [peers::closed(V4), peers::closed(peers::V6)];
    let refused = [closed[0].address.to_string(), closed[1].address.to_string()];
    let job = ["connects", "--to", &open, "--refused", &refused[0], "--refused", &refused[1]];
    let ended = podtrace(&scene, "short", &["run", "-p", &profile, "-o", "json", "--"], &scene.job(&job, "truth"));
    let report: Value = serde_json::from_str(&ended.output).expect("the report is JSON");
    let mut compared = Compared::sides(&report, &Value::Null, &ended.errors);
    let findings = report["findings"].as_array().cloned().unwrap_or_default();
    let rules: Vec<&Value> = findings.iter().map(|finding| &finding["rule"]).collect();
    compared.equal("resets", compared.count("tcp.reset"), 7);
    compared.holds("their number is a finding", rules.iter().any(|rule| **rule == "tcp.reset count > 5"));
    compared.holds("their rate is none", !rules.iter().any(|rule| **rule == "tcp.reset rate > 10"));
    compared.end();
}

/// Check that with peers that answer nothing the default profile finds that before all else, also where the target waits
/// for it by epoll.
#[test]
fn no_answer_first() {
    let scene = Scene::empty();
    let silent = peers::late(V4, Duration::from_secs(600)).to_string();
    let answering = peers::slow(V4, Duration::from_millis(1)).to_string();
    let seconds = if crate::rig::slow() { "15s" } else { "6s" };
    let line = scene.job(&["unanswered", "--to", &silent, "--to", &answering, "--by", "epoll"], "truth");
    let ended = podtrace(&scene, "report", &["run", "-o", "json", "--for", seconds, "--"], &line);
    let report: Value = serde_json::from_str(&ended.output).expect("the report is JSON");
    let mut compared = Compared::sides(&report, &Value::Null, &ended.errors);
    let findings = report["findings"].as_array().cloned().unwrap_or_default();
    let said = |title: &str| {
        let says = |finding: &&Value| finding["title"].as_str().is_some_and(|said| said.contains(title));
        let finding = findings.iter().find(says).unwrap_or(&Value::Null);
        ["rule", "severity"].map(|field| finding[field].as_str().unwrap_or_default().to_owned())
    };
    let connect = "does not answer: 1 without an answer";
    compared.equal("the connect that nobody answers", said(connect), ["no-answer", "critical"].map(String::from));
    let silent = format!("{silent} may not answer: a connection silent since");
    compared.equal("the silent connection", said(&silent), ["no-answer", "warning"].map(String::from));
    // What else is said of that peer, that SYNs were sent again, may come before it, and nothing else.
    let place =
        findings.iter().position(|finding| finding["title"].as_str().is_some_and(|said| said.contains(connect)));
    compared.between("its place", place.map_or(f64::NAN, |place| place as f64), 0.0, 1.0);
    compared.end();
}
