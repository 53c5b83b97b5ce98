//! What the cluster knows, in the report: names of peers, incidents, and what of it cannot be had.

use serde_json::json;

use super::json_of;
use super::of_items;
use super::scenario;
use crate::event::Item;
use crate::event::example;
use crate::event::session::Life;
use crate::event::session::PlannedFeature;
use crate::event::session::Target;
use crate::report::Report;
use crate::report::render::TextOptions;
use crate::report::render::text;

/// The example's trace with names for its peers, and incidents before and during it.
pub(super) fn report() -> Report {
    let mut items = scenario::items();
    items.push(example::service_name(11, "payments", Some("https")).into());
    items.push(example::pod_name(13, "api-7c9d8f6b5-x2xab", Some("Deployment/api")).into());
    items.push(example::pod_name(999, "nobody", None).into());
    let mut pulled = example::incident(1, -31, "Pulled", 1);
    (pulled.warning, pulled.during) = (false, 0);
    let mut unhealthy = example::incident(2, 3, "Unhealthy", 23);
    (unhealthy.during, unhealthy.container) = (7, None);
    items.push(pulled.into());
    items.push(example::incident(3, 2, "OOMKilled", 1).into());
    items.push(unhealthy.into());
    items.push(example::incident(3, 5, "OOMKilled", 2).into());
    items.push(Item::Feature(PlannedFeature {
        feature: "peer names: services".into(),
        blind: Some("the API forbids to list services".into()),
        degraded: None,
    }));
    items.push(Item::Feature(PlannedFeature {
        feature: "peer names: services".into(),
        blind: None,
        degraded: Some("only those of `shop` are known".into()),
    }));
    of_items(&scenario::session(), &scenario::profile(), &items, &scenario::ending())
}

/// Check that keys stay addresses, with the names beside them, wherever a peer stands, and that names of nobody are
/// nowhere.
#[test]
fn peers_have_names() {
    let report = json_of(&report());
    let connect = &report["signals"]["tcp.connect"]["top"]["peer"];
    assert_eq!((&connect[0]["key"], &connect[0]["name"]), (&json!("127.0.0.1:7000"), &json!("shop/payments")));
    let service = json!([{"kind": "service", "namespace": "shop", "name": "payments", "port": "https"}]);
    assert_eq!(connect[0]["identities"], service);
    assert_eq!(connect[1]["identities"][0]["workload"], "Deployment/api");
    assert_eq!(report["signals"]["tcp.connect"]["top"]["process"][0].get("name"), None);
    assert_eq!(report["sections"]["peers"][0]["name"], "shop/payments");
    assert_eq!(report["sections"]["time"]["contributions"][0]["name"], "shop/payments");
    assert_eq!(report["sections"]["events"]["tcp.response"]["slowest"][0]["name"], "shop/payments");
    let finding = &report["findings"][0];
    assert_eq!(finding["title"], "tcp.response p99 212 ms (shop/payments 127.0.0.1:7000)");
    assert!(finding["next"].as_str().unwrap().ends_with("grep -F -e 127.0.0.1:7000"), "the CSV has addresses");
    assert!(!report.to_string().contains("nobody"));
}

/// Check that incidents are in the report once each, on the timeline when they happened, and in the verdict without being
/// called a cause.
#[test]
fn incidents() {
    let report = json_of(&report());
    let events = report["sections"]["kubernetes"]["events"].as_array().unwrap();
    let brief: Vec<_> = events
        .iter()
        .map(|event| (event["reason"].as_str().unwrap(), event["count"].as_u64(), event["count_during_trace"].as_u64()))
        .collect();
    assert_eq!(
        brief,
        [("Pulled", Some(1), Some(0)), ("Unhealthy", Some(23), Some(7)), ("OOMKilled", Some(2), Some(2))]
    );
    assert_eq!(events[0]["at_seconds"], -31.0);
    let slots = report["sections"]["timeline"].as_array().unwrap();
    let warned: Vec<_> = slots.iter().map(|slot| slot["warnings"].as_u64().unwrap_or(0)).collect();
    assert_eq!(warned, [0, 0, 1, 1, 0, 1, 0]);
    let sentences = report["sections"]["verdict"]["sentences"].as_array().unwrap();
    let said = json!("During the trace Kubernetes warned: client-0 Unhealthy 7 times; client-0/app OOMKilled 2 times.");
    assert!(sentences.contains(&said), "{sentences:#?}");
}

/// Check that containers that ended badly are in the verdict, counted by container and how, and those that ended well are
/// not.
#[test]
fn ends_of_containers() {
    let life = |index: u16, container: &str, exit_code: Option<i32>, reason: &str, ended: bool| Target {
        index,
        pod: Some("my-pod".into()),
        container: Some(container.into()),
        life: Some(Life { ended_ns: ended.then_some(7), exit_code, reason: Some(reason.into()), ..Life::default() }),
        ..example::target(index, &format!("my-pod/{container}#{index}"))
    };
    let mut session = scenario::session();
    session.targets = vec![
        life(0, "app", Some(137), "OOMKilled", true),
        life(1, "app", Some(137), "OOMKilled", true),
        life(2, "app", Some(3), "Error", true),
        life(3, "init", Some(0), "Completed", true),
        life(4, "app", None, "", false),
        life(5, "side", None, "OOMKilled", true),
    ];
    let report = json_of(&of_items(&session, &scenario::profile(), &scenario::items(), &scenario::ending()));
    let said = json!(
        "During the trace my-pod/app was killed for want of memory (OOMKilled) 2 times; my-pod/app ended with exit code \
         3 once; my-pod/side was killed for want of memory (OOMKilled) once."
    );
    let sentences = report["sections"]["verdict"]["sentences"].as_array().unwrap();
    assert!(sentences.contains(&said), "{sentences:#?}");
}

/// Check that what was told last of a feature stands in the coverage.
#[test]
fn features() {
    let report = json_of(&report());
    let coverage = report["coverage"].as_array().unwrap();
    let told: Vec<_> = coverage.iter().filter(|feature| feature["feature"] == "peer names: services").collect();
    let expected =
        json!({"feature": "peer names: services", "status": "observed", "reason": "only those of `shop` are known"});
    assert_eq!(told, [&expected]);
}

/// Check the JSON against its schema.
#[test]
fn is_valid() {
    let schema = serde_json::from_str(include_str!("../../../doc/report.schema.json")).unwrap();
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    let report = json_of(&report());
    let errors: Vec<_> = validator.iter_errors(&report).map(|e| format!("{}: {e}", e.instance_path)).collect();
    assert!(errors.is_empty(), "{errors:#?}");
}

/// Check how names and incidents look, wide and narrow.
#[test]
fn text_shows_names() {
    let report = report();
    let lines = |width: usize, wanted: &[&str]| -> String {
        let text = text(&report, &TextOptions { width, ..TextOptions::default() });
        let lines = text.lines().filter(|line| wanted.iter().any(|word| line.contains(word)));
        lines.map(|line| format!("{line}\n")).collect()
    };
    insta::assert_snapshot!(lines(100, &["payments", "api-", "x2xab"]), @"
    1 critical, 1 warning: tcp.response p99 212 ms (shop/payments 127.0.0.1:7000); tcp.connect
      error-rate 25.0 % (shop/api-7c9d8f6b5-x2xab [::1]:7001).
    Most time, as shares of the trace: tcp.response shop/payments (service, 127.0.0.1:7000) 62.1 %,
    critical: tcp.response p99 212 ms (shop/payments 127.0.0.1:7000)
      peer shop/payments (service, 127.0.0.1:7000): 212 ms (21 of 21 over 100 ms)
    warning: tcp.connect error-rate 25.0 % (shop/api-7c9d8f6b5-x2xab [::1]:7001)
      peer shop/api-7c9d8f6b5-x2xab (pod of deploy/api, [::1]:7001): 7 of 7 failed (7 ECONNREFUSED)
    tcp.response shop/payments (service, 127.0.0.1:7000)               62.1 %   4.35 s     21   207 ms
    tcp.connect shop/payments (service, 127.0.0.1:7000)                0.60 %  42.0 ms     21  2.00 ms
      shop/payments 127.0.0.1:7000            21                    2.00 ms  2.00 ms  2.95 ms  3.00 ms
      shop/api-7c9d8f6b5-x2xab [::1]:7001      7       7            40.0 us  39.9 us  39.9 us  40.0 us
    send shop/payments 127.0.0.1:7000         21           6.9 KiB  21.3 us  21.0 us  23.0 us  23.0 us
    recv shop/payments 127.0.0.1:7000         21          68.4 KiB
    response shop/payments 127.0.0.1:7000     21                     207 ms   212 ms   212 ms   212 ms
    tcp.response shop/payments (service, 127.0.0.1:7000)  0.000 s  212 ms  client[4711]
    tcp.response shop/payments (service, 127.0.0.1:7000)  1.000 s  212 ms  client[4711]
    tcp.response shop/payments (service, 127.0.0.1:7000)  2.000 s  212 ms  client[4711]
    tcp.response shop/payments (service, 127.0.0.1:7000)  3.000 s  212 ms  client[4711]
    tcp.response shop/payments (service, 127.0.0.1:7000)  4.000 s  212 ms  client[4711]
    tcp.connect shop/api-7c9d8f6b5-x2xab [::1]:7001       4.600 s  40.0 us  ECONNREFUSED  client[4711]
    tcp.connect shop/api-7c9d8f6b5-x2xab [::1]:7001       4.500 s  40.0 us  ECONNREFUSED  client[4711]
    tcp.connect shop/api-7c9d8f6b5-x2xab [::1]:7001       4.400 s  40.0 us  ECONNREFUSED  client[4711]
    tcp.connect shop/api-7c9d8f6b5-x2xab [::1]:7001       4.300 s  40.0 us  ECONNREFUSED  client[4711]
    ");
    insta::assert_snapshot!(lines(80, &["payments", "api-", "x2xab", "127.0.0.1:7000"]), @"
    podtrace 0.1.0: `client --to 127.0.0.1:7000`
      1 critical, 1 warning: tcp.response p99 212 ms (shop/payments 127.0.0.1:7000);
        tcp.connect error-rate 25.0 % (shop/api-7c9d8f6b5-x2xab [::1]:7001).
      Most time, as shares of the trace: tcp.response shop/payments (service,
        127.0.0.1:7000) 62.1 %, sched.cpu worker[4723] 50.2 %, sched.offcpu network
      critical: tcp.response p99 212 ms (shop/payments 127.0.0.1:7000)
        peer shop/payments (service, 127.0.0.1:7000): 212 ms (21 of 21 over 100 ms)
        next: podtrace run -p latency -o csv -- client --to 127.0.0.1:7000 | grep -F ,tcp.response, | grep -F -e 127.0.0.1:7000
      warning: tcp.connect error-rate 25.0 % (shop/api-7c9d8f6b5-x2xab [::1]:7001)
        peer shop/api-7c9d8f6b5-x2xab (pod of deploy/api, [::1]:7001): 7 of 7 failed
        next: podtrace run -p latency -o csv -- client --to 127.0.0.1:7000 | grep -F ,tcp.connect, | grep -F -e '[::1]:7001'
      tcp.response payments 127.0.0.1:7000           62.1 %   4.35 s     21   207 ms
      tcp.connect payments 127.0.0.1:7000            0.60 %  42.0 ms     21  2.00 ms
        shop/payments 127.0.0.1:7000          21                    2.95 ms  3.00 ms
        api-7c9d8f6b5-x2xab [::1]:7001         7       7            39.9 us  40.0 us
      send shop/payments 127.0.0.1:7000       21           6.9 KiB  23.0 us  23.0 us
      recv shop/payments 127.0.0.1:7000       21          68.4 KiB
      response payments 127.0.0.1:7000        21                     212 ms   212 ms
      tcp.response shop/payments 127.0.0.1:7000        0.000 s  212 ms  client[4711]
      tcp.response shop/payments 127.0.0.1:7000        1.000 s  212 ms  client[4711]
      tcp.response shop/payments 127.0.0.1:7000        2.000 s  212 ms  client[4711]
      tcp.response shop/payments 127.0.0.1:7000        3.000 s  212 ms  client[4711]
      tcp.response shop/payments 127.0.0.1:7000        4.000 s  212 ms  client[4711]
      tcp.connect api-7c9d8f6b5-x2xab [::1]:7001      4.600 s  40.0 us  ECONNREFUSED
      tcp.connect api-7c9d8f6b5-x2xab [::1]:7001      4.500 s  40.0 us  ECONNREFUSED
      tcp.connect api-7c9d8f6b5-x2xab [::1]:7001      4.400 s  40.0 us  ECONNREFUSED
      tcp.connect api-7c9d8f6b5-x2xab [::1]:7001      4.300 s  40.0 us  ECONNREFUSED
      client[4711] client --to 127.0.0.1:7000  0.017 s                     1009
      worker[4723] worker --to 127.0.0.1:7000  0.017 s  4.900 s  exit 3    1009
    ");
    let text = text(&report, &TextOptions { width: 80, ..TextOptions::default() });
    let from = text.find("KUBERNETES").unwrap();
    let to = text[from..].find("PROCESSES").unwrap();
    insta::assert_snapshot!(&text[from..from + to], @"
    KUBERNETES                         last  times
      client-0/app Pulled     31.0 s before      1
        what Pulled means
      client-0 Unhealthy                3 s     23
        what Unhealthy means
      client-0/app OOMKilled            5 s      2
        what OOMKilled means
    ");
    for line in text.lines().filter(|line| !line.starts_with("    next: ")) {
        assert!(line.chars().count() <= 80, "{line}");
    }
}
