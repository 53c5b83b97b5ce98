# Options as Markdown: doc/nixos.md, by name.
{ lib, options }:
let
  shown =
    value:
    if value._type or "" == "literalExpression" then
      value.text
    else if lib.isString value then
      "\"${value}\""
    else if lib.isList value then
      if value == [ ] then "[ ]" else "[ ${lib.concatMapStringsSep " " shown value} ]"
    else if lib.isAttrs value then
      if value == { } then
        "{ }"
      else
        "{ ${lib.concatStrings (lib.mapAttrsToList (n: v: "${n} = ${shown v}; ") value)}}"
    else
      builtins.toJSON value;
  # `{option}` and `{file}` are what NixOS' own manual marks names with.
  prose = lib.replaceStrings [ "{option}" "{file}" ] [ "" "" ];
  code =
    what: text:
    if builtins.length (builtins.split "\n" text) > 1 then
      "${what}:\n\n```nix\n${text}```\n"
    else
      "${what}: `${text}`\n";
  one =
    name: option:
    lib.concatStringsSep "\n" (
      [
        "## `${name}`\n"
        "${prose option.description}\n"
        "Type: ${option.type.description}\n"
      ]
      ++ lib.optional (option ? defaultText || option ? default) (
        code "Default" (shown (option.defaultText or option.default))
      )
      ++ lib.optional (option ? example) (code "Example" (shown option.example))
    );
  walk =
    path: set:
    lib.concatLists (
      lib.mapAttrsToList (
        name: option:
        let
          place = "${path}.${name}";
        in
        if !lib.isOption option then
          walk place option
        else if option.internal or false then
          [ ]
        else
          [ (one place option) ]
          ++ walk (
            place
            + lib.optionalString (lib.hasPrefix "attribute set of" option.type.description) ".<name>"
            + lib.optionalString (lib.hasPrefix "list of" option.type.description) ".*"
          ) (option.type.getSubOptions [ place ])
      ) set
    );
in
''
  # Options of the NixOS module

  Made from `nixos-module/options.nix` by `./dev nix --write`. How to use the module is in `doc/install.md`.

  ${lib.concatStringsSep "\n" (walk "services.podtrace" options)}''
