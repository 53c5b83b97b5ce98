# One scenario on one kernel as a NixOS test. The script starts scenarios/NAME.sh with what it is told by the
# environment, as README.md says; the machine is an ordinary one with the module.
{
  # The kernel's name, for people.
  name,
  scenario,
  kernelPackages,
  # The package with test programs.
  programs,
  # Where pods have their network and their shell from.
  cni-plugins,
  busybox,
  module,
}:
{
  name = "podtrace-${scenario}-${name}";
  globalTimeout = 3600;

  nodes.machine =
    { lib, pkgs, ... }:
    {
      imports = [ module ];
      boot.kernelPackages = kernelPackages;
      virtualisation.memorySize = 2048;
      environment.systemPackages = [
        pkgs.bpftools
        pkgs.jq
        pkgs.nftables
        pkgs.iproute2
        pkgs.python3
      ]
      ++ lib.optional (scenario == "metrics") pkgs.prometheus
      ++ lib.optionals (scenario == "pod" || scenario == "containers") [
        pkgs.containerd
        pkgs.runc
      ];
      # What node.sh writes into a profile elsewhere.
      environment.etc."alerts-url".text = "http://127.0.0.1:9099/alerts";
      services.podtrace = {
        enable = lib.elem scenario [
          "service"
          "pod"
          "alerts"
          "metrics"
        ];
        package = programs;
        shippedProfiles = [ ];
        profiles.test.text = ''
          probes { tcp; process; file; }
          threshold "process.fork" count=">0" severity="critical"
          rule "process-churn" rate=1
          window "2s"
        '';
        targets = [
          (
            if scenario == "pod" then
              {
                name = "web";
                namespace = "shop";
              }
            else
              {
                kind = "cgroup";
                name = "/system.slice/workload.service";
              }
          )
        ];
        # The user exists only while the service runs, and cannot own the socket before.
        capabilities.runtimeSocket = scenario == "pod";
        metrics.enable = true;
        sinks.test = {
          kind = "webhook";
          urlFile = "/etc/alerts-url";
        };
      };
    };

  testScript = ''
    machine.wait_for_unit("multi-user.target")

    with subtest("${scenario} on ${name}"):
        command = " ".join(
            [
                "env",
                "PODTRACE_BIN=${programs}/bin/podtrace",
                "PODTRACE_WORKLOAD=${programs}/libexec/podtrace/workload",
                "PODTRACE_TEST_TRUTH=${programs}/libexec/podtrace/truth",
                "PODTRACE_TEST_FAULTS=${programs}/libexec/podtrace/faults",
                "PODTRACE_TEST_PODS=${programs}/libexec/podtrace/pods",
                "PODTRACE_TEST_CONTAINERS=${programs}/libexec/podtrace/containers",
                "PODTRACE_PAUSE=${programs}/libexec/podtrace/pause",
                "PODTRACE_CNI=${cni-plugins}/bin",
                "PODTRACE_BUSYBOX=${busybox}/bin/busybox",
                "PODTRACE_REPOSITORY=${programs.src}",
                "PODTRACE_SLOW=1",
                "bash ${programs.src}/vm-tests/scenarios/${scenario}.sh 2>&1",
            ]
        )
        print(machine.succeed(command, timeout=3000))
  '';
}
