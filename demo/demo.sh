#!/bin/sh
# The demonstration: four agents on a small C project, from brief to landed. `make demo` runs it from the sources,
# `muster demo` when it is installed.
#
#   DEMO=auto      answers, reviews and lands by itself (as CI runs it)
#   AGENT=claude   a real agent instead of the rehearsal
#   KEEP=1         leaves the repository and the state behind, for a look
#   DEMO_DIR=DIR   where to work (default: a temporary folder)
set -eu

command -v muster >/dev/null || { echo "demo: muster is not in PATH; 'make demo' builds it" >&2; exit 1; }
command -v git >/dev/null || { echo "demo: git is missing" >&2; exit 1; }
command -v python3 >/dev/null || { echo "demo: python3 is missing" >&2; exit 1; }
command -v make >/dev/null && command -v cc >/dev/null || { echo "demo: make or a C compiler is missing" >&2; exit 1; }
exec python3 "$(dirname "$0")/lead.py" "$@"
