#!/bin/bash
# Check that the node's service works as confined as its unit says. Needs systemd as process 1.
# Expectations: the unit that is installed, or else the one for other distributions, lets podtrace trace another service:
# counts are right and nothing is blind for want of a right. The daemon starts and says that it is ready, survives a
# reload, is started again after SIGKILL, and stops clean.
# shellcheck source=../expect.sh disable=SC2016,SC2317
. "${0%/*}/../expect.sh"
# shellcheck source=../node.sh
. "${0%/*}/../node.sh"
state=/var/lib/podtrace

# A unit with the same confinement that traces until it is interrupted; everything else is the unit's.
one_trace() {
    local program
    program=$(systemctl show -p ExecStart --value podtrace.service | sed -n 's/.*path=\([^ ;]*\).*/\1/p')
    systemctl cat podtrace.service | grep -vE '^(Exec|Restart|Watchdog|Type=|NotifyAccess=|DynamicUser=|User=)' >"$units/podtrace-once.service"
    cat >>"$units/podtrace-once.service" <<END
[Service]
Type=oneshot
User=podtrace
$(systemctl show -p DynamicUser podtrace.service)
StandardError=journal
ExecStart=/bin/sh -c '$program doctor >$state/doctor; exec $program --cgroup /system.slice/workload.service -p everything -o json >$state/report.json'
END
    systemctl daemon-reload
}
traced() {
    systemctl start --no-block podtrace-once.service
    # It says on stderr when tracing has begun.
    until_is 120 sh -c 'journalctl -q -u podtrace-once.service --no-pager | grep -q tracing' ||
        { journalctl -q -u podtrace-once.service --no-pager && return 1; }
    work 37 || return 1
    systemctl kill -s INT podtrace-once.service
    until_is 120 sh -c '[ "$(systemctl show -p ActiveState --value podtrace-once.service)" != activating ]' || return 1
    [ "$(systemctl show -p Result --value podtrace-once.service)" = success ] ||
        { journalctl -q -u podtrace-once.service --no-pager && return 1; }
}
counted() {
    jq -e '.signals["process.exec"].count == 37 and .signals["process.fork"].count == 37' "$state/report.json" ||
        { jq -c '{coverage, completeness, signals: (.signals | map_values(.count)), exec: .signals["process.exec"]}' "$state/report.json" && return 1; }
}
confined() {
    local name
    for name in NoNewPrivileges=yes ProtectSystem=strict ProtectHome=yes PrivateDevices=yes ProtectKernelTunables=yes \
        MemoryDenyWriteExecute=yes RestrictNamespaces=yes; do
        systemctl show podtrace.service -p "${name%%=*}" | grep -E "^$name$|^RestrictNamespaces=$" || return 1
    done
    [ "$(systemctl show -p User --value podtrace.service)" = podtrace ]
}
# By itself a capability less is a feature less; the unit's are enough for all features of this version.
nothing_blind_for_want_of_rights() {
    ! jq -r '.coverage[] | select(.reason != null) | "\(.feature): \(.reason)"' "$state/report.json" |
        grep -iE 'CAP_|permission|EPERM|EACCES|not permitted'
}
state_of() { systemctl show -p ActiveState --value podtrace.service; }
main_pid() { systemctl show -p MainPID --value podtrace.service; }
scraped() { page /metrics | grep -qE '^podtrace_'; }
# The daemon says itself what it loaded anew; that it is there alone would also be true if nothing had happened.
survives_reload() {
    local before told
    before=$(main_pid)
    told=$(reloads)
    systemctl reload podtrace.service || return 1
    until_is 60 sh -c '[ "$(journalctl -q -u podtrace.service --no-pager | grep -c "profile was read again")" -gt "$1" ]' sh "$told" ||
        { log_of_podtrace | tail -n 20 && return 1; }
    [ "$(state_of)" = active ] && [ "$(main_pid)" = "$before" ] && until_is 60 scraped
}
reloads() { log_of_podtrace | grep -c 'profile was read again'; }
comes_back_after_sigkill() {
    local before
    before=$(main_pid)
    kill -KILL "$before"
    until_is 120 sh -c '[ "$(systemctl show -p ActiveState --value podtrace.service)" = active ] &&
        [ "$(systemctl show -p MainPID --value podtrace.service)" != "$1" ]' sh "$before"
}
# Systemd has programs of its own: those that confine services.
programs() { bpftool -j prog show | jq -c '[.[] | select(.type | startswith("cgroup") | not) | {id, type, name}]'; }
stops_clean() {
    systemctl stop podtrace.service
    systemctl show -p Result -p ActiveState podtrace.service
    [ "$(systemctl show -p Result --value podtrace.service)" = success ] && diff <(echo "$programs_before") <(programs)
}

node 'cgroup "/system.slice/workload.service"'
stopped
programs_before=$(programs)
expect "the unit is confined" confined
expect "another service works" workload
expect "a trace can be confined in the same way" one_trace
expect "the service is traced" traced
cat "$state/doctor"
expect "all 37 programs it executed are counted, and no other" counted
expect "nothing is blind for want of a right" nothing_blind_for_want_of_rights
expect "the daemon says that it is ready, and traces" started
expect "it can be scraped" until_is 60 scraped
expect "it survives a reload" survives_reload
expect "it is started again after SIGKILL" comes_back_after_sigkill
expect "it stops clean" stops_clean
systemctl stop workload.service
closing
