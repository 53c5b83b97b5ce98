#!/bin/bash
# Check that what a kernel before 5.11 lacks costs features or exactness only where that is said, and never the trace.
# Expectations: doctor calls the machine traceable and names what is degraded, with a reason; counts of a known workload
# are exact all the same.
# shellcheck source=../expect.sh disable=SC2016,SC2317
. "${0%/*}/../expect.sh"
scratch=$(mktemp -d /tmp/old-kernel.XXXXXX)
trap 'rm -rf "$scratch"' EXIT

doctor_status=0
"$PODTRACE_BIN" doctor >"$scratch/doctor" || doctor_status=$?
cat "$scratch/doctor"

# What is not simply `yes` has words after its name.
reasons_are_given() {
    ! grep -E '^(degraded|no) ' "$scratch/doctor" | grep -vE '^(degraded|no) +[^ ]+( [^ ]+)*  +[^ ]+ [^ ]+'
}
# 37 executions: no other number comes about by chance. The shell itself is one more.
counted() {
    "$PODTRACE_BIN" run -p everything -o json -- bash -c 'for i in {1..37}; do "$0"; done; exit 3' "$(type -P true)" >"$scratch/report.json"
    jq -e '.command.exit_code == 3 and .signals["process.exec"].count == 38 and .signals["process.fork"].count == 37
        and ([.completeness.events_lost[]?] | add // 0) == 0' "$scratch/report.json"
}
# Task storage for tracing programs came with 5.11.
storage_is_known() {
    [ "$(printf '%s\n' 5.11 "$(uname -r)" | sort -V | head -n 1)" = 5.11 ] ||
        grep -E '^(degraded|no) +task storage' "$scratch/doctor"
}

expect "doctor finds a kernel it can trace" test "$doctor_status" = 0
expect "what is degraded has a reason" reasons_are_given
expect "that it has no task storage for tracing programs is said" storage_is_known
expect "counts are exact all the same" counted
expect "no feature is blind without a reason" \
    jq -e 'all(.coverage[]; .status != "blind" or (.reason | length > 0))' "$scratch/report.json"
closing
