# services.podtrace: every option with its type, default, example and meaning. doc/nixos.md is made from them.
{ packageFor }:
{ lib, pkgs, ... }:
let
  inherit (lib)
    literalExpression
    mkEnableOption
    mkOption
    types
    ;
  line = types.strMatching "[^\n\"]+";
  secret =
    what:
    mkOption {
      type = types.nullOr types.path;
      default = null;
      example = "/run/secrets/podtrace";
      description = "File that holds ${what}. Only systemd reads it, as root, and hands it to the service alone (`LoadCredential`). It must not be in the Nix store, which everybody can read.";
    };
  file =
    what: extension:
    types.submodule (
      { config, name, ... }:
      {
        options = {
          text = mkOption {
            type = types.nullOr types.lines;
            default = null;
            description = "The ${what}, as text.";
          };
          source = mkOption {
            type = types.nullOr types.path;
            default = null;
            description = "The ${what}, as a file.";
          };
          file = mkOption {
            type = types.nullOr types.path;
            default =
              if config.text == null then config.source else pkgs.writeText "${name}.${extension}" config.text;
            internal = true;
            description = "The one of both that was given.";
          };
        };
      }
    );
in
{
  options.services.podtrace = {
    enable = mkEnableOption "podtrace, which says why pods of this node are slow or failing";

    package = mkOption {
      type = types.package;
      default = packageFor pkgs;
      defaultText = literalExpression "podtrace.packages.\${system}.podtrace";
      description = "The podtrace package to use.";
    };

    shippedProfiles = mkOption {
      type = types.listOf line;
      default = [ "latency" ];
      example = [
        "network"
        "files"
      ];
      description = "Profiles that come with podtrace, by name; `podtrace list profiles` shows them. They are merged from left to right, before those of {option}`services.podtrace.profiles`.";
    };

    profiles = mkOption {
      type = types.attrsOf (file "profile" "kdl");
      default = { };
      example = literalExpression ''
        {
          orders.source = ./orders.kdl;
          strict.text = '''
            threshold "tcp.response" p90=">20ms" severity="critical"
          ''';
        }
      '';
      description = "Profiles of your own, merged in the order of their names. They are read by `podtrace check` while the system is built; its mistakes end the build.";
    };

    rules = mkOption {
      type = types.attrsOf (file "rule" "lua");
      default = { };
      example = literalExpression "{ checkout.source = ./checkout.lua; }";
      description = "Lua rules of your own, by the name that profiles call them. They are installed in {file}`/etc/podtrace/rules`.";
    };

    validate = mkOption {
      type = types.bool;
      default = pkgs.stdenv.buildPlatform.canExecute pkgs.stdenv.hostPlatform;
      defaultText = literalExpression "whether the building machine can run the package";
      description = "Whether profiles are checked while the system is built.";
    };

    targets = mkOption {
      type = types.listOf (
        types.submodule {
          options = {
            kind = mkOption {
              type = types.enum [
                "pod"
                "deploy"
                "sts"
                "ds"
                "job"
                "rs"
                "label"
                "namespace"
                "node"
                "unit"
                "cgroup"
              ];
              default = "pod";
              description = "What the name is the name of.";
            };
            name = mkOption {
              type = line;
              example = "api-*";
              description = "Its name; for pods also a pattern, for `label` a selector as `kubectl -l` takes it.";
            };
            namespace = mkOption {
              type = types.nullOr line;
              default = null;
              example = "production";
              description = "The namespace that pods are in; `*` for all of them.";
            };
          };
        }
      );
      default = [ ];
      example = [
        {
          kind = "deploy";
          name = "web";
          namespace = "production";
        }
      ];
      description = "What is traced, beside the targets that profiles name.";
    };

    kubernetes = {
      kubeconfig = secret "the kubeconfig by which the API of the cluster is asked for pods" // {
        example = "/run/secrets/podtrace-kubeconfig";
      };
    };

    metrics = {
      enable = mkEnableOption "the Prometheus endpoint";
      address = mkOption {
        type = line;
        default = "127.0.0.1";
        example = "[::]";
        description = "Address that the endpoint listens on, IPv6 in brackets. Everybody who reaches it can read the names of pods, peers and files.";
      };
      port = mkOption {
        type = types.port;
        default = 3000;
        description = "Port that the endpoint listens on.";
      };
      openFirewall = mkOption {
        type = types.bool;
        default = false;
        description = "Whether the firewall lets others reach the port.";
      };
      scrape = mkOption {
        type = types.bool;
        default = false;
        description = "Whether the Prometheus of this machine (`services.prometheus`) scrapes the endpoint.";
      };
      dashboard = mkOption {
        type = types.bool;
        default = false;
        description = "Whether the Grafana of this machine (`services.grafana`) shows podtrace's dashboard.";
      };
    };

    sinks = mkOption {
      type = types.attrsOf (
        types.submodule {
          options = {
            kind = mkOption {
              type = types.enum [
                "webhook"
                "slack"
                "splunk"
              ];
              example = "webhook";
              description = "What receives the alerts.";
            };
            urlFile = secret "the address to send to, which often is a secret by itself";
            tokenFile = secret "the token that the receiver asks for";
            template = mkOption {
              type = types.nullOr line;
              default = null;
              example = "pagerduty";
              description = "For a webhook, what is sent: `pagerduty`, `opsgenie`, `alertmanager`, or the path of a template of your own; without it, podtrace's own document.";
            };
            minSeverity = mkOption {
              type = types.nullOr (
                types.enum [
                  "info"
                  "error"
                  "warning"
                  "critical"
                  "fatal"
                ]
              );
              default = null;
              example = "critical";
              description = "Findings of this severity or worse are sent; without it, all.";
            };
          };
        }
      );
      default = { };
      example = literalExpression ''
        {
          pager = {
            kind = "webhook";
            template = "pagerduty";
            urlFile = "/run/secrets/pager-url";
            tokenFile = "/run/secrets/pager-token";
            minSeverity = "critical";
          };
        }
      '';
      description = "Where alerts go.";
    };

    otlp = {
      endpoint = mkOption {
        type = types.nullOr line;
        default = null;
        example = "http://127.0.0.1:4317";
        description = "Where spans are sent by OTLP; nowhere, if null.";
      };
      sample = mkOption {
        type = types.nullOr (types.strMatching "[0-9]+(\\.[0-9]+)?%");
        default = null;
        example = "10%";
        description = "The share of traces that is sent; without it, all.";
      };
    };

    budget = {
      cpu = mkOption {
        type = types.nullOr (types.strMatching "[0-9]+(\\.[0-9]+)?%");
        default = "5%";
        description = "What tracing may cost, as a share of one CPU; null for no limit but that of the profiles.";
      };
      memory = mkOption {
        type = types.nullOr (types.strMatching "[0-9]+(\\.[0-9]+)?(B|KiB|MiB|GiB|kB|MB|GB)");
        default = "256MiB";
        description = "The memory it may use. The unit itself is limited to 512 MiB.";
      };
    };

    logLevel = mkOption {
      type = types.enum [
        "error"
        "warn"
        "info"
        "debug"
        "trace"
      ];
      default = "info";
      description = "What podtrace says about itself in the journal.";
    };

    capabilities = {
      admin = mkOption {
        type = types.bool;
        default = false;
        description = "Grants `CAP_SYS_ADMIN`. Uprobes need it on kernels before 6.6 (perf_event_open refuses them otherwise, except on 5.10), and so does the figure of what tracing costs in the kernel. It is nearly root.";
      };
      kernelSymbols = mkOption {
        type = types.bool;
        default = false;
        description = "Grants `CAP_SYSLOG`, without which the kernel does not tell its functions' addresses, so kernel stacks stay numbers. The service can then read the kernel's log.";
      };
      runtimeSocket = mkOption {
        type = types.bool;
        default = false;
        description = "Grants `CAP_DAC_OVERRIDE`. The sockets of containerd and CRI-O belong to root, and to ask there for containers one must be allowed to write to them. Give the socket a group and set {option}`systemd.services.podtrace.serviceConfig.SupplementaryGroups` instead where you can: who may write to this socket can start any container. Without either, pods are found by the API, or by the names of cgroups.";
      };
    };

    extraArgs = mkOption {
      type = types.listOf types.str;
      default = [ ];
      description = "Further arguments of `podtrace daemon`.";
    };
  };
}
