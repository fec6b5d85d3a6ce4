// SPDX-License-Identifier: Apache-2.0
// Mean, variance and percentiles of measured values.
#pragma once

#include <cstdint>
#include <span>

namespace hearth {

// Mean and variance of values that come one by one, without the cancellation of summing squares
// (Welford 1962).
class RunningMoments {
 public:
  void add(double value);

  int64_t count() const { return count_; }
  double mean() const { return mean_; }
  // Standard error of the mean, from the unbiased variance; 0 for fewer than two values.
  double mean_error() const;

 private:
  int64_t count_ = 0;
  double mean_ = 0.0;
  double squares_ = 0.0;  // sum of squared distances from the mean
};

// Clopper and Pearson 1934: the interval of a probability of which `successes` of `trials` (at
// least 1) were seen, which holds with probability `level` (0..1) at least.
struct Proportion {
  double low = 0.0;
  double high = 1.0;
};
Proportion clopper_pearson(int64_t successes, int64_t trials, double level);

// The value below which the share `share` (0..1) of `values` (not empty) lies, interpolated
// linearly between neighbours. Reorders `values`.
double percentile(std::span<double> values, double share);

}  // namespace hearth
