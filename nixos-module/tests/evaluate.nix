# The module's configurations under test, evaluated against nix/offline: `nix-instantiate --eval --strict --json -A …`.
let
  lib = import ../../nix/offline/lib.nix;
  # Paths of made-up packages, so that no test changes with the compiler.
  package = name: {
    type = "derivation";
    outPath = "/nix/store/00000000000000000000000000000000-${name}";
    meta.mainProgram = name;
  };
  pkgs = {
    stdenv = {
      buildPlatform.canExecute = _: true;
      hostPlatform = { };
    };
    coreutils = package "coreutils";
    linuxPackages_6_12.kernel.version = "6.12.95";
    # What is built is kept as text: file name and contents, or the commands.
    writeText = name: text: package name // { inherit text; };
    runCommandLocal =
      name: _: commands:
      package name // { inherit commands; };
  };
  module = import ../default.nix { packageFor = _: package "podtrace"; };
  evaluate =
    configuration:
    let
      inherit
        (import ../../nix/offline/nixos.nix {
          inherit lib pkgs;
          modules = [
            module
            configuration
          ];
        })
        config
        ;
      failed = lib.filter (one: !one.assertion) config.assertions;
    in
    if failed != [ ] then
      throw (lib.concatMapStringsSep "\n" (one: one.message) failed)
    else
      {
        unit = config.systemd.services.podtrace.text;
        profile = import ../profile.nix {
          inherit lib;
          cfg = config.services.podtrace;
        };
        commands = config.environment.etc.podtrace.source.commands;
        rest = builtins.toJSON {
          ports = config.networking.firewall.allowedTCPPorts;
          scrape = config.services.prometheus.scrapeConfigs;
          dashboards = config.services.grafana.provision.dashboards.settings.providers;
        };
      };
  with_ = settings: {
    services.podtrace = {
      enable = true;
    }
    // settings;
  };
  target = [ { name = "web"; } ];
in
{
  portable = import ../portable.nix { inherit lib; };

  options = import ../document.nix {
    inherit lib;
    options =
      (lib.evalModules {
        specialArgs = { inherit pkgs; };
        modules = [ (import ../options.nix { packageFor = _: package "podtrace"; }) ];
      }).options.services.podtrace;
  };

  # Each has golden texts in golden/NAME.txt.
  accepted = lib.mapAttrs (_: evaluate) {
    least = with_ { targets = target; };

    most = with_ {
      shippedProfiles = [
        "network"
        "files"
      ];
      profiles.orders.text = ''
        threshold "tcp.response" p90=">20ms"
      '';
      profiles."with space".source = "/etc/nixos/other.kdl";
      rules.checkout.text = "return {}";
      targets = [
        {
          kind = "deploy";
          name = "web";
          namespace = "production";
        }
        {
          kind = "label";
          name = "app=web,tier!=cache";
          namespace = "*";
        }
        {
          kind = "unit";
          name = "nginx.service";
        }
      ];
      kubernetes.kubeconfig = "/run/secrets/kubeconfig";
      metrics = {
        enable = true;
        address = "0.0.0.0";
        port = 9435;
        openFirewall = true;
        scrape = true;
        dashboard = true;
      };
      sinks.pager = {
        kind = "webhook";
        template = "pagerduty";
        urlFile = "/run/secrets/pager";
        tokenFile = "/run/secrets/pager-token";
        minSeverity = "critical";
      };
      sinks.chat = {
        kind = "slack";
        urlFile = "/run/secrets/chat";
      };
      otlp.endpoint = "http://127.0.0.1:4317";
      otlp.sample = "10%";
      budget.cpu = null;
      logLevel = "debug";
      extraArgs = [ "--kubeconfig=$HOME/50%" ];
    };

    old-kernel = {
      imports = [
        (with_ {
          targets = target;
          capabilities = {
            admin = true;
            kernelSymbols = true;
            runtimeSocket = true;
          };
          validate = false;
        })
      ];
      boot.kernelPackages.kernel.version = "5.10.259";
      # A setting of the unit can be changed as that of any other.
      systemd.services.podtrace.serviceConfig.MemoryMax = lib.mkForce "1G";
    };
  };

  # Each must be refused, and say what to do: refused.txt has the words.
  refused = lib.mapAttrs (_: evaluate) {
    wrong-port = with_ {
      targets = target;
      metrics.enable = true;
      metrics.port = 70000;
    };
    unknown-option = with_ {
      targets = target;
      metrics.prot = 3000;
    };
    old-kernel = {
      imports = [ (with_ { targets = target; }) ];
      boot.kernelPackages.kernel.version = "5.4.300";
    };
    secret-in-store = with_ {
      targets = target;
      sinks.pager = {
        kind = "webhook";
        urlFile = "${builtins.storeDir}/abc-secret";
      };
    };
    sink-without-secret = with_ {
      targets = target;
      sinks.pager.kind = "webhook";
    };
    unknown-sink = with_ {
      targets = target;
      sinks.pager = {
        kind = "pager";
        urlFile = "/run/secrets/pager";
      };
    };
    nothing-to-trace = with_ { };
    nothing-to-observe = with_ {
      targets = target;
      shippedProfiles = [ ];
    };
    text-and-source = with_ {
      profiles.one = {
        text = "";
        source = "/etc/one.kdl";
      };
    };
    budget-without-unit = with_ {
      targets = target;
      budget.cpu = "2";
    };
    scrape-of-nothing = with_ {
      targets = target;
      metrics.scrape = true;
    };
  };
}
