# SPDX-License-Identifier: Apache-2.0
"""What the scripts have in common that drive a Python library: SCRIPT MODEL THREADS PROMPT ANSWER DEPTH SHORT.

They print token/s of a prompt and of its answer, of an answer behind DEPTH tokens, and the milliseconds to the first token
behind SHORT, as JSON. DEPTH 0: one answer, and nothing is run before it or printed. Run by peers/systems.py.
"""

import collections.abc
import dataclasses
import json
import pathlib
import statistics
import sys


@dataclasses.dataclass
class Answer:
    """Tokens that went in and came out, by the library's own count; ms to the first that came, and of each later one."""
    prompt: int
    tokens: int
    first_ms: float
    later_ms: float


def main(load: collections.abc.Callable) -> None:
    """`load(model, threads)` gives a function that answers token ids (a range) with a number of tokens."""
    model, threads, prompt, tokens, depth, short = pathlib.Path(sys.argv[1]), *(int(word) for word in sys.argv[2:7])
    answer = load(model, threads)

    def answered(first: int, prompt: int, tokens: int) -> Answer:
        """To a prompt of ids from `first` on, which must differ from earlier ones: a library may keep what it has read."""
        result = answer(range(first, first + prompt), tokens)
        if (result.prompt, result.tokens) != (prompt, tokens):
            sys.exit(f"{sys.argv[0]}: {result.prompt} tokens went in and {result.tokens} came where {prompt} and {tokens} were "
                     "asked for")
        return result

    if depth == 0:
        answered(1000, prompt, tokens)
        return
    answered(1000, prompt, 8)
    plain = answered(10_000, prompt, tokens)
    deep = answered(20_000, depth, tokens)
    firsts = [answered(30_000 + short * number, short, 1).first_ms for number in range(5)]
    print(json.dumps({f"pp{prompt}": prompt / plain.first_ms * 1e3, f"tg{tokens}": 1e3 / plain.later_ms,
                      f"tg{tokens}@d{depth}": 1e3 / deep.later_ms, f"pp{short}_ms": statistics.median(firsts)}))
