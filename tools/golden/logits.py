# SPDX-License-Identifier: Apache-2.0
"""Logits of SmolLM2 for 20 prompts, from PyTorch in float32 on the dequantized weights of the GGUF.

The logits are those of the last position, as transformers computes them (eager attention). Before writing,
every prompt is also run through the forward pass of llama_reference.py in float32 and float64, and the three
must agree to 1e-3: that is what shows the permutation of q and k to be right.

Writes tests/golden/smollm2_logits.json:
  sample_ids   2,048 vocabulary ids: the 17 special ones and others drawn with a fixed seed, in order
  prompts      text, ids (what counts; the text is for people), "special": true where special tokens in the
               text were parsed, logits (of sample_ids, 9 significant digits), argmax, logsumexp over the whole
               vocabulary, top (the ten best [id, logit]), margin (best minus second logit),
               error_float32 (largest |float32 - float64| over the vocabulary: the noise of the reference)
and tests/golden/smollm2_trace.json, for finding where a forward pass goes wrong: for one prompt, after each step
of some layers, the root mean square over all positions and the first 8 values of the first and last position
(float64 pass; names as in llama_reference.py; q and k in the row order of the GGUF, neighbours paired).

Run: python logits.py MODEL.gguf         (a minute on one core; also wants `accelerate`, which transformers
                                          asks for to load a GGUF)
"""

import argparse
import random

import torch

import common
from llama_reference import Plain, transformers_model

SEED = 20250209
SAMPLES = 2048
AGREE = 1e-3
TRACE_PROMPT = "The capital of France is"
TRACED_LAYERS = (0, 1, 14, 29)
LICENCE = "/usr/share/common-licenses/Apache-2.0"

CHAT = ("<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n"
        "<|im_start|>user\nWhat is gravity?<|im_end|>\n<|im_start|>assistant\n")
CHAT_TURNS = ("<|im_start|>system\nAnswer in one word.<|im_end|>\n<|im_start|>user\nWhat is the capital of Italy?<|im_end|>\n"
              "<|im_start|>assistant\nRome<|im_end|>\n<|im_start|>user\nAnd of Japan?<|im_end|>\n<|im_start|>assistant\n")
PROSE = ("It was late when the ship came into the harbour, and the lamps along the quay had been lit for an hour. "
         "Nobody was waiting. The captain, who had expected at least the agent with the letters, stood at the rail "
         "and counted the windows of the customs house, as he always did, from left to right, and found that one was")
PYTHON = ("def quicksort(items):\n    if len(items) <= 1:\n        return items\n    pivot = items[len(items) // 2]\n"
          "    left = [x for x in items if x < pivot]\n    middle = [x for x in items if x == pivot]\n"
          "    right = [x for x in items if x > pivot]\n    return quicksort(left) +")
C_CODE = ("#include <stdio.h>\r\n\r\nint main(int argc, char **argv)\r\n{\r\n\tfor (int i = 0; i < argc; ++i)\r\n"
          "\t\tprintf(\"%d: %s\\n\", i, argv[i]);\r\n\treturn ")
UNICODE = ("Ελληνικά, русский, עברית, العربية, हिन्दी, ไทย, 日本語, 한국어 — naïve café, e\u0301, "
           "\U0001f600\U0001f44d\U0001f3fd\U0001f468\u200d\U0001f469\u200d\U0001f467 \U0001f1e9\U0001f1ea \u00a0\u2003|\u3000\U00010348\n")
JSON_TEXT = '{"name": "Alice", "age": 31, "tags": ["a", "b"], "address": {"street": "Main St. 5", "zip": "01234"}, "email": '
PI = ("3.14159265358979323846264338327950288419716939937510582097494459230781640628620899862803482534211706798214808651"
      "3282306647093844609550582231725359408128481117450284102701938521105559644622948954930381964428810975665933446128")
TABLE = "\n".join(f"{n}\t{n * n}\t{n ** 3}" for n in range(1, 21)) + "\n21\t441\t"
QUESTIONS = "Q: What colour is the sky?\nA: Blue.\n\nQ: How many legs has a spider?\nA: Eight.\n\nQ: What is 7 + 5?\nA:"


def exact_prefix(tokenizer, text, count):
    """The start of `text` that is exactly `count` tokens."""
    offsets = tokenizer.encode(text, add_special_tokens=False).offsets
    prefix = text[:offsets[count - 1][1]]
    assert len(tokenizer.encode(prefix, add_special_tokens=False).ids) == count
    return prefix


def prompts(tokenizer):
    """(text, whether special tokens in it are parsed)."""
    with open(LICENCE, encoding="utf-8") as file:
        licence = file.read()
    prefix = lambda count: exact_prefix(tokenizer, licence, count)
    return [
        ("The", False), ("<|im_start|>", True), ("\n", False), ("Hello, world!", False), (TRACE_PROMPT, False),
        (PROSE, False), (PYTHON, False), (C_CODE, False), (UNICODE, False), (JSON_TEXT, False),
        (" the" * 200, False), ("\n" * 40 + " " * 60 + "x", False), (PI, False), (TABLE, False), (QUESTIONS, False),
        (CHAT, True), (CHAT_TURNS, True),
        # One token more than a page of 64, a whole split of 256, and past two splits.
        (prefix(65), False), (prefix(256), False), (prefix(601), False),
    ]


def ids_of(tokenizer, text, special):
    """Token ids; with `special`, "<|im_start|>" and "<|im_end|>" are ids 1 and 2."""
    if not special:
        return tokenizer.encode(text, add_special_tokens=False).ids
    ids = []
    rest = text
    while rest:
        marks = [(rest.find(mark), mark, i) for mark, i in (("<|im_start|>", 1), ("<|im_end|>", 2)) if mark in rest]
        at, mark, mark_id = min(marks, default=(len(rest), "", None))
        ids += tokenizer.encode(rest[:at], add_special_tokens=False).ids
        ids += [mark_id] if mark else []
        rest = rest[at + len(mark):]
    return ids


def nine(value):
    return float(f"{value:.9g}")


def trace(model, tokenizer):
    ids = ids_of(tokenizer, TRACE_PROMPT, False)
    steps = []

    def see(name, value):
        if not name.startswith("blk.") or int(name.split(".")[1]) in TRACED_LAYERS:
            steps.append({"step": name, "shape": list(value.shape), "rms": nine(value.pow(2).mean().sqrt().item()),
                          "first_position": [nine(x) for x in value[0, :8].tolist()],
                          "last_position": [nine(x) for x in value[-1, :8].tolist()]})

    model(ids, see)
    return {"text": TRACE_PROMPT, "ids": ids, "steps": steps}


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("model")
    path = arguments.parse_args().model
    torch.set_num_threads(1)

    reader = common.gguf_reader(path)
    tokenizer = common.bpe_from_gguf(reader)
    single, double = Plain(reader, torch.float32), Plain(reader, torch.float64)
    reference = transformers_model(path)

    draw = random.Random(SEED)
    samples = list(range(17))
    others = set()
    while len(samples) + len(others) < SAMPLES:
        others.add(17 + draw.getrandbits(32) % (49152 - 17))
    samples += sorted(others)

    record = {"made_by": common.made_by(__file__), "model_sha256": common.sha256_file(path),
              "versions": common.versions("torch", "transformers", "tokenizers", "gguf", "numpy")}
    lines = []
    for text, special in prompts(tokenizer):
        ids = ids_of(tokenizer, text, special)
        with torch.no_grad():
            logits = reference(torch.tensor([ids])).logits[0, -1]
        exact = double(ids, last_only=True)[0]
        error = (logits.double() - exact).abs().max().item()
        plain_error = (single(ids, last_only=True)[0].double() - exact).abs().max().item()
        assert max(error, plain_error) < AGREE, (text, error, plain_error)
        best = logits.topk(10)
        top = [[i, nine(x)] for i, x in zip(best.indices.tolist(), best.values.tolist())]
        assert top[0][0] == exact.argmax().item()
        prompt = {"text": text, "ids": ids}
        if special:
            prompt["special"] = True
        prompt.update({
            "argmax": top[0][0], "logsumexp": nine(logits.double().logsumexp(-1).item()),
            "margin": nine(top[0][1] - top[1][1]), "error_float32": nine(error), "top": top,
            "logits": [nine(logits[i].item()) for i in samples]})
        lines.append(common.ascii_line(prompt))
        print(f"{len(ids):4} ids, best {top[0][0]:5} {common.ascii_line(tokenizer.id_to_token(top[0][0])):14} "
              f"margin {prompt['margin']:.4f}, error {error:.2e} (plain {plain_error:.2e})")
    head = common.ascii_line({**record, "sample_ids": samples})
    common.write_text("smollm2_logits.json", head[:-1] + ',"prompts":[\n' + ",\n".join(lines) + "\n]}\n", 700_000,
                      script=__file__, model_sha256=record["model_sha256"], versions=record["versions"])
    result = {**record, **trace(double, tokenizer)}
    steps = ",\n".join(common.ascii_line(step) for step in result.pop("steps"))
    common.write_text("smollm2_trace.json", common.ascii_line(result)[:-1] + ',"steps":[\n' + steps + "\n]}\n", 100_000,
                      script=__file__, model_sha256=record["model_sha256"], versions=record["versions"])


if __name__ == "__main__":
    main()
