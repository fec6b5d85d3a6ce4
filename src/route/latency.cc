// SPDX-License-Identifier: Apache-2.0
#include "route/latency.h"

#include <algorithm>
#include <span>

#include "base/statistics.h"

namespace hearth {
namespace {

constexpr double kKept = 0.95;       // of a point's weight, by each that follows
constexpr int32_t kRatiosMin = 8;    // for a quantile that says something
constexpr double kUnknownP95 = 2.0;  // times the expectation
constexpr double kRatioMax = 100.0;

}  // namespace

void DecayedLine::add(double at_x, double value) {
  weight = kKept * weight + 1.0;
  x = kKept * x + at_x;
  y = kKept * y + value;
  xx = kKept * xx + at_x * at_x;
  xy = kKept * xy + at_x * value;
}

double DecayedLine::at(double at_x) const {
  const double mean_x = x / weight;
  const double mean_y = y / weight;
  const double spread = xx / weight - mean_x * mean_x;
  const double together = xy / weight - mean_x * mean_y;
  // Points as good as on top of each other have no slope.
  double slope = spread > 1e-6 * (1.0 + mean_x * mean_x) ? std::max(0.0, together / spread) : 0.0;
  if (mean_x > 0.0) slope = std::min(slope, mean_y / mean_x);  // height at 0 is not negative
  return std::max(0.0, mean_y + slope * (at_x - mean_x));
}

void RatioWindow::add(double observed, double predicted) {
  if (!(predicted > 0.0) || !(observed >= 0.0)) return;
  ratios[static_cast<std::size_t>(count % kCount)] =
      static_cast<float>(std::min(observed / predicted, kRatioMax));
  count = count < 2 * kCount ? count + 1 : count - kCount + 1;
}

double RatioWindow::quantile(double share, double otherwise) const {
  if (count < kRatiosMin) return otherwise;
  std::array<double, kCount> sorted;
  const auto held = static_cast<std::size_t>(std::min(count, kCount));
  std::copy_n(ratios.begin(), held, sorted.begin());
  return percentile(std::span(sorted).first(held), share);
}

void LatencyHistory::observe(int32_t prompt_tokens, int32_t answer_tokens, double first_token_ms,
                             double total_ms) {
  if (const auto expected = predict(prompt_tokens, answer_tokens)) {
    ratios.add(total_ms, expected->total_ms);
  }
  first_token.add(prompt_tokens, first_token_ms);
  answer.add(answer_tokens, std::max(0.0, total_ms - first_token_ms));
}

std::optional<LatencyPrediction> LatencyHistory::predict(int32_t prompt_tokens,
                                                         int32_t answer_tokens) const {
  if (!(first_token.weight > 0.0)) return std::nullopt;
  LatencyPrediction prediction;
  prediction.first_token_ms = first_token.at(prompt_tokens);
  prediction.total_ms = prediction.first_token_ms + answer.at(answer_tokens);
  prediction.total_p95_ms = prediction.total_ms * ratios.quantile(0.95, kUnknownP95);
  return prediction;
}

LatencyPrediction predict_local(const LocalCosts& costs, int32_t answer_tokens,
                                const RatioWindow& ratios) {
  const double usual = ratios.quantile(0.5, 1.0);
  LatencyPrediction prediction;
  prediction.first_token_ms = usual * (costs.load_ms + costs.queue_ms + costs.prompt_ms);
  prediction.total_ms = prediction.first_token_ms + usual * costs.token_ms * answer_tokens;
  const double slow = ratios.quantile(0.95, kUnknownP95 * usual) / usual;
  prediction.total_p95_ms = prediction.total_ms * std::max(1.0, slow);
  return prediction;
}

}  // namespace hearth
