//! The text as people see it.

use super::Style;
use super::TextOptions;
use super::page::printable;
use super::page::shortened;
use super::text;
use crate::report::tests::report;

/// Check the text at the narrowest width.
#[test]
fn narrow() {
    insta::assert_snapshot!(text(&report(), &TextOptions { width: 80, ..TextOptions::default() }), @"
    podtrace 0.1.0: `client --to 127.0.0.1:7000`
    7.01 s from 2026-01-02T03:04:05Z on node-7 (Linux 6.18.1 x86_64, 2 CPUs),
      profile latency

    VERDICT
      1 critical, 1 warning: tcp.response p99 212 ms (127.0.0.1:7000); tcp.connect
        error-rate 25.0 % ([::1]:7001).
      The command exited with code 3.
      Failed: tcp.connect 7 of 28 (ECONNREFUSED), file.open 14 of 35 (ENOENT),
        process.exit 1 of 1 (exit 3).
      Most time, as shares of the trace: tcp.response 127.0.0.1:7000 62.1 %,
        sched.cpu worker[4723] 50.2 %, sched.offcpu network 63.0 %.
      Not seen: tcp.rtt (the kernel has no `tcp_probe` tracepoint).
      Not judged, because its kind was not seen: `tcp.rtt p99 > 100ms`.
      Incomplete: 2 lost, see completeness.

    FINDINGS
      critical: tcp.response p99 212 ms (127.0.0.1:7000)
        peer 127.0.0.1:7000: 212 ms (21 of 21 over 100 ms)
        process client[4711]: 212 ms (21 of 21 over 100 ms)
        threshold `p99 > 100ms` held in 1 of 1 windows, for 7.01 s in a row; worst
          from 0.0 s to 7.0 s
        next: podtrace run -p latency -o csv -- client --to 127.0.0.1:7000 | grep -F ,tcp.response, | grep -F -e 127.0.0.1:7000
      warning: tcp.connect error-rate 25.0 % ([::1]:7001)
        peer [::1]:7001: 7 of 7 failed (7 ECONNREFUSED)
        process client[4711]: 7 of 28 failed (7 ECONNREFUSED)
        threshold `error-rate > 5%` held in 1 of 1 windows, for 7.01 s in a row;
          worst from 0.0 s to 7.0 s
        next: podtrace run -p latency -o csv -- client --to 127.0.0.1:7000 | grep -F ,tcp.connect, | grep -F -e '[::1]:7001'

    WHERE THE TIME WENT                        of the trace     time  count     each
      tcp.response 127.0.0.1:7000                    62.1 %   4.35 s     21   207 ms
      sched.cpu worker[4723]                         50.2 %   3.52 s
      sched.offcpu network                           63.0 %   4.42 s      7   631 ms
      sched.offcpu lock                              11.4 %   798 ms     14  57.0 ms
      sched.cpu client[4711]                          3.1 %   217 ms
      file.fsync /...00000000000000001009.log         2.3 %   161 ms     21  7.67 ms
      tcp.connect 127.0.0.1:7000                     0.60 %  42.0 ms     21  2.00 ms
      sched.runq worker[4723]                        0.30 %  21.0 ms     14  1.50 ms
      file.write /...00000000000000001009.log        0.11 %  7.78 ms    707  11.0 us
      Shares are of the length of the trace. They overlap and do not add up: threads
        run side by side, and a wait for a peer or a file is also time off the CPU.
        First come those that name a peer, path or process and take at least 5 % of
        the trace. Idle waiting (sleep, poll, waiting for a child) is left out.

    WHEN IT HAPPENED
      tcp.connect errors   ....9..        7
      process.exit errors  ....9..        1
      Each digit is 1.00 s in tenths of the highest, which stands at the end; a dot
      is none.

    TCP                        count  errors    amount      p50      p99      max
      connect                     28       7             999 us  2.95 ms  3.00 ms
        7 ECONNREFUSED
        127.0.0.1:7000            21                    2.00 ms  2.95 ms  3.00 ms
        [::1]:7001                 7       7            39.9 us  39.9 us  40.0 us
      send 127.0.0.1:7000         21           6.9 KiB  21.0 us  23.0 us  23.0 us
      recv 127.0.0.1:7000         21          68.4 KiB
      response 127.0.0.1:7000     21                     212 ms   212 ms   212 ms

    FILE                                    count  errors   amount      p99      max
      open /etc/hosts                          35      14           8.96 us  9.00 us
        14 ENOENT
      read /etc/hosts                          91          2.8 KiB  1.00 us  1.00 us
      write /var/...000000000000001009.log    707          2.8 MiB  11.0 us  11.0 us
      fsync /var/...000000000000001009.log     21                   10.7 ms  11.0 ms

    SCHED                 count  amount   share     mean      p50      p99      max
      offcpu                 28                   436 ms  61.9 ms   990 ms   997 ms
        sleep                 7                   997 ms   990 ms   990 ms   997 ms
        network               7                   631 ms   621 ms   621 ms   631 ms
        lock                 14                  57.0 ms  53.5 ms  61.0 ms  61.0 ms
      runq worker[4723]      14                  1.50 ms   999 us  2.00 ms  2.00 ms
      cpu                        3.74 s  53.3 %
        worker[4723]             3.52 s  50.2 %
        client[4711]             217 ms   3.1 %

    PROCESS               count  per s  errors
      exit worker[4723]       1   0.14       1
        1 exit 3

    SLOWEST OPERATIONS                  at    took  process
      tcp.response 127.0.0.1:7000  0.000 s  212 ms  client[4711]
      tcp.response 127.0.0.1:7000  1.000 s  212 ms  client[4711]
      tcp.response 127.0.0.1:7000  2.000 s  212 ms  client[4711]
      tcp.response 127.0.0.1:7000  3.000 s  212 ms  client[4711]
      tcp.response 127.0.0.1:7000  4.000 s  212 ms  client[4711]

    LAST FAILURES                  at     took  result        process
      process.exit            4.900 s           exit 3        worker[4723]
      tcp.connect [::1]:7001  4.600 s  40.0 us  ECONNREFUSED  client[4711]
      tcp.connect [::1]:7001  4.500 s  40.0 us  ECONNREFUSED  client[4711]
      tcp.connect [::1]:7001  4.400 s  40.0 us  ECONNREFUSED  client[4711]
      tcp.connect [::1]:7001  4.300 s  40.0 us  ECONNREFUSED  client[4711]

    PROCESSES                                    began    ended  how     parent
      client[4711] client --to 127.0.0.1:7000  0.017 s                     1009
      worker[4723] worker --to 127.0.0.1:7000  0.017 s  4.900 s  exit 3    1009

    COMPLETENESS
      29 of 31 single events arrived.
      lost 2 of 31 (6.5 %): the ring was full: single events are missing, counts are
        exact: tcp.response

    COVERAGE
      not seen: file.read: mmap: reads through mmap make no system call
      not seen: tcp.rtt: the kernel has no `tcp_probe` tracepoint
      seen in part: sched.runq: preempted threads are not seen
      nothing happened: tcp.accept, tcp.service, tcp.rtt_min, tcp.unanswered,
        tcp.silent, tcp.state, tcp.reset, tcp.retransmit, udp.send, udp.recv,
        file.close, file.truncate, process.exec, process.exec_failed, process.fork

    COST OF TRACING
      podtrace itself, with its start: 83.0 ms of CPU time (1.2 % of one CPU),
        23.0 MiB of memory; tables in the kernel: 7.0 MiB.
      podtrace_exit: 1,009 runs of 89 ns, 89.8 us
    ");
}

/// Check the text with room for every column.
#[test]
fn wide() {
    let text = text(&report(), &TextOptions { width: 120, top: 1, ..TextOptions::default() });
    let tables = text.find("TCP ").zip(text.find("SLOWEST"));
    let (from, to) = tables.expect("the tables are there");
    insta::assert_snapshot!(&text[from..to], @"
    TCP                        count  per s  errors    amount     mean      p50      p99      max
      connect                     28   3.99       7            1.51 ms   999 us  2.95 ms  3.00 ms
        7 ECONNREFUSED
        127.0.0.1:7000            21   3.00                    2.00 ms  2.00 ms  2.95 ms  3.00 ms
        [::1]:7001                 7   1.00       7            40.0 us  39.9 us  39.9 us  40.0 us
      send 127.0.0.1:7000         21   3.00           6.9 KiB  21.3 us  21.0 us  23.0 us  23.0 us
      recv 127.0.0.1:7000         21   3.00          68.4 KiB
      response 127.0.0.1:7000     21   3.00                     207 ms   212 ms   212 ms   212 ms

    FILE                                                   count  per s  errors   amount     mean      p50      p99      max
      open /etc/hosts                                         35   4.99      14           9.00 us  8.96 us  8.96 us  9.00 us
        14 ENOENT
      read /etc/hosts                                         91   13.0          2.8 KiB  1.00 us  1.00 us  1.00 us  1.00 us
      write /var/lib/c...0000000000000000000000001009.log    707    101          2.8 MiB  11.0 us  11.0 us  11.0 us  11.0 us
      fsync /var/lib/c...0000000000000000000000001009.log     21   3.00                   7.67 ms  6.95 ms  10.7 ms  11.0 ms

    SCHED                 count  per s  amount   share     mean      p50      p99      max
      offcpu                 28   3.99                   436 ms  61.9 ms   990 ms   997 ms
        sleep                 7   1.00                   997 ms   990 ms   990 ms   997 ms
        2 more               21
      runq worker[4723]      14   2.00                  1.50 ms   999 us  2.00 ms  2.00 ms
      cpu                               3.74 s  53.3 %
        worker[4723]                    3.52 s  50.2 %
        client[4711]                    217 ms   3.1 %

    PROCESS               count  per s  errors
      exit worker[4723]       1   0.14       1
        1 exit 3
    ");
}

/// Check that only lines that are there to be copied are wider than the page, and that nothing ends in blanks.
#[test]
fn fits() {
    for width in [80, 81, 97, 120, 200] {
        let text = text(&report(), &TextOptions { width, ..TextOptions::default() });
        for line in text.lines().filter(|line| !line.starts_with("    next: ")) {
            assert!(line.chars().count() <= width, "{width}: {line}");
            assert_eq!(line, line.trim_end());
        }
    }
}

/// Check that colours change nothing but colours, and that plain text has none.
#[test]
fn colours() {
    let plain = text(&report(), &TextOptions::default());
    let coloured = text(&report(), &TextOptions { style: Style::Ansi, ..TextOptions::default() });
    assert!(!plain.contains('\x1b') && coloured.contains("\x1b[1m\x1b[31m"));
    assert_eq!(anstream::adapter::strip_str(&coloured).to_string(), plain);
}

/// Check that names from the traced program cannot steer the terminal.
#[test]
fn control_characters() {
    assert_eq!(printable("/tmp/\x1b[2J\nverdict\u{202e}"), r"/tmp/\u{1b}[2J\nverdict\u{202e}");
    assert_eq!(printable("/tmp/größe"), "/tmp/größe");
}

/// Check that what is too long loses its middle and keeps more of its end.
#[test]
fn long_names() {
    assert_eq!(shortened("/var/lib/client/journal/1009.log", 20), "/var/...nal/1009.log");
    assert_eq!(shortened("/etc/hosts", 10), "/etc/hosts");
    assert_eq!(shortened("äöüäöüäöüäöü", 9), "äö...üäöü");
}
