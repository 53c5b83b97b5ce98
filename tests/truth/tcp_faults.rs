//! TCP when things go wrong: resets, lost segments, connects that are given up.

use std::time::Duration;

use serde_json::Value;

use crate::rig;
use crate::rig::compare::Compared;
use crate::rig::peers;
use crate::rig::peers::V4;
use crate::rig::peers::V6;
use crate::rig::scene;
use crate::rig::scene::Scene;

/// Check that 11 resets sent and 13 received are counted by direction, and the receive that met one fails.
#[test]
fn resets() {
    let scene = Scene::empty();
    let (quiet, resetting) = (peers::quiet(V4).to_string(), peers::resetting(V6).to_string());
    let traced = scene.trace(&["resets", "--to", &quiet, "--resetting", &resetting]);
    let mut compared = Compared::of(&traced);
    compared.everything_done().nothing_else("tcp.reset", "direction").nothing_else("tcp.recv", "peer").complete();
    compared.equal("resets", compared.count("tcp.reset"), 24);
    compared.end();
}

/// Check that data for a connection which its program has closed, and which the kernel answers by a reset, is not said to
/// be a reset from the peer.
#[test]
fn late_data() {
    let scene = Scene::empty();
    let traced = scene.trace(&["late-data"]);
    let mut compared = Compared::of(&traced);
    compared.everything_done().nothing_else("tcp.reset", "direction").nothing_else("tcp.recv", "peer").complete();
    compared.equal("resets", compared.count("tcp.reset"), 2);
    compared.end();
}

/// Check that segments sent again, of data and of a handshake, are counted for the right peer although they are sent by
/// a timer, as often as the kernel itself counts them in that network namespace; and that a handshake whose first SYN
/// was lost shows the second it took.
#[test]
fn retransmits() {
    let scene = Scene::empty();
    let traced = scene.trace(&["retransmit"]);
    let mut compared = Compared::of(&traced);
    compared.everything_done().nothing_else("tcp.retransmit", "peer").complete();
    let counted = traced.truth["facts"]["retransmits"].clone();
    compared.equal("retransmits", compared.count("tcp.retransmit"), counted);
    let longest = compared.signal("tcp.connect")["latency_seconds"]["max"].as_f64().unwrap_or(f64::NAN);
    compared.between("`tcp.connect`: max", longest, 0.95, 60.0);
    compared.end();
}

/// Check that connects which their own program gave up are counted as such, with the time until then.
#[test]
fn abandoned_connects() {
    let scene = Scene::empty();
    let traced = scene.trace(&["abandoned"]);
    let mut compared = Compared::of(&traced);
    compared.everything_done().nothing_else("tcp.connect", "peer").complete();
    compared.equal("given up", compared.signal("tcp.connect")["errors"]["abandoned"].clone(), 5);
    let shortest = compared.signal("tcp.connect")["latency_seconds"]["p50"].as_f64().unwrap_or(f64::NAN);
    compared.between("`tcp.connect`: p50", shortest, 0.019, 60.0);
    compared.end();
}

/// Check that what peers have not answered when the trace ends is told, by peer: a request and a connect, and neither the
/// request that was answered nor what was sent without waiting for an answer; and that the report begins with it. What is
/// waited for by epoll is told apart.
fn unanswered(by: &str) {
    let scene = Scene::empty();
    let silent = peers::late(V4, Duration::from_secs(600)).to_string();
    let answering = peers::slow(V4, Duration::from_millis(1)).to_string();
    let line = scene.job(&["unanswered", "--to", &silent, "--to", &answering, "--by", by], "truth");
    let seconds = if rig::slow() { 12.0 } else { 5.0 };
    let profile = format!("{}\nthreshold \"tcp.unanswered\" max=\">3s\"", rig::EVERYTHING);
    let ended = scene.start_run(&profile, &["--for", &format!("{seconds}s")], &line).end();
    let report = scene::report_of(&ended);
    let mut compared = Compared::sides(&report, &Value::Null, &ended.errors);
    let is_seen = by != "epoll";
    let request =
        if is_seen { ("tcp.unanswered", "waiting", "answer") } else { ("tcp.silent", "peer", silent.as_str()) };
    compared.equal("unanswered", compared.count("tcp.unanswered"), 1 + u64::from(is_seen));
    compared.equal("silent", compared.count("tcp.silent"), u64::from(!is_seen));
    for (kind, dimension, key) in [("tcp.unanswered", "waiting", "connect"), request, (request.0, "peer", &silent)] {
        let entry = compared.entry(kind, dimension, key).cloned().unwrap_or(Value::Null);
        compared.equal(&format!("{kind} {dimension} {key}"), entry["count"].clone(), 1);
        let longest = entry["latency_seconds"]["max"].as_f64().unwrap_or(f64::NAN);
        compared.between(&format!("{kind} {dimension} {key}: time"), longest, seconds * 0.6, seconds + 0.1);
    }
    compared.equal("connects that ended", compared.count("tcp.connect"), 2);
    compared.equal("answers", compared.count("tcp.response"), 1);
    let title = report["findings"][0]["title"].as_str().unwrap_or_default();
    compared.holds("it is the first finding", title.starts_with("tcp.unanswered"));
    compared.end();
}

#[test]
fn unanswered_receive() {
    unanswered("receive");
}

#[test]
fn unanswered_poll() {
    unanswered("poll");
}

#[test]
fn unanswered_epoll() {
    unanswered("epoll");
}

/// Check that requests whose connections ended without an answer are counted, by who ended them and with the time until
/// then: those for which somebody was seen to wait or that are too large for what HTTP/2 sends by itself. Neither
/// farewells nor answers that were not read are, nor what is sent again and again.
#[test]
fn given_up() {
    let scene = Scene::empty();
    let silent = peers::quiet(V4).to_string();
    let ending = peers::ending(V6, Duration::from_millis(510)).to_string();
    let answering = peers::slow(V4, Duration::from_millis(1)).to_string();
    let traced = scene.trace(&["given-up", "--silent", &silent, "--ending", &ending, "--answering", &answering]);
    let mut compared = Compared::of(&traced);
    compared
        .everything_done()
        .nothing_else("tcp.unanswered", "waiting")
        .nothing_else("tcp.unanswered", "peer")
        .complete();
    compared.equal("unanswered", compared.count("tcp.unanswered"), 7 + 5 + 3 + 11);
    let ended = compared.entry("tcp.unanswered", "waiting", "ended by peer").cloned().unwrap_or(Value::Null);
    let shortest = ended["latency_seconds"]["p50"].as_f64().unwrap_or(f64::NAN);
    // The peer begins to wait when it has received, and podtrace counts from the end of the send.
    let most = if rig::slow() { 5.0 } else { 0.8 };
    compared.between("ended by the peer, after", shortest, 0.5, most);
    compared.end();
}
