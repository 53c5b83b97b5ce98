# services.podtrace: the daemon on a node. Options are in options.nix, the unit's confinement in service.nix.
{ packageFor }:
{
  config,
  lib,
  pkgs,
  utils,
  ...
}:
let
  cfg = config.services.podtrace;
  inherit (lib) mapAttrsToList mkIf;
  unit = import ./service.nix { inherit lib; } {
    inherit (cfg.capabilities) admin kernelSymbols runtimeSocket;
  };

  given = lib.filterAttrs (_: file: file.file != null);
  generated = pkgs.writeText "options.kdl" (import ./profile.nix { inherit lib cfg; });
  # In the order they are merged in: shipped ones, your own, what the options say.
  profiles =
    cfg.shippedProfiles
    ++ map (name: "/etc/podtrace/profiles/${name}.kdl") (lib.attrNames (given cfg.profiles))
    ++ [ "/etc/podtrace/options.kdl" ];

  # All files in one folder, read by the very program that will run with them.
  folder = pkgs.runCommandLocal "podtrace-configuration" { nativeBuildInputs = [ cfg.package ]; } ''
    mkdir -p $out/profiles $out/rules
    cp ${generated} $out/options.kdl
    ${lib.concatStrings (
      mapAttrsToList (name: file: "cp ${file.file} $out/profiles/${lib.escapeShellArg name}.kdl\n") (
        given cfg.profiles
      )
    )}
    ${lib.concatStrings (
      mapAttrsToList (name: file: "cp ${file.file} $out/rules/${lib.escapeShellArg name}.lua\n") (
        given cfg.rules
      )
    )}
    ${lib.optionalString cfg.validate ''
      cd $out
      podtrace check ${
        lib.escapeShellArgs (
          cfg.shippedProfiles
          ++ map (name: "profiles/${name}.kdl") (lib.attrNames (given cfg.profiles))
          ++ [ "./options.kdl" ]
        )
      } > /dev/null
    ''}
  '';

  # By the name that the service finds it under.
  secrets =
    lib.filterAttrs (_: file: file != null) {
      kubeconfig = cfg.kubernetes.kubeconfig;
    }
    // lib.concatMapAttrs (
      name: sink:
      lib.filterAttrs (_: file: file != null) {
        "url-${name}" = sink.urlFile;
        "token-${name}" = sink.tokenFile;
      }
    ) cfg.sinks;
  isInStore = file: lib.hasPrefix builtins.storeDir (toString file);
  endpoint = "${cfg.metrics.address}:${toString cfg.metrics.port}";
  kernel = config.boot.kernelPackages.kernel.version;
in
{
  imports = [ (import ./options.nix { inherit packageFor; }) ];

  config = mkIf cfg.enable {
    assertions = [
      {
        assertion = lib.versionAtLeast kernel "5.8";
        message = "services.podtrace needs Linux 5.8 or later (BPF ring buffers and CAP_BPF), and boot.kernelPackages has ${kernel}: choose a newer one, for example pkgs.linuxPackages.";
      }
      {
        assertion = cfg.shippedProfiles != [ ] || cfg.profiles != { };
        message = "services.podtrace has nothing to observe: name a profile in services.podtrace.shippedProfiles or services.podtrace.profiles.";
      }
      {
        assertion = cfg.targets != [ ] || cfg.profiles != { };
        message = "services.podtrace has nothing to trace: name pods, units or cgroups in services.podtrace.targets, or in a profile of your own.";
      }
      {
        assertion = !lib.any isInStore (lib.attrValues secrets);
        message = "services.podtrace: a secret is in the Nix store, where everybody can read it. Write its path as a string (\"/run/secrets/NAME\"), not as a path of your configuration (./NAME).";
      }
      {
        assertion = !(cfg.metrics.scrape || cfg.metrics.openFirewall) || cfg.metrics.enable;
        message = "services.podtrace.metrics.scrape and openFirewall need services.podtrace.metrics.enable.";
      }
    ]
    ++
      lib.concatMap
        (mapAttrsToList (
          name: file: {
            assertion = (file.text == null) != (file.source == null);
            message = "services.podtrace: the profile or rule `${name}` needs either text or source, and not both.";
          }
        ))
        [
          cfg.profiles
          cfg.rules
        ]
    ++ mapAttrsToList (name: sink: {
      assertion = sink.urlFile != null;
      message = "services.podtrace.sinks.${name} has no urlFile: name the file that holds the address to send to.";
    }) cfg.sinks;

    environment.systemPackages = [ cfg.package ];
    environment.etc."podtrace".source = folder;

    networking.firewall.allowedTCPPorts = mkIf (cfg.metrics.enable && cfg.metrics.openFirewall) [
      cfg.metrics.port
    ];

    services.prometheus.scrapeConfigs = mkIf cfg.metrics.scrape [
      {
        job_name = "podtrace";
        static_configs = [ { targets = [ endpoint ]; } ];
      }
    ];
    services.grafana.provision.dashboards.settings.providers = mkIf cfg.metrics.dashboard [
      {
        name = "podtrace";
        options.path = "${cfg.package}/share/podtrace/grafana";
      }
    ];

    systemd.services.podtrace = unit // {
      # A changed profile is read without a restart; a changed unit is not.
      reloadTriggers = [ folder ];
      environment = mkIf (cfg.kubernetes.kubeconfig != null) {
        KUBECONFIG = "/run/credentials/podtrace.service/kubeconfig";
      };
      serviceConfig = unit.serviceConfig // {
        ExecStart = utils.escapeSystemdExecArgs (
          [
            (lib.getExe cfg.package)
            "daemon"
            "--log-level"
            cfg.logLevel
          ]
          ++ lib.concatMap (profile: [
            "-p"
            profile
          ]) profiles
          ++ lib.optionals (cfg.rules != { }) [
            "--rules"
            "/etc/podtrace/rules"
          ]
          ++ cfg.extraArgs
        );
        ExecReload = "${lib.getExe' pkgs.coreutils "kill"} -HUP $MAINPID";
        DynamicUser = true;
        LoadCredential = mapAttrsToList (name: file: "${name}:${file}") secrets;
      };
    };
  };
}
