# SPDX-License-Identifier: Apache-2.0
"""Speeds of OpenVINO GenAI (arguments and output: peers/answers.py)."""

import collections.abc
import pathlib

import answers
import numpy
import openvino
import openvino_genai


def load(model: pathlib.Path, threads: int) -> collections.abc.Callable:
    pipeline = openvino_genai.LLMPipeline(model, "CPU", INFERENCE_NUM_THREADS=threads)

    def answer(prompt: range, tokens: int) -> answers.Answer:
        ids = numpy.array(prompt, dtype=numpy.int64)[None, :]
        inputs = openvino_genai.TokenizedInputs(openvino.Tensor(ids), openvino.Tensor(numpy.ones_like(ids)))
        config = openvino_genai.GenerationConfig(max_new_tokens=tokens, ignore_eos=True, do_sample=False)
        result = pipeline.generate(inputs, config)
        metrics = result.perf_metrics
        return answers.Answer(metrics.get_num_input_tokens(), len(result.tokens[0]), metrics.get_ttft().mean,
                              metrics.get_tpot().mean)

    return answer


if __name__ == "__main__":
    answers.main(load)
