#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes src/text/unicode_tables.cc from tests/golden/unicode_classes.json.

The JSON holds what the reference tokenizers say about every code point (asked by
tools/golden/unicode_classes.py), so that the tables follow them and not some other edition of
Unicode. The editions are recognised by how many code points each class has, and recorded in the
output.

Run: python3 tools/make_unicode_tables.py          writes the file
     python3 tools/make_unicode_tables.py --check  fails if the file is not what it would write
"""

import json
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
SOURCE = ROOT / "tests" / "golden" / "unicode_classes.json"
TARGET = ROOT / "src" / "text" / "unicode_tables.cc"

# Bits of CharTraits in src/text/unicode.h, by the set's name in the JSON.
BITS = {"L": 1, "N": 2, "space": 4, "numeric": 8, "regex/M": 16, "regex/P": 32, "regex/S": 64,
        "regex/Lu": 128, "regex/Lt": 128, "regex/Ll": 256, "rust/punctuation": 512}
TRAIT_BITS = 10
CODE_POINTS = 0x110000
BLOCK = 0x100
# (letters, numbers) in each edition: how many code points have general category L* and N*.
EDITIONS = {(136104, 1831): "15.0", (136726, 1831): "15.1", (141028, 1911): "16.0",
            (145672, 1924): "17.0"}
NUMBERS = {1831: "15.0", 1911: "16.0", 1924: "17.0"}

HEADER = """\
// SPDX-License-Identifier: Apache-2.0
// Made by tools/make_unicode_tables.py from tests/golden/unicode_classes.json; do not edit.
// Letters, numbers and spaces: Unicode {regex}; numeric (Rust's char::is_numeric): Unicode {rust}.
// Asked of: tokenizers {tokenizers}.
#include "text/unicode_tables.h"

#include <iterator>

namespace hearth::unicode_tables {{

const char kRegexEdition[] = "{regex}";
const char kNumericEdition[] = "{rust}";

"""

FOOTER = """\
static_assert(std::size(kBlocks) == kBlockCount + 1);

}  // namespace hearth::unicode_tables
"""


def traits_of_code_points(classes):
    traits = [0] * CODE_POINTS
    for name, bit in BITS.items():
        members = classes
        for part in name.split("/"):
            members = members[part]
        for low, high in members:
            for point in range(low, high + 1):
                traits[point] |= bit
    return traits


def count(ranges):
    return sum(high - low + 1 for low, high in ranges)


def array(kind, name, values):
    lines, line = [], " "
    for value in values:
        text = f" {value},"
        if len(line) + len(text) > 100:
            lines.append(line)
            line = " "
        line += text
    lines.append(line)
    return f"const {kind} {name}[] = {{\n" + "\n".join(lines) + "\n};\n"


def render(classes):
    traits = traits_of_code_points(classes)
    starts = [p for p in range(CODE_POINTS) if p == 0 or traits[p] != traits[p - 1]]
    # kBlocks[b]: the range that the block's first code point lies in.
    blocks, index = [], 0
    for first in range(0, CODE_POINTS, BLOCK):
        while index + 1 < len(starts) and starts[index + 1] <= first:
            index += 1
        blocks.append(index)
    blocks.append(len(starts) - 1)

    numbers = count(classes["numeric"])
    head = HEADER.format(regex=EDITIONS[count(classes["L"]), count(classes["N"])],
                         rust=NUMBERS[numbers], tokenizers=classes["versions"]["tokenizers"])
    ascii_traits = array("uint16_t", "kAscii", traits[:128])
    ranges = array("uint32_t", "kRanges", [p << TRAIT_BITS | traits[p] for p in starts])
    block_starts = array("uint16_t", "kBlocks", blocks)
    return f"{head}{ascii_traits}\n{ranges}\n{block_starts}{FOOTER}"


def main():
    text = render(json.loads(SOURCE.read_text(encoding="ascii")))
    if sys.argv[1:] == ["--check"]:
        if TARGET.read_text(encoding="ascii") != text:
            sys.exit(f"{TARGET.relative_to(ROOT)} is stale: run tools/make_unicode_tables.py")
    elif sys.argv[1:]:
        sys.exit(__doc__)
    else:
        TARGET.write_text(text, encoding="ascii")


if __name__ == "__main__":
    main()
