// SPDX-License-Identifier: Apache-2.0
// How sure a measured mean is, and whether two models that were given the same examples differ:
// bootstrap intervals, and tests of paired differences. Sources: Efron and Tibshirani 1993
// (chapters 13 and 14: percentile and BCa), McNemar 1947 (in its exact form), Fisher 1935 (sign
// flips).
//
// The numbers depend on nothing but arguments and seed. Threading: pure functions.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace hearth {

inline constexpr int32_t kResamples = 10000;
inline constexpr uint64_t kResampleSeed = 1;

struct Interval {
  double low = 0.0;
  double high = 0.0;
};

enum class IntervalMethod { kPercentile, kBca };

// Of the mean of `values` (not empty), which holds with probability `level` (0..1). BCa corrects
// for bias and skew; where all values are equal, both ends are that value.
Interval bootstrap_interval(std::span<const double> values, IntervalMethod method, double level,
                            int32_t resamples = kResamples, uint64_t seed = kResampleSeed);

// Percentile interval of the ratio of sums, sum of `parts` to sum of `wholes` (as long, positive),
// over resampled pairs.
Interval bootstrap_ratio_interval(std::span<const double> parts, std::span<const double> wholes,
                                  double level, int32_t resamples = kResamples,
                                  uint64_t seed = kResampleSeed);

struct PairedResult {
  double difference = 0.0;  // mean of b minus mean of a
  Interval interval;        // BCa bootstrap over pairs, 95 %
  double p = 1.0;           // two-sided, that the difference is chance
  std::string_view test;    // "mcnemar" for values of 0 and 1 only, else "permutation"
};

// `a` and `b`: the values of two models for the same examples in the same order, not empty.
PairedResult compare_paired(std::span<const double> a, std::span<const double> b,
                            int32_t resamples = kResamples, uint64_t seed = kResampleSeed);

// Two-sided probability of splits at least as uneven as `only_a` to `only_b` under fair coins: 1
// where both are 0.
double mcnemar_exact(int64_t only_a, int64_t only_b);

// Two-sided probability of a mean difference at least as far from 0 if signs were chance: exact up
// to 2^14 sign patterns, else (hits + 1) / (flips + 1) of `flips` random ones.
double permutation_p(std::span<const double> differences, int32_t flips, uint64_t seed);

// Standard normal: probability below z; and the z below which lies `share` (0..1, ends excluded).
double normal_cdf(double z);
double normal_quantile(double share);

}  // namespace hearth
