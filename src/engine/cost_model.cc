// SPDX-License-Identifier: Apache-2.0
#include "engine/cost_model.h"

#include <algorithm>
#include <random>
#include <vector>

#include "base/clock.h"
#include "base/strings.h"
#include "engine/engine.h"

namespace hearth {
namespace {

constexpr int32_t kFar = 4 * kForwardTokensMax;  // positions before the last measurements
constexpr int32_t kSmallPass = 16;               // tokens; the large one has kForwardTokensMax
constexpr int kTimes = 3;
constexpr double kTimeMax_ms = 1000;  // of one kind of pass, after which fewer times are enough

// The middle one of up to kTimes passes of `tokens` behind the first `depth` that the session
// holds.
Result<double> pass_time_ms(Session& session, int32_t depth, std::span<const TokenId> tokens,
                            const Interruption& interruption) {
  std::vector<double> times_ms;
  const Stopwatch all;
  for (int i = 0; i < kTimes && all.elapsed_ms() < kTimeMax_ms; ++i) {
    session.truncate(depth);
    const Stopwatch watch;
    HEARTH_TRY(session.feed(tokens, interruption));
    times_ms.push_back(watch.elapsed_ms());
  }
  std::ranges::sort(times_ms);
  return times_ms[times_ms.size() / 2];
}

// The sum of first, first + 1, ..., of `count` numbers.
double sum_from(double first, double count) { return count * (first + (count - 1) / 2); }

}  // namespace

double CostModel::prompt_ms(int32_t begin, int32_t end) const {
  double ms = 0;
  for (int32_t at = begin; at < end; at += kForwardTokensMax) {
    const int32_t count = std::min(end - at, kForwardTokensMax);
    ms += count == 1 ? answers_ms(at, 1)
                     : pass_ms + token_ms * count + token_position_ms * sum_from(at, count);
  }
  return ms;
}

double CostModel::answers_ms(int32_t position, int32_t count) const {
  return answer_ms * count + answer_position_ms * sum_from(position, count);
}

std::vector<TokenId> some_tokens(const Engine& engine, int32_t count) {
  std::mt19937 random(1);
  std::uniform_int_distribution<TokenId> any(0, engine.tokenizer().vocab_size() - 1);
  std::vector<TokenId> tokens(static_cast<std::size_t>(count));
  for (TokenId& token : tokens) token = any(random);
  return tokens;
}

Result<CostModel> measure_costs(Engine& engine, const Interruption& interruption) {
  const int32_t context = std::min(kFar + kForwardTokensMax, engine.model().config().context_max);
  const int32_t far = context - kForwardTokensMax;
  if (far < kForwardTokensMax) {
    return Error(ErrorCode::kUnsupported,
                 concat("costs: a context of ", context, " tokens is too short to measure in; ",
                        2 * kForwardTokensMax, " are needed"));
  }
  HEARTH_ASSIGN(Session session, engine.create_session(context));
  const std::vector<TokenId> tokens = some_tokens(engine, context);
  const std::span<const TokenId> all(tokens);

  HEARTH_TRY(session.feed(all.first(static_cast<std::size_t>(far)), interruption));
  const auto time = [&](int32_t depth, int32_t count) {
    return pass_time_ms(session, depth, all.first(static_cast<std::size_t>(count)), interruption);
  };
  // From the end on, as each truncates the session.
  HEARTH_ASSIGN(const double one_far_ms, time(far, 1));
  HEARTH_ASSIGN(const double many_far_ms, time(far, kForwardTokensMax));
  HEARTH_ASSIGN(const double one_ms, time(0, 1));
  HEARTH_ASSIGN(const double few_ms, time(0, kSmallPass));
  HEARTH_ASSIGN(const double many_ms, time(0, kForwardTokensMax));

  CostModel costs = {.load_ms = engine.load_ms()};
  const auto positive = [](double ms) { return std::max(ms, 0.0); };
  costs.answer_position_ms = positive((one_far_ms - one_ms) / far);
  costs.answer_ms = one_ms;
  costs.token_position_ms =
      positive((many_far_ms - many_ms) / (static_cast<double>(far) * kForwardTokensMax));
  const auto without_attention = [&](double ms, int32_t count) {
    return ms - costs.token_position_ms * sum_from(0, count);
  };
  const double few = without_attention(few_ms, kSmallPass);
  const double many = without_attention(many_ms, kForwardTokensMax);
  costs.token_ms = positive((many - few) / (kForwardTokensMax - kSmallPass));
  costs.pass_ms = positive(many - costs.token_ms * kForwardTokensMax);
  return costs;
}

}  // namespace hearth
