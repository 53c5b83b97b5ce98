# Stand-in for dockerTools.buildLayeredImage: a layer for each path of the store that the contents need, and on top one
# that links to them from where programs look.
{
  lib,
  drv,
  architecture,
}:
{
  name,
  tag,
  contents,
  config,
}:
drv {
  name = "${name}.tar.gz";
  paths = map toString contents;
  config = builtins.toJSON config;
  exportReferencesGraph = lib.concatMap (path: [
    "closure-${path.name}"
    path
  ]) contents;
  args = [
    "-euo"
    "pipefail"
    "-c"
    ''
      mkdir archive links
      packed() { tar --sort=name --mtime=@1 --owner=0 --group=0 --numeric-owner --mode=u+w "$@"; }
      layers=() digests=()
      layer() {
        packed -cf layer.tar "$@"
        digest=$(sha256sum layer.tar | cut -d " " -f 1)
        mv layer.tar archive/$digest.tar
        layers+=($digest.tar) digests+=(sha256:$digest)
      }
      for path in $(cat closure-* | grep ^/nix/store/ | grep -v '[.]drv$' | sort -u); do layer -C / "''${path#/}"; done
      for path in $paths; do
        (cd $path && find . -type d) | (cd links && xargs -d '\n' mkdir -p)
        find $path ! -type d -printf '%P\n' | while read -r file; do ln -s "$path/$file" "links/$file"; done
      done
      layer -C links .
      jq -n --argjson config "$config" '{ architecture: "${architecture}", os: "linux", created: "1970-01-01T00:00:01Z",
        config: $config, rootfs: { type: "layers", diff_ids: $ARGS.positional } }' --args "''${digests[@]}" > config
      description=$(sha256sum config | cut -d " " -f 1).json
      mv config archive/$description
      jq -n --arg config $description '[{ Config: $config, RepoTags: ["${name}:${tag}"], Layers: $ARGS.positional }]' \
        --args "''${layers[@]}" > archive/manifest.json
      packed -C archive -cf - . | gzip -n > $out
    ''
  ];
}
