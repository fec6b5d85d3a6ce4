#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes src/guard/guard_unicode_tables.cc and tests/golden/guard_normalization.txt from Python's unicodedata.

The guard reads a text as a person would see it: NFKC, without what is invisible, with digits of all scripts as ASCII's,
and with the Latin letter for one of another script that looks the same. What looks the same is written down here; the
rest is Unicode's. The edition is that of the Python which runs this, and recorded in the output.

Run: python3 tools/make_guard_tables.py          writes the files
     python3 tools/make_guard_tables.py --check  fails if they are not what it would write
"""

import pathlib
import random
import sys
import unicodedata

ROOT = pathlib.Path(__file__).resolve().parent.parent
TARGET = ROOT / "src" / "guard" / "guard_unicode_tables.cc"
GOLDEN = ROOT / "tests" / "golden" / "guard_normalization.txt"
CODE_POINTS = 0x110000
BLOCK = 0x100
SURROGATES = range(0xD800, 0xE000)
HANGUL = range(0xAC00, 0xD7A4)

# Invisible, or only steering how text is laid out.
REMOVED = [(0xAD, 0xAD), (0x34F, 0x34F), (0x61C, 0x61C), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F),
           (0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x206F), (0x3164, 0x3164), (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF),
           (0xFFA0, 0xFFA0), (0xFFF9, 0xFFFB), (0x1D173, 0x1D17A), (0xE0000, 0xE0FFF)]

# Seen alike in common fonts: of Cyrillic, Greek, Armenian and phonetic letters, and signs that stand for ASCII's.
LOOK_ALIKES = [
    ("АВЕЅІЈКМНОРСТУХԚԜҮЗ", "ABESIJKMHOPCTYXQWY3"), ("аеорсухѕіјһԁԛԝӏгпь", "aeopcyxsijhdqwlrnb"),
    ("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "ABEZHIKMNOPTYX"), ("αοινρυκχωγη", "aoivpukxwyn"), ("ϲϳ", "cj"),
    ("ոսօցզհ", "nuogqh"), ("ɑɡıɩʏᴄᴏᴜᴠᴡᴢ", "agiiycouvwz"),
    ("‐‑‒–—―−⁃", "--------"), ("‘’‚‛ʹʼ′ꞌ", "''''''''"), ("“”„‟″", '"""""'), ("․。", ".."), ("∕⁄", "//"), ("∶꞉", "::"), ("٫٬", ".,"),
]

HEADER = """\
// SPDX-License-Identifier: Apache-2.0
// Made by tools/make_guard_tables.py; do not edit. Unicode {edition}.
#include "guard/guard_unicode_tables.h"

#include <iterator>

namespace hearth::guard_tables {{

"""

FOOTER = """\
const std::size_t kDecomposedCount = std::size(kDecomposedKeys);
const std::size_t kClassCount = std::size(kClassKeys);
const std::size_t kComposedCount = std::size(kComposed) / 3;
const std::size_t kFoldedCount = std::size(kFoldedKeys);
static_assert(std::size(kDecomposedEnds) == std::size(kDecomposedKeys));

}  // namespace hearth::guard_tables
"""


def characters():
    return (p for p in range(CODE_POINTS) if p not in SURROGATES)


def folds():
    """Code point to the ASCII character that it is read as, behind NFKC."""
    table = {}
    for point in characters():
        digit = unicodedata.decimal(chr(point), None)
        if digit is not None and point > 0x7F and unicodedata.normalize("NFKC", chr(point)) == chr(point):
            table[point] = ord("0") + digit
    for sources, targets in LOOK_ALIKES:
        assert len(sources) == len(targets), sources
        table.update(zip(map(ord, sources), map(ord, targets)))
    for low, high in REMOVED:
        table.update((point, 0) for point in range(low, high + 1))
    return table


def compositions():
    """(first, second) to the character that NFC makes of both; Hangul, which is computed, aside."""
    pairs = {}
    for point in characters():
        if point in HANGUL:
            continue
        parts = unicodedata.decomposition(chr(point)).split()
        if len(parts) == 2 and not parts[0].startswith("<") and unicodedata.normalize("NFC", chr(point)) == chr(point):
            pairs[int(parts[0], 16), int(parts[1], 16)] = point
    return pairs


def number_array(kind, name, values):
    lines, line = [], " "
    for value in values:
        text = f" {value},"
        if len(line) + len(text) > 100:
            lines.append(line)
            line = " "
        line += text
    return f"const {kind} {name}[] = {{\n" + "\n".join(lines + [line]) + "\n};\n\n"


def byte_array(name, data):
    pieces = [f'    "{"".join(f"{chr(92)}x{b:02x}" for b in data[at:at + 22])}"' for at in range(0, len(data), 22)]
    return f"const char {name}[] =\n" + "\n".join(pieces) + ";\n\n"


def bitmap(members):
    """Blocks of 256 bits, those alike once, and which block each 256 code points have."""
    blocks, index = [], []
    for first in range(0, CODE_POINTS, BLOCK):
        bits = bytes(sum(1 << bit for bit in range(8) if first + 8 * byte + bit in members) for byte in range(BLOCK // 8))
        if bits not in blocks:
            blocks.append(bits)
        index.append(blocks.index(bits))
    return index, b"".join(blocks)


def render():
    decomposed = {p: unicodedata.normalize("NFKD", chr(p)) for p in characters()
                  if p not in HANGUL and unicodedata.normalize("NFKD", chr(p)) != chr(p)}
    pool, ends = bytearray(), []
    for value in decomposed.values():
        pool += value.encode()
        ends.append(len(pool))
    classes = []
    for point in characters():
        number = unicodedata.combining(chr(point))
        if number and classes and classes[-1][1] == point - 1 and classes[-1][2] == number:
            classes[-1][1] = point
        elif number:
            classes.append([point, point, number])
    pairs, fold = compositions(), folds()
    seconds = {second for _, second in pairs} | set(range(0x1161, 0x1176)) | set(range(0x11A8, 0x11C3))

    def begins_attached(point):
        first = unicodedata.normalize("NFKD", chr(point))[0]
        return unicodedata.combining(first) != 0 or ord(first) in seconds

    extends = {p for p in characters() if begins_attached(p) or fold.get(p) == 0}
    unstable = extends | set(fold) | {p for p in characters() if unicodedata.normalize("NFKC", chr(p)) != chr(p)}
    text = HEADER.format(edition=unicodedata.unidata_version)
    text += number_array("uint32_t", "kDecomposedKeys", decomposed)
    text += number_array("uint16_t", "kDecomposedEnds", ends)
    text += byte_array("kDecomposedPool", pool)
    text += number_array("uint32_t", "kClassKeys", [first for first, _, _ in classes])
    text += number_array("uint16_t", "kClassRows", [(last - first) << 8 | number for first, last, number in classes])
    text += number_array("uint32_t", "kComposed", [v for pair in sorted(pairs) for v in (*pair, pairs[pair])])
    text += number_array("uint32_t", "kFoldedKeys", sorted(p for p in fold if fold[p] or p < 0xE0000))
    text += number_array("uint8_t", "kFoldedValues", [fold[p] for p in sorted(fold) if fold[p] or p < 0xE0000])
    for name, members in (("Unstable", unstable), ("Extends", extends)):
        index, blocks = bitmap(members)
        text += number_array("uint8_t", f"k{name}Index", index) + number_array("uint8_t", f"k{name}Blocks", blocks)
    return text + FOOTER


def golden():
    """Lines of input and output, as hexadecimal UTF-8: each part of the tables is met."""
    draw = random.Random(7)
    fold = folds()
    everything = [p for p in characters() if unicodedata.category(chr(p)) not in ("Cn", "Co")]
    odd = [p for p in everything if unicodedata.normalize("NFKC", chr(p)) != chr(p)]
    marks = [p for p in everything if unicodedata.combining(chr(p))]
    lines = ["# Made by tools/make_guard_tables.py, Unicode " + unicodedata.unidata_version]
    for _ in range(600):
        points = [draw.choice(draw.choice((odd, marks, everything, [97, 101, 111, 0x1112, 0x1161, 0x11AB])))
                  for _ in range(draw.randint(1, 6))]
        text = "".join(map(chr, points))
        visible = "".join(c for c in text if fold.get(ord(c)) != 0)
        out = "".join(chr(fold.get(ord(c), ord(c))) for c in unicodedata.normalize("NFKC", visible) if fold.get(ord(c)) != 0)
        lines.append(f"{text.encode().hex()} {out.encode().hex() or '-'}")
    return "\n".join(lines) + "\n"


def main():
    for path, text in ((TARGET, render()), (GOLDEN, golden())):
        if sys.argv[1:] == ["--check"]:
            if path.read_text(encoding="ascii") != text:
                sys.exit(f"{path.relative_to(ROOT)} is stale: run tools/make_guard_tables.py")
        elif sys.argv[1:]:
            sys.exit(__doc__)
        else:
            path.write_text(text, encoding="ascii")


if __name__ == "__main__":
    main()
