#!/bin/bash
# Check that lockdown=integrity, which distributions set with secure boot, takes nothing away.
# Expectations: what could be seen before can be seen after, with the same counts, and doctor says that it is locked.
# It changes the machine until the next boot, so drivers run it last.
# shellcheck source=../expect.sh disable=SC2016,SC2317
. "${0%/*}/../expect.sh"
scratch=$(mktemp -d /tmp/lockdown.XXXXXX)
trap 'rm -rf "$scratch"' EXIT

report() {
    "$PODTRACE_BIN" run -p everything -o json -- sh -c 'cat /etc/hostname >/dev/null; exit 3' >"$scratch/$1.json"
}
figures() {
    jq -S '{command, execs: .signals["process.exec"].count, exits: .signals["process.exit"].count,
        blind: [.coverage[] | select(.status == "blind")]}' "$scratch/$1.json"
}
lock() {
    echo integrity >/sys/kernel/security/lockdown && grep -qF '[integrity]' /sys/kernel/security/lockdown
}

expect "a command is traced before" report before
expect "the kernel is locked" lock
expect "a command is traced after" report after
expect "it executed and exited what it should" \
    jq -e '.command.exit_code == 3 and .signals["process.exec"].count >= 2' "$scratch/after.json"
expect "all that was seen before is seen after" diff <(figures before) <(figures after)
expect "doctor says that it is locked, and that it can be traced" \
    bash -c '"$1" doctor | tee "$2"; grep -q "lockdown integrity" "$2"' bash "$PODTRACE_BIN" "$scratch/doctor"
closing
