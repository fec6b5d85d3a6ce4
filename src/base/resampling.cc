// SPDX-License-Identifier: Apache-2.0
#include "base/resampling.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include "base/random.h"
#include "base/statistics.h"

namespace hearth {
namespace {

double mean_of(std::span<const double> values) {
  double sum = 0.0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

std::vector<double> resampled_means(std::span<const double> values, int32_t resamples,
                                    uint64_t seed) {
  Random random(seed);
  std::vector<double> means;
  means.reserve(static_cast<std::size_t>(resamples));
  for (int32_t i = 0; i < resamples; ++i) {
    double sum = 0.0;
    for (std::size_t k = 0; k < values.size(); ++k) sum += values[random.below(values.size())];
    means.push_back(sum / static_cast<double>(values.size()));
  }
  return means;
}

// The acceleration: a sixth of the skew of the means with one value left out.
double acceleration(std::span<const double> values) {
  const auto count = static_cast<double>(values.size());
  const double mean = mean_of(values);
  double squares = 0.0;
  double cubes = 0.0;
  for (const double value : values) {
    const double distance = (value - mean) / (count - 1.0);  // jackknife mean below its own mean
    squares += distance * distance;
    cubes += distance * distance * distance;
  }
  return squares == 0.0 ? 0.0 : cubes / (6.0 * std::pow(squares, 1.5));
}

bool all_equal(std::span<const double> values) {
  return std::all_of(values.begin(), values.end(),
                     [&](double value) { return value == values.front(); });
}

bool is_binary(std::span<const double> values) {
  return std::all_of(values.begin(), values.end(),
                     [](double value) { return value == 0.0 || value == 1.0; });
}

}  // namespace

double normal_cdf(double z) { return 0.5 * std::erfc(-z / std::numbers::sqrt2); }

double normal_quantile(double share) {
  double low = -40.0;
  double high = 40.0;
  for (int i = 0; i < 200 && low < high; ++i) {  // bisection: exact enough, and never called often
    const double middle = 0.5 * (low + high);
    if (middle == low || middle == high) break;
    (normal_cdf(middle) < share ? low : high) = middle;
  }
  return 0.5 * (low + high);
}

Interval bootstrap_interval(std::span<const double> values, IntervalMethod method, double level,
                            int32_t resamples, uint64_t seed) {
  if (values.size() < 2 || all_equal(values)) return {values.front(), values.front()};
  std::vector<double> means = resampled_means(values, resamples, seed);
  double low = 0.5 * (1.0 - level);
  double high = 1.0 - low;
  if (method == IntervalMethod::kBca) {
    const double mean = mean_of(values);
    double below = 0.0;  // ties count half, as scipy does
    for (const double value : means) below += value < mean ? 1.0 : value == mean ? 0.5 : 0.0;
    const double share = below / static_cast<double>(resamples);
    // A mean beyond all resamples has no finite bias: the plain percentiles are what is left.
    if (share > 0.0 && share < 1.0) {
      const double bias = normal_quantile(share);
      const double a = acceleration(values);
      const auto corrected = [&](double tail) {
        const double z = bias + normal_quantile(tail);
        return normal_cdf(bias + z / (1.0 - a * z));
      };
      low = corrected(low);
      high = corrected(high);
    }
  }
  return {percentile(means, low), percentile(means, high)};
}

Interval bootstrap_ratio_interval(std::span<const double> parts, std::span<const double> wholes,
                                  double level, int32_t resamples, uint64_t seed) {
  Random random(seed);
  std::vector<double> ratios;
  for (int32_t i = 0; i < resamples; ++i) {
    double part = 0.0;
    double whole = 0.0;
    for (std::size_t k = 0; k < parts.size(); ++k) {
      const std::size_t drawn = random.below(parts.size());
      part += parts[drawn];
      whole += wholes[drawn];
    }
    ratios.push_back(part / whole);
  }
  const double tail = 0.5 * (1.0 - level);
  return {percentile(ratios, tail), percentile(ratios, 1.0 - tail)};
}

double mcnemar_exact(int64_t only_a, int64_t only_b) {
  const int64_t count = only_a + only_b;
  const int64_t fewer = std::min(only_a, only_b);
  double tail = 0.0;  // probability of `fewer` or less of `count`
  for (int64_t k = 0; k <= fewer; ++k) {
    const auto n = static_cast<double>(count);
    const auto i = static_cast<double>(k);
    tail += std::exp(std::lgamma(n + 1.0) - std::lgamma(i + 1.0) - std::lgamma(n - i + 1.0) -
                     n * std::numbers::ln2);
  }
  return std::min(1.0, 2.0 * tail);
}

double permutation_p(std::span<const double> differences, int32_t flips, uint64_t seed) {
  double total = 0.0;
  double size = 0.0;
  std::vector<double> changing;  // a difference of 0 has no sign
  for (const double difference : differences) {
    total += difference;
    size += std::abs(difference);
    if (difference != 0.0) changing.push_back(difference);
  }
  const double bar = std::abs(total) - 1e-12 * size;  // rounding is no difference
  constexpr std::size_t kExactMax = 14;
  int64_t hits = 0;
  if (changing.size() <= kExactMax) {
    const uint32_t patterns = uint32_t{1} << changing.size();
    for (uint32_t pattern = 0; pattern < patterns; ++pattern) {
      double sum = 0.0;
      for (std::size_t i = 0; i < changing.size(); ++i) {
        sum += (pattern >> i & 1) != 0 ? changing[i] : -changing[i];
      }
      hits += std::abs(sum) >= bar ? 1 : 0;
    }
    return static_cast<double>(hits) / static_cast<double>(patterns);
  }
  Random random(seed);
  for (int32_t flip = 0; flip < flips; ++flip) {
    double sum = 0.0;
    for (const double difference : changing) sum += random.coin() ? difference : -difference;
    hits += std::abs(sum) >= bar ? 1 : 0;
  }
  return static_cast<double>(hits + 1) / static_cast<double>(flips + 1);
}

PairedResult compare_paired(std::span<const double> a, std::span<const double> b, int32_t resamples,
                            uint64_t seed) {
  std::vector<double> differences;
  int64_t only_a = 0;
  int64_t only_b = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    differences.push_back(b[i] - a[i]);
    only_a += a[i] > b[i] ? 1 : 0;
    only_b += b[i] > a[i] ? 1 : 0;
  }
  PairedResult result;
  result.difference = mean_of(differences);
  result.interval = bootstrap_interval(differences, IntervalMethod::kBca, 0.95, resamples, seed);
  const bool binary = is_binary(a) && is_binary(b);
  result.test = binary ? "mcnemar" : "permutation";
  result.p =
      binary ? mcnemar_exact(only_a, only_b) : permutation_p(differences, resamples, seed + 1);
  return result;
}

}  // namespace hearth
