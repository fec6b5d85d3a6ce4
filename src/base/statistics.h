// SPDX-License-Identifier: Apache-2.0
// Mean, variance and percentiles of measured values; how far probabilities are from what happened.
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

// The value below which the share `share` (0..1) of `values` (not empty) lies, interpolated
// linearly between neighbours. Reorders `values`.
double percentile(std::span<double> values, double share);

// By how much probabilities (0..1) differ from the share of what happened (0 or 1 each, as many,
// not empty): expected calibration error with ten bins of equal width (Guo et al. 2017).
double calibration_error(std::span<const double> probabilities, std::span<const double> happened);

}  // namespace hearth
