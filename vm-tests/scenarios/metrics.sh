#!/bin/bash
# Check that Prometheus gets the figures of the node's service. Needs systemd as process 1, and Prometheus.
# Expectations: scraped from a daemon as confined as its unit says, a query returns exactly what the traced service did.
# shellcheck source=../expect.sh disable=SC2016,SC2317
. "${0%/*}/../expect.sh"
# shellcheck source=../node.sh
. "${0%/*}/../node.sh"

scraper() {
    cat >/run/prometheus.yml <<'END'
global: { scrape_interval: 2s, scrape_timeout: 2s }
scrape_configs:
  - job_name: podtrace
    static_configs: [{ targets: ["127.0.0.1:3000"] }]
END
    cat >"$units/scraper.service" <<END
[Service]
ExecStart=$(command -v prometheus) --config.file=/run/prometheus.yml --storage.tsdb.path=/run/tsdb --web.listen-address=127.0.0.1:9091
END
    systemctl daemon-reload
    systemctl restart scraper.service
    until_is 120 page_of 9091 /-/ready || { journalctl -q -u scraper.service --no-pager | tail -n 20 && return 1; }
}
# answers QUERY NUMBER: the sum of what Prometheus says; the query as it stands in an address.
answers() {
    local said
    said=$(page_of 9091 "/api/v1/query?query=$1" | jq '[.data.result[].value[1] | tonumber] | add') || return 1
    [ "$said" = "$2" ] || { echo "expected $2, and Prometheus says $said" && return 1; }
}

node 'cgroup "/system.slice/workload.service"'
expect "another service works" workload
expect "the daemon says that it is ready, and traces" started
expect "Prometheus runs" scraper
expect "it reaches the daemon" until_is 60 answers up 1
expect "the service executes 37 programs" work 37
expect "Prometheus knows of 37" until_is 60 answers 'sum(podtrace_operations_total%7Btype=%22process.exec%22%7D)' 37
expect "it knows which version runs" until_is 60 answers 'count(podtrace_build_info)' 1
systemctl stop podtrace.service workload.service scraper.service
closing
