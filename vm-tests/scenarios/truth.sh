#!/bin/bash
# Check that podtrace's figures are true on this kernel: the truth tests, which compare them with known workloads.
# Expectations: every test passes.
# shellcheck source=../test-binary.sh
. "${0%/*}/../test-binary.sh"
run_tests "${PODTRACE_TEST_TRUTH-}"
