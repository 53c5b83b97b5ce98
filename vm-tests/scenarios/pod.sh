#!/bin/bash
# Check that the node's service traces a pod of a real containerd, on cgroup v2 alone, which it finds by its name through
# the runtime's interface: there is no API of Kubernetes. Needs systemd as process 1.
# Expectations: confined as its unit says, the daemon finds the pod, its page has exactly what the container did under the
# pod's name and nothing of another pod, and an alert names the pod.
# shellcheck source=../expect.sh disable=SC2016,SC2317
. "${0%/*}/../expect.sh"
# shellcheck source=../node.sh
. "${0%/*}/../node.sh"
held=/run/held

# A runtime of its own with two pods, by a test that does this and nothing else.
pods_run() {
    rm -rf "$held"
    mkdir -p "$held" /run/lab
    {
        echo "[Service]"
        echo "WorkingDirectory=$PODTRACE_REPOSITORY"
        env | sed -n 's/^\(PATH\|PODTRACE_[A-Z_]*\)=\(.*\)$/Environment="\1=\2"/p'
        echo "Environment=PODTRACE_HELD=$held TMPDIR=/run/lab RUST_BACKTRACE=1"
        echo "ExecStart=$PODTRACE_TEST_CONTAINERS --ignored --exact held::pod_of_a_scenario --nocapture"
    } >"$units/held.service"
    systemctl daemon-reload
    systemctl restart held.service
    until_is 240 test -e "$held/ready" || { journalctl -q -u held.service --no-pager | tail -n 30 && return 1; }
}
# As containerd's own setting `gid` would: the unit's capabilities do not write to others' sockets. On NixOS an option
# gives it the one that does, since its user is there only while it runs.
socket_for_the_service() {
    local socket
    socket=$(readlink "$held/containerd.sock")
    mkdir -p /run/containerd
    ln -sf "$socket" /run/containerd/containerd.sock
    systemctl show -p AmbientCapabilities --value podtrace.service | grep -q cap_dac_override && return
    chgrp podtrace "$socket" && chmod g+rw "$socket"
}
worked() {
    touch "$held/go"
    until_is 240 test -s "$held/truth" || { journalctl -q -u held.service --no-pager | tail -n 30 && return 1; }
    cat "$held/truth"
}
exactly() {
    local kind
    for kind in tcp.connect=13 file.read=211 process.fork=37 process.exec=37; do
        until_is 60 has "${kind%=*}" "${kind#*=}" || return 1
    done
}
has() {
    local found
    found=$(operations "$1" 'container="app"')
    [ "$found" = "$2" ] || { echo "$1: expected $2, and the page says $found" && page /metrics | grep -F "type=\"$1\"" && return 1; }
}
# Names of cgroups tell no names of containers, and no kubelet keeps logs here: only the runtime knows these.
of_the_pod_alone() {
    page /metrics >/run/page
    grep -q 'namespace="shop",pod="web",container="app"' /run/page && ! grep -F 'bystander' /run/page
}

node 'pod "web" namespace="shop"'
expect "containerd runs two pods" pods_run
expect "the service may ask it" socket_for_the_service
expect "what receives alerts is there" receiver
expect "the daemon says that it is ready, and traces" started
expect "both pods do what they are there for" worked
expect "the page has exactly what the container did" exactly
expect "it is the pod's, and nothing of the other pod's" of_the_pod_alone
expect "an alert names the pod" received '.status == "firing" and .severity == "critical" and
    any(.origin.targets[]; .pod == "web" and .namespace == "shop" and .container == "app")'
touch "$held/leave"
expect "the pods end" until_is 120 sh -c '[ "$(systemctl show -p ActiveState -p Result held.service | sort | xargs)" = "ActiveState=inactive Result=success" ]'
stopped
closing
