//! The same jobs outside of the target at the same time, of which nothing may appear.

use crate::rig::bystander::Bystander;
use crate::rig::compare::Compared;
use crate::rig::peers;
use crate::rig::peers::V4;
use crate::rig::peers::V6;
use crate::rig::scene::Scene;

/// Check that another process's connects, sends, datagrams and answers stay out of the report.
#[test]
fn network() {
    let (scene, theirs) = (Scene::empty(), Scene::empty());
    let lines = |own: &Scene, truth: &str| {
        let answering = peers::answering(V4, 100_003).to_string();
        let echo = peers::echo(V6).to_string();
        (
            own.job(&["tcp-exchange", "--to", &answering, "--count", "10007"], truth),
            own.job(&["udp-exchange", "--echo", &echo, "--count", "1009"], truth),
            [answering, echo],
        )
    };
    let (their_tcp, their_udp, marks) = lines(&theirs, "truth-of-bystander");
    let (our_tcp, our_udp, _) = lines(&scene, "truth");
    let bystanders = [Bystander::start(their_tcp), Bystander::start(their_udp)];
    let traced = [our_tcp, our_udp].map(|line| scene.trace_with(crate::rig::EVERYTHING, &[], &line));
    let pids: Vec<u32> = bystanders.into_iter().flat_map(Bystander::stop).collect();
    for (traced, kinds) in traced.iter().zip([["tcp.send", "tcp.recv"], ["udp.send", "udp.recv"]]) {
        let mut compared = Compared::of(traced);
        compared.everything_done().complete();
        for kind in kinds {
            compared.nothing_else(kind, "peer");
        }
        compared.nothing_of(&pids, theirs.folder(), &marks);
        compared.end();
    }
}

/// Check that another process's reads, writes, forks and execs stay out of the report.
#[test]
fn files_and_processes() {
    let (scene, theirs) = (Scene::with_files(0), Scene::with_files(0));
    let bystanders = [
        Bystander::start(theirs.job_on_files(&["writes"], "truth-of-writes")),
        Bystander::start(theirs.job(&["execs", "--count", "23"], "truth-of-execs")),
        Bystander::start(theirs.job_on_files(&["short-lived"], "truth-of-short-lived")),
    ];
    let writes = scene.trace_on_files(&["writes"]);
    let forks = scene.trace(&["forks"]);
    let pids: Vec<u32> = bystanders.into_iter().flat_map(Bystander::stop).collect();

    let mut compared = Compared::of(&writes);
    compared.everything_done().nothing_else("file.fsync", "path").complete();
    compared.equal("forks", compared.count("process.fork"), 0);
    compared.equal("exits", compared.count("process.exit"), 1);
    compared.nothing_of(&pids, theirs.folder(), &[]);
    compared.end();

    let mut compared = Compared::of(&forks);
    compared.equal("forks", compared.count("process.fork"), 53);
    compared.equal("exits", compared.count("process.exit"), 54);
    compared.nothing_of(&pids, theirs.folder(), &[]);
    compared.complete();
    compared.end();
}
