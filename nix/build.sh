# shellcheck shell=bash disable=SC2154 # nix/test sets `work`, `scratch` and `offline`
# `./dev test package` and `./dev nix --full`, sourced by nix/test: a real build of the flake's own package in Nix's sandbox,
# without network, with the host's compiler; then once more, to be the same to the bit. In full, the static package and the
# image too.

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
    rust=$(rustc --print sysroot)
    NIX_CONFIG="$NIX_CONFIG
sandbox = true
sandbox-fallback = false
sandbox-paths = /usr /bin=/usr/bin /lib=/usr/lib /lib64=/usr/lib64 /etc/alternatives /opt/rust=$rust /opt/llvm=/usr/lib/llvm-16" \
        nice -n 19 nix build --no-link --json "$@" >"$scratch/building" || return
    mv "$scratch/building" "$scratch/built"
}
# The very derivation of the first build: the checkout may have changed since.
build_again() {
    build --rebuild "$(jq -r '.[0].drvPath' "$scratch/built")"
}
out_of_built() { echo "$work/store$(jq -r '.[0].outputs.out' "$scratch/built")"; }
# traced COMMAND...: its demo can be traced, where this is root.
traced() {
    [ "$(id -u)" != 0 ] || "$@" demo --for 2s -o json | jq -e '.signals["tcp.connect"].count > 0'
}
built_works() {
    local out
    out=$(out_of_built)
    "$out/bin/podtrace" --version
    [ -s "$out/share/man/man1/podtrace.1" ]
    [ -s "$out/share/bash-completion/completions/podtrace" ]
    traced "$out/bin/podtrace"
}
# A system with a broken profile is not built, and says what is wrong with it.
broken_profile_ends_the_build() {
    build --file nixos-module/tests/build.nix right
    if build --file nixos-module/tests/build.nix broken; then return 1; fi 2>"$scratch/said"
    cat "$scratch/said"
    # shellcheck disable=SC2016 # the quotes are podtrace's
    grep -q 'did you mean `threshold`' "$scratch/said"
}
# No library, and no loader that would look for one.
needs_nothing() {
    local program
    program=$(out_of_built)/bin/podtrace
    readelf --dynamic --program-headers --wide "$program" >"$scratch/headers"
    grep -q LOAD "$scratch/headers"
    ! grep -E 'NEEDED|INTERP' "$scratch/headers"
}
sizes() {
    local out
    out=$(out_of_built)
    echo "        binary $(stat -c %s "$out/bin/podtrace") bytes, package $(du -sb "$out" | cut -f1) bytes," \
        "closure $(nix path-info -S "$(jq -r '.[0].outputs.out' "$scratch/built")" | awk '{ print $2 }') bytes (the host's libraries are not in it)"
}
# The image as a container engine lays it out, in $scratch/image.
image_unpacked() {
    local layer
    mkdir "$scratch/archive" "$scratch/image"
    tar -xf "$(out_of_built)" -C "$scratch/archive"
    for layer in $(jq -r '.[0].Layers[]' "$scratch/archive/manifest.json"); do
        tar -xf "$scratch/archive/$layer" -C "$scratch/image"
    done
    du -sh "$scratch/image"
}
image_holds() {
    local programs
    programs=$(find "$scratch/image" -type f -perm /111 -printf '%f\n')
    [ "$programs" = podtrace ] || { echo "programs: $programs" && return 1; }
    grep -q 'BEGIN CERTIFICATE' "$scratch/image$(readlink "$scratch/image/etc/ssl/certs/ca-bundle.crt")"
    [ "$(jq -r '.config.Entrypoint[0]' "$scratch/archive/$(jq -r '.[0].Config' "$scratch/archive/manifest.json")")" = /bin/podtrace ]
}
# With a root folder that is only read, the manifest's capabilities (and the one for chroot), and of the machine what the
# manifest mounts, all processes and all of /sys.
image_runs() {
    local place mounts capabilities
    capabilities=$(sed -n '/^ *add:$/,/^ *seccompProfile:$/s/^ *- /+/p' nix/kubernetes/daemonset.yaml | tr 'A-Z\n' 'a-z,')
    [ "$capabilities" = +bpf,+perfmon,+sys_ptrace,+dac_read_search, ]
    capabilities=${capabilities%,}
    mapfile -t mounts < <(sed -n 's/^ *mountPath: //p' nix/kubernetes/daemonset.yaml)
    [ ${#mounts[@]} -ge 5 ]
    for place in proc sys dev "${mounts[@]}"; do mkdir -p "$scratch/image/$place"; done
    cp nix/kubernetes/podtrace.kdl "$scratch/image/etc/podtrace/"
    # shellcheck disable=SC2016 # expanded by the shell in the namespaces
    unshare --mount --net --propagation private bash -euc '
        root=$1 capabilities=$2
        shift 2
        ip link set lo up
        mount --bind "$root" "$root"
        for place in /proc /sys /dev; do mount --rbind "$place" "$root$place"; done
        for place in "$@"; do
            case $place in /var/* | /run/podtrace) mount -t tmpfs tmpfs "$root$place" ;; esac
        done
        mount -o remount,bind,ro "$root"
        confined() { exec setpriv --bounding-set "-all,+sys_chroot,$capabilities" chroot "$root" "$@"; }
        confined /bin/podtrace run -o json -- /bin/podtrace --version | jq -e ".signals[\"process.exec\"].count == 1"
        confined /bin/podtrace daemon --log-level info -p /etc/podtrace/podtrace.kdl &
        daemon=$!
        end=$((SECONDS + 60))
        until (exec 3<>/dev/tcp/127.0.0.1/3000) 2>/dev/null || [ "$SECONDS" -ge "$end" ]; do sleep 0.1; done
        exec 3<>/dev/tcp/127.0.0.1/3000
        printf "GET /metrics HTTP/1.0\r\n\r\n" >&3
        grep -q ^podtrace_build_info <&3
        kill -TERM "$daemon"
        wait "$daemon"' bash "$scratch/image" "$capabilities" "${mounts[@]}"
}

check "the crates of Cargo.lock are in the store" crates_in_store
check "the package is built in the sandbox" build "${offline[@]}" .#podtrace
check "it works" built_works
sizes
check "a second build is the same to the bit" build_again
check "a broken profile ends the build of a system" broken_profile_ends_the_build
[ "$mode" = --full ] || return 0
check "the static package is built in the sandbox" build "${offline[@]}" .#podtrace-static
check "it needs no library" needs_nothing
check "it works" built_works
sizes
check "the image is built" build "${offline[@]}" .#image
check "it can be unpacked" image_unpacked
check "it has the program and certificates, and no shell" image_holds
[ "$(id -u)" != 0 ] || check "it runs with what the manifest mounts, and nothing else" image_runs
