# SPDX-License-Identifier: Apache-2.0
"""Block formats: random blocks and their values, values and their blocks, by the PyPI package `gguf` (ggml's own Python
side, whose quantizers are the bits of ggml's reference functions for the types that it can write).

Writes tests/golden/formats.json.

Run: python formats.py
"""

import numpy as np
from gguf import GGML_QUANT_SIZES, GGMLQuantizationType, dequantize, quantize

import common

READ = ["F16", "BF16", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "Q2_K", "Q3_K", "Q4_K", "Q5_K", "Q6_K", "IQ4_NL", "MXFP4"]
WRITTEN = ["F16", "BF16", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "MXFP4"]
# Byte offsets of a block's halves, which must be finite.
HALVES = {"F16": [0], "Q4_0": [0], "Q4_1": [0, 2], "Q5_0": [0], "Q5_1": [0, 2], "Q8_0": [0], "Q2_K": [80, 82],
          "Q3_K": [108], "Q4_K": [0, 2], "Q5_K": [0, 2], "Q6_K": [208], "IQ4_NL": [0]}
EXPONENTS = [0, 1, 2, 110, 127, 128, 200, 251]  # of MXFP4


def random_blocks(name, count, random):
    values, size = GGML_QUANT_SIZES[GGMLQuantizationType[name]]
    if values == 1:
        count *= 32
    blocks = random.integers(0, 256, (count, size), dtype=np.uint8)
    for offset in HALVES.get(name, []):
        halves = random.normal(0, 0.1, count).astype(np.float16)
        halves[0] = 6e-6  # subnormal
        blocks[:, offset:offset + 2] = halves.view(np.uint8).reshape(count, 2)
    if name == "BF16":
        blocks = random.normal(0, 1, count).astype(np.float32).view(np.uint8).reshape(count, 4)[:, 2:].copy()
    if name == "MXFP4":
        blocks[:, 0] = EXPONENTS[:count]
    return blocks


def rows(random):
    """[blocks][32]: weights as they are, then what quantizers stumble over."""
    usual = random.normal(0, 0.05, (12, 32)).astype(np.float32)
    usual[8:] *= np.float32(1000)
    usual[11, 5] = 1e4
    odd = np.zeros((6, 32), np.float32)
    odd[1] = 0.25
    odd[2] = -3.0
    odd[3] = np.abs(random.normal(0, 1, 32))
    odd[4] = -odd[3]
    odd[5, 31] = -1e-4
    return np.concatenate([usual, odd])


def number(x):
    return float(f"{x:.9g}")


def main():
    random = np.random.default_rng(20261125)
    read = {}
    for name in READ:
        blocks = random_blocks(name, 3 if name.endswith("_K") else 8, random)
        kind = GGMLQuantizationType[name]
        values = dequantize(blocks.view(np.float16) if name == "F16" else blocks, kind).astype(np.float32)
        read[name] = {"blocks": blocks.tobytes().hex(), "values": [number(x) for x in values.ravel()]}
    values = rows(random)
    written = {}
    for name in WRITTEN:
        written[name] = quantize(values, GGMLQuantizationType[name]).tobytes().hex()
    result = {"made_by": common.made_by(__file__), "versions": common.versions("gguf", "numpy"), "dequantize": read,
              "quantize": {"values": [number(x) for x in values.ravel()], "blocks": written}}
    common.write_text("formats.json", common.ascii_line(result) + "\n", 200_000, script=__file__,
                      versions=result["versions"])


if __name__ == "__main__":
    main()
