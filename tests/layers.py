#!/usr/bin/env python3
"""Includes point down the layers or stay within their folder: src/meson.build has the order, the sources have to follow."""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
SRC = ROOT / "src"


def layers():
    text = (SRC / "meson.build").read_text()
    listed = re.search(r"foreach layer : \[(.*?)\]", text, re.S).group(1)
    return re.findall(r"'(\w+)'", listed)


def includes(path):
    for number, line in enumerate(path.read_text().splitlines(), 1):
        match = re.match(r'\s*#\s*include\s+"([^"]+)"', line)
        if match:
            yield number, match.group(1)


def main():
    order = layers()
    bad = []
    folders = {p.name for p in SRC.iterdir() if p.is_dir()}
    bad += [f"src/{f}: a folder that is no layer" for f in sorted(folders - set(order))]
    for path in sorted(SRC.glob("*/*.[ch]")) + sorted(SRC.glob("*/*.def")):
        here = path.parent.name
        for number, target in includes(path):
            folder = target.split("/")[0] if "/" in target else None
            where = f"{path.relative_to(ROOT)}:{number}"
            if folder is None:
                bad.append(f'{where}: "{target}" has no folder')
            elif not (SRC / target).exists():
                bad.append(f'{where}: "{target}" does not exist')
            elif folder in order and here in order and order.index(folder) > order.index(here):
                bad.append(f"{where}: {here} must not include {folder}, which lies above it")
    print("\n".join(bad) or f"layers: {len(order)} folders, every include points down or sideways")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
