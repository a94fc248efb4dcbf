#!/bin/sh
# Installs the system libraries that the build needs and that are missing. Debian and its relatives.
set -eu

missing=""
need() { # need PACKAGE COMMAND...: PACKAGE is missing where COMMAND fails
    package=$1
    shift
    "$@" >/dev/null 2>&1 || missing="$missing $package"
}
if command -v pkg-config >/dev/null 2>&1; then
    need libpng-dev pkg-config --exists libpng
    need libjpeg62-turbo-dev pkg-config --exists libjpeg
    need libwebp-dev pkg-config --exists libwebp
    need libmd-dev pkg-config --exists libmd
    need libsndfile1-dev pkg-config --exists sndfile
    need zlib1g-dev pkg-config --exists zlib
    need libcurl4-openssl-dev pkg-config --exists libcurl
else
    missing=" pkg-config libpng-dev libjpeg62-turbo-dev libwebp-dev libsndfile1-dev libmd-dev zlib1g-dev"
    missing="$missing libcurl4-openssl-dev"
fi
need openssl openssl version # the tests make a certificate
[ -n "$missing" ] || exit 0

if ! command -v apt-get >/dev/null 2>&1; then
    echo "setup: please install$missing (or what your system calls them)" >&2
    exit 1
fi
echo "setup: installing$missing"
if [ "$(id -u)" = 0 ]; then as_root=""; else as_root="sudo"; fi
$as_root apt-get update -qq
# shellcheck disable=SC2086 # a list of packages
DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends $missing >/dev/null
