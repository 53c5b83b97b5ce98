# shellcheck shell=bash
# Words for scenarios that run one of the Rust test binaries, sourced by them.

# run_tests FILE: runs a test binary one test at a time (they measure time), shows what it prints, and says in the
# closing line how many tests ran. PODTRACE_FILTER narrows them to the names that contain it.
run_tests() {
    local scenario status=0 output counted
    scenario=$(basename "$0" .sh)
    if [ ! -x "${1-}" ]; then
        echo "FAILED  no test binary was given: is there a test target named \`$scenario\`?"
        echo "scenario $scenario: 0 passed, 1 failed"
        exit 1
    fi
    output=$(mktemp /tmp/tests.XXXXXX)
    cd "$PODTRACE_REPOSITORY" || exit 1
    # As cargo would set them; a disk below the tests' files.
    CARGO_MANIFEST_DIR=$PODTRACE_REPOSITORY RUST_BACKTRACE=1 RUST_TEST_THREADS=1 TMPDIR=/var/tmp \
        "$1" ${PODTRACE_FILTER:+"$PODTRACE_FILTER"} 2>&1 </dev/null | tee "$output"
    status=${PIPESTATUS[0]}
    counted=$(awk '/^test result: / { n += $4 + $6 } END { print n + 0 }' "$output")
    rm -f "$output"
    echo "scenario $scenario: $counted tests ran, status $status"
    if [ "$counted" -eq 0 ] && [ -z "${PODTRACE_FILTER-}" ]; then
        echo "FAILED  a run that compared nothing proves nothing"
        exit 1
    fi
    exit "$status"
}
