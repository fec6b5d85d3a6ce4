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

# Qwen 3.5: marks count as letters.
QWEN35_PATTERN = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}|"
                  r" ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")
# GPT-4o (o200k_base of tiktoken) and Mistral's Tekken.
UPPER, LOWER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
CASED_TAIL = r" ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"


def cased_pattern(contraction, numbers):
    words = (rf"[^\r\n\p{{L}}\p{{N}}]?{UPPER}*{LOWER}+{contraction}|"
             rf"[^\r\n\p{{L}}\p{{N}}]?{UPPER}+{LOWER}*{contraction}")
    return f"{words}|{numbers}|{CASED_TAIL}"


GPT4O_PATTERN = cased_pattern(r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?", r"\p{N}{1,3}")
TEKKEN_PATTERN = cased_pattern("", r"\p{N}")
# DeepSeek's stages: DeepSeek-V3, deepseek-coder-6.7b-instruct, deepseek-llm-7b-base.
DEEPSEEK_V3_STAGES = [
    r"\p{N}{1,3}",
    r"[\x{4e00}-\x{9fa5}\x{3040}-\x{309f}\x{30a0}-\x{30ff}]+",
    "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\r\n\\p{L}\\p{P}\\p{S}]?"
    "[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\r\n]*|\\s*[\r\n]+|\\s+(?!\\S)|\\s+",
]
EAST_ASIAN = r"[\x{4e00}-\x{9fa5}\x{800}-\x{4e00}\x{ac00}-\x{d7ff}]+"
DEEPSEEK_CODER_STAGES = ["[\r\n]", r"\s?\p{L}+", r"\s?\p{P}+", EAST_ASIAN]
CASED_LETTERS = (
    r"\x{41}-\x{5a}\x{61}-\x{7a}\x{b5}\x{c0}-\x{d6}\x{d8}-\x{f6}\x{f8}-\x{1ba}\x{1bc}-\x{1bf}"
    r"\x{1c4}-\x{293}\x{295}-\x{2af}\x{370}-\x{373}\x{376}-\x{377}\x{37b}-\x{37d}\x{37f}"
    r"\x{386}\x{388}-\x{38a}\x{38c}\x{38e}-\x{3a1}\x{3a3}-\x{3f5}\x{3f7}-\x{481}"
    r"\x{48a}-\x{52f}\x{531}-\x{556}\x{10a0}-\x{10c5}\x{13a0}-\x{13f5}\x{13f8}-\x{13fd}"
    r"\x{1c90}-\x{1cba}\x{1cbd}-\x{1cbf}\x{1d00}-\x{1d2b}\x{1d6b}-\x{1d77}\x{1d79}-\x{1d9a}"
    r"\x{1e00}-\x{1f15}\x{1f18}-\x{1f1d}\x{1f20}-\x{1f45}\x{1f48}-\x{1f4d}\x{1f50}-\x{1f57}"
    r"\x{1f59}\x{1f5b}\x{1f5d}\x{1f5f}-\x{1f7d}\x{1f80}-\x{1fb4}\x{1fb6}-\x{1fbc}\x{1fbe}"
    r"\x{1fc2}-\x{1fc4}\x{1fc6}-\x{1fcc}\x{1fd0}-\x{1fd3}\x{1fd6}-\x{1fdb}\x{1fe0}-\x{1fec}"
    r"\x{1ff2}-\x{1ff4}\x{1ff6}-\x{1ffc}\x{2102}\x{2107}\x{210a}-\x{2113}\x{2115}"
    r"\x{2119}-\x{211d}\x{2124}\x{2126}\x{2128}\x{212a}-\x{212d}\x{212f}-\x{2134}\x{2139}"
    r"\x{213c}-\x{213f}\x{2145}-\x{2149}\x{214e}\x{2183}-\x{2184}\x{2c00}-\x{2c7b}"
    r"\x{2c7e}-\x{2ce4}\x{2ceb}-\x{2cee}\x{2cf2}-\x{2cf3}\x{a640}-\x{a66d}\x{a680}-\x{a69b}"
    r"\x{a722}-\x{a76f}\x{a771}-\x{a787}\x{a78b}-\x{a78e}\x{ab70}-\x{abbf}\x{fb00}-\x{fb06}"
    r"\x{fb13}-\x{fb17}\x{ff21}-\x{ff3a}\x{ff41}-\x{ff5a}\x{10400}-\x{1044f}"
    r"\x{104b0}-\x{104d3}\x{104d8}-\x{104fb}\x{10c80}-\x{10cb2}\x{10cc0}-\x{10cf2}"
    r"\x{118a0}-\x{118df}\x{1e900}-\x{1e943}")
DEEPSEEK_LLM_STAGES = [
    "[\r\n]", rf"\s?[{CASED_LETTERS}]+",
    r"\s?[!-/:-~\x{ff01}-\x{ff0f}\x{ff1a}-\x{ff5e}\x{2018}-\x{201f}\x{3000}-\x{3002}]+",
    r"\s+$", EAST_ASIAN,
]


def stages(patterns, *more):
    """Sequence[Split(pattern, isolated), ..., more..., ByteLevel without its own pattern]."""
    return pre_tokenizers.Sequence([
        *(pre_tokenizers.Split(Regex(pattern), behavior="isolated") for pattern in patterns), *more,
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
    ])


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
    if name == "qwen35":
        return split_then_bytes(QWEN35_PATTERN)
    if name == "gpt-4o":
        return split_then_bytes(GPT4O_PATTERN)
    if name == "tekken":
        return split_then_bytes(TEKKEN_PATTERN)
    if name == "deepseek-v3":
        return stages(DEEPSEEK_V3_STAGES)
    if name == "deepseek-coder":
        return stages(DEEPSEEK_CODER_STAGES, pre_tokenizers.Digits(individual_digits=True))
    if name == "deepseek-llm":
        return stages(DEEPSEEK_LLM_STAGES, pre_tokenizers.Digits(individual_digits=True))
    if name == "falcon":
        return pre_tokenizers.Sequence([
            pre_tokenizers.Punctuation(behavior="contiguous"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True),
            pre_tokenizers.Digits(individual_digits=False),
            pre_tokenizers.Split(Regex("[0-9][0-9][0-9]"), behavior="isolated"),
        ])
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


def piece_bytes(pre, text):
    """How many bytes of the UTF-8 of `text` each piece has: one may end inside a character."""
    lengths = [len(mapped) for mapped, _ in pre.pre_tokenize_str(text)]
    assert sum(lengths) == len(text.encode("utf-8")), text
    return lengths


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
    """As write_bytes()."""
    write_bytes(name, text.encode("ascii"), limit_bytes, script, **record)


def write_bytes(name, data, limit_bytes, script, **record):
    """Writes tests/golden/<name> and its entry in manifest.json: which script made it, with which
    versions, and its sha256. Refuses to pass the size that was agreed for the file."""
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
