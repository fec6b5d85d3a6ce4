# SPDX-License-Identifier: Apache-2.0
"""Speeds of transformers on PyTorch (arguments and output: peers/answers.py)."""

import collections.abc
import pathlib
import time

import answers
import torch
import transformers


class Clock(transformers.generation.BaseStreamer):
    """Notes when the prompt, and then each token, is put into the stream."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    def put(self, value: torch.Tensor) -> None:
        self.seconds.append(time.perf_counter())

    def end(self) -> None:
        pass


def load(path: pathlib.Path, threads: int) -> collections.abc.Callable:
    torch.set_num_threads(threads)
    model = transformers.AutoModelForCausalLM.from_pretrained(path.parent, gguf_file=path.name, dtype=torch.bfloat16)

    def answer(prompt: range, tokens: int) -> answers.Answer:
        ids, clock = torch.tensor([list(prompt)]), Clock()
        start = time.perf_counter()
        result = model.generate(ids, attention_mask=torch.ones_like(ids), max_new_tokens=tokens, min_new_tokens=tokens,
                                do_sample=False, streamer=clock)
        _, first, *later = clock.seconds
        return answers.Answer(ids.shape[1], result.shape[1] - len(prompt), (first - start) * 1e3,
                              (clock.seconds[-1] - first) / max(len(later), 1) * 1e3)

    return answer


if __name__ == "__main__":
    answers.main(load)
