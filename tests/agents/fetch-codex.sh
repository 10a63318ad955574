#!/bin/sh
# Prints the path of the pinned Codex binary, fetching it from npm into a cache outside the tree when it is not there
# yet (about 160 MB once).  Only the platform package is taken, which holds the executable and what it needs beside it;
# no install script runs, and the user's own Codex is neither used nor touched.
#
# Exit status: 0 with the path on stdout; 77 with one line on stderr when the binary cannot be had here (offline,
# no npm, no build for this machine), so that tests skip aloud; 1 when what came is not what is pinned.
set -eu

version=0.169.0

say() {
	echo "fetch-codex: $*" >&2
}

skip() {
	say "$@"
	exit 77
}

case $(uname -s)-$(uname -m) in
Linux-x86_64)
	arch=x64 triple=x86_64-unknown-linux-musl
	sha512=a34e4dc803820f28123d1a35ca29f3c6f91149d9ac672043f44ee66e99a345a9d27ccf25ca9a96b50804a385df364c21b82476685bbc9a518eb101855d56d5c3
	;;
Linux-aarch64)
	arch=arm64 triple=aarch64-unknown-linux-musl
	sha512=359fc36905297109b19aa79eed9f6e0b5af3c371a149ba286b071a4ded4b379624f969629d42867535c98029514fff6881010433d4d6c58cefc4f7e3e46ff116
	;;
*)
	skip "no Codex for $(uname -s) on $(uname -m)"
	;;
esac

cache=${MUSTER_TEST_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/muster-tests}
home=$cache/codex-$version-$arch
codex=$home/vendor/$triple/bin/codex

if [ -x "$codex" ]; then
	echo "$codex"
	exit 0
fi

command -v npm >/dev/null || skip "npm is not installed"
mkdir -p "$cache" || skip "cannot write to $cache"

# Parallel test workers fetch once: the first to hold the lock does it, the others then find the result.
exec 9>"$cache/codex.lock"
flock 9
if [ ! -x "$codex" ]; then
	scratch=$(mktemp -d "$cache/fetch.XXXXXX")
	trap 'rm -rf "$scratch"' EXIT
	trap 'exit 1' HUP INT TERM
	tarball=$(cd "$scratch" && npm pack --silent --fetch-retries=1 --fetch-retry-mintimeout=500 \
		"@openai/codex@$version-linux-$arch" 9>&-) ||
		skip "npm cannot fetch Codex $version (offline?)"
	if ! (cd "$scratch" && echo "$sha512  $tarball" | sha512sum --check --status); then
		say "$tarball is not the pinned Codex $version"
		exit 1
	fi
	tar -xzf "$scratch/$tarball" -C "$scratch"
	chmod +x "$scratch/package/vendor/$triple/bin/codex"
	mv -T "$scratch/package" "$home"
fi
echo "$codex"
