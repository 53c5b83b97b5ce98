# The profile that the module's options say, as KDL. It comes last, so it wins over the others where they disagree.
{ lib, cfg }:
let
  # A string of JSON is one of KDL too.
  quote = builtins.toJSON;
  property = name: value: lib.optionalString (value != null) " ${name}=${quote value}";
  block =
    name: lines:
    lib.optional (lines != [ ]) "${name} {\n${lib.concatMapStrings (l: "    ${l}\n") lines}}";

  targets = map (
    target: "${target.kind} ${quote target.name}${property "namespace" target.namespace}"
  ) cfg.targets;

  prometheus = lib.optional cfg.metrics.enable ''sink "prometheus" listen=${quote "${cfg.metrics.address}:${toString cfg.metrics.port}"}'';
  otlp = lib.optional (
    cfg.otlp.endpoint != null
  ) "sink \"otlp\" endpoint=${quote cfg.otlp.endpoint}${property "sample" cfg.otlp.sample}";
  # The credential's place is fixed by systemd: systemd.exec(5), LoadCredential.
  secret =
    option: kind: name: file:
    property option (
      if file == null then null else "/run/credentials/podtrace.service/${kind}-${name}"
    );
  alerts = lib.mapAttrsToList (
    name: sink:
    "sink ${quote sink.kind}${secret "url-file" "url" name sink.urlFile}${
      secret "token-file" "token" name sink.tokenFile
    }${property "template" sink.template}${property "min-severity" sink.minSeverity}"
  ) cfg.sinks;
  budget = property "cpu" cfg.budget.cpu + property "memory" cfg.budget.memory;
in
lib.concatLines (
  [ "// Made from services.podtrace of the NixOS configuration." ]
  ++ block "targets" targets
  ++ prometheus
  ++ otlp
  ++ alerts
  ++ lib.optional (budget != "") "budget${budget}"
)
