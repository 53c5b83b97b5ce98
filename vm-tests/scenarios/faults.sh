#!/bin/bash
# Check that podtrace bears faults on this kernel: refused programs, killed agents, full disks, bad input.
# Expectations: every test passes.
# shellcheck source=../test-binary.sh
. "${0%/*}/../test-binary.sh"
run_tests "${PODTRACE_TEST_FAULTS-}"
