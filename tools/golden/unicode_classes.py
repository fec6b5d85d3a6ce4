# SPDX-License-Identifier: Apache-2.0
r"""Which code points the reference tokenizers put into which class, found by asking them.

Probes the `tokenizers` package (its regex engine, Oniguruma, for \p{..} and \s; Rust's char methods
for Digits and the others) with every code point but the surrogates, which are not text. The two
engines carry Unicode tables of their own age, so the sets differ from each other and from Python's.

Writes tests/golden/unicode_classes.json:
  L, N, space   regex \p{L}, \p{N}, \s: what GPT-2, Llama 3 and Qwen 2 patterns see
  numeric       Rust char::is_numeric: what Digits(individual_digits=True) isolates (SmolLM, StarCoder)
  regex         further regex classes, for pre-tokenizers beyond those four
  rust          further Rust predicates (falcon's Punctuation, BERT)
  contraction_i code points X for which (?i:'s|'t|'re|'ve|'m|'ll|'d) matches at "'X...": regex case folding
  versions      of the probed package
Every set is a list of inclusive [low, high] ranges in order.

Run: python unicode_classes.py        (Python 3.11, tokenizers as in requirements.txt; 20 s)
Prints one line a set: how many code points in how many ranges. The tables are the JSON itself.
"""

from tokenizers import Regex, normalizers, pre_tokenizers

import common

CODE_POINTS = [*range(0, 0xD800), *range(0xE000, 0x110000)]
CHUNK = 4096

REGEX_CLASSES = {
    "L": r"\p{L}", "N": r"\p{N}", "space": r"\s",
    "M": r"\p{M}", "P": r"\p{P}", "S": r"\p{S}", "Lu": r"\p{Lu}", "Ll": r"\p{Ll}", "Lt": r"\p{Lt}",
    "Lm": r"\p{Lm}", "Lo": r"\p{Lo}", "Nd": r"\p{Nd}", "Han": r"\p{Han}",
}


def to_ranges(points):
    ranges = []
    for point in sorted(points):
        # A range may not bridge the surrogates by accident: 0xD7FF and 0xE000 are not neighbours.
        if ranges and ranges[-1][1] + 1 == point:
            ranges[-1][1] = point
        else:
            ranges.append([point, point])
    return ranges


def isolated(pre):
    """Code points that `pre` removes from a text."""
    found = set()
    for start in range(0, len(CODE_POINTS), CHUNK):
        chunk = CODE_POINTS[start:start + CHUNK]
        kept = set()
        for _, (begin, end) in pre.pre_tokenize_str("".join(map(chr, chunk))):
            kept.update(chunk[begin:end])
        found.update(point for point in chunk if point not in kept)
    return found


def cut_out(pre):
    """Code points that `pre` makes a piece of their own between two letters."""
    found = set()
    for start in range(0, len(CODE_POINTS), CHUNK):
        chunk = CODE_POINTS[start:start + CHUNK]
        text = "".join(f"a{chr(point)}" for point in chunk) + "a"
        for _, (begin, end) in pre.pre_tokenize_str(text):
            if end - begin == 1 and begin % 2 == 1:
                found.add(chunk[begin // 2])
    return found


def contraction_followers():
    pattern = Regex(r"(?i:'s|'t|'re|'ve|'m|'ll|'d)")
    split = pre_tokenizers.Split(pattern, behavior="removed")
    found = {}
    for follow in ("", "e", "l"):
        for point in CODE_POINTS:
            text = f"'{chr(point)}{follow}"
            left = split.pre_tokenize_str(text)
            removed = len(text) - sum(end - begin for _, (begin, end) in left)
            if removed:
                found.setdefault(f"'X{follow}" if removed > 2 else "'X", set()).add(point)
    return found


def main():
    sets = {name: to_ranges(isolated(pre_tokenizers.Split(Regex(pattern), behavior="removed")))
            for name, pattern in REGEX_CLASSES.items()}
    numeric = to_ranges(cut_out(pre_tokenizers.Digits(individual_digits=True)))
    rust = {
        "punctuation": to_ranges(cut_out(pre_tokenizers.Punctuation(behavior="isolated"))),
        "whitespace": to_ranges(isolated(pre_tokenizers.WhitespaceSplit())),
        "bert_space": to_ranges(isolated(pre_tokenizers.BertPreTokenizer())),
        "bert_punctuation": to_ranges(cut_out(pre_tokenizers.BertPreTokenizer())),
    }
    clean = normalizers.BertNormalizer(clean_text=True, handle_chinese_chars=False,
                                       strip_accents=False, lowercase=False)
    chinese = normalizers.BertNormalizer(clean_text=False, handle_chinese_chars=True,
                                         strip_accents=False, lowercase=False)
    cleaned = {point: clean.normalize_str(f"a{chr(point)}a") for point in CODE_POINTS}
    rust["bert_removed"] = to_ranges(p for p, text in cleaned.items() if text == "aa")
    rust["bert_to_space"] = to_ranges(p for p, text in cleaned.items() if p != 32 and text == "a a")
    rust["bert_chinese"] = to_ranges(
        p for p in CODE_POINTS if chinese.normalize_str(f"a{chr(p)}a") == f"a {chr(p)} a")
    contraction = {key: to_ranges(points) for key, points in contraction_followers().items()}

    result = {
        "made_by": common.made_by(__file__),
        "versions": common.versions("tokenizers"),
        "L": sets.pop("L"), "N": sets.pop("N"), "space": sets.pop("space"), "numeric": numeric,
        "regex": sets, "rust": rust, "contraction_i": contraction,
    }
    lines = []
    for key, value in result.items():
        if key in ("regex", "rust", "contraction_i"):
            inner = ",\n".join(f"  {common.ascii_line(k)}:{common.ascii_line(v)}"
                               for k, v in value.items())
            lines.append(f"{common.ascii_line(key)}:{{\n{inner}\n}}")
        else:
            lines.append(f"{common.ascii_line(key)}:{common.ascii_line(value)}")
    common.write_text("unicode_classes.json", "{\n" + ",\n".join(lines) + "\n}\n", 200_000,
                      script=__file__, versions=result["versions"])
    for name, ranges in [*((k, result[k]) for k in ("L", "N", "space", "numeric")),
                         *sets.items(), *rust.items(), *contraction.items()]:
        count = sum(high - low + 1 for low, high in ranges)
        print(f"{name}: {count} code points in {len(ranges)} ranges")


if __name__ == "__main__":
    main()
