# SPDX-License-Identifier: Apache-2.0
"""How published pre-tokenizers cut hard strings, as `tokenizers` does it.

`gpt-2`, `smollm`, `llama-bpe` and `qwen2` are the names of `tokenizer.ggml.pre`; what each stands for
is in common.py. Every name gets the hand-written strings and random ones of a seed of its own. Pieces
are substrings of the text: the byte-to-character mapping of ByteLevel is undone, and the
script checks that they join to the text again.

Qwen 2's tokenizer.json also has an NFC normalizer in front; it is not applied here (llama.cpp does
not apply it either), so these are the pieces of the text as it stands.

Writes tests/golden/pretokenize.jsonl: {"pre": name, "text": ..., "pieces": [...]} a line, 500 strings
for each of the four; and tests/golden/pretokenize_more.jsonl: {"pre": name, "text": ..., "bytes":
[...]}, the length of each piece in UTF-8, 300 strings for each of seven more. Falcon's last stages see
the byte alphabet, so that its pieces may end inside a character: U+043C, bytes D0 BC, is two pieces,
for BC is spelled like the number U+00BC.

Run: python pretokenize.py             (a second)
"""

import common
from hard_strings import hard_strings

NAMES = ["gpt-2", "smollm", "llama-bpe", "qwen2"]
MORE_NAMES = ["qwen35", "gpt-4o", "tekken", "deepseek-v3", "deepseek-coder", "deepseek-llm", "falcon"]
SEED = 20250208  # plus the position of the name
COUNT = 500
LONGEST = 400
LIMIT_BYTES = 1_000_000
MORE_SEED = 20251125
MORE_COUNT = 300
MORE_LONGEST = 150
MORE_LIMIT_BYTES = 600_000


def main():
    lines = []
    for position, name in enumerate(NAMES):
        pre = common.pre_tokenizer(name)
        for text in hard_strings(SEED + position, COUNT, LONGEST):
            lines.append(common.ascii_line(
                {"pre": name, "text": text, "pieces": common.raw_pieces(pre, text)}))
    common.write_text("pretokenize.jsonl", "\n".join(lines) + "\n", LIMIT_BYTES, script=__file__,
                      seed=SEED, versions=common.versions("tokenizers"))
    lines = []
    for position, name in enumerate(MORE_NAMES):
        pre = common.pre_tokenizer(name)
        for text in hard_strings(MORE_SEED + position, MORE_COUNT, MORE_LONGEST):
            lines.append(common.ascii_line(
                {"pre": name, "text": text, "bytes": common.piece_bytes(pre, text)}))
    common.write_text("pretokenize_more.jsonl", "\n".join(lines) + "\n", MORE_LIMIT_BYTES,
                      script=__file__, seed=MORE_SEED, versions=common.versions("tokenizers"))


if __name__ == "__main__":
    main()
