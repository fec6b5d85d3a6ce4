// SPDX-License-Identifier: Apache-2.0
// How sure a model was of each token of an answer: what confidence in the answer is made from
// (route/confidence.h).
//
// Threading: one user at a time; told by whoever draws the tokens.
#pragma once

#include <span>
#include <utility>
#include <vector>

#include "engine/answer.h"

namespace hearth {

class TokenCertainty {
 public:
  // Hears of each token of the answer that is made with `options`, in front of who asked to hear of
  // them before. Must live as long as `options` is used.
  void watch(GenerateOptions& options);

  // One token; its alternatives hold the likeliest two, if margins are wanted.
  void add(const DrawnToken& drawn);

  // Of all tokens so far, those of a stop string too: natural log-probabilities under the plain
  // softmax, and the probability of the likeliest token less that of the second.
  std::span<const float> logprobs() const { return logprobs_; }
  std::span<const float> margins() const { return margins_; }
  std::vector<float> take_logprobs() { return std::exchange(logprobs_, {}); }
  std::vector<float> take_margins() { return std::exchange(margins_, {}); }

 private:
  std::vector<float> logprobs_;
  std::vector<float> margins_;
};

}  // namespace hearth
