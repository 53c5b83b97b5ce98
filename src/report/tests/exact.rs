//! A report byte for byte.

use super::of_items;
use super::render;
use crate::event::Ending;
use crate::event::Item;
use crate::event::example;
use crate::event::example::MS;
use crate::event::example::S;
use crate::event::session::CommandStatus;
use crate::profile::Profile;

/// Check every byte of the JSON of a small trace.
#[test]
fn exact_json() {
    let session = example::session(&[(0x10, "tcp.connect"), (0x42, "sched.cpu")]);
    let items = [
        example::client(),
        example::peer(11, "127.0.0.1", 7001),
        Item::Event(example::event(0x10, 11, 3 * MS, 2 * MS, -i64::from(libc::ECONNREFUSED))),
        example::tick(
            S,
            vec![
                example::failing(example::timed(0x10, 11, &[MS, 2 * MS, 3 * MS]), libc::ECONNREFUSED, 2),
                example::amounting(example::counted(0x42, 0, 29), 503 * MS),
            ],
        ),
    ];
    let ending = Ending { duration_ns: 2 * S, command: Some(CommandStatus::Signalled(9)), ..Ending::default() };
    let report = of_items(&session, &Profile::default(), &items, &ending);
    insta::assert_snapshot!(render::json(&report), @r#"
    {
      "schema": 1,
      "podtrace": "0.1.0",
      "host": {
        "name": "node-7",
        "kernel": "6.18.1",
        "architecture": "x86_64",
        "cpus": 2
      },
      "profile": [
        "latency"
      ],
      "targets": [
        {
          "index": 0,
          "kind": "command",
          "name": "client --to 127.0.0.1:7000"
        }
      ],
      "started": "2026-01-02T03:04:05Z",
      "duration_seconds": 2.0,
      "command": {
        "argv": [
          "client",
          "--to",
          "127.0.0.1:7000"
        ],
        "exit_code": null,
        "signal": "SIGKILL"
      },
      "findings": [],
      "signals": {
        "tcp.connect": {
          "count": 3,
          "errors": {
            "ECONNREFUSED": 2
          },
          "latency_seconds": {
            "mean": 0.002,
            "p50": 0.001998848,
            "p90": 0.00294912,
            "p95": 0.00294912,
            "p99": 0.00294912,
            "max": 0.003
          },
          "top": {
            "peer": [
              {
                "key": "127.0.0.1:7001",
                "count": 3,
                "errors": {
                  "ECONNREFUSED": 2
                },
                "latency_seconds": {
                  "mean": 0.002,
                  "p50": 0.001998848,
                  "p90": 0.00294912,
                  "p95": 0.00294912,
                  "p99": 0.00294912,
                  "max": 0.003
                }
              }
            ],
            "process": [
              {
                "key": "client[4711]",
                "count": 3,
                "errors": {
                  "ECONNREFUSED": 2
                },
                "latency_seconds": {
                  "mean": 0.002,
                  "p50": 0.001998848,
                  "p90": 0.00294912,
                  "p95": 0.00294912,
                  "p99": 0.00294912,
                  "max": 0.003
                }
              }
            ],
            "target": [
              {
                "key": "client --to 127.0.0.1:7000",
                "count": 3,
                "errors": {
                  "ECONNREFUSED": 2
                },
                "latency_seconds": {
                  "mean": 0.002,
                  "p50": 0.001998848,
                  "p90": 0.00294912,
                  "p95": 0.00294912,
                  "p99": 0.00294912,
                  "max": 0.003
                }
              }
            ]
          }
        },
        "sched.cpu": {
          "count": 29,
          "errors": {},
          "cpu_seconds": {
            "total": 0.503
          },
          "cpu_share": 0.2515,
          "top": {
            "process": [
              {
                "key": "client[4711]",
                "count": 29,
                "errors": {},
                "cpu_seconds": {
                  "total": 0.503
                },
                "cpu_share": 0.2515
              }
            ],
            "target": [
              {
                "key": "client --to 127.0.0.1:7000",
                "count": 29,
                "errors": {},
                "cpu_seconds": {
                  "total": 0.503
                },
                "cpu_share": 0.2515
              }
            ]
          }
        }
      },
      "coverage": [
        {
          "feature": "tcp.connect",
          "status": "observed",
          "reason": null
        },
        {
          "feature": "sched.cpu",
          "status": "observed",
          "reason": null
        }
      ],
      "completeness": {
        "events_seen": 1,
        "events_lost": {},
        "kinds": {
          "tcp.connect": {
            "sent": 0,
            "seen": 1,
            "lost": {}
          }
        }
      },
      "sections": {
        "verdict": {
          "sentences": [
            "Most time, as shares of the trace: sched.cpu client[4711] 25.1 %.",
            "The profile has no thresholds.",
            "The command was ended by SIGKILL.",
            "Failed: tcp.connect 2 of 3 (ECONNREFUSED)."
          ]
        },
        "time": {
          "note": "Shares are of the length of the trace. They overlap and do not add up: threads run side by side, and a wait for a peer or a file is also time off the CPU. First come those that name a peer, path or process and take at least 5 % of the trace. Idle waiting (sleep, poll, waiting for a child) is left out.",
          "contributions": [
            {
              "kind": "sched.cpu",
              "dimension": "process",
              "key": "client[4711]",
              "total_seconds": 0.503,
              "share": 0.2515
            },
            {
              "kind": "tcp.connect",
              "dimension": "peer",
              "key": "127.0.0.1:7001",
              "count": 3,
              "total_seconds": 0.006,
              "share": 0.003
            }
          ]
        },
        "thresholds": [],
        "peers": [
          {
            "peer": "127.0.0.1:7001",
            "kinds": {
              "tcp.connect": {
                "count": 3,
                "errors": {
                  "ECONNREFUSED": 2
                },
                "latency_seconds": {
                  "mean": 0.002,
                  "p50": 0.001998848,
                  "p90": 0.00294912,
                  "p95": 0.00294912,
                  "p99": 0.00294912,
                  "max": 0.003
                }
              }
            }
          }
        ],
        "processes": {
          "lives": [
            {
              "process": "client[4711]",
              "target": "client --to 127.0.0.1:7000",
              "pid": 4711,
              "parent_pid": 1009,
              "namespace_pid": 4711,
              "origin": "exec",
              "began_seconds": 0.017,
              "executable": "/usr/bin/client",
              "arguments": [
                "client",
                "--to",
                "127.0.0.1:7000"
              ],
              "arguments_truncated": false
            }
          ],
          "omitted": 0
        },
        "events": {
          "tcp.connect": {
            "slowest": [
              {
                "at_seconds": 0.003,
                "process": "client[4711]",
                "thread": 4711,
                "object": "127.0.0.1:7001",
                "duration_seconds": 0.002,
                "error": "ECONNREFUSED"
              }
            ],
            "failed": [
              {
                "at_seconds": 0.003,
                "process": "client[4711]",
                "thread": 4711,
                "object": "127.0.0.1:7001",
                "duration_seconds": 0.002,
                "error": "ECONNREFUSED"
              }
            ]
          }
        },
        "timeline": [
          {
            "from_seconds": 0.0,
            "to_seconds": 1.0,
            "kinds": {
              "tcp.connect": {
                "count": 3,
                "errors": 2
              },
              "sched.cpu": {
                "count": 29,
                "errors": 0
              }
            }
          }
        ],
        "cost": {
          "agent_cpu_seconds": 0.0,
          "agent_cpu_share": 0.0,
          "agent_memory_bytes": 0,
          "kernel_memory_bytes": 0,
          "programs": []
        }
      }
    }
    "#);
}
