#!/bin/bash
# Check that the node's service works as confined as its unit says. Needs systemd as process 1.
# Expectations: the unit that is installed (by the NixOS module), or else the one for other distributions, installed here
# as doc/install.md says, lets podtrace trace another service: counts are right and nothing is blind for want of a right.
# The daemon starts and says that it is ready, is scraped, sends an alert, survives a reload, is started again after
# SIGKILL, and stops clean.
# shellcheck source=../expect.sh disable=SC2016,SC2317
. "${0%/*}/../expect.sh"
portable=$PODTRACE_REPOSITORY/nixos-module/portable
state=/var/lib/podtrace
units=/run/systemd/system
mkdir -p "$units"

install_portable() {
    install -D "$PODTRACE_BIN" /usr/bin/podtrace
    mkdir -p /usr/share/podtrace/portable /etc/systemd/system
    cp "$portable/podtrace.kdl" /usr/share/podtrace/portable/
    systemd-sysusers "$portable/podtrace.sysusers"
    systemd-tmpfiles --create "$portable/podtrace.tmpfiles"
    cp "$portable/podtrace.service" /etc/systemd/system/podtrace.service
    systemctl daemon-reload
}

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
# 37 programs, when it is told to; and then, when it is told so, programs without end.
workload() {
    cat >"$units/workload.service" <<'END'
[Service]
Slice=system.slice
ExecStart=/bin/sh -c 'while [ ! -e /run/go ]; do sleep 0.2; done; i=0; while [ $i -lt 37 ]; do /bin/true; i=$((i + 1)); done; echo done >/run/went; while :; do [ ! -e /run/on ] || /bin/true; sleep 0.2; done'
END
    systemctl daemon-reload
    systemctl start workload.service
}
traced() {
    rm -f /run/go /run/went
    systemctl start --no-block podtrace-once.service
    # It says on stderr when tracing has begun.
    until_is 120 sh -c 'journalctl -q -u podtrace-once.service --no-pager | grep -q tracing' ||
        { journalctl -q -u podtrace-once.service --no-pager && return 1; }
    touch /run/go
    until_is 120 test -e /run/went || return 1
    systemctl kill -s INT podtrace-once.service
    until_is 120 sh -c '[ "$(systemctl show -p ActiveState --value podtrace-once.service)" != activating ]' || return 1
    [ "$(systemctl show -p Result --value podtrace-once.service)" = success ] ||
        { journalctl -q -u podtrace-once.service --no-pager && return 1; }
}
counted() {
    jq -e '[.signals["process.exec"].top.path[]? | select(.key | endswith("/true")) | .count] == [37]' "$state/report.json" ||
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
# What is sent to port 9099 is kept in /run/received.
receiver() {
    cat >"$units/receiver.service" <<END
[Service]
ExecStart=$(command -v python3) -c "exec(open('/run/receiver.py').read())"
END
    cat >/run/receiver.py <<'END'
from http.server import BaseHTTPRequestHandler, HTTPServer


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        with open("/run/received", "ab") as kept:
            kept.write(body + b"\n")
        self.send_response(200)
        self.end_headers()


HTTPServer(("127.0.0.1", 9099), Receiver).serve_forever()
END
    rm -f /run/received
    systemctl daemon-reload
    systemctl start receiver.service
    until_is 30 bash -c 'exec 3<>/dev/tcp/127.0.0.1/9099'
}
alerted() {
    touch /run/on
    until_is 90 grep -q 'process.exec' /run/received || { journalctl -q -u podtrace.service --no-pager | tail -n 20 && return 1; }
    jq -se 'length > 0' /run/received
}
state_of() { systemctl show -p ActiveState --value podtrace.service; }
main_pid() { systemctl show -p MainPID --value podtrace.service; }
# until_is SECONDS COMMAND...: succeeds within a time.
until_is() {
    local end=$((SECONDS + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        if [ "$SECONDS" -ge "$end" ]; then
            # Once more, for what it says.
            "$@"
            return
        fi
        sleep 0.5
    done
}
scraped() {
    timeout 10 bash -c 'exec 3<>/dev/tcp/127.0.0.1/3000 && printf "GET /metrics HTTP/1.0\r\nHost: localhost\r\n\r\n" >&3 &&
        grep -qE "^podtrace_" <&3'
}
started() {
    systemctl start podtrace.service || { journalctl -q -u podtrace.service --no-pager | tail -n 20 && return 1; }
}
# The daemon says itself what it loaded anew; that it is there alone would also be true if nothing had happened.
survives_reload() {
    local before told
    before=$(main_pid)
    told=$(reloads)
    systemctl reload podtrace.service || return 1
    until_is 30 sh -c '[ "$(journalctl -q -u podtrace.service --no-pager | grep -c "profile was read again")" -gt "$1" ]' sh "$told" ||
        { journalctl -q -u podtrace.service --no-pager | tail -n 20 && return 1; }
    [ "$(state_of)" = active ] && [ "$(main_pid)" = "$before" ] && until_is 60 scraped
}
reloads() { journalctl -q -u podtrace.service --no-pager | grep -c 'profile was read again'; }
comes_back_after_sigkill() {
    local before
    before=$(main_pid)
    kill -KILL "$before"
    until_is 60 sh -c '[ "$(systemctl show -p ActiveState --value podtrace.service)" = active ] &&
        [ "$(systemctl show -p MainPID --value podtrace.service)" != "$1" ]' sh "$before"
}
# Systemd has programs of its own: those that confine services.
programs() { bpftool -j prog show | jq -c '[.[] | select(.type | startswith("cgroup") | not) | {id, type, name}]'; }
stops_clean() {
    systemctl stop podtrace.service
    systemctl show -p Result -p ActiveState podtrace.service
    [ "$(systemctl show -p Result --value podtrace.service)" = success ] && diff <(echo "$programs_before") <(programs)
}

expect "systemd is process 1" test "$(cat /proc/1/comm)" = systemd
if ! systemctl cat podtrace.service >/dev/null 2>&1; then
    expect "the unit, its user and its folders can be installed" install_portable
    # On NixOS the module's options say the same.
    cat >/etc/podtrace/podtrace.kdl <<'END'
targets {
    cgroup "/system.slice/workload.service"
}
probes { process; file; }
threshold "process.exec" count=">0" severity="critical"
sink "prometheus" listen="127.0.0.1:3000"
sink "webhook" url="http://127.0.0.1:9099/alerts"
window "2s"
END
fi
programs_before=$(programs)
expect "the unit is confined" confined
expect "another service works" workload
expect "a trace can be confined in the same way" one_trace
expect "the service is traced" traced
cat "$state/doctor"
expect "all 37 programs it executed are counted" counted
expect "nothing is blind for want of a right" nothing_blind_for_want_of_rights
expect "what receives alerts is there" receiver
expect "the daemon says that it is ready" started
expect "it is scraped" until_is 60 scraped
expect "an alert arrives" alerted
expect "it survives a reload" survives_reload
expect "it is started again after SIGKILL" comes_back_after_sigkill
expect "it stops clean" stops_clean
systemctl stop workload.service receiver.service 2>/dev/null
closing
