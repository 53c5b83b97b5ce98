# Stand-in for testers.runNixOSTest: the test's module and each node's are evaluated; what they are can be asked for.
{
  lib,
  pkgs,
  onlyEvaluated,
}:
module:
let
  inherit (lib) mkOption types;
  inherit
    (lib.evalModules {
      specialArgs = { inherit pkgs; };
      modules = [
        {
          options = {
            name = mkOption { type = types.str; };
            globalTimeout = mkOption { type = types.int; };
            nodes = mkOption { type = types.attrsOf types.deferredModule; };
            testScript = mkOption { type = types.str; };
          };
        }
        module
      ];
    })
    config
    ;
  nodes = lib.mapAttrs (
    _: node:
    import ./nixos.nix {
      inherit lib pkgs;
      modules = [ node ];
    }
  ) config.nodes;
  failed = lib.concatMap (node: lib.filter (one: !one.assertion) node.config.assertions) (
    lib.attrValues nodes
  );
  units = lib.mapAttrs (
    _: node: lib.mapAttrs (_: unit: unit.text) node.config.systemd.services
  ) nodes;
in
if failed != [ ] then
  throw (lib.concatMapStringsSep "\n" (one: one.message) failed)
else
  onlyEvaluated "vm-test-run-${config.name}"
  // {
    inherit (config) testScript;
    # Forces every unit's text, so that a test whose machine does not evaluate is refused here.
    units = builtins.deepSeq units units;
  }
