# Stand-in for nixpkgs' options, their types and evalModules, as far as this repository uses them.
lib:
let
  inherit (builtins)
    all
    attrNames
    concatLists
    concatMap
    concatStringsSep
    elem
    elemAt
    filter
    foldl'
    functionArgs
    head
    isAttrs
    isBool
    isFunction
    isInt
    isList
    isPath
    isString
    length
    map
    mapAttrs
    match
    removeAttrs
    toString
    ;
  inherit (lib) filterAttrs optional;
  loc = concatStringsSep ".";
  show =
    value:
    let
      shown = builtins.tryEval (builtins.toJSON value);
    in
    if isFunction value then
      "<function>"
    else if shown.success then
      shown.value
    else
      "<value>";
  isOption = x: isAttrs x && (x._type or "") == "option";

  # ---- types ----
  mkType =
    description:
    {
      check ? (_: true),
      merge ? mergeEqual,
      empty ? null,
      getSubOptions ? (_: { }),
    }:
    {
      _type = "option-type";
      inherit
        description
        check
        merge
        empty
        getSubOptions
        ;
    };
  mergeEqual =
    path: defs:
    if all (d: d == head defs) defs then
      head defs
    else
      throw "The option `${loc path}' has conflicting definition values: ${show defs}";
  mergeOne =
    path: defs:
    if length defs == 1 then
      head defs
    else
      throw "The option `${loc path}' is defined multiple times while it's expected to be unique.";
  mergeAny =
    path: defs:
    if length defs == 1 then
      head defs
    else if all isList defs then
      concatLists defs
    else if all isAttrs defs then
      foldl' (a: b: a // b) { } defs
    else
      mergeEqual path defs;
  checked =
    path: type: value:
    if type.check value then
      value
    else
      throw "A definition for option `${loc path}' is not of type `${type.description}'. Definition values: ${show value}";
  mergeDefs =
    path: type: defs:
    type.merge path (map (checked path type) defs);
  absent._type = "absent";

  types = rec {
    raw = mkType "raw value" { merge = mergeOne; };
    unspecified = mkType "unspecified value" { merge = mergeAny; };
    bool = mkType "boolean" { check = isBool; };
    int = mkType "signed integer" { check = isInt; };
    port = mkType "16 bit unsigned integer; between 0 and 65535 (both inclusive)" {
      check = v: isInt v && v >= 0 && v <= 65535;
    };
    str = mkType "string" { check = isString; };
    lines = mkType "strings concatenated with \"\\n\"" {
      check = isString;
      merge = _: concatStringsSep "\n";
    };
    strMatching =
      pattern:
      mkType "string matching the pattern ${pattern}" {
        check = v: isString v && match pattern v != null;
      };
    path = mkType "absolute path" {
      check =
        v:
        (isString v || isPath v || (isAttrs v && v ? outPath))
        && builtins.substring 0 1 (toString v) == "/";
    };
    package = mkType "package" {
      check = v: isAttrs v && (v.type or "") == "derivation";
      merge = mergeOne;
    };
    attrs = mkType "attribute set" {
      check = isAttrs;
      merge = _: foldl' (a: b: a // b) { };
    };
    enum =
      values: mkType "one of ${concatStringsSep ", " (map show values)}" { check = v: elem v values; };
    nullOr =
      type:
      mkType "null or ${type.description}" {
        check = v: v == null || type.check v;
        merge = path: defs: if all (d: d == null) defs then null else type.merge path defs;
        inherit (type) getSubOptions;
      };
    either =
      a: b:
      mkType "${a.description} or ${b.description}" {
        check = v: a.check v || b.check v;
        merge =
          path: defs:
          if all a.check defs then
            a.merge path defs
          else if all b.check defs then
            b.merge path defs
          else
            mergeEqual path defs;
      };
    listOf =
      type:
      mkType "list of ${type.description}" {
        check = isList;
        empty = [ ];
        merge =
          path: defs:
          let
            values = concatLists defs;
          in
          builtins.genList (i: mergeDefs (path ++ [ "[entry ${toString i}]" ]) type [ (elemAt values i) ]) (
            length values
          );
        getSubOptions = path: type.getSubOptions (path ++ [ "*" ]);
      };
    attrsOf =
      type:
      mkType "attribute set of ${type.description}" {
        check = isAttrs;
        empty = { };
        merge =
          path: defs:
          let
            pushed = concatMap pushDown defs;
            one =
              name:
              let
                found = resolve (concatMap (d: optional (d ? ${name}) d.${name}) pushed);
              in
              if found == [ ] then absent else mergeDefs (path ++ [ name ]) type found;
          in
          filterAttrs (_: v: v != absent) (mapAttrs (name: _: one name) (foldl' (a: b: a // b) { } pushed));
        getSubOptions = path: type.getSubOptions (path ++ [ "<name>" ]);
      };
    functionTo =
      type:
      mkType "function that evaluates to ${type.description}" {
        check = isFunction;
        merge = mergeOne;
      };
    deferredModule = mkType "module" { merge = _: imports: { inherit imports; }; };
    submodule =
      module:
      let
        evaluated =
          path: defs:
          evalModules {
            prefix = path;
            modules = [ module ] ++ defs;
            specialArgs.name = elemAt path (length path - 1);
          };
      in
      mkType "submodule" {
        check = v: isAttrs v || isFunction v || isPath v;
        empty = { };
        merge = path: defs: (evaluated path defs).config;
        getSubOptions = path: removeAttrs (evaluated path [ ]).options [ "_module" ];
      };
  };

  # ---- properties: mkIf, mkMerge, mkOverride ----
  mkIf = condition: content: {
    _type = "if";
    inherit condition content;
  };
  mkMerge = contents: {
    _type = "merge";
    inherit contents;
  };
  mkOverride = priority: content: {
    _type = "override";
    inherit priority content;
  };
  # Attribute sets of definitions, with the properties around them moved onto their values.
  pushDown =
    c:
    if (c._type or "") == "merge" then
      concatMap pushDown c.contents
    else if (c._type or "") == "if" then
      map (mapAttrs (_: v: mkIf c.condition v)) (pushDown c.content)
    else if (c._type or "") == "override" then
      map (mapAttrs (_: v: mkOverride c.priority v)) (pushDown c.content)
    else
      [ c ];
  discharge =
    priority: d:
    if isAttrs d && (d._type or "") == "merge" then
      concatMap (discharge priority) d.contents
    else if isAttrs d && (d._type or "") == "if" then
      (if d.condition then discharge priority d.content else [ ])
    else if isAttrs d && (d._type or "") == "override" then
      discharge d.priority d.content
    else
      [
        {
          inherit priority;
          value = d;
        }
      ];
  resolve =
    defs:
    let
      found = concatMap (discharge 100) defs;
      best = foldl' (m: d: if d.priority < m then d.priority else m) 9999 found;
    in
    map (d: d.value) (filter (d: d.priority == best) found);

  # ---- evalModules ----
  evalModules =
    {
      modules,
      specialArgs ? { },
      prefix ? [ ],
    }:
    let
      args = {
        inherit lib config options;
      }
      // specialArgs;
      # Looked up by name: whether config._module.args has one is known only after the modules are.
      argument = name: _: args.${name} or config._module.args.${name};
      load =
        given:
        let
          imported = if isPath given || isString given then import given else given;
          m =
            if isFunction imported then
              imported (args // mapAttrs argument (functionArgs imported))
            else
              imported;
          structured = m ? options || m ? config;
          left = attrNames (
            removeAttrs m [
              "imports"
              "options"
              "config"
              "meta"
            ]
          );
        in
        [
          {
            options = m.options or { };
            config =
              if !structured then
                removeAttrs m [ "imports" ]
              else if left != [ ] then
                throw "Module `${loc prefix}' has an unsupported attribute `${head left}'."
              else
                mkMerge ([ (m.config or { }) ] ++ optional (m ? meta) { inherit (m) meta; });
          }
        ]
        ++ concatMap load (m.imports or [ ]);
      loaded = concatMap load modules;
      mergeOptions =
        path: a: b:
        if isOption a || isOption b then
          throw "The option `${loc path}' is declared twice."
        else
          a // mapAttrs (n: v: if a ? ${n} then mergeOptions (path ++ [ n ]) a.${n} v else v) b;
      declared = foldl' (mergeOptions prefix) {
        _module.args = {
          _type = "option";
          type = types.attrsOf types.raw;
          default = { };
        };
      } (map (m: m.options) loaded);
      build =
        path: declared: defs:
        let
          flat = concatMap pushDown defs;
          unknown = filter (n: !(declared ? ${n})) (concatMap attrNames flat);
          one =
            name: option:
            let
              place = path ++ [ name ];
              given = concatMap (d: optional (d ? ${name}) d.${name}) flat;
              defs = resolve (given ++ optional (option ? default) (mkOverride 1500 option.default));
              type = option.type or types.unspecified;
              value =
                if defs != [ ] then
                  mergeDefs place type defs
                else if type.empty != null then
                  type.merge place [ type.empty ]
                else
                  throw "The option `${loc place}' was accessed but has no value defined. Try setting the option.";
            in
            if isOption option then
              {
                config = value;
                options = option // {
                  inherit value;
                  loc = place;
                  isDefined = defs != [ ];
                };
              }
            else
              build place option given;
          parts = mapAttrs one declared;
        in
        {
          config =
            if unknown == [ ] then
              mapAttrs (_: v: v.config) parts
            else
              throw "The option `${loc (path ++ [ (head unknown) ])}' does not exist.";
          options = mapAttrs (_: v: v.options) parts;
        };
      built = build prefix declared (map (m: m.config) loaded);
      inherit (built) config options;
    in
    {
      config = removeAttrs config [ "_module" ];
      inherit options;
    };
in
{
  inherit
    evalModules
    isOption
    mkIf
    mkMerge
    mkOverride
    types
    ;
  mkOption = option: option // { _type = "option"; };
}
