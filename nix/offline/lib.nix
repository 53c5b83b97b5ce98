# Stand-in for nixpkgs' lib: only names it has, each with its meaning there, and only those this repository uses.
let
  inherit (builtins)
    elemAt
    listToAttrs
    map
    match
    stringLength
    substring
    toString
    ;
  lib = rec {
    inherit (builtins)
      all
      any
      attrNames
      attrValues
      concatLists
      concatMap
      concatStringsSep
      elem
      filter
      isAttrs
      isBool
      isFunction
      isList
      isString
      length
      mapAttrs
      replaceStrings
      ;
    inherit (import ./options.nix lib)
      evalModules
      isOption
      mkIf
      mkMerge
      mkOption
      mkOverride
      types
      ;
    mkDefault = mkOverride 1000;
    mkForce = mkOverride 50;
    mkEnableOption =
      what:
      mkOption {
        default = false;
        example = true;
        description = "Whether to enable ${what}.";
        type = types.bool;
      };
    literalExpression = text: {
      _type = "literalExpression";
      inherit text;
    };

    optionals = condition: list: if condition then list else [ ];
    optional = condition: x: optionals condition [ x ];
    optionalString = condition: text: if condition then text else "";
    optionalAttrs = condition: attrs: if condition then attrs else { };
    concatStrings = concatStringsSep "";
    concatMapStrings = f: list: concatStrings (map f list);
    concatMapStringsSep =
      separator: f: list:
      concatStringsSep separator (map f list);
    concatLines = list: concatStrings (map (line: "${line}\n") list);
    hasPrefix = prefix: text: substring 0 (stringLength prefix) text == prefix;

    nameValuePair = name: value: { inherit name value; };
    genAttrs = names: f: listToAttrs (map (n: nameValuePair n (f n)) names);
    mapAttrsToList = f: attrs: map (n: f n attrs.${n}) (attrNames attrs);
    mapAttrs' = f: attrs: listToAttrs (mapAttrsToList f attrs);
    filterAttrs =
      keep: attrs:
      listToAttrs (
        concatMap (n: optional (keep n attrs.${n}) (nameValuePair n attrs.${n})) (attrNames attrs)
      );
    concatMapAttrs = f: attrs: builtins.foldl' (a: b: a // b) { } (mapAttrsToList f attrs);
    cartesianProduct =
      attrs:
      builtins.foldl' (rows: n: concatMap (row: map (v: row // { ${n} = v; }) attrs.${n}) rows) [ { } ] (
        attrNames attrs
      );

    escapeShellArg =
      argument:
      let
        text = toString argument;
      in
      if match "[[:alnum:],._+:@%/-]+" text != null then
        text
      else
        "'${replaceStrings [ "'" ] [ "'\\''" ] text}'";
    escapeShellArgs = concatMapStringsSep " " escapeShellArg;
    versionAtLeast = a: b: builtins.compareVersions b a != 1;
    versions.majorMinor =
      version:
      let
        parts = filter isString (builtins.split "[.]" version);
      in
      "${elemAt parts 0}.${elemAt parts 1}";
    importTOML = path: builtins.fromTOML (builtins.readFile path);
    makeSearchPath = folder: packages: concatMapStringsSep ":" (p: "${p}/${folder}") packages;
    getExe' = package: name: "${package}/bin/${name}";
    getExe = package: getExe' package package.meta.mainProgram;
    getLib = package: package;
    licenses.asl20.spdxId = "Apache-2.0";

    fileset = {
      unions = list: list;
      maybeMissing = path: if builtins.pathExists path then path else [ ];
      # Files and folders that exist, as nixpkgs' own refuses a missing one.
      toSource =
        { root, fileset }:
        let
          checked =
            path:
            if builtins.pathExists path then
              toString path
            else
              throw "lib.fileset.unions: ${toString path} does not exist";
          wanted = map checked (
            concatMap (entry: if builtins.isList entry then entry else [ entry ]) fileset
          );
          under = path: folder: path == folder || lib.hasPrefix "${folder}/" path;
        in
        {
          outPath = builtins.path {
            name = "source";
            path = root;
            filter = path: _: lib.any (one: under path one || under one path) wanted;
          };
        };
    };
  };
in
lib
