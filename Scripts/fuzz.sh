#!/bin/sh
# Builds the fuzz targets of Fuzz/ and runs each for a while: fuzz.sh [SECONDS [TARGET...]]
#
# SECONDS (60 unless given) are for each target; 0 only runs the inputs that are kept in Fuzz/corpus, as a test. What is
# new and worth keeping is added to ZOO_FUZZ_WORK/corpus (.build/fuzz/corpus unless set), from which a later run goes
# on; an input that brings a target down is left in ZOO_FUZZ_WORK/findings, and the script ends with 1. One line a
# target says how often it ran, how much processor time that took and how many features of the code were reached.
# ZOO_FUZZ_BUILD is where the build goes (.build/fuzz/build); ZOO_FUZZ_OPTIONS are further options of libFuzzer.
set -eu
cd "$(dirname "$0")/.."
seconds=${1:-60}
[ $# -eq 0 ] || shift
work=${ZOO_FUZZ_WORK:-$PWD/.build/fuzz}
build=${ZOO_FUZZ_BUILD:-$PWD/.build/fuzz/build}
package=${ZOO_FUZZ_PACKAGE:-$PWD/Fuzz}
mkdir -p "$work/findings" "$work/logs" "$build"

# Linking warns of every local symbol of the sanitizer; the rest is shown. Of several -sanitize options the Swift driver
# takes the last, which therefore names both: with SwiftPM's own alone, no Swift code would be seen by the fuzzer.
if [ -z "${ZOO_FUZZ_PROGRAM:-}" ]; then
    swift build -c release --package-path "$package" --scratch-path "$build" --product zoo-fuzz \
        --sanitize=address --sanitize=fuzzer -Xswiftc -sanitize=fuzzer,address -Xswiftc -enable-testing \
        -Xcc -fsanitize=fuzzer-no-link > "$work/logs/build" 2>&1 || {
        grep -v 'Cannot export local symbol' "$work/logs/build" >&2
        exit 1
    }
    ZOO_FUZZ_PROGRAM="$build/release/zoo-fuzz"
fi

# A program's name says which target it is. Inputs that must be files lie in memory where that can be.
place=$(mktemp -d)
scratch=$(mktemp -d -p "$(if [ -w /dev/shm ]; then echo /dev/shm; else echo "${TMPDIR:-/tmp}"; fi)")
trap 'rm -rf "$place" "$scratch"' EXIT
[ $# -gt 0 ] || set -- $(SWIFT_BACKTRACE=enable=no "$ZOO_FUZZ_PROGRAM" 2>/dev/null | sed -n 's/.*with a NAME of: //p')

dictionary() { # dictionary TARGET: the file of words for it
    case $1 in
    safetensors* | lora) echo safetensors ;;
    png | jpeg | webp) echo picture ;;
    hub-headers) echo hub ;;
    audio*) echo audio ;;
    pickle | pytorch | text-embedding) echo pickle ;;
    npy | arpa | command-line) echo "$1" ;;
    vector-index | prompt | single-file) ;;
    *) echo json ;;
    esac
}

failed=0
for target; do
    ln -s "$ZOO_FUZZ_PROGRAM" "$place/zoo-fuzz-$target"
    mkdir -p "$work/corpus/$target"
    log="$work/logs/$target"
    words=$(dictionary "$target")
    set -- -timeout=25 -rss_limit_mb=2560 -malloc_limit_mb=2048 -max_len=65536 -print_final_stats=1 \
        -artifact_prefix="$work/findings/$target-"
    [ -z "$words" ] || set -- "$@" -dict="Fuzz/dictionaries/$words.dict"
    if [ "$seconds" = 0 ]; then set -- "$@" -runs=0; else set -- "$@" -max_total_time="$seconds"; fi
    # A trap must end the process at once: the tool that would print a backtrace hangs under libFuzzer.
    status=0
    before=$(awk '{ print $16 + $17 }' "/proc/$$/stat")
    SWIFT_BACKTRACE=enable=no ZOO_TESTS="$PWD/Tests" TMPDIR="$scratch" \
        "$place/zoo-fuzz-$target" "$@" ${ZOO_FUZZ_OPTIONS:-} "$work/corpus/$target" "Fuzz/corpus/$target" \
        > "$log" 2>&1 || status=$?
    after=$(awk '{ print $16 + $17 }' "/proc/$$/stat")
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    features=$(grep -oE 'cov: [0-9]+ ft: [0-9]+' "$log" | tail -n 1)
    printf '%-20s %10s runs  %6d CPU s  %-24s %s\n' "$target" "${runs:-?}" $(((after - before) / 100)) "$features" \
        "$([ "$status" = 0 ] && echo ok || echo "FAILED ($status), see $log")"
    [ "$status" = 0 ] || failed=1
    rm -rf "${scratch:?}"/*
done
exit "$failed"
