# The same service for other distributions: a unit with the confinement of service.nix, and what makes its user and its
# folders. `./dev nix --write` puts them into portable/, and `./dev test nix` holds them against this.
{ lib }:
let
  unit = import ./service.nix { inherit lib; } { };
  text =
    value:
    if value == true then
      "true"
    else if value == false then
      "false"
    else
      toString value;
  # Lists of system calls are read in order; all other lists are sets.
  settings =
    attrs:
    lib.concatLines (
      lib.concatLists (
        lib.mapAttrsToList (
          key: value:
          if lib.isList value && key == "SystemCallFilter" then
            map (one: "${key}=${one}") value
          else
            [ "${key}=${text value}" ]
        ) attrs
      )
    );
  origin = "# Made from nixos-module/service.nix, where each line has its reason.";
in
{
  "podtrace.service" = ''
    ${origin}
    # Your own changes: systemctl edit podtrace.
    [Unit]
    Description=${unit.description}
    Documentation=${toString unit.documentation}
    After=${toString unit.after}
    ${settings unit.unitConfig}
    [Service]
    ExecStart=/usr/bin/podtrace daemon --log-level info -p /etc/podtrace/podtrace.kdl
    ExecReload=/bin/kill -HUP $MAINPID
    ${settings unit.serviceConfig}
    [Install]
    WantedBy=${toString unit.wantedBy}
  '';

  "podtrace.sysusers" = ''
    ${origin}
    # Install as /usr/lib/sysusers.d/podtrace.conf.
    u ${unit.serviceConfig.User} - "podtrace, the node's daemon" /var/lib/podtrace
  '';

  "podtrace.tmpfiles" = ''
    ${origin}
    # Install as /usr/lib/tmpfiles.d/podtrace.conf. The profile is copied once, and is yours from then on.
    d /etc/podtrace 0755 root root -
    d /etc/podtrace/rules 0755 root root -
    C /etc/podtrace/podtrace.kdl 0644 root root - /usr/share/podtrace/portable/podtrace.kdl
  '';

  "podtrace.kdl" = ''
    // What the daemon of this node traces, observes, judges and tells. `podtrace check podtrace.kdl` reads it without
    // tracing; `systemctl reload podtrace` makes the daemon read it again.
    description "Pods of this node"

    targets {
        namespace "*"
    }

    probes {
        tcp slow="100ms"
        udp
        file slow="10ms"
        sched
        process
    }

    threshold "tcp.response" p90=">100ms" severity="warning"
    threshold "tcp.connect" error-rate=">10%" severity="critical"
    threshold "file.fsync" p99=">25ms" severity="warning"

    sink "prometheus" listen="127.0.0.1:3000"

    window "10s"
    budget cpu="5%" memory="256MiB"
  '';
}
