#!/bin/bash
# Check that podtrace attaches on this kernel and leaves nothing behind, as a user would see it: by its report alone.
# Expectations: `doctor` answers; a traced command is reported by the schema, complete; every shipped profile attaches,
# and what this kernel cannot do is said with a reason; afterwards no program or map is loaded. What it found is printed
# as lines that begin with `table`, of which vm-tests/table makes doc/kernels.md.
# shellcheck source=../expect.sh disable=SC2016,SC2317
. "${0%/*}/../expect.sh"
scratch=$(mktemp -d /tmp/attach.XXXXXX)
trap 'rm -rf "$scratch"' EXIT

# report NAME OPTION...: traces a short command and keeps its report.
report() {
    local file=$scratch/$1.json
    shift
    "$PODTRACE_BIN" run -o json "$@" -- sh -c 'cat /etc/hostname >/dev/null; exit 3' >"$file"
}

# says NAME FILTER: the jq filter holds for the report kept under that name.
says() {
    jq -e "$2" "$scratch/$1.json" >/dev/null || {
        jq -c '{command, coverage, completeness, signals: (.signals | map_values(.count))}' "$scratch/$1.json"
        return 1
    }
}

nothing_left() {
    if [ "$(bpftool -j prog show)" != "$programs_before" ] || [ "$(bpftool -j map show)" != "$maps_before" ]; then
        bpftool prog show
        bpftool map show
        return 1
    fi
}

programs_before=$(bpftool -j prog show)
maps_before=$(bpftool -j map show)

doctor_status=0
"$PODTRACE_BIN" doctor >"$scratch/doctor" || doctor_status=$?
cat "$scratch/doctor"
expect "doctor finds a kernel it can trace" test "$doctor_status" = 0

expect "a command is traced" report command
expect "its exit status is in the report" says command '.command.exit_code == 3'
expect "both programs it executed are counted" says command '.signals["process.exec"].count >= 2'
expect "no event was lost" says command '[.completeness.events_lost[]?] | add // 0 == 0'

for profile in "$PODTRACE_REPOSITORY"/profiles/*.kdl; do
    name=$(basename "$profile" .kdl)
    expect "the profile \`$name\` attaches" report "$name" -p "$profile"
    expect "and says why of all that it cannot see" \
        says "$name" '(.coverage | length > 0) and all(.coverage[]; .status != "blind" or (.reason | length > 0))'
    [ ! -s "$scratch/$name.json" ] ||
        jq -r '.coverage[]? | select(.status == "blind") | "        blind: \(.feature): \(.reason)"' "$scratch/$name.json"
done

expect "no program and no map is left behind" nothing_left

# What doctor said of the machine, and the families as they were in the report on all of them.
awk '/^kinds/ { exit } /^(yes|degraded|no) / {
    name = substr($0, 11, 18); sub(/ +$/, "", name); print "table ability|" name "|" $1 "|" substr($0, 29) }' "$scratch/doctor"
[ ! -s "$scratch/everything.json" ] || jq -r '.coverage | map(select(.feature | test("^[a-z]+[.]")))
    | group_by(.feature | split(".")[0])[]
    | ([.[] | select(.reason != null) | "`\(.feature)`: \(.reason)"] | join("; ")) as $why
    | "table family|\(.[0].feature | split(".")[0])|\(if $why == "" then "loads" elif all(.[]; .status == "blind") then "no" else "degraded" end)|\($why)"' \
    "$scratch/everything.json"
closing
