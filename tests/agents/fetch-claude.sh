#!/bin/sh
# Prints the path of the pinned Claude Code binary, fetching it from npm into a cache outside the tree when it is
# not there yet (about 175 MB once).  Only the platform package is taken: it is one self-contained executable, no
# install script runs, and the user's own Claude Code is neither used nor touched.
#
# Exit status: 0 with the path on stdout; 77 with one line on stderr when the binary cannot be had here (offline,
# no npm, no build for this machine), so that tests skip aloud; 1 when what came is not what is pinned.
set -eu

version=2.1.330

say() {
	echo "fetch-claude: $*" >&2
}

skip() {
	say "$@"
	exit 77
}

case $(uname -s)-$(uname -m) in
Linux-x86_64)
	arch=x64
	sha512=f469fe57b0ed27c3359f3b4ff42783565f60dd1b6b7a923bace153c8f4519d97bc0facde6c81ca982ecebc16aeb9cb803f45f493ce520cdfcb3d56728ec19ecd
	;;
Linux-aarch64)
	arch=arm64
	sha512=578c9a9c0639100e54a70c113ed8d27ea0db36a0255097959f7358670d808264478dda52b0bb470336f14577e40276e3c135f3134b9e763431518d360113dcb0
	;;
*)
	skip "no Claude Code for $(uname -s) on $(uname -m)"
	;;
esac

cache=${MUSTER_TEST_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/muster-tests}
home=$cache/claude-$version-$arch
claude=$home/claude

if [ -x "$claude" ]; then
	echo "$claude"
	exit 0
fi

command -v npm >/dev/null || skip "npm is not installed"
mkdir -p "$cache" || skip "cannot write to $cache"

# Parallel test workers fetch once: the first to hold the lock does it, the others then find the result.
exec 9>"$cache/claude.lock"
flock 9
if [ ! -x "$claude" ]; then
	scratch=$(mktemp -d "$cache/fetch.XXXXXX")
	trap 'rm -rf "$scratch"' EXIT
	trap 'exit 1' HUP INT TERM
	tarball=$(cd "$scratch" && npm pack --silent --fetch-retries=1 --fetch-retry-mintimeout=500 \
		"@anthropic-ai/claude-code-linux-$arch@$version" 9>&-) ||
		skip "npm cannot fetch Claude Code $version (offline?)"
	if ! (cd "$scratch" && echo "$sha512  $tarball" | sha512sum --check --status); then
		say "$tarball is not the pinned Claude Code $version"
		exit 1
	fi
	tar -xzf "$scratch/$tarball" -C "$scratch"
	chmod +x "$scratch/package/claude"
	mv -T "$scratch/package" "$home"
fi
echo "$claude"
