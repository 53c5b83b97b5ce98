# Stand-in for NixOS: the options that nixos-module/ and vm-tests/ set, and unit text as NixOS lays it out: lists become
# repeated keys, booleans `true` and `false`.
{
  lib,
  pkgs,
  modules,
}:
let
  inherit (lib) mkOption types;
  option = type: default: mkOption { inherit type default; };
  strs = option (types.listOf types.str) [ ];
  settings = option (types.attrsOf types.unspecified) { };
  utils.escapeSystemdExecArgs = lib.concatMapStringsSep " " (
    argument: lib.replaceStrings [ "%" "$" ] [ "%%" "$$" ] (builtins.toJSON (toString argument))
  );
  text =
    value:
    if value == true then
      "true"
    else if value == false then
      "false"
    else
      toString value;
  section =
    settings:
    lib.concatStrings (
      lib.concatLists (
        lib.mapAttrsToList (
          key: value: map (one: "${key}=${text one}\n") (if lib.isList value then value else [ value ])
        ) settings
      )
    );
  service =
    { config, ... }:
    {
      options = {
        description = option types.str "";
        documentation = strs;
        wantedBy = strs;
        after = strs;
        wants = strs;
        restartTriggers = option (types.listOf types.unspecified) [ ];
        reloadTriggers = option (types.listOf types.unspecified) [ ];
        environment = option (types.attrsOf types.str) { };
        unitConfig = settings;
        serviceConfig = settings;
        text = mkOption { type = types.str; };
      };
      config.text = ''
        [Unit]
        After=${toString config.after}
        Description=${config.description}
        Documentation=${toString config.documentation}
        ${
          lib.optionalString (config.wants != [ ]) "Wants=${toString config.wants}\n"
        }${section config.unitConfig}
        [Service]
        ${
          lib.concatStrings (lib.mapAttrsToList (n: v: "Environment=\"${n}=${v}\"\n") config.environment)
        }${section config.serviceConfig}
        [Install]
        WantedBy=${toString config.wantedBy}
      '';
    };
in
lib.evalModules {
  specialArgs = { inherit utils; };
  modules = [
    {
      config._module.args.pkgs = pkgs;
      options = {
        assertions = option (types.listOf types.attrs) [ ];
        meta.maintainers = strs;
        boot.kernelPackages = option types.raw pkgs.linuxPackages_6_12;
        boot.kernelParams = strs;
        environment.systemPackages = option (types.listOf types.package) [ ];
        environment.etc = option (types.attrsOf types.attrs) { };
        virtualisation.memorySize = option types.int 1024;
        networking.firewall.allowedTCPPorts = option (types.listOf types.port) [ ];
        services.prometheus.scrapeConfigs = option (types.listOf types.attrs) [ ];
        services.grafana.provision.dashboards.settings.providers = option (types.listOf types.attrs) [ ];
        systemd.services = option (types.attrsOf (types.submodule service)) { };
      };
    }
  ]
  ++ modules;
}
