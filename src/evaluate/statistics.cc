// SPDX-License-Identifier: Apache-2.0
#include "evaluate/statistics.h"

#include <algorithm>
#include <cmath>

namespace hearth {

void RunningMoments::add(double value) {
  ++count_;
  const double distance = value - mean_;
  mean_ += distance / static_cast<double>(count_);
  squares_ += distance * (value - mean_);
}

double RunningMoments::mean_error() const {
  if (count_ < 2) return 0.0;
  const auto count = static_cast<double>(count_);
  return std::sqrt(squares_ / (count - 1.0) / count);
}

namespace {

// Probability of at least `successes` (1 or more) of `trials` where each has probability `p`.
double upper_tail(int64_t successes, int64_t trials, double p) {
  if (p <= 0.0 || p >= 1.0) return p >= 1.0 ? 1.0 : 0.0;
  const auto n = static_cast<double>(trials);
  double term = 0.0;
  double sum = 0.0;
  for (int64_t k = successes; k <= trials; ++k) {
    const auto x = static_cast<double>(k);
    term = std::exp(std::lgamma(n + 1.0) - std::lgamma(x + 1.0) - std::lgamma(n - x + 1.0) +
                    x * std::log(p) + (n - x) * std::log1p(-p));
    sum += term;
    if (x > n * p && term < sum * 1e-17) break;  // the terms only fall from here on
  }
  return std::min(sum, 1.0);
}

// The p at which that tail has `probability`: it grows with p.
double tail_root(int64_t successes, int64_t trials, double probability) {
  double low = 0.0;
  double high = 1.0;
  for (int i = 0; i < 60; ++i) {
    const double middle = (low + high) / 2.0;
    (upper_tail(successes, trials, middle) < probability ? low : high) = middle;
  }
  return (low + high) / 2.0;
}

}  // namespace

Proportion clopper_pearson(int64_t successes, int64_t trials, double level) {
  const double outside = (1.0 - level) / 2.0;
  Proportion out;
  if (successes > 0) out.low = tail_root(successes, trials, outside);
  if (successes < trials) out.high = tail_root(successes + 1, trials, 1.0 - outside);
  return out;
}

double percentile(std::span<double> values, double share) {
  const double place = share * static_cast<double>(values.size() - 1);
  const auto below = static_cast<std::size_t>(place);
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(below);
  std::nth_element(values.begin(), at, values.end());
  if (below + 1 == values.size()) return *at;
  const double next = *std::min_element(at + 1, values.end());
  return *at + (place - static_cast<double>(below)) * (next - *at);
}

}  // namespace hearth
