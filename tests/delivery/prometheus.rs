//! A real Prometheus that scrapes podtrace during a known workload.

use std::collections::BTreeSet;
use std::fs;
use std::io::Read as _;
use std::io::Write as _;
use std::net::SocketAddr;
use std::net::TcpListener;
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::process::Stdio;

use serde_json::Value;

use crate::job_in;
use crate::rig;
use crate::rig::cgroup::Cgroup;
use crate::rig::peers;
use crate::rig::peers::V4;
use crate::rig::peers::V6;
use crate::rig::process::Running;
use crate::rig::scene::Scene;

/// Names of the commission that have their sort in them, which promtool's taste forbids. They stay as they are.
/// They are those of the kinds that this version has.
const COMMISSIONED: [&str; 4] = [
    "podtrace_fs_latency_seconds_gauge",
    "podtrace_fs_latency_seconds_histogram",
    "podtrace_cpu_block_seconds_gauge",
    "podtrace_cpu_block_seconds_histogram",
];

/// A rule that counts what the kernel counted.
const RULE: &str = "return {
    name = \"mine\", about = \"Counts.\", needs = { \"tcp.connect\" },
    metrics = { connects = { type = \"counter\", about = \"Connects.\" } },
    evaluate = function(window) return nil, { connects = window.tcp.connect.count } end,
}";

fn free() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").expect("a free port").local_addr().expect("an address")
}

fn get(address: SocketAddr, page: &str) -> Option<String> {
    let mut socket = TcpStream::connect(address).ok()?;
    write!(socket, "GET {page} HTTP/1.0\r\nHost: test\r\n\r\n").ok()?;
    let mut text = String::new();
    socket.read_to_string(&mut text).ok()?;
    let (head, body) = text.split_once("\r\n\r\n")?;
    head.contains(" 200 ").then(|| body.to_owned())
}

/// Whatever is no letter or digit as `%XX`.
fn encoded(text: &str) -> String {
    let one =
        |byte: u8| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    text.bytes().map(one).collect()
}

struct Prometheus {
    address: SocketAddr,
    _running: Running,
}

impl Prometheus {
    fn start(scene: &Scene, scraped: SocketAddr) -> Self {
        let address = free();
        let settings = scene.path("prometheus.yml");
        let text = format!(
            "global: {{ scrape_interval: 1s, scrape_timeout: 1s }}\nscrape_configs:\n\
             - job_name: podtrace\n  static_configs: [{{ targets: ['{scraped}'] }}]\n"
        );
        fs::write(&settings, text).expect("cannot write a file");
        let mut command = Command::new("prometheus");
        command.arg(format!("--config.file={}", settings.display()));
        command.arg(format!("--storage.tsdb.path={}", scene.path("tsdb").display()));
        command.arg(format!("--web.listen-address={address}"));
        let running = Running::start(command, "prometheus", scene.folder());
        rig::wait_until("Prometheus to be ready", || get(address, "/-/ready").is_some());
        Self { address, _running: running }
    }

    /// The figures of an expression; those that are no number are left out.
    fn query(&self, expression: &str) -> Vec<f64> {
        let page = format!("/api/v1/query?query={}", encoded(expression));
        let text = get(self.address, &page).unwrap_or_else(|| panic!("Prometheus refuses `{expression}`"));
        let answer: Value = serde_json::from_str(&text).expect("it answers in JSON");
        let result = answer["data"]["result"].as_array().expect("a vector");
        let numbers = result.iter().filter_map(|series| series["value"][1].as_str()?.parse::<f64>().ok());
        numbers.filter(|number| number.is_finite()).collect()
    }

    /// Waits for a sum to be what it should.
    fn equals(&self, expression: &str, expected: f64) {
        let mut last = Vec::new();
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(if rig::slow() { 120 } else { 20 });
        while std::time::Instant::now() < deadline {
            last = self.query(expression);
            if last.iter().sum::<f64>() == expected && !last.is_empty() {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
        panic!("`{expression}` is {last:?}, expected {expected}");
    }
}

/// The queries of the dashboard, with what Grafana fills in.
fn dashboard() -> Vec<(String, String)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("doc/grafana/podtrace.json");
    let text = fs::read_to_string(path).expect("the dashboard is there");
    let dashboard: Value = serde_json::from_str(&text).expect("the dashboard is JSON");
    let mut queries = Vec::new();
    for panel in dashboard["panels"].as_array().expect("panels") {
        for target in panel["targets"].as_array().into_iter().flatten() {
            let mut query = target["expr"].as_str().expect("an expression").replace("$__rate_interval", "30s");
            for variable in ["namespace", "pod", "container", "instance"] {
                query = query.replace(&format!("${variable}"), ".*");
            }
            assert!(!query.contains('$'), "{query}");
            queries.push((panel["title"].as_str().expect("a title").to_owned(), query));
        }
    }
    queries
}

/// Check that what Prometheus scraped equals what the workload did, that promtool finds nothing wrong, and that every
/// query of the dashboard returns data.
#[test]
fn scraped_by_prometheus() {
    let scene = Scene::with_files(101);
    let cgroup = Cgroup::new();
    let listen = free();
    let profile = format!(
        "targets {{ cgroup \"{}\" }}\nprobes {{ tcp; udp; file; sched; process }}\n\
         threshold \"tcp.connect\" errors=\">0\"\nwindow \"1s\"\nsink \"prometheus\" listen=\"{listen}\"\n\
         sink \"webhook\" url=\"http://{}/\"",
        cgroup.path().display(),
        free(),
    );
    let mut command = Command::new(rig::podtrace());
    command.args(["-o", "json", "-p"]).arg(scene.profile(&profile));
    let rule = scene.path("mine.lua");
    fs::write(&rule, RULE).expect("cannot write a rule");
    command.arg("--rules").arg(rule);
    let mut podtrace = Running::start(command, "podtrace", scene.folder());
    rig::wait_until("podtrace to trace", || {
        assert!(!podtrace.has_ended(), "podtrace ended:\n{}", podtrace.errors_so_far());
        get(listen, "/readyz").is_some()
    });
    let prometheus = Prometheus::start(&scene, listen);
    prometheus.equals("up", 1.0);

    let (open4, open6) = (peers::quiet(V4).to_string(), peers::quiet(V6).to_string());
    let (closed4, closed6) = (peers::closed(V4), peers::closed(V6));
    let refused = [closed4.address.to_string(), closed6.address.to_string()];
    let connects = scene.job(
        &["connects", "--to", &open4, "--to", &open6, "--refused", &refused[0], "--refused", &refused[1]],
        "truth",
    );
    job_in(&scene, &cgroup, &connects, "truth");
    let of = "process_name=\"workload\"";
    prometheus.equals(&format!("podtrace_latency_seconds_count{{type=\"tcp.connect\",{of}}}"), 23.0);
    prometheus.equals(&format!("podtrace_operations_total{{type=\"tcp.connect\",{of}}}"), 23.0);
    prometheus.equals(&format!("podtrace_errors_total{{type=\"tcp.connect\",error=\"ECONNREFUSED\",{of}}}"), 7.0);
    prometheus.equals("podtrace_rule_mine_connects_total", 23.0);
    prometheus.equals("podtrace_rules_disabled{rule=\"mine\"}", 0.0);
    assert!(prometheus.query("podtrace_rules_windows_total{rule=\"mine\"}").iter().all(|windows| *windows > 0.0));
    prometheus.equals(&format!("podtrace_latency_seconds_bucket{{type=\"tcp.connect\",le=\"+Inf\",{of}}}"), 23.0);

    let peers = [peers::answering(V4, 1_000_003), peers::answering(V6, 499_979), peers::answering(V4, 101)];
    let peers = peers.map(|peer| peer.to_string());
    let exchange = scene.job(&["tcp-exchange", "--to", &peers[0], "--to", &peers[1], "--to", &peers[2]], "truth");
    job_in(&scene, &cgroup, &exchange, "truth");
    prometheus.equals(
        &format!("podtrace_network_bytes_total{{type=\"tcp.recv\",{of}}}"),
        f64::from(1_000_003 + 499_979 + 101),
    );
    prometheus.equals(&format!("podtrace_operations_total{{type=\"tcp.send\",{of}}}"), 1_009.0);
    let sum = prometheus.query(&format!("podtrace_latency_seconds_sum{{type=\"tcp.send\",{of}}}"));
    assert!(sum.len() == 1 && sum[0] > 0.0, "{sum:?}");

    let mut text = String::new();
    // What took time is told some ticks later than what moved bytes.
    rig::wait_until("every metric of the commission", || {
        text = get(listen, "/metrics").expect("podtrace can be scraped");
        COMMISSIONED.iter().all(|name| text.contains(&format!("# TYPE {name} ")))
    });
    let (clean, said) = promtool(&text);
    let named: BTreeSet<_> = said.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert!(!clean && named == COMMISSIONED.into_iter().collect(), "promtool says of the names:\n{said}");
    let standard = get(listen, "/metrics?names=standard").expect("podtrace can be scraped");
    let (clean, said) = promtool(&standard);
    assert!(clean && said.is_empty(), "promtool says of standard names:\n{said}");
    // Nothing is missing there, but for other names.
    let families = |text: &str| text.lines().filter(|line| line.starts_with("# TYPE ")).count();
    assert_eq!(families(&standard), families(&text));
    for name in ["podtrace_fs_latency_seconds", "podtrace_fs_latency_latest_seconds", "podtrace_cpu_block_seconds"] {
        assert!(standard.contains(&format!("# TYPE {name} ")), "{name} is missing");
    }
    about_itself(&prometheus, &scene, &cgroup);

    // Until there was enough of everything within the last half minute.
    let files = scene.job_on_files(&["many-files", "--many", "101"], "truth");
    let mut missing = dashboard();
    assert!(missing.len() > 20, "the dashboard has {} queries", missing.len());
    rig::wait_until(&format!("data for all {} queries of the dashboard", missing.len()), || {
        for line in [&connects, &exchange, &files] {
            job_in(&scene, &cgroup, line, "truth");
        }
        missing.retain(|(_, query)| prometheus.query(query).is_empty());
        if !missing.is_empty() {
            eprintln!("no data yet: {missing:?}");
        }
        missing.is_empty()
    });

    // A scrape while podtrace ends is answered or refused, never left hanging; the report comes all the same.
    podtrace.signal(libc::SIGINT);
    let _ = get(listen, "/metrics");
    let ended = podtrace.end();
    let report: Value = serde_json::from_str(&ended.output).expect("the report is JSON");
    assert!(report["signals"]["tcp.connect"]["count"].as_u64() >= Some(23), "{}", ended.errors);
}

/// Checks what podtrace says of itself against what is true: how many processes are in the kernel's table of them.
fn about_itself(prometheus: &Prometheus, scene: &Scene, cgroup: &Cgroup) {
    let members = "podtrace_map_entries{map=\"members\"}";
    prometheus.equals(members, 0.0);
    let sleepers: Vec<_> = (0..7)
        .map(|_| {
            let mut command = Command::new("sh");
            command.args(["-c", "echo $$ > \"$0\" && exec sleep 600"]).arg(cgroup.path().join("cgroup.procs"));
            Running::start(command, "sleeper", scene.folder())
        })
        .collect();
    prometheus.equals(members, 7.0);
    let full = prometheus.query("podtrace_map_entries / podtrace_map_capacity");
    assert!(full.len() >= 8 && full.iter().all(|share| (0.0..=1.0).contains(share)), "{full:?}");
    for name in ["podtrace_process_resident_memory_bytes", "podtrace_kernel_memory_bytes"] {
        assert!(prometheus.query(name).iter().all(|bytes| *bytes > 1e6), "{name}");
    }
    let per_run = prometheus.query("podtrace_program_run_seconds_total / podtrace_program_runs_total");
    assert!(!per_run.is_empty() && per_run.iter().all(|seconds| *seconds < 1e-3), "{per_run:?}");
    for sleeper in sleepers {
        sleeper.signal(libc::SIGKILL);
        sleeper.end();
    }
    prometheus.equals(members, 0.0);
}

/// Whether promtool is content with the text, and what it says.
fn promtool(text: &str) -> (bool, String) {
    let mut child = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("promtool can be started");
    child.stdin.take().expect("a pipe").write_all(text.as_bytes()).expect("promtool reads");
    let ended = child.wait_with_output().expect("promtool ends");
    let said = format!("{}{}", String::from_utf8_lossy(&ended.stdout), String::from_utf8_lossy(&ended.stderr));
    (ended.status.success(), said)
}
