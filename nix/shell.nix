# What one needs to work on podtrace: `nix develop`.
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
    qemu
    shellcheck
    nixfmt
    deadnix
  ];
}
