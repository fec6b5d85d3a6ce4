// SPDX-License-Identifier: Apache-2.0
#include "base/statistics.h"

#include <algorithm>
#include <array>
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

double percentile(std::span<double> values, double share) {
  const double place = share * static_cast<double>(values.size() - 1);
  const auto below = static_cast<std::size_t>(place);
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(below);
  std::nth_element(values.begin(), at, values.end());
  if (below + 1 == values.size()) return *at;
  const double next = *std::min_element(at + 1, values.end());
  return *at + (place - static_cast<double>(below)) * (next - *at);
}

double calibration_error(std::span<const double> probabilities, std::span<const double> happened) {
  constexpr std::size_t kBins = 10;
  std::array<double, kBins> gaps{};  // sum of probabilities minus that of what happened, by bin
  for (std::size_t i = 0; i < probabilities.size(); ++i) {
    const auto bin = std::min(kBins - 1, static_cast<std::size_t>(probabilities[i] * kBins));
    gaps[bin] += probabilities[i] - happened[i];
  }
  double error = 0.0;
  for (const double gap : gaps) error += std::abs(gap);
  return error / static_cast<double>(probabilities.size());
}

}  // namespace hearth
