# SPDX-License-Identifier: Apache-2.0
"""Embeddings of all-MiniLM-L6-v2 as `sentence-transformers` computes them, in float32.

Its limit of 256 tokens is raised to the 512 that the model's positions reach, so that no text is cut: hearth
refuses what does not fit instead of cutting it. No text looks like a special token: the reference takes "[CLS]" for
one, hearth for text.

Writes tests/golden/minilm_embeddings.json: [{"text", "tokens", "embedding": [384]}, ...], unit vectors with six
decimals. With --more FILE, also some 200 further texts with their vectors, one JSON object a line, for a check by hand.

Run: python embeddings.py FOLDER [--more FILE]     (the folder that tools/fetch_model minilm prints; a minute)
"""

import argparse
import json
import os
import random

from sentence_transformers import SentenceTransformer

import common
from hard_strings import WORDS, hard_strings

SEED = 20251125
LIMIT_BYTES = 300_000
CONTEXT = 512

TEXTS = [
    "", " ", "a", "!", "...", "42", "hello", "Hello, world!", "HELLO WORLD",
    "The cat sits on the mat.", "A feline rests on a rug.", "Stock markets fell sharply today.",
    "How do I reset my password?", "I forgot my login credentials; what now?",
    "The quick brown fox jumps over the lazy dog.",
    "def add(a, b):\n    return a + b", "SELECT name FROM users WHERE id = 1;",
    "https://example.com/a/b?c=d&e=%20f#g", "me@example.co.uk wrote on 2024-05-01 at 12:34.",
    "naïve café façade coöperate", "Grüße aus Köln, schöne Straße!", "¿Dónde está la biblioteca?",
    "Où se trouve la gare la plus proche ?", "Привет, мир! Как дела?", "Γειά σου κόσμε",
    "你好，世界。今天天气很好。", "こんにちは世界", "안녕하세요 세계", "नमस्ते दुनिया", "مرحبا بالعالم", "שלום עולם",
    "สวัสดีชาวโลก", "👍🏽 great job 🎉🎉", "e\u0301 \u2260 x\u00b2 + \u00bd", "antidisestablishmentarianism" * 3, "x" * 101,
    " ".join(WORDS), " ".join((WORDS * 3)[:240]), " ".join((WORDS * 5)[:380]),
]


def further_texts():
    texts = [text for text in hard_strings(SEED, 150, longest=400) if "\0" not in text]
    draw = random.Random(SEED)
    for _ in range(60):
        count = 3 + draw.getrandbits(32) % 60
        texts.append(" ".join(WORDS[draw.getrandbits(32) % len(WORDS)] for _ in range(count)) + ".")
    return texts


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("folder")
    arguments.add_argument("--more")
    parsed = arguments.parse_args()

    model = SentenceTransformer(parsed.folder, device="cpu")
    model.max_seq_length = CONTEXT

    def records(texts):
        tokens = [len(ids) for ids in model.tokenizer(texts, truncation=False, padding=False)["input_ids"]]
        assert max(tokens) <= CONTEXT, max(tokens)
        # One at a time: padding changes the last digits.
        vectors = [model.encode(text, normalize_embeddings=True, convert_to_numpy=True) for text in texts]
        return [{"text": text, "tokens": count, "embedding": [round(float(v), 6) for v in vector]}
                for text, count, vector in zip(texts, tokens, vectors)]

    made = records(TEXTS)
    print("tokens:", [record["tokens"] for record in made])
    common.write_text("minilm_embeddings.json", "[" + ",\n".join(map(common.ascii_line, made)) + "]\n", LIMIT_BYTES,
                      script=__file__, model_sha256=common.sha256_file(os.path.join(parsed.folder, "model.safetensors")),
                      versions=common.versions("sentence-transformers", "transformers", "torch", "tokenizers"))
    if parsed.more:
        with open(parsed.more, "w", encoding="ascii") as file:
            for record in records(further_texts()):
                file.write(json.dumps(record) + "\n")


if __name__ == "__main__":
    main()
