//! TCP connections: opened, accepted, used.

use std::net::TcpStream;
use std::time::Duration;

use crate::rig::EVERYTHING;
use crate::rig::compare::Compared;
use crate::rig::peers;
use crate::rig::peers::V4;
use crate::rig::peers::V6;
use crate::rig::scene::Scene;

/// Check that 23 connects of which 7 are refused, over IPv4 and IPv6, blocking and not, are counted by peer and errno,
/// with their state transitions and resets, and nothing else.
#[test]
fn connects() {
    let scene = Scene::empty();
    let (open4, open6) = (peers::quiet(V4).to_string(), peers::quiet(V6).to_string());
    let (closed4, closed6) = (peers::closed(V4), peers::closed(V6));
    let refused = [closed4.address.to_string(), closed6.address.to_string()];
    let traced =
        scene.trace(&["connects", "--to", &open4, "--to", &open6, "--refused", &refused[0], "--refused", &refused[1]]);
    let mut compared = Compared::of(&traced);
    compared.everything_done().nothing_else("tcp.connect", "peer").nothing_else("tcp.reset", "direction").complete();
    compared.equal("connects", compared.count("tcp.connect"), 23);
    compared.equal("refusals", compared.signal("tcp.connect")["errors"]["ECONNREFUSED"].clone(), 7);
    compared.equal("accepts, which are the peers'", compared.count("tcp.accept"), 0);
    compared.end();
}

/// Check that 101 accepted connections, 61 over IPv4 and 40 over IPv6, are counted by the listening port, and that
/// tries in vain are not.
#[test]
fn accepts() {
    let scene = Scene::empty();
    let ready = scene.path("ready");
    let line = scene.job(&["accepts", "--ready", &ready.to_string_lossy()], "truth");
    let running = scene.start_run(EVERYTHING, &[], &line);
    let addresses = peers::announced(&ready);
    for (address, count) in addresses.iter().zip([61, 40]) {
        for _ in 0..count {
            TcpStream::connect(address).expect("the workload accepts");
        }
    }
    let traced = scene.traced(running.end());
    let mut compared = Compared::of(&traced);
    compared.everything_done().nothing_else("tcp.accept", "peer").complete();
    compared.equal("accepts", compared.count("tcp.accept"), 101);
    compared.equal("connects, which are the peers'", compared.count("tcp.connect"), 0);
    compared.end();
}

/// Check that operations and bytes of an exchange with three peers are right to the byte in both directions, whatever
/// call moved them.
#[test]
fn exchange() {
    let scene = Scene::empty();
    let peers = [peers::answering(V4, 1_000_003), peers::answering(V6, 499_979), peers::answering(V4, 101)];
    let peers = peers.map(|peer| peer.to_string());
    let traced = scene.trace(&["tcp-exchange", "--to", &peers[0], "--to", &peers[1], "--to", &peers[2]]);
    let mut compared = Compared::of(&traced);
    compared.everything_done().complete();
    for kind in ["tcp.send", "tcp.recv", "tcp.response"] {
        compared.nothing_else(kind, "peer");
    }
    compared.equal("sends", compared.count("tcp.send"), 1_009);
    compared.equal("bytes received", compared.signal("tcp.recv")["bytes"].clone(), 1_000_003 + 499_979 + 101);
    compared.end();
}

/// Check that both ends of connections in one process are told apart: each end's operations under its own peer.
#[test]
fn both_ends() {
    let scene = Scene::empty();
    let traced = scene.trace(&["loopback"]);
    let mut compared = Compared::of(&traced);
    compared.everything_done().complete();
    for kind in ["tcp.connect", "tcp.accept", "tcp.send", "tcp.recv", "tcp.response", "tcp.service"] {
        compared.nothing_else(kind, "peer");
    }
    compared.equal("connects", compared.count("tcp.connect"), 13);
    compared.equal("accepts", compared.count("tcp.accept"), 13);
    compared.end();
}

/// Check that what a peer takes to answer is no part of the least round-trip time, although it acknowledges with its
/// answers and the smoothed time has it.
#[test]
fn least_round_trip() {
    let scene = Scene::empty();
    let peer = peers::slow(V4, Duration::from_millis(31)).to_string();
    let traced = scene.trace(&["response", "--to", &peer]);
    let mut compared = Compared::of(&traced);
    compared.everything_done().complete();
    compared.holds("`tcp.rtt_min` was sampled", compared.count("tcp.rtt_min") > 0);
    compared.equal("samples of both", compared.count("tcp.rtt_min"), compared.count("tcp.rtt"));
    // Loopback: microseconds.
    let least = compared.signal("tcp.rtt_min")["latency_seconds"]["max"].as_f64().unwrap_or(f64::NAN);
    compared.between("`tcp.rtt_min`: max", least, 0.0, 0.015);
    compared.end();
}

/// Check that a server by Multipath TCP, and a client of it that speaks it, are seen like others.
#[test]
fn multipath() {
    let scene = Scene::empty();
    let traced = scene.trace(&["multipath"]);
    if traced.truth["facts"]["multipath"] == false {
        println!("not compared: this kernel has no Multipath TCP");
        return;
    }
    let mut compared = Compared::of(&traced);
    compared.everything_done().complete();
    for kind in ["tcp.connect", "tcp.accept", "tcp.send", "tcp.recv"] {
        compared.nothing_else(kind, "peer");
    }
    compared.equal("bytes sent", compared.signal("tcp.send")["bytes"].clone(), 2 * 7 * (101 + 53));
    compared.end();
}

/// Check that a receive which waits for a second is neither a round-trip time nor an answer, and that the thread is
/// said to have waited for the network meanwhile.
#[test]
fn idle_receive() {
    let scene = Scene::empty();
    let peer = peers::late(V4, Duration::from_secs(1)).to_string();
    let traced = scene.trace(&["idle-recv", "--to", &peer]);
    let mut compared = Compared::of(&traced);
    compared.everything_done().nothing_else("tcp.recv", "peer").complete();
    compared.equal("bytes received", compared.signal("tcp.recv")["bytes"].clone(), 17);
    compared.equal("answers", compared.count("tcp.response"), 0);
    compared.holds("`tcp.rtt` was sampled", compared.count("tcp.rtt") > 0);
    // Loopback: microseconds. A second would be the wait.
    let rtt = compared.signal("tcp.rtt")["latency_seconds"]["max"].as_f64().unwrap_or(f64::NAN);
    compared.between("`tcp.rtt`: max", rtt, 0.0, 0.25);
    compared.equal(
        "latency of `tcp.recv`",
        compared.signal("tcp.recv")["latency_seconds"].clone(),
        serde_json::Value::Null,
    );
    let waited = compared
        .entry("sched.offcpu", "reason", "network")
        .map_or(f64::NAN, |entry| entry["latency_seconds"]["max"].as_f64().unwrap_or(f64::NAN));
    let log = traced.truth["did"]["sched.offcpu"]["reason"]["network"]["log"]["max"].as_f64().unwrap_or(f64::NAN);
    compared.between("`sched.offcpu` network: max", waited, 0.9, log);
    compared.end();
}

/// Check that a server's answers are timed from the request's end to the first byte back, on the client's side.
#[test]
fn responses() {
    let scene = Scene::empty();
    let peer = peers::slow(V4, Duration::from_millis(50)).to_string();
    let traced = scene.trace(&["response", "--to", &peer]);
    let mut compared = Compared::of(&traced);
    compared.everything_done().nothing_else("tcp.response", "peer").complete();
    compared.percentiles("tcp.response", "peer", &peer);
    compared.equal("answers", compared.count("tcp.response"), 23);
    compared.equal("answers of the target itself", compared.count("tcp.service"), 0);
    compared.end();
}

/// Check that a server's own time is told from the network's: from the request's last byte to the answer's first.
#[test]
fn services() {
    let scene = Scene::empty();
    let ready = scene.path("ready");
    let line = scene.job(&["serve", "--count", "23", "--ready", &ready.to_string_lossy()], "truth");
    let running = scene.start_run(EVERYTHING, &[], &line);
    let mut connection = TcpStream::connect(peers::announced(&ready)[0]).expect("the workload accepts");
    connection.set_nodelay(true).expect("a TCP socket has TCP_NODELAY");
    for _ in 0..23 {
        use std::io::Read as _;
        use std::io::Write as _;
        // A pause of the client must not count as the server's time.
        std::thread::sleep(Duration::from_millis(20));
        connection.write_all(&[b'q'; 101]).expect("the workload receives");
        connection.read_exact(&mut [0; 499]).expect("the workload answers");
    }
    drop(connection);
    let traced = scene.traced(running.end());
    let mut compared = Compared::of(&traced);
    compared.everything_done().nothing_else("tcp.service", "peer").complete();
    let label = traced.truth["did"]["tcp.service"]["peer"].as_object().and_then(|keys| keys.keys().next());
    compared.percentiles("tcp.service", "peer", label.expect("the workload served somebody"));
    compared.equal("answers", compared.count("tcp.service"), 23);
    compared.equal("answers by others", compared.count("tcp.response"), 0);
    compared.end();
}
