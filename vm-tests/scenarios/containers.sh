#!/bin/bash
# Check that containers of real pods are told apart where there is nothing but cgroup v2: containerd gives each a cgroup
# namespace of its own there.
# Expectations: these tests of tests/containers/ pass; all of them run on the machine below.
# shellcheck source=../test-binary.sh
. "${0%/*}/../test-binary.sh"
run_tests "${PODTRACE_TEST_CONTAINERS-}" programs_run_later five_restarts
