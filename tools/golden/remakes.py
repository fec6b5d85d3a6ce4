# SPDX-License-Identifier: Apache-2.0
"""Perplexity of SmolLM2 in every type, in PyTorch float32 on the same dequantized weights.

The program `remake` (tests/remake_main.cc) writes the model with all matrices in a type; rows that are no multiple of 256
fall back as llama.cpp's quantizer does, so that of the K types only ffn_down is one. The gguf package reads the file and
dequantizes it. Text and convention are perplexity.py's. The sha256 of each remake is recorded: the test remakes the same
bytes, or fails.

Writes tests/golden/remakes.json.

Run: python remakes.py MODEL.gguf build/dev/remake [TYPE...]     (all types, or these; half a minute each on one core)
"""

import argparse
import json
import os
import subprocess
import tempfile

import torch

import common
import perplexity
from llama_reference import Plain

TYPES = ["Q8_0", "Q4_0", "Q5_0", "Q5_1", "IQ4_NL", "Q4_K", "Q6_K", "F16", "BF16", "Q5_K", "Q3_K", "Q2_K", "MXFP4", "Q4_1"]


NAME = "remakes.json"


def measure(name, model, remake, ids):
    """One type's entry; `ids` are as many windows as shall be measured."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "remake.gguf")
        subprocess.run([remake, model, path, name], check=True, stderr=subprocess.DEVNULL)
        reader = common.gguf_reader(path)
        types = {tensor.tensor_type.name for tensor in reader.tensors if len(tensor.shape) > 1}
        losses = perplexity.window_losses(Plain(reader, torch.float32), ids)
        return {"type": name, "types": sorted(types), "bytes": os.path.getsize(path), "sha256": common.sha256_file(path),
                "perplexity": perplexity.perplexity(losses, perplexity.FIRST_TARGET),
                "mean_nll": [perplexity.mean(window) for window in perplexity.scored(losses, perplexity.FIRST_TARGET)]}


def write(entry, model_sha256):
    """Adds or replaces one type's entry; the others stay."""
    path = os.path.join(common.GOLDEN_DIR, NAME)
    remakes = {}
    if os.path.exists(path):
        with open(path, encoding="ascii") as file:
            old = json.load(file)
        if old["model_sha256"] == model_sha256:
            remakes = {item["type"]: item for item in old["remakes"]}
    remakes[entry["type"]] = entry
    result = {"made_by": common.made_by(__file__), "versions": common.versions("torch", "tokenizers", "gguf", "numpy"),
              "model_sha256": model_sha256, "remakes": [remakes[name] for name in TYPES if name in remakes]}
    common.write_text(NAME, json.dumps(result, indent=1) + "\n", 20_000, script=__file__, model_sha256=model_sha256,
                      versions=result["versions"])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model")
    parser.add_argument("remake")
    parser.add_argument("types", nargs="*", choices=[[], *TYPES], default=[], metavar="type")
    parser.add_argument("--windows", type=int, default=10, help="the first so many only")
    arguments = parser.parse_args()
    torch.set_num_threads(1)

    with open(perplexity.TEXT, encoding="utf-8", newline="") as file:
        text = file.read()
    ids = common.bpe_from_gguf(common.gguf_reader(arguments.model)).encode(text, add_special_tokens=False).ids
    ids = ids[:arguments.windows * perplexity.WINDOW]
    model_sha256 = common.sha256_file(arguments.model)
    for name in arguments.types or TYPES:
        entry = measure(name, arguments.model, arguments.remake, ids)
        write(entry, model_sha256)
        print(name, entry["types"], entry["perplexity"], flush=True)


if __name__ == "__main__":
    main()
