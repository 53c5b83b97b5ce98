# The container image: the static program and certificates, no shell. `nix build .#image`, then load the archive.
#
# It does not run as it is: it needs the host's pids, /sys, and the capabilities that nix/kubernetes/daemonset.yaml
# gives it (doc/install.md says what each is for).
{
  lib,
  dockerTools,
  cacert,
  podtrace,
}:
dockerTools.buildLayeredImage {
  name = "podtrace";
  tag = podtrace.version;
  contents = [
    podtrace
    cacert
  ];
  config = {
    Entrypoint = [ "/bin/podtrace" ];
    Env = [ "SSL_CERT_FILE=/etc/ssl/certs/ca-bundle.crt" ];
    Labels = {
      "org.opencontainers.image.title" = "podtrace";
      "org.opencontainers.image.version" = podtrace.version;
      "org.opencontainers.image.licenses" = lib.licenses.asl20.spdxId;
    };
  };
}
