# SPDX-License-Identifier: Apache-2.0
"""Measures between two texts, by the packages that define them, on pairs made by a seeded generator.

ROUGE-1, -2, -L (F-measure) from rouge-score without stemming; edit similarity from RapidFuzz
(Levenshtein.normalized_similarity); exact match and F1 by the definition of SQuAD 1.1 (lower case, no
ASCII punctuation, no articles, words by white space), which is published as a script and not as a
package, so it is written out here.

Writes tests/golden/text_metrics.json: [{"answer", "expected", "exact", "f1", "rouge1", "rouge2",
"rougeL", "edit"}].

Run: python text_metrics.py
"""

import random
import string

from rapidfuzz.distance import Levenshtein
from rouge_score import rouge_scorer

import common

WORDS = ("the a an cat sat on mat dog's runs quickly over lazy brown fox The CAT. Mat! 12 1,200 don't re-use "
         "naïve Éclair straße 漢字 \U0001f600 -- ... (x) hello HELLO").split()


def squad_words(text):
    text = "".join(c for c in text.lower() if c not in string.punctuation)
    # As the published script removes \b(a|an|the)\b; on texts without punctuation that is by words.
    return [word for word in text.split() if word not in ("a", "an", "the")]


def squad(answer, expected):
    a, b = squad_words(answer), squad_words(expected)
    exact = float(a == b)
    if not a or not b:
        return exact, float(a == b)
    common_count = sum(min(a.count(word), b.count(word)) for word in set(a))
    if common_count == 0:
        return exact, 0.0
    precision, recall = common_count / len(a), common_count / len(b)
    return exact, 2 * precision * recall / (precision + recall)


def pairs():
    rng = random.Random(1)
    yield from [("", ""), ("", "a"), ("the", "a"), ("cat", ""), ("The cat.", "a cat"), ("!!!", "..."),
                ("one two three four", "four three two one"), ("a b a b", "a b"), ("\t x\n", "x")]
    for _ in range(150):
        expected = [rng.choice(WORDS) for _ in range(rng.randrange(1, 20))]
        answer = list(expected)
        for _ in range(rng.randrange(0, 8)):  # edits, so that the two have something in common
            place = rng.randrange(len(answer) + 1)
            answer[place:place + rng.randrange(0, 3)] = [rng.choice(WORDS) for _ in range(rng.randrange(0, 3))]
        yield " ".join(answer), rng.choice([" ", "  ", "\n"]).join(expected)


def main():
    scorer = rouge_scorer.RougeScorer(["rouge1", "rouge2", "rougeL"], use_stemmer=False)
    cases = []
    for answer, expected in pairs():
        rouge = scorer.score(expected, answer)
        exact, f1 = squad(answer, expected)
        cases.append({"answer": answer, "expected": expected, "exact": exact, "f1": f1,
                      "rouge1": rouge["rouge1"].fmeasure, "rouge2": rouge["rouge2"].fmeasure,
                      "rougeL": rouge["rougeL"].fmeasure,
                      "edit": Levenshtein.normalized_similarity(answer, expected)})
    text = "[\n" + ",\n".join(common.ascii_line(case) for case in cases) + "\n]\n"
    common.write_text("text_metrics.json", text, 100_000, __file__,
                      versions=common.versions("rouge-score", "RapidFuzz"))


if __name__ == "__main__":
    main()
