//! CSV as it comes out.

use super::COLUMNS;
use super::Writer;
use crate::event::Item;
use crate::event::ProcessId;
use crate::event::example;
use crate::event::example::MS;
use crate::event::example::S;

fn lines(items: &[Item]) -> String {
    let session = example::session(&[
        (0x10, "tcp.connect"),
        (0x13, "tcp.recv"),
        (0x32, "file.read"),
        (0x40, "sched.offcpu"),
        (0x04, "process.exit"),
    ]);
    let mut writer = Writer::new(Vec::new(), &session).unwrap();
    items.iter().for_each(|item| writer.item(item).unwrap());
    String::from_utf8(writer.finish().unwrap()).unwrap()
}

/// Check a line of every sort: a failure, bytes, a reason, an exit, a path that needs quotes, what has no name.
#[test]
fn every_sort_of_line() {
    let mut waited = example::event(0x40, 0, 11 * MS, 631 * MS, 0);
    waited.detail = 3;
    let mut exit = example::event(0x04, 0, 13 * MS, 0, -(3 << 8));
    exit.aux = 503 * MS;
    let mut stranger = example::event(0x32, 19, 17 * MS, 23, 4096);
    (stranger.process, stranger.thread) = (ProcessId::UNKNOWN, 0);
    let mut before = example::event(0x10, 11, 0, 2 * S, 0);
    before.at_ns = -1;
    let items = [
        example::client(),
        example::peer(11, "127.0.0.1", 7000),
        example::path(17, "/tmp/a, \"b\"\nc"),
        Item::Event(example::event(0x10, 11, 7 * MS, 40_009, -i64::from(libc::ECONNREFUSED))),
        Item::Event(example::event(0x13, 11, 7 * MS + 1, 0, 1009)),
        Item::Event(waited),
        Item::Event(exit),
        Item::Event(example::event(0x32, 17, 14 * MS, 1_000, 31)),
        Item::Event(stranger),
        Item::Event(before),
        example::tick(S, Vec::new()),
    ];
    insta::assert_snapshot!(lines(&items), @r#"
    time,kind,target,process,pid,thread,object,detail,duration_ns,result,error,aux
    2026-01-02T03:04:05.007000000Z,tcp.connect,client --to 127.0.0.1:7000,client,4711,4711,127.0.0.1:7000,,40009,,ECONNREFUSED,
    2026-01-02T03:04:05.007000001Z,tcp.recv,client --to 127.0.0.1:7000,client,4711,4711,127.0.0.1:7000,,,1009,,
    2026-01-02T03:04:05.011000000Z,sched.offcpu,client --to 127.0.0.1:7000,client,4711,4711,,network,631000000,0,,
    2026-01-02T03:04:05.013000000Z,process.exit,client --to 127.0.0.1:7000,client,4711,4711,,,,,exit 3,503000000
    2026-01-02T03:04:05.014000000Z,file.read,client --to 127.0.0.1:7000,client,4711,4711,"/tmp/a, ""b""
    c",,1000,31,,
    2026-01-02T03:04:05.017000000Z,file.read,client --to 127.0.0.1:7000,,,,unknown,,23,4096,,
    2026-01-02T03:04:04.999999999Z,tcp.connect,client --to 127.0.0.1:7000,client,4711,4711,127.0.0.1:7000,,2000000000,0,,
    "#);
}

/// Check that a trace without events is a header line with every column.
#[test]
fn header_alone() {
    assert_eq!(lines(&[]), format!("{}\n", COLUMNS.join(",")));
}

/// Check that a full disk is an error and not silence.
#[test]
fn full_disk() {
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let error = Writer::new(full, &example::session(&[])).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::StorageFull);
}
