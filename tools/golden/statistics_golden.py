# SPDX-License-Identifier: Apache-2.0
"""Bootstrap intervals and paired tests, by scipy.

Writes tests/golden/statistics.json:
  samples     [{"values", "percentile": [low, high], "bca": [low, high]}]: 95 % intervals of the mean from
              100,000 resamples, so that what is left to chance is small against the interval
  mcnemar     [{"only_a", "only_b", "p"}]: scipy.stats.binomtest(only_a, only_a + only_b)
  permutation [{"differences", "p"}]: scipy.stats.permutation_test, all sign patterns
  normal      [{"z", "cdf"}]

Run: python statistics_golden.py     (half a minute)
"""

import numpy
from scipy import stats

import common


def samples(rng):
    yield (rng.random(40) < 0.7).astype(float)
    yield (rng.random(200) < 0.9).astype(float)
    yield (rng.random(25) < 0.2).astype(float)
    yield numpy.round(rng.random(60), 4)
    yield numpy.round(rng.exponential(1.0, 80), 4)  # skewed: where BCa differs


def interval(values, method):
    low, high = stats.bootstrap((values,), numpy.mean, n_resamples=100_000, method=method, batch=1000,
                                rng=numpy.random.default_rng(7)).confidence_interval
    return [float(low), float(high)]


def permutation(differences):
    zeros = numpy.zeros_like(differences)
    result = stats.permutation_test((differences, zeros), lambda a, b: numpy.mean(a - b),
                                    permutation_type="samples", n_resamples=numpy.inf)
    return float(result.pvalue)


def main():
    rng = numpy.random.default_rng(1)
    document = {
        "samples": [{"values": values.tolist(), "percentile": interval(values, "percentile"),
                     "bca": interval(values, "BCa")} for values in samples(rng)],
        "mcnemar": [{"only_a": a, "only_b": b, "p": float(stats.binomtest(a, a + b).pvalue)}
                    for a, b in [(1, 0), (3, 3), (2, 9), (0, 12), (30, 50), (400, 333)]],
        "permutation": [{"differences": values.tolist(), "p": permutation(values)}
                        for values in (numpy.round(rng.normal(shift, 1.0, count), 3)
                                       for shift, count in [(0.0, 6), (1.0, 8), (0.5, 12)])],
        "normal": [{"z": z, "cdf": float(stats.norm.cdf(z))}
                   for z in (-8.0, -3.0, -1.959963984540054, -0.3, 0.0, 1.0, 2.5, 6.0)],
    }
    text = "{\n" + ",\n".join(f'"{key}":' + common.ascii_line(value) for key, value in document.items()) + "\n}\n"
    common.write_text("statistics.json", text, 40_000, __file__, versions=common.versions("scipy", "numpy"))


if __name__ == "__main__":
    main()
