# SPDX-License-Identifier: Apache-2.0
"""Speeds of OpenVINO GenAI as JSON: openvino_speed.py MODEL THREADS PROMPT ANSWER DEPTH. Run by peers/systems.py.

DEPTH 0: no answer behind a long text, and nothing is run before what is measured.
"""

import json
import pathlib
import sys

import numpy
import openvino
import openvino_genai


def answer(pipeline: openvino_genai.LLMPipeline, first: int, prompt: int, tokens: int) -> openvino_genai.PerfMetrics:
    """To a prompt of token ids from `first` on, which must differ from earlier ones: the pipeline keeps what it has read."""
    ids = openvino.Tensor(numpy.arange(first, first + prompt, dtype=numpy.int64)[None, :])
    mask = openvino.Tensor(numpy.ones((1, prompt), dtype=numpy.int64))
    config = openvino_genai.GenerationConfig(max_new_tokens=tokens, ignore_eos=True, do_sample=False)
    result = pipeline.generate(openvino_genai.TokenizedInputs(ids, mask), config)
    if len(result.tokens[0]) != tokens:
        sys.exit(f"openvino_speed: {len(result.tokens[0])} tokens came where {tokens} were asked for")
    return result.perf_metrics


def main() -> None:
    model, threads, prompt, tokens, depth = pathlib.Path(sys.argv[1]), *(int(word) for word in sys.argv[2:6])
    pipeline = openvino_genai.LLMPipeline(model, "CPU", INFERENCE_NUM_THREADS=threads)
    if depth == 0:
        answer(pipeline, 1000, prompt, tokens)
        return
    answer(pipeline, 1000, prompt, 8)
    metrics = answer(pipeline, 10_000, prompt, tokens)
    deep = answer(pipeline, 20_000, depth, tokens)
    print(json.dumps({f"pp{prompt}": prompt / metrics.get_ttft().mean * 1e3,
                      f"tg{tokens}": 1e3 / metrics.get_tpot().mean,
                      f"tg{tokens}@d{depth}": 1e3 / deep.get_tpot().mean}))


if __name__ == "__main__":
    main()
