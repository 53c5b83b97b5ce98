#!/bin/bash
# Check that the machine can do what the truth tests take for granted, so that a failure there is podtrace's own.
# Expectations: the kernel asked for, with BTF; cgroup2, namespaces and nftables; a disk; both loopbacks.
# shellcheck source=../expect.sh disable=SC2016,SC2317
. "${0%/*}/../expect.sh"
scratch=$(mktemp -d /var/tmp/environment.XXXXXX)
trap 'rm -rf "$scratch"' EXIT

kernel_asked_for() {
    case $(uname -r) in "$PODTRACE_KERNEL".* | "$PODTRACE_KERNEL"-*) ;; *) uname -r && return 1 ;; esac
}

cgroup_holds_a_process() {
    mkdir -p /sys/fs/cgroup/environment/leaf &&
        sh -c 'echo $$ >/sys/fs/cgroup/environment/leaf/cgroup.procs && grep -qx 0::/environment/leaf /proc/self/cgroup' &&
        rmdir /sys/fs/cgroup/environment/leaf /sys/fs/cgroup/environment
}

# A refused connection comes back at once, a dropped one only by the timeout's own status.
namespace_drops_packets() {
    unshare -n bash -c '
        set -e
        ip link set lo up
        status=0; timeout 5 bash -c "</dev/tcp/127.0.0.1/9" 2>/dev/null || status=$?
        [ "$status" = 1 ] || { echo "without a rule: status $status"; exit 1; }
        nft "add table inet t; add chain inet t o { type filter hook output priority 0; }; add rule inet t o tcp dport 9 drop"
        status=0; timeout 2 bash -c "</dev/tcp/127.0.0.1/9" || status=$?
        [ "$status" = 124 ] || { echo "with the rule: status $status"; exit 1; }'
}

namespaces_joined_by_veth() {
    unshare -n bash -c '
        set -e
        ip link add near type veth peer name far
        tc qdisc add dev near root netem delay 10ms loss 1%
        tc qdisc show dev near | grep -q netem'
}

loopback_refuses() {
    timeout 5 bash -c "</dev/tcp/$1/9" 2>&1 | grep -q 'Connection refused'
}

bind_mount_in_own_namespace() {
    mkdir "$scratch/from" "$scratch/to" && echo here >"$scratch/from/file" &&
        unshare -m sh -c "mount --bind '$scratch/from' '$scratch/to' && grep -q here '$scratch/to/file'" &&
        [ ! -e "$scratch/to/file" ]
}

changed_root() {
    mkdir "$scratch/root" && cp "$(command -v busybox)" "$scratch/root/" && chroot "$scratch/root" /busybox true
}

# The reader waits for the disk: direct, so that nothing comes from memory.
disk_read() {
    [ "$(stat -f -c %T /var/tmp)" = ext2/ext3 ] &&
        dd if=/dev/zero of="$scratch/file" bs=64k count=16 conv=fsync status=none &&
        dd if="$scratch/file" of=/dev/null bs=4k iflag=direct status=none
}

a_second_lasts_a_second() {
    local before after
    before=$(date +%s%N)
    sleep 1
    after=$(date +%s%N)
    [ $(((after - before) / 1000000)) -ge 1000 ] && [ $(((after - before) / 1000000)) -le 1500 ]
}

bpf_map_pinned_and_gone() {
    bpftool map create /sys/fs/bpf/environment type hash key 4 value 8 entries 8 name environment &&
        rm /sys/fs/bpf/environment
}

expect "the kernel is the one asked for" kernel_asked_for
expect "it has the CPUs asked for" test "$(nproc)" = "$PODTRACE_CPUS"
expect "it describes its types in BTF" test -s /sys/kernel/btf/vmlinux
expect "a BPF map can be made" bpf_map_pinned_and_gone
expect "no BPF program is loaded yet" test "$(bpftool -j prog show)" = '[]'
expect "tracefs lists the system calls" test -d /sys/kernel/tracing/events/raw_syscalls
expect "a cgroup can be made and holds a process" cgroup_holds_a_process
expect "a network namespace drops what nftables says" namespace_drops_packets
expect "a veth pair can be slowed by netem" namespaces_joined_by_veth
expect "the IPv4 loopback refuses a connection" loopback_refuses 127.0.0.1
expect "the IPv6 loopback refuses a connection" loopback_refuses ::1
expect "a bind mount stays in its namespace" bind_mount_in_own_namespace
expect "a process can change its root" changed_root
expect "a process can change its user" test "$(setpriv --reuid 65534 --clear-groups id -u)" = 65534
expect "/var/tmp is a disk that is read directly" disk_read
expect "/tmp is memory" test "$(stat -f -c %T /tmp)" = tmpfs
expect "/dev/fd leads to a process' own files" sh -c 'echo through | cat /dev/fd/0 | grep -qx through'
expect "a terminal can be opened" test -c /dev/pts/ptmx
expect "a second lasts a second" a_second_lasts_a_second
closing
