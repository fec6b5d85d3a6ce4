# SPDX-License-Identifier: Apache-2.0
"""Token ids of hard strings under all-MiniLM-L6-v2's WordPiece tokenizer, as `tokenizers` computes them.

The tokenizer is the checkpoint's tokenizer.json without its truncation, padding, post-processor ([CLS] and [SEP])
and added tokens: "[MASK]" in a text is text. The texts are those of smollm2_tokens.jsonl, line by line, which are
not repeated; cased.ids are those of its first 400 under the same vocabulary with case and accents kept.

Writes tests/golden/minilm_tokens.json: {"ids": [[...], ...], "cased_ids": [[...], ...]}.

Run: python bert_tokens.py FOLDER      (the folder that tools/fetch_model minilm prints; a few seconds)
"""

import argparse
import json
import os

from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

import common

LIMIT_BYTES = 700_000
CASED_COUNT = 400


def wordpiece(vocabulary, lowercase):
    tokenizer = Tokenizer(models.WordPiece(vocab=vocabulary, unk_token="[UNK]", max_input_chars_per_word=100))
    tokenizer.normalizer = normalizers.BertNormalizer(clean_text=True, handle_chinese_chars=True,
                                                      strip_accents=None, lowercase=lowercase)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    return tokenizer


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("folder")
    path = os.path.join(arguments.parse_args().folder, "tokenizer.json")

    with open(path, encoding="utf-8") as file:
        published = json.load(file)
    assert published["normalizer"] == {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True,
                                       "strip_accents": None, "lowercase": True}
    vocabulary = published["model"]["vocab"]
    with open(os.path.join(common.GOLDEN_DIR, "smollm2_tokens.jsonl"), encoding="ascii") as file:
        texts = [json.loads(line)["text"] for line in file]

    def ids(lowercase, chosen):
        tokenizer = wordpiece(vocabulary, lowercase)
        return [tokenizer.encode(text, add_special_tokens=False).ids for text in chosen]

    lower, cased = ids(True, texts), ids(False, texts[:CASED_COUNT])
    lines = ["{\"ids\":[" + ",\n".join(map(common.ascii_line, lower)) + "],",
             "\"cased_ids\":[" + ",\n".join(map(common.ascii_line, cased)) + "]}"]
    common.write_text("minilm_tokens.json", "\n".join(lines) + "\n", LIMIT_BYTES, script=__file__,
                      tokenizer_sha256=common.sha256_file(path), versions=common.versions("tokenizers"))


if __name__ == "__main__":
    main()
