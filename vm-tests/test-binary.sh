# shellcheck shell=bash
# Words for scenarios that run one of the Rust test binaries, sourced by them.

# measure_again FILE OUTPUT: tests that compare times are run once more, alone, when they failed: another program on the
# machine, or the machine below an emulated one, can disturb a measurement. Counts are exact everywhere: a failed test of
# anything else stays failed. Says what was measured again; succeeds if all of it passed then.
measure_again() {
    local name failed=()
    mapfile -t failed < <(awk '/^test .* \.\.\. FAILED$/ { print $2 }' "$2")
    [ ${#failed[@]} -gt 0 ] || return 1
    # All of them, and it came to its end: a run that crashed or was cut off has no summary.
    [ "$(awk '/^test result: FAILED/ { print $6 }' "$2")" = ${#failed[@]} ] || return 1
    for name in "${failed[@]}"; do
        case $name in
            sched::* | file::*percentiles | tcp::responses | tcp::services | shows::slow_part_first) ;;
            *) return 1 ;;
        esac
    done
    for name in "${failed[@]}"; do
        "$1" --exact "$name" 2>&1 </dev/null || return 1
    done
    echo "measured again, alone, and passed: ${failed[*]}"
}

# run_tests FILE [NAME...]: runs a test binary one test at a time (they measure time), shows what it prints, and says in
# the closing line how many tests ran: those with one of NAMES in their names. PODTRACE_FILTER narrows them instead.
run_tests() {
    local scenario status=0 output counted
    local -a names=("${@:2}")
    [ -z "${PODTRACE_FILTER-}" ] || names=("$PODTRACE_FILTER")
    scenario=$(basename "$0" .sh)
    if [ ! -x "${1-}" ]; then
        echo "FAILED  no test binary was given: is there a test target named \`$scenario\`?"
        echo "scenario $scenario: 0 passed, 1 failed"
        exit 1
    fi
    output=$(mktemp /tmp/tests.XXXXXX)
    cd "$PODTRACE_REPOSITORY" || exit 1
    # As cargo would set them; a disk below the tests' files.
    export CARGO_MANIFEST_DIR=$PODTRACE_REPOSITORY RUST_BACKTRACE=1 RUST_TEST_THREADS=1 TMPDIR=/var/tmp
    "$1" ${names[@]+"${names[@]}"} 2>&1 </dev/null | tee "$output"
    status=${PIPESTATUS[0]}
    if [ "$status" -ne 0 ] && measure_again "$1" "$output"; then status=0; fi
    counted=$(awk '/^test result: / { n += $4 + $6 } END { print n + 0 }' "$output")
    rm -f "$output"
    echo "scenario $scenario: $counted tests ran, status $status"
    if [ "$counted" -eq 0 ] && [ -z "${PODTRACE_FILTER-}" ]; then
        echo "FAILED  a run that compared nothing proves nothing"
        exit 1
    fi
    exit "$status"
}
