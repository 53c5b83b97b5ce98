# One scenario on one kernel as a NixOS test. The script starts scenarios/NAME.sh with what it is told by the
# environment, as README.md says; the machine is an ordinary one with the module.
{
  # The kernel's name, for people.
  name,
  scenario,
  kernelPackages,
  # The package with test programs.
  programs,
  module,
}:
{
  name = "podtrace-${scenario}-${name}";
  globalTimeout = 3600;

  nodes.machine =
    { pkgs, ... }:
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
      ];
      # What the scenario `service` writes into a profile elsewhere.
      environment.etc."alerts-url".text = "http://127.0.0.1:9099/alerts";
      services.podtrace = {
        enable = scenario == "service";
        package = programs;
        shippedProfiles = [ ];
        profiles.test.text = ''
          probes { process; file; }
          threshold "process.exec" count=">0" severity="critical"
          window "2s"
        '';
        targets = [
          {
            kind = "cgroup";
            name = "/system.slice/workload.service";
          }
        ];
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
                "PODTRACE_REPOSITORY=${programs.src}",
                "PODTRACE_SLOW=1",
                "bash ${programs.src}/vm-tests/scenarios/${scenario}.sh 2>&1",
            ]
        )
        print(machine.succeed(command, timeout=3000))
  '';
}
