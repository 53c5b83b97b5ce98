{
  description = "podtrace: why is this pod slow or failing? Answers from outside, with nothing to instrument";

  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-26.05";

  outputs =
    { self, nixpkgs }:
    let
      inherit (nixpkgs) lib;
      systems = [
        "x86_64-linux"
        "aarch64-linux"
      ];
      eachSystem = f: lib.genAttrs systems (system: f nixpkgs.legacyPackages.${system});
      packagesFor = pkgs: rec {
        podtrace = pkgs.callPackage ./nix/package.nix { };
        # One file that runs anywhere: for downloads and for the image.
        podtrace-static = pkgs.callPackage ./nix/package.nix { static = true; };
        image = pkgs.callPackage ./nix/image.nix { podtrace = podtrace-static; };
        # The programs that VM tests run.
        vm-programs = pkgs.callPackage ./nix/package.nix { tests = true; };
      };
    in
    {
      overlays.default = final: _: { inherit (packagesFor final) podtrace podtrace-static; };

      packages = eachSystem (
        pkgs:
        let
          packages = packagesFor pkgs;
        in
        packages // { default = packages.podtrace; }
      );

      apps = eachSystem (pkgs: {
        default = {
          type = "app";
          program = lib.getExe (packagesFor pkgs).podtrace;
          meta.description = "Trace a pod, a process or a command";
        };
      });

      devShells = eachSystem (pkgs: {
        default = pkgs.callPackage ./nix/shell.nix { inherit (packagesFor pkgs) podtrace; };
      });

      nixosModules = rec {
        podtrace = import ./nixos-module {
          packageFor = pkgs: self.packages.${pkgs.stdenv.hostPlatform.system}.podtrace;
        };
        default = podtrace;
      };

      # What `nix flake check` builds: the packages, the sources' form, and a VM for each scenario and kernel.
      checks = eachSystem (
        pkgs:
        let
          packages = packagesFor pkgs;
        in
        {
          inherit (packages) podtrace podtrace-static;
        }
        // import ./nix/lints.nix { inherit pkgs lib; }
        // import ./vm-tests {
          inherit pkgs lib;
          programs = packages.vm-programs;
          module = self.nixosModules.default;
        }
      );

      formatter = eachSystem (pkgs: pkgs.nixfmt-tree);
    };
}
