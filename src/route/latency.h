// SPDX-License-Identifier: Apache-2.0
// How long an answer will take: of a remote target from what it took before, of this machine from
// what `hearth bench` measured (engine/cost_model.h), corrected by how well that was right lately.
//
// Threading: values; the caller serialises changes and may persist them.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

namespace hearth {

// A line through points of which each counts a twentieth less than the next: an exponentially
// weighted mean that knows that long prompts take longer. Neither slope nor height is negative.
struct DecayedLine {
  double weight = 0.0;
  double x = 0.0;  // weighted sums
  double y = 0.0;
  double xx = 0.0;
  double xy = 0.0;

  void add(double at_x, double value);
  // Where weight > 0.
  double at(double at_x) const;
};

// The last values of observed over predicted.
struct RatioWindow {
  static constexpr int32_t kCount = 32;

  std::array<float, kCount> ratios{};
  int32_t count = 0;  // of values seen, those that have left the window too

  void add(double observed, double predicted);
  // Below which the share lies; `otherwise` while there are fewer than eight.
  double quantile(double share, double otherwise) const;
};

struct LatencyPrediction {
  double first_token_ms = 0.0;
  double total_ms = 0.0;
  double total_p95_ms = 0.0;
};

// Of one remote target.
struct LatencyHistory {
  DecayedLine first_token;  // ms by tokens of the prompt
  DecayedLine answer;       // ms behind the first token, by tokens of the answer
  RatioWindow ratios;       // of totals

  // After a whole answer.
  void observe(int32_t prompt_tokens, int32_t answer_tokens, double first_token_ms,
               double total_ms);
  // Nothing before the first observation.
  std::optional<LatencyPrediction> predict(int32_t prompt_tokens, int32_t answer_tokens) const;
};

// What this machine will take, computed by the caller from its cost model, in milliseconds.
struct LocalCosts {
  double load_ms = 0.0;    // 0 where the model is loaded
  double queue_ms = 0.0;   // until this request's turn
  double prompt_ms = 0.0;  // of this prompt to its first token
  double token_ms = 0.0;   // of each token of the answer
};

// `ratios` of totals before, as predicted here.
LatencyPrediction predict_local(const LocalCosts& costs, int32_t answer_tokens,
                                const RatioWindow& ratios);

}  // namespace hearth
