// SPDX-License-Identifier: Apache-2.0
#include "base/binomial.h"

#include <cmath>

namespace hearth {
namespace {

constexpr int kStepsMax = 100000;  // the fraction takes about sqrt(max(a, b)) of them
constexpr double kTiny = 1e-300;
constexpr double kEnough = 1e-15;

double away_from_zero(double value) { return std::abs(value) < kTiny ? kTiny : value; }

// The continued fraction of the incomplete beta function; converges fast for x < (a + 1) / (a + b +
// 2).
double beta_fraction(double a, double b, double x) {
  double c = 1.0;
  double d = 1.0 / away_from_zero(1.0 - (a + b) * x / (a + 1.0));
  double value = d;
  for (int step = 1; step <= kStepsMax; ++step) {
    const double m = step;
    const double even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
    d = 1.0 / away_from_zero(1.0 + even * d);
    c = away_from_zero(1.0 + even / c);
    value *= d * c;
    const double odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
    d = 1.0 / away_from_zero(1.0 + odd * d);
    c = away_from_zero(1.0 + odd / c);
    value *= d * c;
    if (std::abs(d * c - 1.0) < kEnough) break;
  }
  return value;
}

}  // namespace

double incomplete_beta(double a, double b, double x) {
  if (x <= 0.0) return 0.0;
  if (x >= 1.0) return 1.0;
  const double front = std::exp(std::lgamma(a + b) - std::lgamma(a) - std::lgamma(b) +
                                a * std::log(x) + b * std::log1p(-x));
  if (x < (a + 1.0) / (a + b + 2.0)) return front * beta_fraction(a, b, x) / a;
  return 1.0 - front * beta_fraction(b, a, 1.0 - x) / b;
}

double binomial_cdf(int64_t cases, int64_t count, double share) {
  if (cases < 0) return 0.0;
  if (cases >= count) return 1.0;
  const auto k = static_cast<double>(cases);
  return incomplete_beta(static_cast<double>(count) - k, k + 1.0, 1.0 - share);
}

double share_upper_bound(int64_t cases, int64_t count, double confidence) {
  if (cases >= count) return 1.0;
  double low = 0.0;
  double high = 1.0;
  for (int i = 0; i < 60; ++i) {  // bisection: the bound is where so few cases are just unlikely
    const double middle = 0.5 * (low + high);
    (binomial_cdf(cases, count, middle) > 1.0 - confidence ? low : high) = middle;
  }
  return high;
}

double share_lower_bound(int64_t cases, int64_t count, double confidence) {
  return 1.0 - share_upper_bound(count - cases, count, confidence);
}

ShareInterval share_interval(int64_t cases, int64_t count, double level) {
  const double confidence = (1.0 + level) / 2.0;  // of each end
  return {share_lower_bound(cases, count, confidence), share_upper_bound(cases, count, confidence)};
}

}  // namespace hearth
