#!/usr/bin/env python3
"""Writes src/term/width_table.h to standard output: the code points of width 0 and 2.

Width 0: nonspacing and enclosing marks, format characters, the vowels and finals that join a Hangul syllable.
Width 2: East Asian Width W or F, and the unassigned code points of the CJK blocks that default to W.
"""
import sys
import unicodedata

TAIL_OF_SYLLABLE = set(range(0x1160, 0x1200)) | set(range(0xD7B0, 0xD7FC))
CJK_PLANES = set(range(0x20000, 0x2FFFE)) | set(range(0x30000, 0x3FFFE))


def zero(cp):
    if cp in TAIL_OF_SYLLABLE:
        return True
    category = unicodedata.category(chr(cp))
    return category in ("Mn", "Me") or (category == "Cf" and not 0x600 <= cp <= 0x605 and cp not in (0x6DD, 0x70F))


def wide(cp):
    return not zero(cp) and (unicodedata.east_asian_width(chr(cp)) in "WF" or cp in CJK_PLANES)


def ranges(test):
    first = None
    for cp in range(0x300, 0x110001):
        inside = cp < 0x110000 and not 0xD800 <= cp < 0xE000 and test(cp)
        if inside and first is None:
            first = cp
        elif not inside and first is not None:
            yield first, cp - 1
            first = None


def table(name, test):
    cells = ["{0x%04x, 0x%04x}," % r for r in ranges(test)]
    print("\nstatic const struct range %s[] = {" % name)
    for i in range(0, len(cells), 5):
        print("\t" + " ".join(cells[i:i + 5]))
    print("};")


print("/* Made by tools/width-table.py from Unicode %s; do not edit. */" % unicodedata.unidata_version)
table("zero_width", zero)
table("wide", wide)
