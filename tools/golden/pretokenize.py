# SPDX-License-Identifier: Apache-2.0
"""How four published pre-tokenizers cut 500 hard strings each, as `tokenizers` does it.

`gpt-2`, `smollm`, `llama-bpe` and `qwen2` are the names of `tokenizer.ggml.pre`; what each stands for
is in common.py. Every name gets the hand-written strings and random ones of a seed of its own. Pieces
are substrings of the text: the byte-to-character mapping of ByteLevel is undone, and the
script checks that they join to the text again.

Qwen 2's tokenizer.json also has an NFC normalizer in front; it is not applied here (llama.cpp does
not apply it either), so these are the pieces of the text as it stands.

Writes tests/golden/pretokenize.jsonl: {"pre": name, "text": ..., "pieces": [...]} a line.

Run: python pretokenize.py             (a second)
"""

import common
from hard_strings import hard_strings

NAMES = ["gpt-2", "smollm", "llama-bpe", "qwen2"]
SEED = 20250208  # plus the position of the name
COUNT = 500
LONGEST = 400
LIMIT_BYTES = 1_000_000


def main():
    lines = []
    for position, name in enumerate(NAMES):
        pre = common.pre_tokenizer(name)
        for text in hard_strings(SEED + position, COUNT, LONGEST):
            lines.append(common.ascii_line(
                {"pre": name, "text": text, "pieces": common.raw_pieces(pre, text)}))
    common.write_text("pretokenize.jsonl", "\n".join(lines) + "\n", LIMIT_BYTES, script=__file__,
                      seed=SEED, versions=common.versions("tokenizers"))


if __name__ == "__main__":
    main()
