//! Each mistake that can be made, with its message.

use insta::assert_snapshot;

use super::listed;
use super::report;

/// Check that a file with five mistakes shows five places, each with line, column and what was expected.
#[test]
fn five_mistakes_five_places() {
    let text = r#"description "Where the time goes"
probes {
    tcp slow="10 apples"
    flie slow="10ms"
}
threshold "tcp.conect" p99=">100ms"
threshold "tcp.rtt" p99=">5%" severity="warning"
windw "10s"
"#;
    assert_eq!(report(text).matches("╭─[test.kdl:").count(), 5);
    assert_snapshot!(report(text), @r#"
      × `10 apples` of `slow` has the unknown unit `apples`
       ╭─[test.kdl:3:14]
     2 │ probes {
     3 │     tcp slow="10 apples"
       ·              ─────┬─────
       ·                   ╰── expected a duration such as `10ms` (units: `ns`, `us`, `ms`, `s`, `m`, `h`)
     4 │     flie slow="10ms"
       ╰────

      × unknown family `flie`
       ╭─[test.kdl:4:5]
     3 │     tcp slow="10 apples"
     4 │     flie slow="10ms"
       ·     ──┬─
       ·       ╰── expected `tcp`, `file` or `sched`
     5 │ }
       ╰────
      help: did you mean `file`?

      × unknown kind `tcp.conect`
       ╭─[test.kdl:6:11]
     5 │ }
     6 │ threshold "tcp.conect" p99=">100ms"
       ·           ──────┬─────
       ·                 ╰── expected `tcp.connect`, `tcp.accept` or `tcp.rtt`
     7 │ threshold "tcp.rtt" p99=">5%" severity="warning"
       ╰────
      help: did you mean `tcp.connect`?

      × `>5%` of `p99` has the unknown unit `%`
       ╭─[test.kdl:7:25]
     6 │ threshold "tcp.conect" p99=">100ms"
     7 │ threshold "tcp.rtt" p99=">5%" severity="warning"
       ·                         ──┬──
       ·                           ╰── expected `>` or `<` and a duration such as `10ms` (units: `ns`, `us`, `ms`, `s`, `m`, `h`)
     8 │ windw "10s"
       ╰────

      × unknown section `windw`
       ╭─[test.kdl:8:1]
     7 │ threshold "tcp.rtt" p99=">5%" severity="warning"
     8 │ windw "10s"
       · ──┬──
       ·   ╰── expected `description`, `targets`, `probes`, `threshold`, `sink`, `alerts`, `window` or `budget`
       ╰────
      help: did you mean `window`?

    5 mistakes in `test.kdl`
    "#);
}

/// Check that what an unmended parser would stumble over hides nothing: five mistakes, three of them in the syntax.
#[test]
fn mistakes_in_the_syntax_hide_no_others() {
    let text = "probes {\n    file slow=10ms\n    tcp peers=true\n    udpp\n}\nwindow = \"10s\"\nbudget cpu=\"2\"\n";
    assert_snapshot!(report(text), @r#"
      × `10ms` needs quotes: it is no plain number
       ╭─[test.kdl:2:15]
     1 │ probes {
     2 │     file slow=10ms
       ·               ──┬─
       ·                 ╰── expected a string in quotes
     3 │     tcp peers=true
       ╰────
      help: write `"10ms"`

      × `true` is written `#true`
       ╭─[test.kdl:3:15]
     2 │     file slow=10ms
     3 │     tcp peers=true
       ·               ──┬─
       ·                 ╰── expected a value
     4 │     udpp
       ╰────
      help: or `"true"` for the word itself

      × unknown family `udpp`
       ╭─[test.kdl:4:5]
     3 │     tcp peers=true
     4 │     udpp
       ·     ──┬─
       ·       ╰── expected `tcp`, `file` or `sched`
     5 │ }
       ╰────

      × a node takes its value without `=`
       ╭─[test.kdl:6:8]
     5 │ }
     6 │ window = "10s"
       ·        ┬
       ·        ╰── expected the value here
     7 │ budget cpu="2"
       ╰────
      help: write `window "10s"`; only properties behind a node's name have a `=`

      × `2` of `cpu` has no unit
       ╭─[test.kdl:7:12]
     6 │ window = "10s"
     7 │ budget cpu="2"
       ·            ─┬─
       ·             ╰── expected a percentage such as `5%`
       ╰────

    5 mistakes in `test.kdl`
    "#);
}

/// Check that a node the parser gives up on does not hide the mistakes of its neighbours.
#[test]
fn a_broken_node_hides_no_others() {
    assert_snapshot!(listed("windw \"1s\"\nprobes { tcp slow=\"\\q\" }\nbudget cpu=\"x\"\n"), @r#"
    1:1 "windw" unknown section `windw` | expected `description`, `targets`, `probes`, `threshold`, `sink`, `alerts`, `window` or `budget` | did you mean `window`?
    2:19 "\"\\q\"" `"\\q"` is no string | expected a string in quotes | a `\` in a string is written `\\`
    3:12 "\"x\"" `x` of `cpu` does not begin with a number | expected a percentage such as `5%`
    "#);
    assert_snapshot!(listed("window \"1s\" {} {}\nbudget cpu=\"x\"\n"), @r#"
    1:16 "{" `{` cannot stand here | expected `;` or a new line
    2:12 "\"x\"" `x` of `cpu` does not begin with a number | expected a percentage such as `5%`
    "#);
    assert_snapshot!(listed("[window] \"1s\"\nbudget cpu=\"x\""), @r#"
    1:1 "[window]" `[window]` is no name | expected a node's name
    2:12 "\"x\"" `x` of `cpu` does not begin with a number | expected a percentage such as `5%`
    "#);
    assert_snapshot!(listed("window \"1s\")\n{ tcp }\nbudget cpu=1.\nbudget cpu=\"x\""), @r#"
    1:12 ")" `)` cannot stand here | expected `;` or a new line
    2:1 "{" this block has no name | expected a node's name before it | a block begins on the line of its node's name
    3:1 "budget cpu=1." `budget cpu=1.` cannot be read | non-digit character found after the '.' of a float
    4:12 "\"x\"" `x` of `cpu` does not begin with a number | expected a percentage such as `5%`
    "#);
}

/// Check that blocks, strings and comments without an end are said where they begin.
#[test]
fn things_that_never_end() {
    assert_snapshot!(report("windw \"1s\"\nprobes {\n    tcp\n\nthreshold \"tcp.rtt\" p99=\">1ms\"\n"), @r#"
      × unknown section `windw`
       ╭─[test.kdl:1:1]
     1 │ windw "1s"
       · ──┬──
       ·   ╰── expected `description`, `targets`, `probes`, `threshold`, `sink`, `alerts`, `window` or `budget`
     2 │ probes {
       ╰────
      help: did you mean `window`?

      × this block is never closed
       ╭─[test.kdl:2:8]
     1 │ windw "1s"
     2 │ probes {
       ·        ┬
       ·        ╰── expected a `}` for this `{`
     3 │     tcp
       ╰────
      help: what follows it could not be checked

    2 mistakes in `test.kdl`
    "#);
    assert_snapshot!(listed("description \"all day\nwindow \"1s\"\n"), @r#"
    1:13 "\"" this string is never closed | expected `"` at its end | what follows it could not be checked
    "#);
    assert_snapshot!(listed("description \"\"\"\nall day\n"), @r#"
    1:13 "\"\"\"" this string is never closed | expected `"""` at its end | what follows it could not be checked
    "#);
    assert_snapshot!(listed("description #\"all day\"\nwindow \"1s\"\n"), @r##"
    1:13 "#\"" this string is never closed | expected `"#` at its end | what follows it could not be checked
    "##);
    assert_snapshot!(listed("windw \"1s\"\n/* probes { tcp }\n"), @r#"
    1:1 "windw" unknown section `windw` | expected `description`, `targets`, `probes`, `threshold`, `sink`, `alerts`, `window` or `budget` | did you mean `window`?
    2:1 "/*" this comment is never closed | expected `*/` at its end | what follows it could not be checked
    "#);
    assert_snapshot!(listed("probes { tcp }\n}\nwindw \"1s\"\n"), @r#"
    2:1 "}" this `}` closes nothing | expected a node or the end
    3:1 "windw" unknown section `windw` | expected `description`, `targets`, `probes`, `threshold`, `sink`, `alerts`, `window` or `budget` | did you mean `window`?
    "#);
}

/// Check that bare words and quantities without quotes are said with the way to write them.
#[test]
fn values_written_bare() {
    assert_snapshot!(listed("probes { tcp peers=true slow=10ms }"), @r#"
    1:20 "true" `true` is written `#true` | expected a value | or `"true"` for the word itself
    1:30 "10ms" `10ms` needs quotes: it is no plain number | expected a string in quotes | write `"10ms"`
    "#);
    assert_snapshot!(listed("window 10s\nbudget cpu=2% memory=128MiB"), @r#"
    1:8 "10s" `10s` needs quotes: it is no plain number | expected a string in quotes | write `"10s"`
    2:12 "2%" `2%` needs quotes: it is no plain number | expected a string in quotes | write `"2%"`
    2:22 "128MiB" `128MiB` needs quotes: it is no plain number | expected a string in quotes | write `"128MiB"`
    "#);
    assert_snapshot!(listed("targets { cgroup /sys/fs/cgroup/x; pid null }"), @r#"
    1:18 "/sys/fs/cgroup/x" `/sys/fs/cgroup/x` needs quotes: a bare word may not contain `/` | expected a string in quotes | write `"/sys/fs/cgroup/x"`
    1:40 "null" `#null` is not a whole number | expected a process id such as `4711`
    "#);
    assert_snapshot!(listed("window: 10s"), @r#"
    1:1 "window:" unknown section `window:` | expected `description`, `targets`, `probes`, `threshold`, `sink`, `alerts`, `window` or `budget` | did you mean `window`?
    1:9 "10s" `10s` needs quotes: it is no plain number | expected a string in quotes | write `"10s"`
    "#);
}

/// Check that sections are told apart: unknown, twice, of a later version.
#[test]
fn sections() {
    assert_snapshot!(listed("treshold \"tcp.rtt\" p99=\">1ms\"\nxyz"), @r#"
    1:1 "treshold" unknown section `treshold` | expected `description`, `targets`, `probes`, `threshold`, `sink`, `alerts`, `window` or `budget` | did you mean `threshold`?
    2:1 "xyz" unknown section `xyz` | expected `description`, `targets`, `probes`, `threshold`, `sink`, `alerts`, `window` or `budget`
    "#);
    assert_snapshot!(listed("window \"1s\"\nwindow \"2s\"\nprobes { tcp }\nprobes { file }"), @r#"
    2:1 "window" `window` is there twice | expected it once in a file | put all of it into the first `window`, or into a file of its own
    4:1 "probes" `probes` is there twice | expected it once in a file | put all of it into the first `probes`, or into a file of its own
    "#);
    assert_snapshot!(listed("rule \"slow-dependency\" p99=\"250ms\""), @r#"
    1:1 "rule" this version of podtrace does not carry out rules | expected no such section yet | remove it, or strike it out as `/-rule`; podtrace leaves out nothing silently
    "#);
    assert_snapshot!(listed("(seconds)window \"1s\"\nbudget cpu=(share)\"2%\""), @r#"
    1:2 "seconds" the type annotation `seconds` has no meaning in a profile | expected none
    2:13 "share" the type annotation `share` has no meaning in a profile | expected none
    "#);
}

/// Check what is said about targets.
#[test]
fn targets() {
    assert_snapshot!(listed("targets {}\ntargets\n"), @r#"
    1:1 "targets" `targets` has nothing in it | expected a block with what to trace, e.g. `pod "web-*"`, `pid 4711`, `unit "a.service"`
    2:1 "targets" `targets` is there twice | expected it once in a file | put all of it into the first `targets`, or into a file of its own
    "#);
    assert_snapshot!(listed("targets \"nginx\""), @r#"
    1:1 "targets" `targets` has no block | expected a block with what to trace, e.g. `pod "web-*"`, `pid 4711`, `unit "a.service"`
    1:9 "\"nginx\"" `nginx` is one argument too many for `targets` | expected nothing more
    "#);
    assert_snapshot!(
        listed("targets { pod; pod \"A\" namespace=\"a b\"; deploy \"x*\"; exclude; exclude contaner=\"x\"; label \"a=b=c\"; pod \"x\" now=1; svc \"x\"; container \"\"; namespace \"*\"; namespace \"*\"; exclude pod=\"x\"; exclude pod=\"x\"; container \"x\"; container \"x\" }"),
        @r#"
    1:11 "pod" `pod` says nothing | expected a pod's name such as `"web-0"`, or a pattern such as `"api-*"` after it
    1:20 "\"A\"" `A` cannot be the name of a pod | expected lower-case letters, digits, `-` and `.`, `*` or `?` for any
    1:34 "\"a b\"" `a b` cannot be the name of a namespace | expected lower-case letters, digits, `-` and `.`
    1:48 "\"x*\"" `x*` cannot be the name of a deployment | expected lower-case letters, digits, `-` and `.`
    1:54 "exclude" `exclude` does not say what | expected `container=`, `pod=` or `namespace=` after it
    1:71 "contaner" `exclude` has no property `contaner` | expected `container`, `pod` or `namespace` | did you mean `container`?
    1:91 "\"a=b=c\"" `b=c` cannot be the value of a label | expected letters, digits, `-`, `_` and `.`, at most 63
    1:108 "now" `pod` has no property `now` | expected `namespace`
    1:115 "svc" unknown target `svc` | expected `pod`, `deploy`, `sts`, `ds`, `job`, `rs`, `label`, `node`, `namespace`, `container`, `exclude`, `pid`, `cgroup` or `unit`
    1:134 "\"\"" `""` is empty | expected a container's name such as `"app"`, or a pattern
    1:153 "namespace" all pods in any namespace is there twice | expected it once
    1:197 "\"x\"" pod `x` is left out twice | expected it once
    1:217 "container" container `x` is there twice | expected it once
    "#
    );
    assert_snapshot!(listed("targets { pid; pid 0; pid -1; pid \"7\"; pid 1.5; pid 4194305; pid 7 8; pid 7 }"), @r#"
    1:11 "pid" `pid` says nothing | expected a process id such as `4711` after it
    1:20 "0" `0` is out of range | expected a process id such as `4711`
    1:27 "-1" `-1` is out of range | expected a process id such as `4711`
    1:35 "\"7\"" `7` is not a whole number | expected a process id such as `4711`
    1:44 "1.5" `1.5` is not a whole number | expected a process id such as `4711`
    1:53 "4194305" `4194305` is out of range | expected a process id such as `4711`
    1:68 "8" `8` is one argument too many for `pid` | expected nothing more
    1:71 "pid" pid 7 is there twice | expected it once
    "#);
    assert_snapshot!(listed("targets { cgroup \"x\"; cgroup \"\"; unit \"/x\"; unit 5; unit \"a\" now=#true }"), @r#"
    1:18 "\"x\"" `x` does not begin with `/` | expected a cgroup's path such as `"/system.slice"`
    1:30 "\"\"" `""` is empty | expected a cgroup's path such as `"/system.slice"`
    1:39 "\"/x\"" `/x` is a path | expected a systemd unit's name such as `"nginx.service"`
    1:50 "5" `5` is not a string | expected a systemd unit's name such as `"nginx.service"`
    1:62 "now" `unit` has no property `now` | expected no properties
    "#);
    assert_snapshot!(listed("targets { unti \"a\"; command \"ls\"; \"\\n\" }"), @r#"
    1:11 "unti" unknown target `unti` | expected `pod`, `deploy`, `sts`, `ds`, `job`, `rs`, `label`, `node`, `namespace`, `container`, `exclude`, `pid`, `cgroup` or `unit` | did you mean `unit`?
    1:21 "command" `command` is no target of a profile | expected `pod`, `deploy`, `sts`, `ds`, `job`, `rs`, `label`, `node`, `namespace`, `container`, `exclude`, `pid`, `cgroup` or `unit` | a command is given on the command line: `podtrace run -- CMD ARGS…`
    1:35 "\"\\n\"" unknown target `\n` | expected `pod`, `deploy`, `sts`, `ds`, `job`, `rs`, `label`, `node`, `namespace`, `container`, `exclude`, `pid`, `cgroup` or `unit`
    "#);
    assert_snapshot!(listed("targets { pid 7 { children } }"), @r#"
    1:11 "pid" `pid` takes no block | expected no `{` after it
    "#);
}

/// Check what is said about probes.
#[test]
fn probes() {
    assert_snapshot!(listed("probes"), @r#"
    1:1 "probes" `probes` has nothing in it | expected a block with families: `tcp`, `file` or `sched`
    "#);
    assert_snapshot!(listed("probes \"tcp\""), @r#"
    1:1 "probes" `probes` has no block | expected a block with families: `tcp`, `file` or `sched`
    1:8 "\"tcp\"" `tcp` is one argument too many for `probes` | expected nothing more
    "#);
    assert_snapshot!(listed("probes { tcp; tcp; dns; \"TCP\" }"), @r#"
    1:15 "tcp" the family `tcp` is there twice | expected it once, with all its options
    1:20 "dns" unknown family `dns` | expected `tcp`, `file` or `sched`
    1:25 "\"TCP\"" unknown family `TCP` | expected `tcp`, `file` or `sched` | did you mean `tcp`?
    "#);
    assert_snapshot!(listed("probes { tcp slo=\"1ms\"; file detail=\"all\"; sched slow=\"1ms\"; file \"/etc\" }"), @r#"
    1:14 "slo" `tcp` has no property `slo` | expected `slow`, `detail` or `peers` | did you mean `slow`?
    1:30 "detail" `file` has no property `detail` | expected `slow`
    1:50 "slow" `sched` has no property `slow` | expected no properties
    1:62 "file" the family `file` is there twice | expected it once, with all its options
    1:67 "\"/etc\"" `/etc` is one argument too many for `file` | expected nothing more
    "#);
    assert_snapshot!(listed("probes { tcp slow=\"1ms\" slow=\"2ms\" }"), @r#"
    1:25 "slow" `slow` is given twice for `tcp` | expected it once
    "#);
    assert_snapshot!(listed("probes { tcp slow=10 detail=\"al\" peers=\"true\" }"), @r#"
    1:19 "10" `10` of `slow` has no unit | expected a duration such as `10ms` (units: `ns`, `us`, `ms`, `s`, `m`, `h`)
    1:29 "\"al\"" `al` of `detail` is not known | expected `notable` or `all` | did you mean `all`?
    1:40 "\"true\"" `true` of `peers` is not a yes or no | expected `#true` or `#false`
    "#);
    assert_snapshot!(listed("probes { tcp slow=#true detail=1 peers=1 }"), @r##"
    1:19 "#true" `#true` of `slow` is not a quantity | expected a duration such as `10ms` (units: `ns`, `us`, `ms`, `s`, `m`, `h`)
    1:32 "1" `1` of `detail` is not a string | expected `notable` or `all`
    1:40 "1" `1` of `peers` is not a yes or no | expected `#true` or `#false`
    "##);
    assert_snapshot!(listed("probes { tcp { slow \"10ms\" } }"), @r#"
    1:10 "tcp" `tcp` takes no block | expected no `{` after it | write properties behind the name: `tcp slow=…`
    "#);
}

/// Check what is said about thresholds.
#[test]
fn thresholds() {
    assert_snapshot!(listed("threshold\nthreshold \"tcp.rtt\"\nthreshold 5 p99=\">1ms\""), @r#"
    1:1 "threshold" `threshold` says nothing | expected a kind such as `"tcp.connect"` after it
    2:1 "threshold" this threshold compares nothing | expected `mean`, `p50`, `p90`, `p95`, `p99`, `max`, `count`, `rate`, `errors` or `error-rate`, as in `p99=">100ms"`
    3:11 "5" `5` is not a string | expected a kind such as `"tcp.connect"`
    "#);
    assert_snapshot!(listed("threshold \"tcp.foo\" p99=\">1ms\"\nthreshold \"http.request\" p99=\">1ms\""), @r#"
    1:11 "\"tcp.foo\"" unknown kind `tcp.foo` | expected `tcp.connect`, `tcp.accept` or `tcp.rtt`
    2:11 "\"http.request\"" unknown kind `http.request` | expected a kind; `podtrace list kinds` shows them
    "#);
    assert_snapshot!(listed("threshold \"tcp.accept\" p99=\">1ms\"\nthreshold \"sched.cpu\" count=\">1\""), @r#"
    1:24 "p99" `tcp.accept` has no `p99` | expected `count`, `rate`, `errors` or `error-rate`
    2:23 "count" `sched.cpu` has no `count` | expected `cpu-share`
    "#);
    assert_snapshot!(listed("threshold \"tcp.rtt\" p98=\">1ms\" sevrity=\"info\""), @r#"
    1:21 "p98" `threshold` has no property `p98` | expected `mean`, `p50`, `p90`, `p95`, `p99`, `max`, `count`, `rate`, `errors`, `error-rate`, `for` or `severity` | did you mean `p90`?
    1:32 "sevrity" `threshold` has no property `sevrity` | expected `mean`, `p50`, `p90`, `p95`, `p99`, `max`, `count`, `rate`, `errors`, `error-rate`, `for` or `severity` | did you mean `severity`?
    "#);
    assert_snapshot!(listed("threshold \"tcp.rtt\" p99=\"100ms\" p50=\">=1ms\" p90=\"> fast\" max=\">\""), @r#"
    1:25 "\"100ms\"" `100ms` of `p99` does not compare | expected `>` or `<` and a duration such as `10ms` (units: `ns`, `us`, `ms`, `s`, `m`, `h`)
    1:37 "\">=1ms\"" `>=1ms` of `p50` compares for equality | expected `>` or `<` and a duration such as `10ms` (units: `ns`, `us`, `ms`, `s`, `m`, `h`)
    1:49 "\"> fast\"" `> fast` of `p90` does not begin with a number | expected `>` or `<` and a duration such as `10ms` (units: `ns`, `us`, `ms`, `s`, `m`, `h`)
    1:62 "\">\"" `>` of `max` does not begin with a number | expected `>` or `<` and a duration such as `10ms` (units: `ns`, `us`, `ms`, `s`, `m`, `h`)
    "#);
    assert_snapshot!(listed("threshold \"tcp.rtt\" p99=\">100\" mean=\">-1ms\" count=\">5%\" error-rate=\">0.05\""), @r#"
    1:25 "\">100\"" `>100` of `p99` has no unit | expected `>` or `<` and a duration such as `10ms` (units: `ns`, `us`, `ms`, `s`, `m`, `h`)
    1:37 "\">-1ms\"" `>-1ms` of `mean` does not begin with a number | expected `>` or `<` and a duration such as `10ms` (units: `ns`, `us`, `ms`, `s`, `m`, `h`)
    1:51 "\">5%\"" `>5%` of `count` has a unit where a plain number is meant | expected `>` or `<` and a plain number such as `100`
    1:68 "\">0.05\"" `>0.05` of `error-rate` has no unit | expected `>` or `<` and a percentage such as `5%`
    "#);
    assert_snapshot!(listed("threshold \"tcp.rtt\" error-rate=\">101%\" rate=\">1ms\" errors=\">many\" p99=100"), @r#"
    1:32 "\">101%\"" `>101%` of `error-rate` is more than all operations | expected at most `100%`
    1:45 "\">1ms\"" `>1ms` of `rate` has a unit where a plain number is meant | expected `>` or `<` and a plain number, per second, such as `100`
    1:59 "\">many\"" `>many` of `errors` does not begin with a number | expected `>` or `<` and a plain number such as `100`
    1:71 "100" `100` of `p99` is not a string | expected `>` or `<` and a duration such as `10ms` (units: `ns`, `us`, `ms`, `s`, `m`, `h`)
    "#);
    assert_snapshot!(listed("threshold \"file.read\" throughput=\">10MiBps\""), @r#"
    1:34 "\">10MiBps\"" `>10MiBps` of `throughput` has the unknown unit `MiBps` | expected `>` or `<` and a size per second such as `10MiB`, or a plain number of bytes
    "#);
    assert_snapshot!(listed("threshold \"tcp.rtt\" p99=\">1ms\" for=\"30\" severity=\"bad\""), @r#"
    1:36 "\"30\"" `30` of `for` has no unit | expected a duration such as `10ms` (units: `ns`, `us`, `ms`, `s`, `m`, `h`)
    1:50 "\"bad\"" `bad` of `severity` is not known | expected `info`, `error`, `warning`, `critical` or `fatal`
    "#);
    assert_snapshot!(listed("threshold \"tcp.rtt\" p99=\">1ms\" p99=\">2ms\""), @r#"
    1:32 "p99" `p99` is given twice for `threshold` | expected it once
    "#);
    assert_snapshot!(listed("threshold \"tcp.rtt\" p99=\">1ms\"\nthreshold \"tcp.rtt\" p99=\">2ms\""), @r#"
    2:21 "p99" `tcp.rtt` already has a threshold on `p99` of this severity | expected one for each severity
    "#);
}

/// Check what is said about description, window and budget.
#[test]
fn single_values() {
    assert_snapshot!(listed("description"), @r#"
    1:1 "description" `description` says nothing | expected a sentence in quotes after it
    "#);
    assert_snapshot!(listed("description 5 6"), @r#"
    1:13 "5" `5` is not a string | expected a sentence in quotes
    1:15 "6" `6` is one argument too many for `description` | expected nothing more
    "#);
    assert_snapshot!(listed("window \"soon\""), @r#"
    1:8 "\"soon\"" `soon` does not begin with a number | expected a duration such as `10ms` (units: `ns`, `us`, `ms`, `s`, `m`, `h`)
    "#);
    assert_snapshot!(listed("window 10"), @r#"
    1:8 "10" `10` has no unit | expected a duration such as `10ms` (units: `ns`, `us`, `ms`, `s`, `m`, `h`)
    "#);
    assert_snapshot!(listed("window \"99ms\""), @r#"
    1:8 "\"99ms\"" `99ms` is out of range | expected a duration from `100ms` to `1h`
    "#);
    assert_snapshot!(listed("window \"2h\" \"1s\" unit=\"s\""), @r#"
    1:8 "\"2h\"" `2h` is out of range | expected a duration from `100ms` to `1h`
    1:13 "\"1s\"" `1s` is one argument too many for `window` | expected nothing more
    1:18 "unit" `window` has no property `unit` | expected no properties
    "#);
    assert_snapshot!(listed("budget"), @r#"
    1:1 "budget" `budget` limits nothing | expected `cpu="2%"`, `memory="128MiB"` or both
    "#);
    assert_snapshot!(listed("budget cpu=\"0%\" memory=\"0B\""), @r#"
    1:12 "\"0%\"" `0%` of `cpu` leaves nothing | expected more than `0%` of one CPU
    1:24 "\"0B\"" `0B` of `memory` leaves nothing | expected more than `0B`
    "#);
    assert_snapshot!(listed("budget cpu=\"2\" memory=\"128M\" cpus=\"1\""), @r#"
    1:12 "\"2\"" `2` of `cpu` has no unit | expected a percentage such as `5%`
    1:23 "\"128M\"" `128M` of `memory` has the unknown unit `M` | expected a size such as `128MiB` (units: `B`, `KiB`, `MiB`, `GiB`, `kB`, `MB`, `GB`)
    1:30 "cpus" `budget` has no property `cpus` | expected `cpu` or `memory` | did you mean `cpu`?
    "#);
    assert_snapshot!(listed("budget cpu=0.02 memory=128"), @r#"
    1:12 "0.02" `0.02` of `cpu` has no unit | expected a percentage such as `5%`
    1:24 "128" `128` of `memory` has no unit | expected a size such as `128MiB` (units: `B`, `KiB`, `MiB`, `GiB`, `kB`, `MB`, `GB`)
    "#);
}

/// Check that control characters of a file do not reach the terminal in messages, and that names are cut.
#[test]
fn names_are_printable() {
    assert_snapshot!(listed("\"\\u{1b}[31mred\" 1"), @r#"
    1:1 "\"\\u{1b}[31mred\"" unknown section `\u{1b}[31mred` | expected `description`, `targets`, `probes`, `threshold`, `sink`, `alerts`, `window` or `budget`
    "#);
    let long = "x".repeat(500);
    assert!(listed(&long).contains(&format!("`{}…`", "x".repeat(60))), "{}", listed(&long));
}

/// Check that a file of nothing but mistakes shows the first hundred and says so.
#[test]
fn many_mistakes() {
    let text = "x\n".repeat(1009);
    let report = report(&text);
    assert!(report.contains("1009 mistakes in `test.kdl`, of which these are the first 100"), "{report}");
    assert_eq!(report.matches("╭─[test.kdl:").count(), 100);
}
