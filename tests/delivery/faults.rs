//! Destinations that hang, refuse and vanish: tracing goes on, the report is whole, what is lost is said.

use std::io::Read as _;
use std::net::TcpListener;
use std::process::Command;
use std::time::Instant;

use crate::rig;
use crate::rig::compare::Compared;
use crate::rig::peers;
use crate::rig::peers::V4;
use crate::rig::peers::V6;
use crate::rig::process::Running;
use crate::rig::scene::Scene;
use crate::rig::scene::Traced;

/// Check that with a webhook that hangs, one that is not there and a collector that ends each connection, counts are
/// exact, podtrace ends within its time, and each loss is said without a word of the secret addresses.
#[test]
fn broken_destinations() {
    let scene = Scene::empty();
    let hanging = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let closed = TcpListener::bind("127.0.0.1:0").expect("a free port").local_addr().expect("an address");
    let rude = peers::server(V4, |mut connection| connection.read(&mut [0; 1]).map(drop));
    let (open4, open6) = (peers::quiet(V4).to_string(), peers::quiet(V6).to_string());
    let (closed4, closed6) = (peers::closed(V4), peers::closed(V6));
    let refused = [closed4.address.to_string(), closed6.address.to_string()];
    let profile = format!(
        "probes {{ tcp detail=\"all\"; udp; file; sched; process }}\nwindow \"10m\"\n\
         threshold \"tcp.connect\" errors=\">0\" severity=\"critical\"\n\
         sink \"webhook\" url-env=\"HANGING\" timeout=\"1s\"\nsink \"slack\" url-env=\"CLOSED\"\n\
         sink \"otlp\" endpoint=\"http://{rude}\""
    );
    let line = scene.job(
        &["connects", "--to", &open4, "--to", &open6, "--refused", &refused[0], "--refused", &refused[1]],
        "truth",
    );
    let mut command = Command::new(rig::podtrace());
    command.args(["run", "-o", "json", "-p"]).arg(scene.profile(&profile)).arg("--").args(line);
    let hanging_at = hanging.local_addr().expect("an address");
    command.env("HANGING", format!("http://{hanging_at}/hunter23")).env("CLOSED", format!("http://{closed}/hunter23"));
    let began = Instant::now();
    let ended = Running::start(command, "podtrace", scene.folder()).end();
    assert!(rig::slow() || began.elapsed().as_secs() < 60, "{:?}", began.elapsed());
    assert_eq!(ended.code(), 1, "what could not be delivered is a failure:\n{}", ended.errors);
    for sink in ["sink webhook: 1 unsent_at_exit", "sink slack: 1 unsent_at_exit", "sink otlp: "] {
        assert!(ended.errors.contains(sink), "{sink}:\n{}", ended.errors);
    }
    assert!(!ended.errors.contains("hunter23") && !ended.output.contains("hunter23"), "{}", ended.errors);
    let report = serde_json::from_str(&ended.output).expect("the report is JSON");
    let traced = Traced { report, truth: scene.truth("truth"), errors: ended.errors };
    let mut compared = Compared::of(&traced);
    compared.nothing_else("tcp.connect", "peer").complete();
    compared.equal("connects", compared.count("tcp.connect"), 23);
    compared.end();
}

/// Check that a secret that is missing and a taken address are said before anything is traced.
#[test]
fn cannot_be_opened() {
    let scene = Scene::empty();
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("an address");
    for (sink, word) in [
        ("sink \"webhook\" url-env=\"NO_SUCH_VARIABLE\"".to_owned(), "`NO_SUCH_VARIABLE` is not set"),
        (format!("sink \"prometheus\" listen=\"{address}\""), "cannot listen on"),
    ] {
        let mark = scene.path("started");
        let line = ["touch".to_owned(), mark.to_string_lossy().into_owned()];
        let ended = scene.start_run(&format!("probes {{ tcp }}\n{sink}"), &[], &line).end();
        assert_eq!(ended.code(), 2, "{}", ended.errors);
        assert!(ended.errors.contains(word) && !mark.exists(), "{}", ended.errors);
    }
}
