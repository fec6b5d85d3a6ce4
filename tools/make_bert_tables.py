# SPDX-License-Identifier: Apache-2.0
"""Writes src/text/bert_unicode_tables.cc from what `tokenizers` answered: tests/golden/unicode_classes.json and
tests/golden/bert_normalization.json.

    python3 tools/make_bert_tables.py            write it
    python3 tools/make_bert_tables.py --check    exit status 1 if it is stale
"""

import json
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
GOLDEN = ROOT / "tests/golden"
TARGET = ROOT / "src/text/bert_unicode_tables.cc"
CODE_POINTS = 0x110000
# As BertClass in src/text/bert_words.h.
CLASSES = {"bert_removed": 1, "bert_to_space": 2, "bert_chinese": 3, "bert_punctuation": 4, "marks": 5, "barriers": 6}
CLASS_BITS = 3
SEVERAL = 1 << 31

HEADER = """\
// SPDX-License-Identifier: Apache-2.0
// Made by tools/make_bert_tables.py from tests/golden/unicode_classes.json and
// tests/golden/bert_normalization.json; do not edit. Asked of: tokenizers {tokenizers}.
#include "text/bert_unicode_tables.h"

namespace hearth::bert_unicode_tables {{

"""


def classes_of_code_points(sets):
    """Each code point has one class; only barriers have a second one, as they are marks."""
    classes = bytearray(CODE_POINTS)
    for name, number in CLASSES.items():
        for low, high in sets[name]:
            for point in range(low, high + 1):
                assert classes[point] == 0 or name == "barriers"
                classes[point] = number
    classes[ord(" ")] = CLASSES["bert_to_space"]  # it stays one, so it is not in that set
    return classes


def array(kind, name, values):
    lines, line = [], " "
    for value in values:
        text = f" {value},"
        if len(line) + len(text) > 100:
            lines.append(line)
            line = " "
        line += text
    lines.append(line)
    count = f"const std::size_t {name}Count = {len(values)};\n"
    return f"const {kind} {name}[] = {{\n" + "\n".join(lines) + "\n};\n" + count + "\n"


def mapping(name, pairs):
    """Keys ascending, and for each its value, or where several values begin in a pool that ends them by 0."""
    pool, keys, values = [], [], []
    for key, targets in sorted(pairs):
        keys.append(key)
        if len(targets) == 1:
            values.append(targets[0])
        else:
            values.append(f"{SEVERAL + len(pool)}u")
            pool += [*targets, 0]
    return (array("uint32_t", f"k{name}Keys", keys) + array("uint32_t", f"k{name}Values", values)
            + array("uint32_t", f"k{name}Pool", pool))


def render(unicode_classes, normalization):
    sets = {**unicode_classes["rust"], "marks": normalization["marks"], "barriers": normalization["barriers"]}
    classes = classes_of_code_points(sets)
    starts = [p for p in range(CODE_POINTS) if p == 0 or classes[p] != classes[p - 1]]
    return (HEADER.format(tokenizers=normalization["versions"]["tokenizers"])
            + array("uint32_t", "kRanges", [p << CLASS_BITS | classes[p] for p in starts])
            + mapping("Stripped", normalization["stripped"])
            + mapping("Lower", normalization["lower"])
            + array("uint32_t", "kOrdered", [point << 8 | order for point, order in normalization["ordered"]])
            + "}  // namespace hearth::bert_unicode_tables\n")


def main():
    text = render(*(json.loads((GOLDEN / name).read_text(encoding="ascii"))
                    for name in ("unicode_classes.json", "bert_normalization.json")))
    if sys.argv[1:] == ["--check"]:
        if TARGET.read_text(encoding="ascii") != text:
            sys.exit(f"{TARGET.relative_to(ROOT)} is stale: run tools/make_bert_tables.py")
    elif sys.argv[1:]:
        sys.exit(__doc__)
    else:
        TARGET.write_text(text, encoding="ascii")


if __name__ == "__main__":
    main()
