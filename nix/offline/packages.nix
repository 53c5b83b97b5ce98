# Stand-in for nixpkgs' packages: the host's own compiler, libraries and cargo under nixpkgs' names. Enough to evaluate
# every output, and to build the package for real in Nix's sandbox. What is only evaluated here says so when it is built.
{ lib, system }:
let
  triple = "${builtins.head (builtins.split "-" system)}-unknown-linux-gnu";
  drv =
    args:
    derivation (
      {
        inherit system;
        builder = "/bin/bash";
        PATH = "/opt/rust/bin:/opt/llvm/bin:/usr/bin:/bin";
      }
      // args
    );
  runCommand =
    name: env: text:
    drv (
      env
      // {
        inherit name;
        nativeBuildInputs = env.nativeBuildInputs or [ ];
        args = [
          "-euc"
          ''
            for p in $nativeBuildInputs; do PATH=$p/bin:$PATH; done
            ${text}
            # Not the shell's last act, in whose place a program would run: Nix kills a builder as soon as its output is
            # closed, and programs close it before they end.
            :
          ''
        ];
      }
    );
  # What the host has: programs are linked, so that PATH finds these and no others, and libraries as the compiler finds them.
  fromHost =
    pname: programs: libraries:
    runCommand "host-${pname}" { } ''
      mkdir -p $out/bin $out/lib
      for p in ${toString programs}; do ln -s "$(command -v $p)" $out/bin/; done
      for l in ${toString libraries}; do ln -s "$(gcc -print-file-name=$l)" $out/lib/; done
    ''
    // {
      inherit pname;
      version = "host";
      meta.mainProgram = pname;
    };
  writeText =
    name: text:
    drv {
      inherit name text;
      passAsFile = [ "text" ];
      args = [
        "-euc"
        "cp $textPath $out; :"
      ];
    };
  onlyEvaluated = name: runCommand name { } "echo '${name} is only evaluated here' >&2; exit 1";

  # Crates by the lock's own checksums: `./dev nix --full` puts what cargo fetched into the store.
  importCargoLock =
    { lockFile }:
    let
      locked = builtins.filter (p: p ? source) (lib.importTOML lockFile).package;
      crate =
        p:
        drv {
          name = "crate-${p.name}-${p.version}.tar.gz";
          outputHashMode = "flat";
          outputHashAlgo = "sha256";
          outputHash = p.checksum;
          args = [
            "-c"
            "echo ${p.name} ${p.version} is not in the store >&2; exit 1"
          ];
        };
    in
    runCommand "cargo-vendor-dir" { } ''
      mkdir -p $out
      unpack() { mkdir $out/$1; tar xf $2 -C $out/$1 --strip-components=1; printf '{"files":{},"package":"%s"}' $3 > $out/$1/.cargo-checksum.json; }
      ${lib.concatMapStrings (p: "unpack ${p.name}-${p.version} ${crate p} ${p.checksum}\n") locked}
    '';

  buildRustPackage =
    given:
    let
      known = {
        pname = null;
        version = null;
        src = null;
        cargoLock = null;
        strictDeps = true;
        nativeBuildInputs = [ ];
        buildInputs = [ ];
        env = { };
        hardeningDisable = [ ];
        buildFeatures = [ ];
        cargoBuildFlags = [ ];
        doCheck = true;
        postInstall = "";
        doInstallCheck = false;
        installCheckPhase = "";
        meta = { };
      };
      unknown = builtins.attrNames (removeAttrs given (builtins.attrNames known));
      p = known // given;
    in
    if unknown != [ ] || p.doCheck then
      throw "buildRustPackage: not known here: ${toString unknown}, or doCheck"
    else
      drv (
        p.env
        // {
          name = "${p.pname}-${p.version}";
          vendor = importCargoLock p.cargoLock;
          src = "${p.src}";
          nativeBuildInputs = map toString (p.nativeBuildInputs ++ p.buildInputs ++ [ cargo ]);
          args = [
            "-euo"
            "pipefail"
            "-c"
            ''
              runHook() { :; }
              for p in $nativeBuildInputs; do PATH=$p/bin:$PATH; done
              export PATH HOME=$TMPDIR CARGO_HOME=$TMPDIR/cargo SOURCE_DATE_EPOCH=315532800
              cp -r $src source; chmod -R u+w source; cd source
              # A copy, or the path of the store would be in the binary's messages, and all crates in its closure.
              cp -r $vendor vendor; mkdir -p $CARGO_HOME
              printf '[source.crates-io]\nreplace-with="v"\n[source.v]\ndirectory="%s"\n' $PWD/vendor > $CARGO_HOME/config.toml
              cargo build --release --offline --locked --target ${triple} ${lib.escapeShellArgs p.cargoBuildFlags} \
                ${lib.concatMapStringsSep " " (f: "--features ${f}") p.buildFeatures}
              find target/${triple}/release -maxdepth 1 -type f -executable ! -name '*.so' -exec install -Dm755 -t $out/bin {} +
              ${p.postInstall}
              ${lib.optionalString p.doInstallCheck p.installCheckPhase}
            ''
          ];
        }
      )
      // {
        inherit (p) pname version src;
        inherit (p) hardeningDisable meta;
      };
  cargo = fromHost "cargo" [ "cargo" "rustc" "rustdoc" ] [ ];
  kernel = version: { kernel = { inherit version; }; };
  self = {
    inherit
      lib
      system
      runCommand
      writeText
      ;
    runCommandLocal = runCommand;
    stdenv = rec {
      hostPlatform = { inherit system; };
      buildPlatform = hostPlatform // {
        canExecute = platform: platform.system == system;
      };
      cc.libc.static = fromHost "libc" [ ] [ "libc.a" ];
    };
    rustPlatform = { inherit buildRustPackage; };
    llvmPackages.clang = fromHost "clang" [ "clang" ] [ ];
    pkg-config = fromHost "pkg-config" [ "pkg-config" ] [ ];
    elfutils = fromHost "elfutils" [ ] [ "libelf.a" ];
    zlib = fromHost "zlib" [ ] [ ] // {
      static = fromHost "zlib-static" [ ] [ "libz.a" ];
    };
    coreutils = fromHost "coreutils" [ "kill" ] [ ];
    mkShell =
      { packages, inputsFrom, ... }:
      onlyEvaluated "shell-of-${lib.concatStringsSep "-" (map (p: p.pname) (packages ++ inputsFrom))}";
    dockerTools.buildLayeredImage = import ./image.nix {
      inherit lib drv;
      architecture = if system == "aarch64-linux" then "arm64" else "amd64";
    };
    cacert = runCommand "host-cacert" { } ''
      mkdir -p $out/etc/ssl/certs
      cat /usr/share/ca-certificates/mozilla/*.crt > $out/etc/ssl/certs/ca-bundle.crt
    '';
    pkgsStatic.busybox = fromHost "busybox" [ ] [ ];
    testers.runNixOSTest = import ./nixos-test.nix {
      inherit lib onlyEvaluated;
      pkgs = self;
    };
    linuxPackages_latest = kernel "7.1.4";
    callPackage =
      f: given:
      let
        function = if builtins.isFunction f then f else import f;
        wanted = builtins.functionArgs function;
        missing = builtins.filter (n: !wanted.${n} && !(self ? ${n}) && !(given ? ${n})) (
          builtins.attrNames wanted
        );
      in
      if missing != [ ] then
        throw "callPackage: nix/offline lacks ${toString missing}"
      else
        function (builtins.intersectAttrs wanted self // given);
  }
  // lib.genAttrs [
    "rustfmt"
    "clippy"
    "cargo-deny"
    "bpftools"
    "jq"
    "nftables"
    "iproute2"
    "python3"
    "prometheus"
    "containerd"
    "runc"
    "cni-plugins"
    "kubectl"
    "bpftrace"
    "groff"
    "mypy"
    "qemu"
    "shellcheck"
    "nixfmt"
    "nixfmt-tree"
    "deadnix"
  ] (name: fromHost name [ ] [ ])
  // lib.mapAttrs (_: kernel) {
    linuxPackages_5_10 = "5.10.259";
    linuxPackages_5_15 = "5.15.208";
    linuxPackages_6_1 = "6.1.177";
    linuxPackages_6_6 = "6.6.144";
    linuxPackages_6_12 = "6.12.95";
    linuxPackages_6_18 = "6.18.38";
  };
in
self
