#!/bin/sh
# Prints the folder of the pinned ACP agents (acp/package.json) with the Node.js that they run on, fetching them from npm
# into a cache outside the tree when they are not there yet (about 150 MB once).  What may come is in acp/package-lock.json,
# with a checksum each; no install script runs, and the copy of Claude Code that claude-agent-acp would bring is left out:
# it is given the pinned one (fetch-claude.sh).
#
# Exit status: as fetch-claude.sh.
set -eu

say() {
	echo "fetch-acp: $*" >&2
}

skip() {
	say "$@"
	exit 77
}

here=$(dirname "$(readlink -f "$0")")/acp
case $(uname -s)-$(uname -m) in
Linux-x86_64) ;;
*) skip "no Node.js is pinned for $(uname -s) on $(uname -m)" ;;
esac

cache=${MUSTER_TEST_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/muster-tests}
home=$cache/acp-$(sha256sum "$here/package-lock.json" | cut -c1-16)

if [ ! -d "$home" ]; then
	command -v npm >/dev/null || skip "npm is not installed"
	mkdir -p "$cache" || skip "cannot write to $cache"
	exec 9>"$cache/acp.lock"
	flock 9
fi
if [ ! -d "$home" ]; then
	scratch=$(mktemp -d "$cache/fetch.XXXXXX")
	trap 'rm -rf "$scratch"' EXIT
	trap 'exit 1' HUP INT TERM
	cp "$here/package.json" "$here/package-lock.json" "$scratch"
	if ! (cd "$scratch" && npm ci --loglevel=error --ignore-scripts --omit=optional --no-audit --no-fund --fetch-retries=1 \
		--fetch-retry-mintimeout=500 9>&- >log 2>&1); then
		if grep -q EINTEGRITY "$scratch/log"; then
			say "what npm has is not what is pinned"
			exit 1
		fi
		skip "npm cannot fetch the ACP agents (offline?)"
	fi
	mv -T "$scratch" "$home"
fi
echo "$home"
