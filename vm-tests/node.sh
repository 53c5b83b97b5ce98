# shellcheck shell=bash disable=SC2016,SC2317
# Words for scenarios of a node with systemd as process 1, sourced by them: the service as it is installed, what it
# traces, and what it tells.
#
# Where the unit is installed already (by the NixOS module, see scenario.nix) it is taken as it is, with the options that
# say the same as the profiles here. Elsewhere the one for other distributions is installed as doc/install.md says.

units=/run/systemd/system
mkdir -p "$units"

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

installed() { systemctl cat podtrace.service >/dev/null 2>&1; }
install_portable() {
    local portable=$PODTRACE_REPOSITORY/nixos-module/portable
    install -D "$PODTRACE_BIN" /usr/bin/podtrace
    mkdir -p /usr/share/podtrace/portable /etc/systemd/system
    cp "$portable/podtrace.kdl" /usr/share/podtrace/portable/
    systemd-sysusers "$portable/podtrace.sysusers"
    systemd-tmpfiles --create "$portable/podtrace.tmpfiles"
    cp "$portable/podtrace.service" /etc/systemd/system/podtrace.service
    systemctl daemon-reload
}
# node TARGETS: the unit is installed and has a profile that traces them; what stands after it is said by options on NixOS.
node() {
    expect "systemd is process 1" test "$(cat /proc/1/comm)" = systemd
    if ! installed; then
        expect "the unit, its user and its folders can be installed" install_portable
        touch /run/portable
    fi
    [ ! -e /run/portable ] || cat >/etc/podtrace/podtrace.kdl <<END
targets { $1; }
probes { tcp; process; file; }
threshold "process.fork" count=">0" severity="critical"
rule "process-churn" rate=1
sink "prometheus" listen="127.0.0.1:3000"
sink "webhook" url="http://127.0.0.1:9099/alerts"
window "2s"
END
}
# The daemon traces by the profile of this scenario.
started() {
    # Scenarios that follow each other are no loop of restarts.
    systemctl reset-failed podtrace.service 2>/dev/null
    if ! systemctl restart podtrace.service || ! until_is 120 page /readyz; then
        journalctl -q -u podtrace.service --no-pager | tail -n 20
        return 1
    fi
}
stopped() { systemctl stop podtrace.service; }
log_of_podtrace() { journalctl -q -u podtrace.service --no-pager; }

# page PATH: a page of the daemon's, if it answers with 200.
page() { page_of 3000 "$1"; }
page_of() {
    timeout 20 bash -c 'exec 3<>"/dev/tcp/127.0.0.1/$1" && printf "GET %s HTTP/1.0\r\nHost: localhost\r\n\r\n" "$2" >&3 && {
        read -r _ status _ <&3
        while IFS= read -r line && [ -n "${line%$'\''\r'\''}" ]; do :; done <&3
        cat <&3
        [ "$status" = 200 ]
    }' bash "$1" "$2"
}
# operations KIND [LABEL]: how many the daemon's page says, of those with a label.
operations() {
    page /metrics | awk -v kind="type=\"$1\"" -v label="${2-}" \
        '/^podtrace_operations_total[{]/ && index($0, kind) && index($0, label) { n += $NF } END { print n + 0 }'
}

# A service that is told how many programs to execute, and executes no others.
workload() {
    cat >"$units/workload.service" <<END
[Service]
Slice=system.slice
ExecStart=/bin/sh -c 'exec 3<>/run/orders; while read -r count <&3; do i=0; while [ \$i -lt \$count ]; do $(type -P true); i=\$((i + 1)); done; echo \$count >>/run/did; done'
END
    rm -f /run/orders /run/did
    mkfifo /run/orders
    touch /run/did
    systemctl daemon-reload
    systemctl restart workload.service
}
# work COUNT: it has executed so many.
work() {
    local before
    before=$(wc -l </run/did)
    echo "$1" >/run/orders
    until_is 120 sh -c '[ "$(wc -l </run/did)" -gt "$1" ]' sh "$before"
}

# What is sent to port 9099 is kept in /run/received.
receiver() {
    cat >"$units/receiver.service" <<END
[Service]
ExecStart=$(command -v python3) /run/receiver.py
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
    systemctl restart receiver.service
    until_is 60 bash -c 'exec 3<>/dev/tcp/127.0.0.1/9099'
}
# received FILTER: an alert arrives for which the jq filter holds.
received() {
    until_is 120 jq -se "any(.[]; $1)" /run/received || { tail -n 5 /run/received && log_of_podtrace | tail -n 20 && return 1; }
}
