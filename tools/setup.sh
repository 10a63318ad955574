#!/bin/sh
# Installs what muster needs to be built and tested on Debian, by package name. Quick when nothing is missing: one
# query of the package database. Needs root or sudo only when something is.
set -eu

packages="gcc libc6-dev clang clang-tidy make meson ninja-build pkg-config git scdoc
libuv1-dev libvterm-dev libjson-c-dev libfyaml-dev libsqlite3-dev libcmocka-dev uthash-dev libwslay-dev libclang-rt-14-dev
python3 python3-pytest python3-pexpect python3-pytest-xdist python3-pytest-timeout faketime zsh fish"

if ! command -v dpkg-query >/dev/null; then
	echo "setup: this is not Debian; make sure that these (or what they are called here) are installed: $packages" >&2
	exit 0
fi

# shellcheck disable=SC2086 # a list of words
installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' $packages 2>/dev/null | sed -n 's/^installed //p')
missing=""
for package in $packages; do
	printf '%s\n' "$installed" | grep -qx "$package" || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

as_root=""
if [ "$(id -u)" -ne 0 ]; then
	command -v sudo >/dev/null || { echo "setup: run as root, or install:$missing" >&2; exit 1; }
	as_root="sudo"
fi
echo "setup: installing$missing"
export DEBIAN_FRONTEND=noninteractive
$as_root apt-get update -qq
# shellcheck disable=SC2086
$as_root apt-get install -y -qq --no-install-recommends $missing
