# Folders that the module has built, with the program itself: a profile that is right and one that is broken. For
# `./dev nix --full`, by nix/offline.
let
  offline = (import ../../nix/offline/flake.nix).outputs { };
  inherit (offline) lib;
  pkgs = offline.legacyPackages.${builtins.currentSystem};
  folder =
    text:
    (import ../../nix/offline/nixos.nix {
      inherit lib pkgs;
      modules = [
        (import ../default.nix { packageFor = pkgs: pkgs.callPackage ../../nix/package.nix { }; })
        {
          services.podtrace = {
            enable = true;
            targets = [ { name = "web"; } ];
            profiles.orders = { inherit text; };
          };
        }
      ];
    }).config.environment.etc.podtrace.source;
in
{
  right = folder ''threshold "tcp.rtt" p90=">20ms"'';
  broken = folder ''thershold "tcp.rtt" p90=">20ms"'';
}
