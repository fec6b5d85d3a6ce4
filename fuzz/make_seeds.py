#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the seed corpora of fuzz/corpus: gguf, gguf_split, safetensors, peft_config, lora_file,
unicode, session, packed, wordpiece, gbnf, regex, json_schema, modelfile, guard, policy,
route_calibration, route_memory, egress_frames, egress_reply and kept_files.

The same files every time; run it again after a change and check the result in. The other corpora
are made where their inputs come from.
"""
import json
import pathlib
import struct

CORPUS = pathlib.Path(__file__).resolve().parent / "corpus"

U8, I8, U16, I16, U32, I32, F32, BOOL, STRING, ARRAY, U64, I64, F64 = range(13)
PACK = {U8: "B", I8: "b", U16: "H", I16: "h", U32: "I", I32: "i", F32: "f", BOOL: "B",
        U64: "Q", I64: "q", F64: "d"}
TYPE_F32, TYPE_F16, TYPE_Q4_0, TYPE_Q4_1, TYPE_Q8_0, TYPE_Q4_K = 0, 1, 2, 3, 8, 12
# Type ids of all that hearth computes with: values and bytes of a block.
BLOCKS = {0: (1, 4), 1: (1, 2), 2: (32, 18), 3: (32, 20), 6: (32, 22), 7: (32, 24), 8: (32, 34), 10: (256, 84),
          11: (256, 110), 12: (256, 144), 13: (256, 176), 14: (256, 210), 20: (32, 18), 30: (1, 2), 39: (32, 17)}
HUGE = 1 << 63


def number(gguf_type, value):
    return struct.pack("<" + PACK[gguf_type], value)


def text(value):
    data = value.encode() if isinstance(value, str) else value
    return struct.pack("<Q", len(data)) + data


def entry(key, gguf_type, value):
    data = text(value) if gguf_type == STRING else number(gguf_type, value)
    return text(key) + struct.pack("<I", gguf_type) + data


def array(key, gguf_type, values, count=None):
    convert = text if gguf_type == STRING else lambda value: number(gguf_type, value)
    header = struct.pack("<IIQ", ARRAY, gguf_type, len(values) if count is None else count)
    return text(key) + header + b"".join(convert(value) for value in values)


def tensor(name, shape, gguf_type, offset):
    return (text(name) + struct.pack("<I", len(shape)) + struct.pack(f"<{len(shape)}Q", *shape)
            + struct.pack("<IQ", gguf_type, offset))


def gguf(entries=(), tensors=(), data=b"", version=3, alignment=32, counts=None):
    tensor_count, entry_count = counts or (len(tensors), len(entries))
    out = b"GGUF" + struct.pack("<IQQ", version, tensor_count, entry_count)
    out += b"".join(entries) + b"".join(tensors)
    if data:
        out += bytes(-len(out) % alignment) + data
    return out


def every_type():
    """A row of 256 values of each type."""
    tensors, data = [], b""
    for gguf_type, (values, block_bytes) in BLOCKS.items():
        tensors.append(tensor(f"t{gguf_type}", [256], gguf_type, len(data)))
        data += bytes((gguf_type + i) % 256 for i in range(256 // values * block_bytes))
        data += bytes(-len(data) % 32)
    return gguf([], tensors, data)


def sound_gguf():
    scalars = [entry("u8", U8, 255), entry("i8", I8, -1), entry("u16", U16, 65535),
               entry("i16", I16, -2), entry("u32", U32, 1), entry("i32", I32, -3),
               entry("u64", U64, 1 << 40), entry("i64", I64, -4), entry("f32", F32, 1.5),
               entry("f64", F64, -0.25), entry("yes", BOOL, 1), entry("no", BOOL, 0),
               entry("text", STRING, "grüß"), entry("empty", STRING, "")]
    arrays = [array("tokens", STRING, ["a", "bc", "", "\n"]), array("scores", F32, [0.5, -1.0]),
              array("types", I32, [1, 2, 3]), array("u32s", U32, [7]), array("none", STRING, []),
              array("bools", BOOL, [1, 0]), array("f64s", F64, [2.0])]
    model = [entry("general.architecture", STRING, "llama"),
             entry("llama.embedding_length", U32, 32)]
    weights = [tensor("token_embd.weight", [32, 4], TYPE_Q4_1, 0),
               tensor("blk.0.attn_q.weight", [32, 2], TYPE_Q8_0, 96),
               tensor("output_norm.weight", [32], TYPE_F32, 192)]
    data = bytes(range(256)) + bytes(64)
    return {
        "empty": gguf(),
        "version2": gguf(model, version=2),
        "scalars": gguf(scalars),
        "arrays": gguf(arrays),
        "model": gguf(model, weights, data),
        "alignment64": gguf([entry("general.alignment", U32, 64)],
                            [tensor("a", [1], TYPE_F32, 0), tensor("b", [1], TYPE_F32, 64)],
                            bytes(68), alignment=64),
        "rank4": gguf([], [tensor("w", [32, 1, 2, 1], TYPE_Q4_0, 0)], bytes(36)),
        "every_type": every_type(),
        "k_quant": gguf([], [tensor("w", [256], TYPE_Q4_K, 0)], bytes(144)),
        "gaps": gguf([], [tensor("a", [1], TYPE_F16, 64), tensor("b", [1], TYPE_F32, 0)],
                     bytes(128)),
    }


def broken_gguf():
    whole = sound_gguf()["model"]
    one = bytes(64)
    huge_count = struct.pack("<Q", HUGE)
    return {
        "one_byte_short": whole[:-1],
        "cut_in_metadata": whole[:70],
        "cut_in_tensors": whole[:150],
        "cut_in_header": whole[:13],
        "version1": gguf(version=1),
        "big_endian": b"GGUF" + struct.pack(">IQQ", 3, 0, 0),
        "tensor_count_huge": gguf(counts=(HUGE, 0)),
        "entry_count_huge": gguf(counts=(0, HUGE)),
        "key_huge": gguf(counts=(0, 1)) + huge_count + one,
        "string_huge": gguf([text("k") + struct.pack("<I", STRING) + huge_count + one]),
        "array_huge": gguf([array("k", U64, [1], count=1 << 61)]),
        "string_array_huge": gguf([array("k", STRING, ["a"], count=HUGE)]),
        "nested_array": gguf([text("k") + struct.pack("<IIQ", ARRAY, ARRAY, 1)
                              + struct.pack("<IQ", U8, 0)]),
        "unknown_value_type": gguf([text("k") + struct.pack("<IQ", 13, 0)]),
        "bool_2": gguf([entry("k", BOOL, 2)]),
        "duplicate_key": gguf([entry("k", U8, 1), entry("k", U8, 2)]),
        "duplicate_tensor": gguf([], [tensor("w", [1], 0, 0), tensor("w", [1], 0, 32)], one),
        "alignment_0": gguf([entry("general.alignment", U32, 0)]),
        "alignment_string": gguf([entry("general.alignment", STRING, "32")]),
        "rank_5": gguf([], [tensor("w", [1] * 5, TYPE_F32, 0)], one),
        "zero_dimension": gguf([], [tensor("w", [4, 0], TYPE_F32, 0)], one),
        "shape_wraps": gguf([], [tensor("w", [1 << 32, 1 << 32], TYPE_F32, 0)], one),
        "bytes_wrap": gguf([], [tensor("w", [(1 << 62) + 1], TYPE_F32, 0)], one),
        "sum_wraps": gguf([], [tensor("a", [1 << 61], TYPE_F32, 0),
                               tensor("b", [(1 << 61) + 16], TYPE_F32, HUGE)], one),
        "padding_wraps": gguf([], [tensor("a", [(1 << 62) - 1], TYPE_F32, 0),
                                   tensor("b", [16], TYPE_F32, 0)], one),
        "beyond_file": gguf([], [tensor("w", [1024], TYPE_F16, 0)], bytes(2047)),
        "offset_wraps": gguf([], [tensor("w", [8], TYPE_F32, (1 << 64) - 32)], one),
        "misaligned": gguf([], [tensor("w", [1], TYPE_F32, 16)], one),
        "overlap": gguf([], [tensor("a", [9], TYPE_F32, 0), tensor("b", [1], TYPE_F32, 32)], one),
        "unknown_tensor_type": gguf([], [tensor("w", [256], 23, 0)], bytes(256)),
        "ragged_superblock": gguf([], [tensor("w", [288], TYPE_Q4_K, 0)], bytes(288)),
        "ragged_row": gguf([], [tensor("w", [33], TYPE_Q4_0, 0)], one),
        "safetensors": struct.pack("<Q", 2) + b"{}",
        "git_lfs": b"version https://git-lfs.github.com/spec/v1\n",
    }


def part(number, count, tensors, names, entries=()):
    keys = [entry("split.no", U16, number), entry("split.count", U16, count),
            entry("split.tensors.count", I32, tensors)]
    return gguf([*entries, *keys], [tensor(name, [8], TYPE_F32, 32 * i) for i, name in enumerate(names)],
                bytes(range(32 * len(names))))


def parts(*files):
    """What fuzz/gguf_split.cc cuts up again."""
    return (bytes([len(files) - 1]) + b"".join(struct.pack("<I", len(f)) + f for f in files[:-1]) + files[-1])


def gguf_split_seeds():
    title = [entry("general.name", STRING, "split")]
    first, second = part(0, 2, 3, ["a", "b"], title), part(1, 2, 3, ["c"])
    return {
        "two": parts(first, second),
        "three": parts(part(0, 3, 2, [], title), part(1, 3, 2, ["x"]), part(2, 3, 2, ["y"])),
        "whole": parts(gguf(title)),
        "one_of_one": parts(part(0, 1, 1, ["a"])),
        "swapped": parts(second, first),
        "twice_the_first": parts(first, first),
        "foreign": parts(first, gguf(title)),
        "other_count": parts(first, part(1, 3, 3, ["c"])),
        "other_total": parts(first, part(1, 2, 4, ["c"])),
        "missing_tensor": parts(first, part(1, 2, 3, [])),
        "same_tensor": parts(first, part(1, 2, 3, ["a"])),
        "second_cut_short": parts(first, second[:-1]),
        "number_too_high": parts(part(2, 2, 3, ["a"]), second),
        "count_0": parts(part(0, 0, 3, ["a"]), second),
        "count_huge": parts(part(0, 65535, 3, ["a"]), second),
        "no_number": parts(gguf([entry("split.count", U16, 2)]), second),
        "number_is_text": parts(gguf([entry("split.count", STRING, "2")]), second),
        "total_negative": parts(part(0, 2, -1, ["a"]), second),
    }


def safetensors(header, data=b"", length=None):
    raw = header if isinstance(header, bytes) else json.dumps(header, separators=(",", ":")).encode()
    return struct.pack("<Q", len(raw) if length is None else length) + raw + data


def info(dtype, shape, begin, end):
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


def safetensors_seeds():
    data = bytes(range(64))
    two = {"a": info("U8", [4], 0, 4), "b": info("F16", [2], 4, 8)}
    whole = safetensors({"__metadata__": {"format": "pt"}, "w": info("F32", [2, 3], 0, 24),
                         "x.y": info("BF16", [], 24, 26), "z": info("I64", [0, 4], 26, 26),
                         "f": info("BOOL", [6], 26, 32)}, data[:32])
    return {
        "whole": whole,
        "one_byte_short": whole[:-1],
        "one_byte_long": whole + b"x",
        "cut_in_header": whole[:40],
        "cut_in_length": whole[:5],
        "empty": safetensors({}),
        "padded": safetensors(b'{"w":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}    ', b"x"),
        "escapes": safetensors(b'{"\\u00e9\\n\\ud83d\\ude00":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}', b"x"),
        "half_surrogate": safetensors(b'{"\\ud83d":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}', b"x"),
        "two": safetensors(two, data[:8]),
        "overlap": safetensors({**two, "c": info("U8", [4], 6, 10)}, data[:10]),
        "hole": safetensors({**two, "c": info("U8", [4], 9, 13)}, data[:13]),
        "duplicate": safetensors(b'{"w":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},'
                                 b'"w":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}'),
        "header_huge": safetensors({}, length=HUGE),
        "header_beyond": safetensors({}, length=3),
        "shape_wraps": safetensors({"w": info("F32", [1 << 32, 1 << 32], 0, 0)}),
        "bytes_wrap": safetensors({"w": info("F64", [1 << 61], 0, 0)}),
        "offset_wraps": safetensors({"w": info("U8", [1], (1 << 64) - 1, 1 << 64)}),
        "backwards": safetensors({"w": info("U8", [1], 1, 0)}, data[:1]),
        "rank_9": safetensors({"w": info("U8", [1] * 9, 0, 1)}, data[:1]),
        "unknown_type": safetensors({"w": info("F8_E4M3", [1], 0, 1)}, data[:1]),
        "deep": safetensors(b'{"__metadata__":' + b"[" * 200),
        "metadata_number": safetensors({"__metadata__": {"rank": 8}}),
        "gguf": b"GGUF" + bytes(20),
    }


def unicode_seeds():
    return {
        "ascii": b"plain text, 7 bits\r\n",
        "latin": "grüß Gott, façade".encode(),
        "greek_cjk_thai": "λόγος 漢字 ภาษาไทย".encode(),
        "emoji": "👩‍👩‍👧‍👦 🇩🇪 👍🏽".encode(),
        "edges": "\x7f\x80\u07ff\u0800\ud7ff\ue000\uffff\U00010000\U0010ffff".encode(),
        "overlong": b"\xc0\xaf\xc1\xbf\xe0\x9f\xbf\xf0\x8f\xbf\xbf",
        "surrogates": b"\xed\xa0\x80\xed\xbf\xbf",
        "above": b"\xf4\x90\x80\x80\xf5\x80\x80\x80\xff\xfe",
        "continuations": b"\x80\xbf\x80\xbf",
        "cut_2": b"a\xc3",
        "cut_3": b"a\xe2\x82",
        "cut_4": b"a\xf0\x9f\x98",
        "lead_after_lead": b"\xf0\xe2\xc3\xf0\x9f\xe2\x82\xac",
        "controls": b"a\n\x1b[31m\x00\x7f\xc2\x9b",
        "long": b"x" * 79 + "ü".encode() + b"\xff" * 20,
    }


def session_seeds():
    """See fuzz/session.cc: 255 and a file, or a number of tokens and patches of a sound session."""
    def patched(tokens, *patches):
        return bytes([tokens]) + b"".join(struct.pack("<IB", at & 0xFFFFFFFF, value) for at, value in patches)

    def head(version=1, context=128, tokens=0, page_bytes=32768, reserved=0):
        return (b"hearthKV" + struct.pack("<IIII8sQQIIQ", version, context, 1, 1, b"scalar", 0, 0, tokens, reserved,
                                          page_bytes))

    last = 1 << 31  # offsets from the end; the checksum is the last 8 bytes
    return {
        "sound_0": patched(0), "sound_1": patched(1), "sound_64": patched(64), "sound_65": patched(65),
        "version_2": patched(1, (8, 2)), "context_0": patched(1, (12, 0)), "context_huge": patched(1, (15, 0x7F)),
        "kv_f16": patched(1, (16, 0)), "other_isa": patched(1, (24, 0x61)), "other_model": patched(1, (32, 1)),
        "other_weights": patched(1, (40, 1)), "tokens_2": patched(1, (48, 2)), "tokens_huge": patched(1, (51, 0xFF)),
        "reserved": patched(1, (52, 1)), "page_bytes_0": patched(1, (57, 0)), "page_bytes_huge": patched(1, (63, 0xFF)),
        "id_negative": patched(1, (67, 0xFF)), "id_beyond": patched(1, (65, 0xFF)), "padding": patched(1, (68, 1)),
        "nan": patched(1, (74, 0x80), (75, 0x7F), (74, 0xC0)), "behind_last": patched(1, (last | 9, 1)),
        "file_empty": b"\xff", "file_head": b"\xff" + head(), "file_cut": b"\xff" + head()[:40],
        "file_wraps": b"\xff" + head(tokens=0x7FFFFFFF, page_bytes=1 << 32),
        "file_version": b"\xff" + head(version=9), "file_gguf": b"\xffGGUF\3\0\0\0",
    }


def packed_seeds():
    """See fuzz/packed.cc: 255 and a file, or a number of weights in hundreds and patches of a sound file."""
    def patched(hundreds, *patches):
        return bytes([hundreds]) + b"".join(struct.pack("<IB", at & 0xFFFFFFFF, value) for at, value in patches)

    def file(version=1, source=1, plan=2, count=100, checksum=0, weights=b"\7" * 100):
        return b"\xff" + weights + b"hearthPW" + struct.pack("<QQQQQ", version, source, plan, count, checksum)

    last = 1 << 31  # offsets from the end; the trailer is the last 48 bytes
    return {
        "sound_0": patched(0), "sound_1": patched(1), "sound_254": patched(254), "weight": patched(1, (50, 1)),
        "checksum": patched(1, (last | 0, 1)), "bytes": patched(1, (last | 8, 1)), "plan": patched(1, (last | 16, 1)),
        "source": patched(1, (last | 24, 1)), "version": patched(1, (last | 39, 2)), "magic": patched(1, (last | 47, 1)),
        "same_value": patched(1, (last | 47, ord("h"))),
        "file_checksum": file(), "file_empty": b"\xff", "file_cut": file()[:-1], "file_long": file() + b"\0",
        "file_trailer": file(weights=b"", count=0), "file_huge": file(count=(1 << 64) - 48), "file_gguf": b"\xffGGUF\3\0\0\0",
    }


def wordpiece_seeds():
    return {
        "english": b"Hello, ab!  It's 1a2b.",
        "accents": "Éé e\u0301 \u1e9b\u0323 İ ẞ Σς".encode(),
        "hangul_cjk": "각가 中文ab\uf900 ひら".encode(),
        "marks_in_order": "x\u302e\u0301\U0001d165y x\u302e\u034f\U0001d165".encode(),
        "marks_only": ("\u0301" * 30 + "\u302e" * 30 + "\u0345").encode(),
        "removed": b"a\x00b\x01\x7f" + "\u00ad\u200b\ufffd\ue000".encode(),
        "spaces": "\t\n\r \u00a0\u2003\u3000\u2028a".encode(),
        "invalid": b"a\xff\xc3 b\xe2\x82\xf0\x9f",
        "long_word": b"a" * 101 + b" " + b"ab" * 50 + b" " + b"b" * 300,
        "special": b"[CLS] hello [SEP] [UNK]",
        "vocabulary": "Vun\naff\n#aff\n#able\n!\n中\n#é\n".encode(),
        "vocabulary_twice": b"Va\nb\n#a\na\n",
        "vocabulary_no_word": b"V#a\n#b\n",
        "vocabulary_bytes": b"V\xff\n#\xc3\n\xc3\xa9\n",
    }


def gbnf_seeds():
    json_grammar = r'''root ::= value
value ::= object | array | string | number | "true" | "false" | "null"
object ::= "{" (string ":" value ("," string ":" value)*)? "}"
array ::= "[" (value ("," value)*)? "]" # a list
string ::= "\"" ([^"\\\x00-\x1f] | "\\" ["\\/bfnrt])* "\""
number ::= "-"? ("0" | [1-9] [0-9]{0,15}) ("." [0-9]+)?
'''
    return {
        "json": (json_grammar + "\0" + '{"a":[1,-2.5,{"b":"c\\n"}],"d":null}').encode(),
        "classes": "root ::= [\\u00e9-\\u20ac\\U0001F600]+ .?\0éé€x".encode(),
        "ambiguous": b'root ::= a | b\na ::= "x"* "1"\nb ::= "x"* "x" "2"\0xxx2',
        "counts": b'root ::= ("ab" | "a"){2,5} "c"? ("d"){3}\0abaabcddd',
        "left": b'root ::= root "a" | "b"',
        "endless": b"root ::= \"a\" root",
        "undefined": b"root ::= other",
        "large": b'root ::= ("a"{1,1000}){1,1000}',
        "cut": b'root ::= ("a',
    }


def write(folder, seeds):
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in seeds.items():
        (folder / name).write_bytes(content)


def regex_seeds():
    return {
        "classes": r"^[\w.-]{2,40}@\d+\S?\0ab-c@12x".encode().replace(b"\\0", b"\0"),
        "unicode": "[^\\u00e4-\\u{1F600}]+|\\x41.\0aA€".encode(),
        "long": b"(?:ab|c){130,9000}?\0" + b"abc" * 60,
        "groups": b"(?<name>a|ab)(?:c|bcd)?(d*)$\0abcd",
    }


def json_schema_seeds():
    schemas = {
        "object": ({"type": "object", "properties": {"a": {"type": "integer", "minimum": -5, "multipleOf": 5},
                                                     "b": {"enum": ["x", None, {"y": [1.5]}]}},
                    "required": ["a"], "additionalProperties": {"type": "boolean"}}, {"a": 10, "b": None, "c": True}),
        "list": ({"type": "array", "prefixItems": [{"const": "p"}], "items": {"type": "number", "maximum": 0.5},
                  "minItems": 2, "maxItems": 300}, ["p", -1, 0.25]),
        "strings": ({"anyOf": [{"format": "date"}, {"pattern": "^a+$", "maxLength": 9}, {"format": "uri"}]}, "2024-02-29"),
        "tree": ({"$defs": {"t": {"type": "object", "properties": {"l": {"$ref": "#/$defs/t"}, "v": {}},
                                  "required": ["v"]}}, "$ref": "#/$defs/t"}, {"l": {"v": [1, {"k": "w"}]}, "v": 1}),
        "together": ({"allOf": [{"properties": {"a": {"minLength": 1}}}, {"properties": {"a": {"maxLength": 3}}}],
                      "oneOf": [{"type": "object"}, {"type": "null"}]}, {"a": "xy"}),
    }
    return {name: (json.dumps(schema) + "\0" + json.dumps(value)).encode() for name, (schema, value) in schemas.items()}


def peft_config_seeds():
    whole = {"peft_type": "LORA", "r": 4, "lora_alpha": 8.5, "use_rslora": True, "bias": "none", "lora_dropout": 1e-2,
             "rank_pattern": {"q_proj": 2}, "alpha_pattern": {"layers\\.[0-9].*up_proj": -1.5}, "modules_to_save": None,
             "target_modules": ["q_proj"], "loftq_config": {"a": [[], {"b": None}]}, "init_lora_weights": "gaussian",
             "base_model_name_or_path": "a/b"}

    def changed(**members):
        return json.dumps({**whole, **members}).encode()

    return {
        "whole": changed(),
        "cut": changed()[:-20],
        "rank_0": changed(r=0),
        "rank_high": changed(rank_pattern={"q": 1e9}),
        "dora": changed(use_dora=True),
        "saved": changed(modules_to_save=["lm_head"]),
        "ia3": changed(peft_type="IA3"),
        "pissa": changed(init_lora_weights="pissa_niter_4"),
        "empty": b"{}",
        "deep": changed(x=None).replace(b'"x": null', b'"x": ' + b"[" * 40),
        "nan": changed(x=None).replace(b'"x": null', b'"lora_alpha": NaN'),
    }


def lora_file_seeds():
    prefix = "base_model.model.model.layers.0.mlp.up_proj"
    a, b = f"{prefix}.lora_A.weight", f"{prefix}.lora_B.weight"
    pair = {a: info("F32", [2, 4], 0, 32), b: info("BF16", [4, 2], 32, 48)}
    data = bytes(32) + bytes([0, 63] * 8)
    keys = [entry("general.type", STRING, "adapter"), entry("general.architecture", STRING, "llama"),
            entry("adapter.type", STRING, "lora"), entry("adapter.lora.alpha", F32, 4.0)]
    up = "blk.0.ffn_up.weight.lora_"
    tensors = [tensor(up + "a", [32, 2], TYPE_Q8_0, 0), tensor(up + "b", [2, 4], TYPE_F16, 96)]
    return {
        "peft": safetensors(pair, data),
        "peft_default": safetensors({a.replace(".weight", ".default.weight"): pair[a],
                                     b.replace(".weight", ".default.weight"): pair[b]}, data),
        "peft_half": safetensors({a: pair[a]}, data[:32]),
        "peft_ranks": safetensors({a: pair[a], b: info("BF16", [2, 4], 32, 48)}, data),
        "peft_nan": safetensors(pair, data[:28] + bytes([0, 0, 192, 127]) + data[32:]),
        "peft_dora": safetensors({prefix + ".lora_magnitude_vector": info("F32", [1], 0, 4)}, data[:4]),
        "peft_vector": safetensors({a: info("F32", [8], 0, 32)}, data[:32]),
        "gguf": gguf(keys, tensors, bytes(68) + bytes(28) + bytes([0, 60] * 8)),
        "gguf_half": gguf(keys, tensors[:1], bytes(68)),
        "gguf_model": gguf(keys[1:], tensors, bytes(112)),
        "gguf_other": gguf(keys, [tensor("output.weight", [4], TYPE_F32, 0)], bytes(16)),
        "gguf_cube": gguf(keys, [tensor(up + "a", [1, 1, 2], TYPE_F32, 0)], bytes(8)),
    }


def modelfile_seeds():
    return {
        "pirate": b"""# A pirate.
FROM smollm2
parameter temperature 0.2
PARAMETER stop "<|user|>"
PARAMETER stop "
"
PARAMETER num_gpu 1
SYSTEM \"\"\"You are a pirate.
  Say "Arr".
\"\"\"
MESSAGE user Who are you?
MESSAGE assistant "Arr, I am a pirate."
LICENSE MIT
""",
        "template": b'FROM ./m.gguf\r\nTEMPLATE "{% for m in messages %}{{ m.content }}{% endfor %}"\r\nMESSAGE system Be brief.\r\n',
        "go": b'FROM m\nTEMPLATE "{{ .Prompt }}"',
        "go_words": b"FROM m\nTEMPLATE {{- range .Messages }}{{ end }}",
        "unclosed": b'FROM m\nSYSTEM """a""b\n""',
        "quotes": b'FROM m\nSYSTEM """"a""""\nPARAMETER seed -9223372036854775808\nPARAMETER repeat_last_n -1\nPARAMETER mirostat 0',
        "adapter": b"FROM m\nADAPTER ./a.gguf\n",
        "lines": b"FROM m\nSYSTEM You are\na pirate.\n",
    }


def proof_report_seeds():
    route = {"name": "tcp4", "profile": "run", "tried": "connect", "control": "works", "expected": "EPERM", "outcome": "proved", "errno": "EPERM", "ok": True}
    report = {"kind": "hearth offline proof", "time": "2026-11-26T12:00:00Z", "versions": {"hearth": "0.1.0", "kernel": "Linux 6.1.0"}, "ok": True,
              "routes": [route], "public_key": "0" * 64, "signature": "0" * 128}
    return {
        "forged": json.dumps(report).encode(),
        "unsigned": json.dumps({**report, "signature": None}).encode(),
        "other": json.dumps({**report, "kind": "other"}).encode(),
        "deep": json.dumps(report)[:-1].encode() + b', "x": ' + b"[" * 40 + b"]" * 40 + b"}",
        "array": b"[1, 2]",
    }


def guard_seeds():
    return {
        "letter": "Dear Jürgen O'Brien, card 4111 1111 1111 1111, IBAN DE89 3704 0044 0532 0130 00, born 12 March 1980.\n"
                  "Lange Straße 5, 10115 Berlin; (212) 555-0142 x12; 12, rue de la Paix, 75002 Paris".encode(),
        "secrets": b"password: 'hunter2!' api_key=9f8a7b6c5d4e3f2a1b0c9d8e AKIAIOSFODNN7EXAMPLE https://a:b1@c.de/x "
                   b"-----BEGIN RSA PRIVATE KEY-----\nMIIabc\n-----END RSA PRIVATE KEY-----",
        "disguises": "４１１１\u200b１１１１ １１１１ １１１１ jоhn@exаmple.com bob (at) example (dot) com ﬁ e\u0301\u0323 \u1112\u1161\u11ab".encode(),
        "network": b"fe80::1ff:fe23:4567:890a 10.0.0.1 00:1a:2b:3c:4d:5e 52.5200, 13.4050 52\xc2\xb031'12\"N",
        "numbers": b"943 476 5919 2341 2341 2346 021000021 078-05-1120 1M8GDM9AXKP042788 529.982.247-25 RSSMRA85T10A562S",
        "placeholders": "⟦PERSON_1:abcdef⟧ ⟦⟦X:y⟧ ⟦ ⟧ \\u0062ob\\u0040x.de %40".encode(),
        "companies": "Meier & Söhne GmbH & Co. KG, Grupo Acme S.A., Garcia, Lee and Clark, PSC 1234, Box 5678, APO AP 96201".encode(),
        "invalid": b"a@\xff\xc3 \xe2\x82 4111\x001111",
        "map": b"hearth-map 1 abcdef\nPERSON 1 4:Anna\nEMAIL 2 3:a\n@\n\0" + "⟦PERSON_1:abcdef⟧ ⟦EMAIL_3:abcdef⟧".encode(),
        "map_cut": b"hearth-map 1 abcdef\nPERSON 1 40:Anna\n",
        "map_twice": b"hearth-map 1 abcdef\nPERSON 1 1:A\nPERSON 1 1:B\n",
        "circle": b"and so on " * 60 + b"canary",
    }


def egress_frames_seeds():
    """The first byte says how long the pieces are that they come in."""
    def frame(kind, ask, payload):
        return struct.pack("<IBI", len(payload), kind, ask) + payload

    def field(value):
        return struct.pack("<I", len(value)) + value

    target = frame(1, 0, b"\0" + struct.pack("<I", 30000) + field(b"edge") + field(b"https://edge.example/v1") + field(b"/k") + field(b""))
    ask = frame(3, 7, struct.pack("<IQQ", 1000, 4096, 5) + field(b"edge"))
    done = frame(19, 7, b"\0" + struct.pack("<IQQQ", 200, 5, 12, (1 << 64) - 1) + field(b"") + field(b"stop"))
    return {
        "session": b"\x00" + target + frame(2, 0, b"") + ask + frame(4, 7, b"12345") + frame(5, 7, b""),
        "answer": b"\x05" + frame(16, 0, b"") + frame(18, 7, "Gr\u00fc\u00dfe".encode()) + done,
        "refused": b"\x03" + frame(17, 0, b"\x05" + field(b"target edge: key_file /k: is empty; put the key into it")),
        "cut": b"\x01" + done[:-3],
        "too_long": b"\x01" + struct.pack("<IBI", 65537, 18, 1) + b"a" * 32,
        "unknown": b"\x01" + frame(9, 1, b""),
        "out_of_place": b"\x01" + target[:5] + struct.pack("<I", 256) + target[9:],
        "bad_text": b"\x10" + frame(17, 0, b"\x05" + field(b"two\nlines")),
        "bad_fault": b"\x10" + frame(19, 7, b"\xff" + done[10:]),
    }


def egress_reply_seeds():
    """Two bytes say which kind of answer it is and how long the pieces are that it comes in."""
    def event(delta, finish=None, **more):
        return b"data: " + json.dumps({"choices": [{"index": 0, "delta": delta, "finish_reason": finish}], **more}).encode() + b"\n\n"

    whole = {"choices": [{"index": 0, "message": {"role": "assistant", "content": "Blue \u00e9\U0001f600."}, "finish_reason": "stop"}],
             "usage": {"prompt_tokens": 12, "completion_tokens": 3}}
    calls = {"choices": [{"index": 0, "message": {"content": None, "tool_calls": [{"id": "1", "function": {"name": "f", "arguments": "{}"}}]}}]}
    stream = event({"role": "assistant", "content": ""}) + event({"content": "Bl"}) + event({"content": "ue"}, "stop")
    return {
        "whole": b"\0\x07" + json.dumps(whole).encode(),
        "escapes": b"\0\x03" + json.dumps(whole, ensure_ascii=False).encode(),
        "calls": b"\0\x40" + json.dumps(calls).encode(),
        "error": b"\0\x40" + b'{"error": {"message": "no", "code": 500}}',
        "deep": b"\0\x40" + b'{"choices": ' + b"[" * 40,
        "not_json": b"\0\x40<html>",
        "stream": b"\1\x05" + stream + b"data: [DONE]\n\n",
        "stream_crlf": b"\1\x04" + b"\xef\xbb\xbf: hello\r\n\r\n" + stream.replace(b"\n", b"\r\n") + b"data: [DONE]\r\n\r\n",
        "stream_returns": b"\1\x01" + stream.replace(b"\n", b"\r"),
        "stream_half": b"\1\x20" + stream[:70],
        "stream_usage": b"\1\x20" + stream + b'data: {"choices": [], "usage": {"prompt_tokens": 5, "completion_tokens": 1e2}}\n\ndata: [DONE]\n\n',
        "stream_two_lines": b'\1\x20data: {"choices":\ndata: [{"delta": {"content": "a"}}]}\n\ndata:[DONE]\n\n',
        "stream_garbage": b"\1\x20" + bytes(range(1, 256)),
        "stream_error": b'\1\x20data: {"error": "overloaded"}\n\n',
    }


def policy_seeds():
    edge = b"""default = "local"
[targets.edge]
url = "https://edge.example/v1"
model = "m"
accepts = "personal"
price_usd_per_mtok = { input = 0.5, output = 1 }
"""
    rule = b"[[rules]]\nallow = [\"local\", \"edge\"]\n"
    shipped = {path.stem: path.read_bytes() for path in sorted((CORPUS.parent.parent / "policies").glob("*.toml"))}
    return {
        **shipped,
        "one_rule": edge + rule,
        "all_keys": edge + rule + b"""name = "r"
when = { sensitivity = "personal", consent = "once", network = "metered", task = ["code", "facts"], power = "mains", deadline = "none" }
prefer = "latency"
redact = false
budget_usd_per_day = 0.5
p_error_max = 0.25
""",
        "deny": edge + rule + b"[[rules]]\nwhen = { power = \"low\" }\ndeny = \"edge\"\n",
        "unused": edge,
        "duplicate": edge + rule + rule,
        "unknown": edge + rule.replace(b"edge", b"egde"),
        "bad_url": edge.replace(b"https", b"http") + rule,
        "names": edge.replace(b"edge]", b"\"\\u001b[2J\"]") + rule,
        "deep": b"default = " + b"[" * 300,
        "not_toml": b"default local",
        "beyond_ascii_escape": b'a = "\\u\xef\xb3\xbf0"',
        "beyond_ascii": b"d\xef\xb3\xbf\0\0l",
    }


def calibration_seeds():
    features = ["mean_logprob", "q05_logprob", "q10_logprob", "q25_logprob", "margin", "schema_failures", "sum_logprob", "least_margin",
                "answer_tokens", "question_bytes", "question_digits", "copied_share"]
    sound = {
        "version": 1, "answers": 500, "promise": {"error_max": 0.1, "confidence": 0.99},
        "score": {"features": features, "mean": [-0.5, -3, -2, -1, 0.6, 0.1, -4, 0.1, 2, 4, 1, 0.5],
                  "scale": [0.2, 1, 0.7, 0.4, 0.15, 0.3, 2, 0.1, 0.5, 1, 1, 0.3],
                  "weight": [-0.6, -0.5, -0.3, -0.2, -0.4, 0.1, -0.3, -0.2, 0.1, 0.1, 0.2, -0.1],
                  "task_weight": {"code": [0.1] * 12}, "task_offset": [0, 0.1, 0.2, 0.3, 0, 0, 0, 0, 0], "offset": -0.2},
        "line": {"x": [-2, -1, 0.5, 3], "y": [0.01, 0.1, 0.5, 0.97]}, "threshold": 0.2,
        "task_threshold": {"code": 0.1}, "local_p_error": {"code": 0.4, "facts": 0.6}, "remote_p_error": {"facts": 0.1},
        "stay_share": {"code": 0.3},
    }
    return {
        "sound": json.dumps(sound).encode(),
        "no_threshold": json.dumps({**sound, "threshold": None, "task_threshold": {}}).encode(),
        "falling": json.dumps({**sound, "line": {"x": [1, 0], "y": [0, 1]}}).encode(),
        "version": json.dumps({**sound, "version": 2}).encode(),
        "no_line": json.dumps({**sound, "line": {"x": [], "y": []}}).encode(),
        "deep": b"[" * 500,
    }


def memory_seeds():
    ratios = {"count": 9, "ratios": [1, 1.5] * 16}
    remote = {"breaker": {"failures": 3, "open_ms": 5000, "opened_at_ms": 777}, "first_token": [3, 30, 60, 400, 700],
              "answer": [3, 3, 9, 3, 9], "ratios": ratios}
    sound = {"version": 1, "day": 20000, "spent_usd": 0.25, "reserved_usd": 0.125, "retries": 3.5, "local_ratios": ratios,
             "targets": {"cloud": remote, "gone": remote}}
    return {
        "sound": json.dumps(sound).encode(),
        "negative": json.dumps({**sound, "spent_usd": -1}).encode(),
        "short": json.dumps({**sound, "targets": {"edge": {**remote, "answer": [1]}}}).encode(),
        "list": b"[]",
    }


def kept_file_seeds():
    week = {"version": 1, "week": 2959, "seed": "07" * 32, "counts": [[0] * n for n in (15, 15, 15, 17, 15, 15, 1, 1)]}
    counted = {**week, "counts": [[1] * n for n in (15, 15, 15, 17, 15, 15, 1, 1)]}
    consent = {"version": 1, "endpoint": "http://127.0.0.1:4318"}
    return {"rows": b"r", "rows_length": b"r" + struct.pack("<HB", 12, 2), "rows_text": b"r" + struct.pack("<HB", 45, 0), "key": b"k",
            "key_nonce": b"k" + struct.pack("<HB", 13, 1), "week": b"w" + json.dumps(week).encode(), "counted": b"w" + json.dumps(counted).encode(),
            "negative": b"w" + json.dumps({**week, "week": -1}).encode(), "short": b"w" + json.dumps({**week, "counts": []}).encode(),
            "list": b"w[]", "half": b'w{"week":', "consent": b"c" + json.dumps(consent).encode(), "no_endpoint": b"c{}"}


def main():
    write(CORPUS / "gguf", {**sound_gguf(), **broken_gguf()})
    write(CORPUS / "gguf_split", gguf_split_seeds())
    write(CORPUS / "safetensors", safetensors_seeds())
    write(CORPUS / "peft_config", peft_config_seeds())
    write(CORPUS / "lora_file", lora_file_seeds())
    write(CORPUS / "unicode", unicode_seeds())
    write(CORPUS / "session", session_seeds())
    write(CORPUS / "packed", packed_seeds())
    write(CORPUS / "wordpiece", wordpiece_seeds())
    write(CORPUS / "gbnf", gbnf_seeds())
    write(CORPUS / "regex", regex_seeds())
    write(CORPUS / "json_schema", json_schema_seeds())
    write(CORPUS / "modelfile", modelfile_seeds())
    write(CORPUS / "proof_report", proof_report_seeds())
    write(CORPUS / "guard", guard_seeds())
    write(CORPUS / "policy", policy_seeds())
    write(CORPUS / "route_calibration", calibration_seeds())
    write(CORPUS / "route_memory", memory_seeds())
    write(CORPUS / "egress_frames", egress_frames_seeds())
    write(CORPUS / "egress_reply", egress_reply_seeds())
    write(CORPUS / "kept_files", kept_file_seeds())


if __name__ == "__main__":
    main()
