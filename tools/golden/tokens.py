# SPDX-License-Identifier: Apache-2.0
"""Token ids of 2,000 hard strings under SmolLM2's tokenizer, as `tokenizers` computes them.

The BPE is built from the vocabulary and merges of the GGUF file and given SmolLM2's published
pre-tokenizer, Sequence[Digits(individual_digits), ByteLevel(use_regex)] (`smollm` in common.py). No
BOS or EOS, no added tokens: "<|im_start|>" in a text is text.

The first 1,700 are hard_strings.py's; the other 300 hold together the text of every vocabulary entry
that is UTF-8, one a line in a shuffled order, so that a merge that was read wrongly shows.

Two things a second implementation has to copy: the vocabulary lacks 21 of the 256 bytes (six control
characters among them), and a character of the byte alphabet that has no token is dropped *before*
merging, so its neighbours inside a piece can merge across the gap.

Writes tests/golden/smollm2_tokens.jsonl: {"text": ..., "ids": [...]} a line.

Run: python tokens.py MODEL.gguf       (SmolLM2-135M-Instruct.Q4_1.gguf; a few seconds)
"""

import argparse
import random

import common
from hard_strings import hard_strings

SEED = 20250207
HARD_COUNT = 1700
VOCABULARY_COUNT = 300
LIMIT_BYTES = 1_500_000


def vocabulary_strings(tokens, count):
    """Every token's text, shuffled, a newline after each, dealt out over `count` strings."""
    byte_of = common.byte_of_char()
    words = []
    for token in tokens:
        if all(c in byte_of for c in token):
            try:
                words.append(bytes(byte_of[c] for c in token).decode("utf-8"))
            except UnicodeDecodeError:
                pass
    draw = random.Random(SEED)
    words.sort(key=lambda word: (draw.getrandbits(64), word))
    return ["\n".join(words[i::count]) for i in range(count)]


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("model")
    model = arguments.parse_args().model

    reader = common.gguf_reader(model)
    tokenizer = common.bpe_from_gguf(reader)
    texts = hard_strings(SEED, HARD_COUNT) + vocabulary_strings(
        common.gguf_value(reader, "tokenizer.ggml.tokens"), VOCABULARY_COUNT)
    lines = [common.ascii_line({"text": text,
                                "ids": tokenizer.encode(text, add_special_tokens=False).ids})
             for text in texts]
    common.write_text("smollm2_tokens.jsonl", "\n".join(lines) + "\n", LIMIT_BYTES,
                      script=__file__, seed=SEED, model_sha256=common.sha256_file(model),
                      versions=common.versions("tokenizers", "gguf"))


if __name__ == "__main__":
    main()
