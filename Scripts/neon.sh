#!/bin/sh
# Compiles the kernels for arm64, runs their NEON tier in an emulator, and compares it with the tiers of this processor.
#
# Tests/NEON is built for arm64 and for x86-64. For arm64 it runs under qemu-user, where every operation is compared
# with the portable tier and with plain loops; then the bits of all outputs are compared with those of AVX2 and AVX-512,
# as far as this processor has them, and the portable tier's bits with its bits here. The last line sums up; the exit
# code is 1 where anything differs. Installs what is missing (Debian and its relatives, about 115 MB): the emulator, and
# arm64's C library. ZOO_NEON_BUILD is where the build goes (.build/neon); CLANG is the compiler, the Swift toolchain's
# unless set.
set -eu
cd "$(dirname "$0")/.."
build=${ZOO_NEON_BUILD:-$PWD/.build/neon}
system=/usr/aarch64-linux-gnu

if [ "$(uname -m)" != x86_64 ]; then
    echo "neon: compares arm64 with x86-64 on an x86-64 machine; on arm64 the ordinary tests run the NEON tier" >&2
    exit 69
fi
clang=${CLANG:-}
[ -n "$clang" ] || clang=$(dirname "$(readlink -f "$(command -v swift || command -v clang)")")/clang
[ -x "$clang" ] || { echo "neon: neither a Swift toolchain nor clang was found" >&2; exit 69; }

missing=""
command -v qemu-aarch64 >/dev/null 2>&1 || missing="$missing qemu-user"
[ -e "$system/lib/libc.so" ] || missing="$missing libc6-dev-arm64-cross"
if [ -n "$missing" ]; then
    if ! command -v apt-get >/dev/null 2>&1; then
        echo "neon: please install$missing (or what your system calls them)" >&2
        exit 1
    fi
    echo "neon: installing$missing"
    if [ "$(id -u)" = 0 ]; then as_root=""; else as_root="sudo"; fi
    $as_root apt-get update -qq
    # shellcheck disable=SC2086 # a list of packages
    DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends $missing >/dev/null
fi

# What is computed by plain loops must not be fused; the kernels see to that by themselves.
compile() { # compile PROGRAM OPTION...: PROGRAM out of the kernels and their tests
    program=$1
    shift
    objects=$build/$program-objects
    rm -rf "$objects"
    mkdir -p "$objects"
    set -- "$@" -std=gnu11 -O2 -Wall -Wextra -Werror -ISources/CKernels/include
    for source in Sources/CKernels/*.c; do
        "$clang" "$@" -c "$source" -o "$objects/$(basename "$source" .c).o"
    done
    for source in Tests/NEON/*.c; do
        "$clang" "$@" -ffp-contract=off -ISources/CKernels -c "$source" -o "$objects/test-$(basename "$source" .c).o"
    done
}
mkdir -p "$build"
compile x86-64 &
here=$!
compile arm64 --target=aarch64-linux-gnu -isystem "$system/include"
wait "$here"
"$clang" "$build"/x86-64-objects/*.o -lm -o "$build/x86-64"
# Without a GCC for arm64 the C library's start files are named one by one; the kernels need nothing of libgcc's.
"$clang" --target=aarch64-linux-gnu -fuse-ld=lld -nostdlib "$system/lib/Scrt1.o" "$system/lib/crti.o" \
    "$build"/arm64-objects/*.o -L"$system/lib" -lm -lc "$system/lib/crtn.o" \
    -Wl,--dynamic-linker=/lib/ld-linux-aarch64.so.1 -o "$build/arm64"
on_arm() { qemu-aarch64 -L "$system" "$build/arm64" "$@"; }

# The bits meanwhile: an output has the same in any run.
{
    on_arm --hashes neon > "$build/neon.hashes"
    on_arm --hashes portable > "$build/portable-arm64.hashes"
} &
hashing=$!
status=0
on_arm neon > "$build/neon.log" || status=1
sed '$d' "$build/neon.log"
wait "$hashing"

compared=""
different=0
differences() { # differences TIER HASHES: counts the outputs that have other bits in a tier of this processor
    code=0
    "$build/x86-64" --hashes "$1" > "$build/$1.hashes" || code=$?
    [ "$code" != 69 ] || return 0 # which this processor lacks
    [ "$code" = 0 ] || exit 1
    compared="$compared $1"
    diff "$build/$1.hashes" "$2" > "$build/$1.diff" && return 0
    status=1
    sed -n "s/^< [0-9a-f]* /neon: other bits than $1's: /p" "$build/$1.diff"
    different=$((different + $(grep -c '^<' "$build/$1.diff")))
}
differences avx2 "$build/neon.hashes"
differences avx512 "$build/neon.hashes"
differences portable "$build/portable-arm64.hashes"
outputs=$(grep -c . "$build/neon.hashes")
echo "$(tail -n 1 "$build/neon.log"), $different of $outputs outputs with other bits than$compared"
exit "$status"
