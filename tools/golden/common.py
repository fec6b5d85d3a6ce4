# SPDX-License-Identifier: Apache-2.0
"""What the golden scripts share: versions, file output, the reference pre-tokenizers and the
reference BPE built from a GGUF file.

The pre-tokenizers are the published ones (the `pre_tokenizer` member of each family's
tokenizer.json), written out here because nothing else names them: a GGUF file carries only
`tokenizer.ggml.pre`, and transformers ignores even that.
"""

import hashlib
import importlib.metadata
import json
import os
import platform
import sys

from tokenizers import Regex, Tokenizer, models, pre_tokenizers

GOLDEN_DIR = os.path.normpath(
    os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tests", "golden"))

# GPT-2's pattern; `ByteLevel(use_regex=True)` has it built in.
GPT2_PATTERN = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
# Llama 3, 3.1, 3.2 tokenizer.json.
LLAMA3_PATTERN = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|"
                  r" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")
# Qwen 2 and 2.5 tokenizer.json: the same but for single digits.
QWEN2_PATTERN = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}|"
                 r" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")


def split_then_bytes(pattern):
    """Sequence[Split(pattern, isolated), ByteLevel without its own pattern]."""
    return pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(pattern), behavior="isolated", invert=False),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
    ])


def pre_tokenizer(name):
    """The published pre-tokenizer of a `tokenizer.ggml.pre` name."""
    if name == "gpt-2":
        return pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    if name == "smollm":
        return pre_tokenizers.Sequence([
            pre_tokenizers.Digits(individual_digits=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True),
        ])
    if name == "llama-bpe":
        return split_then_bytes(LLAMA3_PATTERN)
    if name == "qwen2":
        return split_then_bytes(QWEN2_PATTERN)
    raise ValueError(f"no published pre-tokenizer is written down for {name!r}")


def byte_of_char():
    """GPT-2's printable stand-in character -> the byte it stands for."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    table = {chr(b): b for b in plain}
    rest = [b for b in range(256) if b not in set(plain)]
    table.update({chr(256 + i): b for i, b in enumerate(rest)})
    return table


_BYTE_OF_CHAR = byte_of_char()


def raw_pieces(pre, text):
    """Substrings of `text` that the pre-tokenizer makes, with the byte mapping undone."""
    pieces = []
    for mapped, (begin, end) in pre.pre_tokenize_str(text):
        piece = bytes(_BYTE_OF_CHAR[c] for c in mapped).decode("utf-8")
        assert piece == text[begin:end], (text, mapped, begin, end)
        pieces.append(piece)
    assert "".join(pieces) == text
    return pieces


def gguf_reader(path):
    import gguf
    return gguf.GGUFReader(path)


def gguf_value(reader, key, default=None):
    field = reader.fields.get(key)
    return default if field is None else field.contents()


def bpe_from_gguf(reader):
    """Byte-level BPE of a GGUF file: no added tokens, so special-token look-alikes are text, and
    no unknown token, so a byte that the vocabulary lacks vanishes (as in the published one)."""
    tokens = gguf_value(reader, "tokenizer.ggml.tokens")
    merges = gguf_value(reader, "tokenizer.ggml.merges")
    vocab = {token: i for i, token in enumerate(tokens)}
    assert len(vocab) == len(tokens)
    pairs = [tuple(merge.split(" ")) for merge in merges]
    assert all(len(pair) == 2 for pair in pairs)
    tokenizer = Tokenizer(models.BPE(vocab=vocab, merges=pairs))
    tokenizer.pre_tokenizer = pre_tokenizer(gguf_value(reader, "tokenizer.ggml.pre"))
    return tokenizer


def sha256_file(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()


def versions(*packages):
    found = {"python": platform.python_version()}
    for package in packages:
        found[package] = importlib.metadata.version(package)
    return found


def made_by(script):
    """How data names its script: the path inside the repository."""
    return "tools/golden/" + os.path.basename(script)


def ascii_line(value):
    return json.dumps(value, ensure_ascii=True, separators=(",", ":"))


def write_text(name, text, limit_bytes, script, **record):
    """Writes tests/golden/<name> and its entry in manifest.json: which script made it, with which
    versions, and its sha256. Refuses to pass the size that was agreed for the file."""
    data = text.encode("ascii")
    if len(data) > limit_bytes:
        sys.exit(f"{name}: {len(data)} bytes, more than the {limit_bytes} allowed")
    path = os.path.join(GOLDEN_DIR, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(data)
    digest = hashlib.sha256(data).hexdigest()
    print(f"{name}: {len(data)} bytes, sha256 {digest}")

    manifest_path = os.path.join(GOLDEN_DIR, "manifest.json")
    manifest = {}
    if os.path.exists(manifest_path):
        with open(manifest_path, encoding="ascii") as file:
            manifest = json.load(file)
    manifest[name] = {"made_by": made_by(script), **record, "sha256": digest}
    with open(manifest_path, "w", encoding="ascii", newline="\n") as file:
        json.dump(manifest, file, ensure_ascii=True, indent=1, sort_keys=True)
        file.write("\n")
