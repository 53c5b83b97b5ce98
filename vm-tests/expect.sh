# shellcheck shell=sh
# Words for scenarios, sourced by each of them. A scenario runs as root inside a machine to test, with
#   PODTRACE_BIN          the program under test
#   PODTRACE_REPOSITORY   the folder of this checkout
# in its environment, checks one thing after another, and ends with `closing`. It needs no particular way of having been
# started, so that any driver of VMs can run it.

checks_passed=0
checks_failed=0
scenario=$(basename "$0" .sh)

# expect SENTENCE COMMAND...: the command succeeds; else its output is shown.
expect() {
    expect_sentence=$1
    shift
    if expect_output=$("$@" 2>&1 </dev/null); then
        checks_passed=$((checks_passed + 1))
        echo "ok      $expect_sentence"
    else
        expect_status=$?
        checks_failed=$((checks_failed + 1))
        echo "FAILED  $expect_sentence (status $expect_status)"
        echo "$expect_output" | sed 's/^/        /'
    fi
}

# closing: the last line of a scenario, and its exit status. A scenario that checked nothing has failed.
closing() {
    echo "scenario $scenario: $checks_passed passed, $checks_failed failed"
    [ "$checks_failed" -eq 0 ] && [ "$checks_passed" -gt 0 ]
    exit
}
