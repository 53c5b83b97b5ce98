# A stand-in for nixpkgs, not nixpkgs: for machines that cannot fetch it.
#   nix flake check --no-build --override-input nixpkgs path:./nix/offline
# It has the names that this repository uses, each with its meaning in nixpkgs, and refuses all others.
{
  description = "A stand-in for nixpkgs: the host's compiler and libraries under nixpkgs' names";
  outputs =
    _:
    let
      lib = import ./lib.nix;
    in
    {
      inherit lib;
      legacyPackages = lib.genAttrs [ "x86_64-linux" "aarch64-linux" ] (
        system: import ./packages.nix { inherit lib system; }
      );
    };
}
