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
