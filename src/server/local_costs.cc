// SPDX-License-Identifier: Apache-2.0
#include "server/local_costs.h"

namespace hearth {
namespace {

constexpr int32_t kAnswerTokens = 128;  // over which a token's time is taken

}  // namespace

LocalCosts local_costs(const CostModel& costs, int32_t cached, int32_t prompt_tokens) {
  return {.prompt_ms = costs.prompt_ms(cached, prompt_tokens),
          .token_ms = costs.answers_ms(prompt_tokens, kAnswerTokens) / kAnswerTokens};
}

}  // namespace hearth
