# SPDX-License-Identifier: Apache-2.0
"""Perplexity of a licence text under SmolLM2, in float32 and float64.

Convention (llama.cpp's `llama-perplexity -c 512`): the whole text to ids, no BOS unless the GGUF says so
(SmolLM2: no); disjoint windows of 512 ids, the tail that does not fill one dropped; each window by
itself from position 0; scored are the logits at positions 256..510, that is the targets at index
257..511, 255 a window. Perplexity is exp of the mean negative natural-log likelihood of all of them.
(The target at index 256, which position 255 predicts, is *not* scored: with it the figure is 14.788
instead of 14.824. It is recorded as `perplexity_targets_256`, to tell the two apart.)

The text is read where Debian has it. Ids: 5,201 with SmolLM2's pre-tokenizer; 5,213 mean that digits were not split.

Writes tests/golden/perplexity.json.

Run: python perplexity.py MODEL.gguf     (half a minute on one core)
"""

import argparse
import json
import math

import torch

import common
from llama_reference import Plain

TEXT = "/usr/share/common-licenses/GFDL-1.3"
WINDOW = 512
FIRST_TARGET = 257


def window_losses(model, ids):
    """For each window, the negative log likelihood of the targets at index 1..511, in float64."""
    result = []
    for begin in range(0, len(ids) - WINDOW + 1, WINDOW):
        window = torch.tensor(ids[begin:begin + WINDOW])
        log_probabilities = model(window.tolist()).double().log_softmax(-1)
        picked = log_probabilities[:-1].gather(1, window[1:, None])
        result.append((-picked[:, 0]).tolist())
    return result


def mean(values):
    values = list(values)
    return math.fsum(values) / len(values)


def scored(losses, first_target):
    return [window[first_target - 1:] for window in losses]


def perplexity(losses, first_target):
    return math.exp(mean(x for window in scored(losses, first_target) for x in window))


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("model")
    path = arguments.parse_args().model
    torch.set_num_threads(1)

    reader = common.gguf_reader(path)
    assert common.gguf_value(reader, "tokenizer.ggml.add_bos_token") is False
    with open(TEXT, encoding="utf-8", newline="") as file:
        text = file.read()
    ids = common.bpe_from_gguf(reader).encode(text, add_special_tokens=False).ids
    single = window_losses(Plain(reader, torch.float32), ids)
    double = window_losses(Plain(reader, torch.float64), ids)
    result = {
        "made_by": common.made_by(__file__), "versions": common.versions("torch", "tokenizers", "gguf", "numpy"),
        "model_sha256": common.sha256_file(path),
        "text": {"path": TEXT, "sha256": common.sha256_file(TEXT), "bytes": len(text.encode("utf-8")), "ids": len(ids)},
        "convention": {"window": WINDOW, "stride": WINDOW, "bos": False, "tail": "dropped",
                       "first_target_index": FIRST_TARGET, "last_target_index": WINDOW - 1,
                       "targets_per_window": WINDOW - FIRST_TARGET, "logarithm": "natural"},
        "perplexity": perplexity(single, FIRST_TARGET),
        "perplexity_float64": perplexity(double, FIRST_TARGET),
        "perplexity_targets_256": perplexity(single, 256),
        "windows": [{"first_id_index": i * WINDOW, "mean_nll": mean(a), "mean_nll_float64": mean(b)}
                    for i, (a, b) in enumerate(zip(scored(single, FIRST_TARGET), scored(double, FIRST_TARGET)))],
    }
    common.write_text("perplexity.json", json.dumps(result, indent=1) + "\n", 20_000, script=__file__,
                      model_sha256=result["model_sha256"], versions=result["versions"])
    print(result["perplexity"], result["perplexity_float64"], result["perplexity_targets_256"])


if __name__ == "__main__":
    main()
