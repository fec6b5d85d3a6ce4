# SPDX-License-Identifier: Apache-2.0
"""What BERT's normalizer makes of each code point, found by asking `tokenizers`.

Its engine (Rust) carries Unicode tables of its own age for decomposition, for marks and for lower case, so
Python's are asked only for the order of combining marks, and held against the answers.

Writes tests/golden/bert_normalization.json:
  stripped   [[code point, [code points]], ...]: what canonical decomposition (NFD) without nonspacing marks
             leaves of it, where that is something else; Hangul syllables are left out (arithmetic gives them)
  marks      what vanishes (nonspacing marks, and what consists of them), as inclusive [low, high] ranges
  barriers   those of them that no mark may be moved across, likewise (canonical combining class 0)
  ordered    [[code point, class], ...]: what is left of a decomposition and yet has a combining class
  lower      [[code point, [code points]], ...]: lower case, where that is something else
Spaces, punctuation, Chinese characters and what is cleaned away are in unicode_classes.json.

Run: python bert_normalization.py        (Python 3.11, tokenizers as in requirements.txt; 20 s)
"""

import unicodedata

from tokenizers import normalizers

import common
from unicode_classes import CODE_POINTS, to_ranges

LIMIT_BYTES = 200_000
HANGUL = range(0xAC00, 0xD7A4)


def bert(**wanted):
    switches = {"clean_text": False, "handle_chinese_chars": False, "strip_accents": False, "lowercase": False}
    return normalizers.BertNormalizer(**{**switches, **wanted})


def is_moved(nfd, mark):
    """Whether canonical ordering moves `mark`: across a mark of class 1, or one of class 230 across it."""
    over, above = f"a{mark}\u0334", f"a\u0301{mark}"
    return nfd.normalize_str(over) != over or nfd.normalize_str(above) != above


def is_barrier(nfd, mark):
    """Whether a mark of class 1 stays behind `mark` and does not move in front of one of class 230."""
    return not nfd.normalize_str(f"a\u0301{mark}\u0334").startswith("a\u0334")


def hangul_parts(point):
    index = point - 0xAC00
    parts = [0x1100 + index // 588, 0x1161 + index % 588 // 28]
    return parts + ([0x11A7 + index % 28] if index % 28 else [])


def main():
    strip, lower, nfd = bert(strip_accents=True), bert(lowercase=True), normalizers.NFD()
    stripped, marks, barriers, ordered, lowered = [], [], [], [], []
    for point in CODE_POINTS:
        char = chr(point)
        left = [ord(c) for c in strip.normalize_str(char)]
        if point in HANGUL:
            assert left == hangul_parts(point), hex(point)
        elif not left:
            marks.append(point)
            if is_barrier(nfd, char):
                barriers.append(point)
        elif left != [point]:
            stripped.append([point, left])
        if left == [point] and is_moved(nfd, char):
            ordered.append([point, unicodedata.combining(char)])
            assert ordered[-1][1] != 0, hex(point)
        small = [ord(c) for c in lower.normalize_str(char)]
        if small != [point]:
            lowered.append([point, small])
    result = {"stripped": stripped, "marks": to_ranges(marks), "barriers": to_ranges(barriers),
              "ordered": ordered, "lower": lowered, "versions": common.versions("tokenizers")}
    for key in ("stripped", "marks", "barriers", "ordered", "lower"):
        print(f"{key}: {len(result[key])}")
    lines = [f'"{key}":{common.ascii_line(value)}' for key, value in result.items()]
    common.write_text("bert_normalization.json", "{" + ",\n".join(lines) + "}\n", LIMIT_BYTES,
                      script=__file__, versions=result["versions"])


if __name__ == "__main__":
    main()
