# shellcheck shell=bash disable=SC2154 # nix/test sets `work`, `scratch` and `offline`
# `./dev nix --full`, sourced by nix/test: a real build of the flake's own package in Nix's sandbox, without network,
# with the host's compiler; then once more, to be the same to the bit. 

# Crates by the names that the build asks for; cargo has fetched them by their checksums.
crates_in_store() {
    cargo fetch -q --locked
    local name version file crates=()
    while read -r name version; do
        for file in "$CARGO_HOME"/registry/cache/*/"$name-$version.crate"; do
            nix store add-file --name "crate-$name-$version.tar.gz" "$file" >/dev/null
            crates+=("$name")
        done
    done < <(awk '/^name = /{ n = $3 } /^version = /{ v = $3 } /^source = /{ gsub("\"", "", n); gsub("\"", "", v); print n, v }' Cargo.lock)
    echo "${#crates[@]} crates"
}
# build OPTION...: with the host's programs at fixed places, and nothing else of it.
build() {
    local rust
    rust=$(dirname "$(dirname "$(rustup which cargo)")")
    NIX_CONFIG="$NIX_CONFIG
sandbox = true
sandbox-fallback = false
sandbox-paths = /usr /bin=/usr/bin /lib=/usr/lib /lib64=/usr/lib64 /etc/alternatives /opt/rust=$rust /opt/llvm=/usr/lib/llvm-16" \
        nice -n 19 nix build --no-link --json "$@" >"$scratch/building"
    mv "$scratch/building" "$scratch/built"
}
# The very derivation of the first build: the checkout may have changed since.
build_again() {
    build --rebuild "$(jq -r '.[0].drvPath' "$scratch/built")"
}
# What was built works: it says its version, and its demo can be traced where this is root.
built_works() {
    local out
    out=$work/store$(jq -r '.[0].outputs.out' "$scratch/built")
    "$out/bin/podtrace" --version
    [ -s "$out/share/man/man1/podtrace.1" ] && [ -s "$out/share/bash-completion/completions/podtrace" ]
    if [ "$(id -u)" = 0 ]; then "$out/bin/podtrace" demo --for 2s -o json | jq -e '.signals["tcp.connect"].count > 0'; fi
    ls -l "$out/bin/podtrace" >&2
}
sizes() {
    local out
    out=$work/store$(jq -r '.[0].outputs.out' "$scratch/built")
    echo "        binary $(stat -c %s "$out/bin/podtrace") bytes, package $(du -sb "$out" | cut -f1) bytes," \
        "closure $(nix path-info -S "$(jq -r '.[0].outputs.out' "$scratch/built")" | awk '{ print $2 }') bytes (without the host's libraries)"
}

check "the crates of Cargo.lock are in the store" crates_in_store
check "the package is built in the sandbox" build "${offline[@]}" .#podtrace
check "it works" built_works
sizes
check "a second build is the same to the bit" build_again
