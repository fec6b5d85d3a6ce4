# SPDX-License-Identifier: Apache-2.0
"""Names the roughly 100 KB of English for measuring KL divergence: licence texts that every Debian 12 has.

Nothing is copied. The text is the files' bytes one after the other in the order given. GFDL-1.3, the text of
perplexity.py, is not among them. Also records the float32 perplexity of the whole under SmolLM2, by the
convention of perplexity.py, so that a measurement can first show that it reads the same text the same way.

Writes tests/golden/text_100k.json.

Run: python text_100k.py MODEL.gguf      (two minutes on one core)
"""

import argparse
import hashlib
import json

import torch

import common
from llama_reference import Plain
from perplexity import FIRST_TARGET, WINDOW, mean, perplexity, scored, window_losses

FOLDER = "/usr/share/common-licenses/"
FILES = ["GPL-3", "LGPL-2.1", "MPL-2.0", "Apache-2.0", "CC0-1.0", "Artistic"]


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("model")
    path = arguments.parse_args().model
    torch.set_num_threads(1)

    files, data = [], b""
    for name in FILES:
        with open(FOLDER + name, "rb") as file:
            content = file.read()
        files.append({"path": FOLDER + name, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()})
        data += content
    reader = common.gguf_reader(path)
    ids = common.bpe_from_gguf(reader).encode(data.decode("utf-8"), add_special_tokens=False).ids
    losses = window_losses(Plain(reader, torch.float32), ids)
    record = {"model_sha256": common.sha256_file(path), "versions": common.versions("torch", "tokenizers", "gguf", "numpy")}
    result = {
        "made_by": common.made_by(__file__), **record, "files": files, "bytes": len(data),
        "sha256": hashlib.sha256(data).hexdigest(), "ids": len(ids),
        "convention": {"window": WINDOW, "first_target_index": FIRST_TARGET},
        "perplexity": perplexity(losses, FIRST_TARGET),
        "window_mean_nll": [float(f"{mean(window):.9g}") for window in scored(losses, FIRST_TARGET)],
    }
    common.write_text("text_100k.json", json.dumps(result, indent=1) + "\n", 20_000, script=__file__, **record)
    print(len(data), "bytes,", len(ids), "ids, perplexity", result["perplexity"])


if __name__ == "__main__":
    main()
