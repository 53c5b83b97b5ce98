# What one needs to work on podtrace: `nix develop`. Other kernels are tried by `nix flake check`, not by `./dev vm`.
{
  mkShell,
  podtrace,
  rustfmt,
  clippy,
  cargo-deny,
  bpftools,
  jq,
  nftables,
  iproute2,
  containerd,
  runc,
  prometheus,
  kubectl,
  bpftrace,
  groff,
  mypy,
  qemu,
  shellcheck,
  nixfmt,
  deadnix,
}:
mkShell {
  inputsFrom = [ podtrace ];
  inherit (podtrace) hardeningDisable;
  packages = [
    rustfmt
    clippy
    cargo-deny
    bpftools
    jq
    nftables
    iproute2
    containerd
    runc
    prometheus
    kubectl
    bpftrace
    groff
    mypy
    qemu
    shellcheck
    nixfmt
    deadnix
  ];
}
