// SPDX-License-Identifier: Apache-2.0
#include "engine/token_certainty.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace hearth {

void TokenCertainty::watch(GenerateOptions& options) {
  constexpr int32_t kBestTwo = 2;
  const auto wanted = static_cast<std::size_t>(options.alternatives);
  options.alternatives = std::max(options.alternatives, kBestTwo);
  options.on_token = [this, wanted,
                      earlier = std::move(options.on_token)](const DrawnToken& drawn) {
    add(drawn);
    if (!earlier) return;
    const std::size_t count = std::min(wanted, drawn.alternatives.size());
    earlier({drawn.token, drawn.alternatives.first(count)});
  };
}

void TokenCertainty::add(const DrawnToken& drawn) {
  logprobs_.push_back(drawn.token.logprob);
  if (drawn.alternatives.size() < 2) return;
  margins_.push_back(std::exp(drawn.alternatives[0].logprob) -
                     std::exp(drawn.alternatives[1].logprob));
}

}  // namespace hearth
