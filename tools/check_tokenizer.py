#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares `hearth tokenize` with the reference on random strings of a model's vocabulary.

The strings are those of tools/golden/hard_strings.py from a seed that the golden files do not use.
The reference is the package `tokenizers`, built as tools/golden/common.py builds it, or
`sentencepiece` (sentencepiece_reference.py); for speed it is always `tokenizers`. Nightly, not part of ./test: it needs the
Python packages of tools/golden/requirements.txt.

Run: python tools/check_tokenizer.py BINARY MODEL.gguf [--count 20000] [--seed N] [--speed FILE]
Exits 1 and shows the first differences where there are any. --speed also measures the reference on a
text file, one thread, to compare with `hearth tokenize`.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "golden"))
os.environ["TOKENIZERS_PARALLELISM"] = "false"

import common  # noqa: E402
import sentencepiece_reference  # noqa: E402
from hard_strings import hard_strings  # noqa: E402

LONGEST = 600
SHOWN = 5


def hearth_ids(binary, model, texts):
    lines = "".join(json.dumps(text) + "\n" for text in texts)
    done = subprocess.run([binary, "tokenize", "-m", model, "--batch"], input=lines.encode("ascii"),
                          stdout=subprocess.PIPE, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def measure(tokenizer, path):
    text = pathlib.Path(path).read_text(encoding="utf-8")
    best = float("inf")
    for _ in range(5):
        start = time.perf_counter()
        tokenizer.encode(text, add_special_tokens=False)
        best = min(best, time.perf_counter() - start)
    size = len(text.encode("utf-8"))
    print(f"tokenizers: {size} bytes in {best * 1e3:.1f} ms, {size / best / 1e6:.2f} MB/s")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("binary")
    parser.add_argument("model")
    parser.add_argument("--count", type=int, default=20000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--speed", metavar="FILE")
    options = parser.parse_args()

    reader = common.gguf_reader(options.model)
    if common.gguf_value(reader, "tokenizer.ggml.model") == "llama":
        reference = sentencepiece_reference.sentencepiece_from_gguf(reader).encode
        if options.speed:
            measure(sentencepiece_reference.tokenizers_from_gguf(reader), options.speed)
    else:
        tokenizer = common.bpe_from_gguf(reader)
        reference = lambda text: tokenizer.encode(text, add_special_tokens=False).ids  # noqa: E731
        if options.speed:
            measure(tokenizer, options.speed)
    texts = list(hard_strings(options.seed, options.count, LONGEST))
    answers = hearth_ids(options.binary, options.model, texts)
    if len(answers) != len(texts):
        sys.exit(f"{len(texts)} strings, but {len(answers)} answers")
    differences = 0
    for text, ids in zip(texts, answers):
        expected = reference(text)
        if ids == expected:
            continue
        differences += 1
        if differences <= SHOWN:
            print(f"text     {json.dumps(text)}\nexpected {expected}\nhearth   {ids}")
    print(f"{len(texts)} strings, {differences} differ")
    sys.exit(1 if differences else 0)


if __name__ == "__main__":
    main()
