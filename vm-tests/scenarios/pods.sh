#!/bin/bash
# Check that pods are followed on this kernel: containers, restarts and new pods, on cgroups made by hand.
# Expectations: every test passes; where version 1 of cgroups is not mounted, its test says that it is skipped.
# shellcheck source=../test-binary.sh
. "${0%/*}/../test-binary.sh"
run_tests "${PODTRACE_TEST_PODS-}"
