# The form of the Nix files, as checks of the flake.
{ pkgs, lib }:
let
  fs = lib.fileset;
  sources = fs.toSource {
    root = ../.;
    fileset = fs.unions [
      ../flake.nix
      ../nix
      ../nixos-module
      ../vm-tests
    ];
  };
  lint =
    name: tool: command:
    pkgs.runCommandLocal "podtrace-${name}" { nativeBuildInputs = [ tool ]; } ''
      cd ${sources}
      ${command}
      touch $out
    '';
in
{
  nixfmt = lint "nixfmt" pkgs.nixfmt "find . -name '*.nix' -exec nixfmt --check {} +";
  deadnix = lint "deadnix" pkgs.deadnix "deadnix --fail .";
}
