# podtrace: the program, its manual pages and completions, and under share/podtrace what comes with it.
{
  lib,
  stdenv,
  rustPlatform,
  llvmPackages,
  pkg-config,
  elfutils,
  zlib,
  # All libraries in, the C library too: the result runs in an empty root folder.
  static ? false,
  # Also the test programs that VMs run, as libexec/podtrace/{truth,faults,pods,containers,workload}.
  tests ? false,
}:
let
  fs = lib.fileset;
  manifest = (lib.importTOML ../Cargo.toml).package;
  libraries = if static then [ zlib.static ] else [ zlib ];
in
rustPlatform.buildRustPackage ({
  pname =
    manifest.name + lib.optionalString static "-static" + lib.optionalString tests "-vm-programs";
  inherit (manifest) version;

  # Documents are left out, so that a word changed in one builds nothing anew.
  src = fs.toSource {
    root = ../.;
    fileset = fs.unions (
      [
        ../Cargo.toml
        ../Cargo.lock
        ../src
        ../bpf
        ../profiles
        ../nixos-module/portable
        (fs.maybeMissing ../lua)
        (fs.maybeMissing ../doc/grafana)
      ]
      ++ lib.optionals tests [
        ../tests
        ../examples
        ../vm-tests
        ../doc/report.schema.json
      ]
    );
  };

  cargoLock.lockFile = ../Cargo.lock;

  strictDeps = true;
  nativeBuildInputs = [
    pkg-config
    llvmPackages.clang
  ];
  buildInputs = [ elfutils ] ++ libraries ++ lib.optional (static || tests) stdenv.cc.libc.static;

  env = {
    PODTRACE_CLANG = lib.getExe llvmPackages.clang;
  }
  // lib.optionalAttrs static {
    RUSTFLAGS = "-C target-feature=+crt-static";
    # Where libelf.a and libz.a are: libbpf-sys looks nowhere else for them.
    LIBBPF_SYS_LIBRARY_PATH = lib.makeSearchPath "lib" [
      (lib.getLib elfutils)
      zlib.static
    ];
  };

  # These reach clang through the compiler wrapper, and the bpf target has none of them.
  hardeningDisable = [
    "stackprotector"
    "zerocallusedregs"
    "shadowstack"
    "pacret"
  ];

  buildFeatures = lib.optional static "static";
  cargoBuildFlags = [
    "--bin"
    "podtrace"
  ]
  ++ lib.optionals tests [
    "--test"
    "truth"
    "--test"
    "faults"
    "--test"
    "pods"
    "--test"
    "containers"
    "--example"
    "workload"
  ];

  # Tests load programs and look at cgroups, which a build sandbox has not: ./dev test runs them, and VMs do.
  doCheck = false;

  postInstall = ''
    $out/bin/podtrace man $out/share/man/man1
    for shell in bash zsh fish elvish; do
      $out/bin/podtrace completion $shell > podtrace.$shell
    done
    install -Dm644 podtrace.bash $out/share/bash-completion/completions/podtrace
    install -Dm644 podtrace.zsh $out/share/zsh/site-functions/_podtrace
    install -Dm644 podtrace.fish $out/share/fish/vendor_completions.d/podtrace.fish
    install -Dm644 podtrace.elvish $out/share/elvish/lib/podtrace.elv
    # kubectl finds its plugins by their names.
    ln -s podtrace $out/bin/kubectl-podtrace
    install -Dm644 -t $out/share/podtrace/profiles profiles/*.kdl
    install -Dm644 -t $out/share/podtrace/portable nixos-module/portable/podtrace.*
    if [ -d lua ]; then
      cp -r lua $out/share/podtrace/lua
      # Makes the recordings anew: of use in a checkout only.
      rm $out/share/podtrace/lua/tests/recordings/make
    fi
    if [ -d doc/grafana ]; then cp -r doc/grafana $out/share/podtrace/grafana; fi
  ''
  + lib.optionalString tests ''
    for program in truth faults pods containers; do
      install -D "$(find target -path "*/release/deps/$program-*" -type f -executable)" $out/libexec/podtrace/$program
    done
    install -D "$(find target -path '*/release/examples/workload' -type f)" $out/libexec/podtrace/workload
    cc -x c -static -Os -o $out/libexec/podtrace/pause tests/containers/pause.c
  '';

  # Every shipped profile is read by the program that was built.
  doInstallCheck = true;
  installCheckPhase = ''
    runHook preInstallCheck
    $out/bin/podtrace --version | grep -F ${manifest.version}
    for profile in $out/share/podtrace/profiles/*.kdl; do
      $out/bin/podtrace check "$profile" > /dev/null
    done
    runHook postInstallCheck
  '';

  meta = {
    inherit (manifest) description;
    license = lib.licenses.asl20;
    mainProgram = "podtrace";
    platforms = [
      "x86_64-linux"
      "aarch64-linux"
    ];
  };
})
