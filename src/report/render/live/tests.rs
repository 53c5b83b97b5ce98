//! The live view as people see it.

use crate::event::Item;
use crate::report::Builder;
use crate::report::render;
use crate::report::render::Style;
use crate::report::tests::scenario;

fn after(seconds: usize) -> Builder {
    let mut builder = Builder::new(&scenario::session(), &scenario::profile());
    let items = scenario::items();
    let ticks = items.iter().enumerate().filter(|(_, item)| matches!(item, Item::Tick(_)));
    let end = ticks.map(|(place, _)| place).nth(seconds - 1).expect("there are as many ticks");
    items[..=end].iter().for_each(|item| builder.item(item));
    builder
}

/// Check the view of the tick in which a connect was refused: that tick alone, not what was before.
#[test]
fn a_tick() {
    insta::assert_snapshot!(render::live(&after(5).live(), 100, Style::Plain), @"
    podtrace: 5.0 s       per s  errors/s   share      p50      p99  worst
      tcp.connect            10         7          39.9 us  2.95 ms  [::1]:7001
      tcp.send                3                    21.0 us  23.0 us  127.0.0.1:7000
      tcp.response            3                     212 ms   212 ms  127.0.0.1:7000
      file.open               5         2          8.96 us  8.96 us  /etc/hosts
      file.write            101                    11.0 us  11.0 us  /var/l...000001009.log
      file.fsync              3                    6.95 ms  10.7 ms  /var/l...000001009.log
      sched.offcpu            4                    61.9 ms   990 ms  network
      sched.runq              2                     999 us  2.00 ms  worker[4723]
      sched.cpu                            53.4 %                    worker[4723]
      process.exit            1         1                            worker[4723]
      2 more kinds
    ");
}

/// Check that a narrow terminal is not overrun and a wide one shows findings of windows that are over.
#[test]
fn widths_and_findings() {
    for width in [80, 120] {
        let text = render::live(&after(5).live(), width, Style::Plain);
        assert!(text.lines().all(|line| line.chars().count() <= width), "{text}");
        assert!(text.contains("[::1]:7001") && text.contains("212 ms"), "{text}");
    }
    let mut live = after(5).live();
    live.findings = (1..=5).map(|place| format!("warning: finding {place}")).collect();
    let text = render::live(&live, 100, Style::Plain);
    assert!(text.starts_with("warning: finding 1\nwarning: finding 2\nwarning: finding 3 (and 2 more)\n"), "{text}");
}

/// Check that silence is said in one line.
#[test]
fn silence() {
    let builder = Builder::new(&scenario::session(), &scenario::profile());
    assert_eq!(render::live(&builder.live(), 80, Style::Plain), "podtrace: 0.0 s, nothing happened\n");
}
