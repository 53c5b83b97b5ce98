//! Reports from hand-built items.

pub(super) mod scenario;

/// x
#[test]
fn show() {
    let report = scenario::report();
    println!("{}", super::render::text(&report, &Default::default()));
    println!("{}", super::render::text(&report, &super::render::TextOptions { width: 80, ..Default::default() }));
    std::fs::write("/tmp/report.json", super::render::json(&report)).unwrap();
}
