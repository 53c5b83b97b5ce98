# The scenarios as NixOS tests: one for each scenario and each kernel of the locked nixpkgs that it is about. The checks
# themselves are scenarios/*.sh, the same that vm-tests/run starts on Debian's kernels.
{
  pkgs,
  lib,
  programs,
  module,
}:
let
  # Named by hand: what a release no longer has is an error there, and should be one here.
  kernels = {
    "5.10" = pkgs.linuxPackages_5_10;
    "5.15" = pkgs.linuxPackages_5_15;
    "6.1" = pkgs.linuxPackages_6_1;
    "6.6" = pkgs.linuxPackages_6_6;
    "6.12" = pkgs.linuxPackages_6_12;
    "6.18" = pkgs.linuxPackages_6_18;
    latest = pkgs.linuxPackages_latest;
  };
  # By scenario, the kernels it is run on; those that are not named, on all.
  only = {
    old-kernel = [ "5.10" ];
    lockdown = [
      "5.10"
      "6.12"
    ];
  };
  scenarios = [
    "attach"
    "truth"
    "faults"
    "pods"
    "containers"
    "service"
    "pod"
    "alerts"
    "metrics"
    "lockdown"
    "old-kernel"
  ];
  test =
    { scenario, kernel }:
    pkgs.testers.runNixOSTest (
      import ./scenario.nix {
        inherit scenario programs module;
        inherit (pkgs) cni-plugins;
        inherit (pkgs.pkgsStatic) busybox;
        name = kernel;
        kernelPackages = kernels.${kernel};
      }
    );
in
builtins.listToAttrs (
  map
    (
      case:
      lib.nameValuePair "vm-${case.scenario}-${lib.replaceStrings [ "." ] [ "-" ] case.kernel}" (
        test case
      )
    )
    (
      lib.filter (case: lib.elem case.kernel (only.${case.scenario} or [ case.kernel ])) (
        lib.cartesianProduct {
          scenario = scenarios;
          kernel = lib.attrNames kernels;
        }
      )
    )
)
