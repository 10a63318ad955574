#!/bin/sh
# Prints the folder of the official MCP clients and of a node that runs them, fetching them from npm into a cache
# outside the tree when they are not there yet (230 MB on the disk).  mcp/package-lock.json pins every package by its
# hash; no install script runs.
#
# Exit status: 0 with the path on stdout; 77 with one line on stderr when they cannot be had here (offline, no npm, no
# node for this machine), so that tests skip aloud; 1 when what came is not what is pinned.
set -eu

say() {
	echo "fetch-mcp-clients: $*" >&2
}

skip() {
	say "$@"
	exit 77
}

[ "$(uname -s)-$(uname -m)" = Linux-x86_64 ] || skip "no pinned node for $(uname -s) on $(uname -m)"

from=$(dirname "$0")/mcp
cache=${MUSTER_TEST_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/muster-tests}
home=$cache/mcp-clients-$(sha256sum <"$from/package-lock.json" | cut -c1-16)

if [ -d "$home" ]; then
	echo "$home"
	exit 0
fi

command -v npm >/dev/null || skip "npm is not installed"
mkdir -p "$cache" || skip "cannot write to $cache"

# Parallel test workers fetch once: the first to hold the lock does it, the others then find the result.
exec 9>"$cache/mcp-clients.lock"
flock 9
if [ ! -d "$home" ]; then
	scratch=$(mktemp -d "$cache/fetch.XXXXXX")
	trap 'rm -rf "$scratch"' EXIT
	trap 'exit 1' HUP INT TERM
	cp "$from/package.json" "$from/package-lock.json" "$scratch"
	if ! (cd "$scratch" && npm ci --ignore-scripts --no-audit --no-fund --fetch-retries=1 \
		--fetch-retry-mintimeout=500 >npm.log 2>&1 9>&-); then
		if grep -q EINTEGRITY "$scratch/npm.log"; then
			say "what came from npm is not what mcp/package-lock.json pins"
			exit 1
		fi
		skip "npm cannot fetch the MCP clients (offline?)"
	fi
	mv -T "$scratch" "$home"
fi
echo "$home"
