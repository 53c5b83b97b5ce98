#!/bin/bash
# Check that alerts of the node's service arrive. Needs systemd as process 1.
# Expectations: a threshold and a rule in Lua, in a daemon as confined as its unit says, each tell a receiver what they
# found, and later that it is over.
# shellcheck source=../expect.sh disable=SC2016,SC2317
. "${0%/*}/../expect.sh"
# shellcheck source=../node.sh
. "${0%/*}/../node.sh"

node 'cgroup "/system.slice/workload.service"'
expect "what receives alerts is there" receiver
expect "another service works" workload
expect "the daemon says that it is ready, and traces" started
expect "nothing is told of a service that does nothing" sh -c '! test -s /run/received'
expect "the service executes 37 programs" work 37
expect "the threshold's alert arrives" received '.status == "firing" and .severity == "critical" and .rule == "process.fork count > 0"'
expect "the rule's alert arrives" received '.status == "firing" and .rule == "process-churn"'
expect "that both are over arrives" received '.status == "resolved" and .rule == "process-churn"'
expect "with the same fingerprints" jq -se 'group_by(.fingerprint) | length > 1 and all(.[]; [.[].status] | unique == ["firing", "resolved"])' /run/received
systemctl stop podtrace.service workload.service receiver.service
closing
