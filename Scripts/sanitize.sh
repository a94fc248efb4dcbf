#!/bin/sh
# Runs the tests under a sanitizer: sanitize.sh address|thread [OPTIONS OF swift test...]
#
# address: AddressSanitizer for everything and UndefinedBehaviorSanitizer for C. thread: ThreadSanitizer for everything.
# `--filter REGULAR-EXPRESSION` runs a part. ZOO_SANITIZE_BUILD is where the build goes (.build/address, .build/thread).
set -eu
cd "$(dirname "$0")/.."
kind=${1:?"address or thread"}
shift
build=${ZOO_SANITIZE_BUILD:-$PWD/.build/$kind}

# What the tests start, such as zoo itself, has the same options. Leaks are looked for in the fuzz targets, which end
# in a way that allows it. A trap must end a process at once, not wait for a backtrace.
export ASAN_OPTIONS="detect_leaks=0:abort_on_error=0:allocator_may_return_null=1:${ASAN_OPTIONS:-}"
export UBSAN_OPTIONS="print_stacktrace=1:${UBSAN_OPTIONS:-}"
suppressions=$PWD/Scripts/thread_sanitizer_suppressions.txt
export TSAN_OPTIONS="halt_on_error=0:exitcode=66:suppressions='$suppressions':${TSAN_OPTIONS:-}"
export SWIFT_BACKTRACE=enable=no
# Tests that measure time or memory leave that to an ordinary run.
export ZOO_SANITIZER=$kind

case $kind in
address)
    set -- --sanitize=address -Xcc -fsanitize=undefined -Xcc -fno-sanitize-recover=undefined \
        -Xswiftc -Xclang-linker -Xswiftc -fsanitize=undefined "$@"
    ;;
thread) set -- --sanitize=thread "$@" ;;
*)
    echo "sanitize: $kind is neither address nor thread" >&2
    exit 64
    ;;
esac
exec swift test -c release --disable-xctest --scratch-path "$build" "$@"
