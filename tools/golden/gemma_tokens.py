# SPDX-License-Identifier: Apache-2.0
"""Token ids of hard strings under Gemma 3's tokenizer, as the package `sentencepiece` computes them.

The model is built from the GGUF file's own tokens, scores and types (sentencepiece_reference.py). No BOS or EOS;
"<start_of_turn>" in a text is text, "<table>" and runs of new lines are the user-defined tokens that they are.

2,000 strings are hard_strings.py's; 100 more hold together every 48th entry of the vocabulary that is text, one a
line in a shuffled order, so that scores that were read wrongly show.

Writes tests/golden/gemma3_tokens.jsonl: {"text": ..., "ids": [...]} a line.

Run: python gemma_tokens.py MODEL.gguf       (tools/fetch_model gemma3; 20 s)
"""

import argparse
import random

import common
import sentencepiece_reference
from hard_strings import hard_strings

SEED = 20251126
HARD_COUNT = 2000
LONGEST = 120
VOCABULARY_COUNT = 100
EVERY = 48
LIMIT_BYTES = 1_000_000


def vocabulary_strings(reader):
    tokens, _, types = sentencepiece_reference.read(reader)
    draw = random.Random(SEED)
    words = [token.replace(sentencepiece_reference.ESCAPED_SPACE, " ") for token, kind in zip(tokens, types)
             if kind == sentencepiece_reference.NORMAL][::EVERY]
    words.sort(key=lambda word: (draw.getrandbits(64), word))
    return ["\n".join(words[i::VOCABULARY_COUNT]) for i in range(VOCABULARY_COUNT)]


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("model")
    model = arguments.parse_args().model

    reader = common.gguf_reader(model)
    processor = sentencepiece_reference.sentencepiece_from_gguf(reader)
    texts = list(hard_strings(SEED, HARD_COUNT, LONGEST)) + vocabulary_strings(reader)
    lines = [common.ascii_line({"text": text, "ids": processor.encode(text)}) for text in texts]
    common.write_text("gemma3_tokens.jsonl", "\n".join(lines) + "\n", LIMIT_BYTES, script=__file__, seed=SEED,
                      model_sha256=common.sha256_file(model), versions=common.versions("sentencepiece", "gguf"))


if __name__ == "__main__":
    main()
