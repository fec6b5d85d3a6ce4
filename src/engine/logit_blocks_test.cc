// SPDX-License-Identifier: Apache-2.0
#include "engine/logit_blocks.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "engine/sampling.h"
#include "engine/softmax.h"

namespace hearth {
namespace {

constexpr float kForbidden = -std::numeric_limits<float>::infinity();

std::vector<float> random_logits(std::size_t count, uint32_t seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal(0.0f, 4.0f);
  std::vector<float> logits(count);
  for (float& logit : logits) logit = normal(random);
  return logits;
}

// As forward() gives them.
std::vector<LogitBlock> known_of(const std::vector<float>& logits) {
  std::vector<LogitBlock> known;
  for (std::size_t at = 0; at + kLogitBlock <= logits.size(); at += kLogitBlock)
    known.push_back(kernels_for(best_isa()).summarise_logits(logits.data() + at));
  return known;
}

TEST(LogitBlocks, SumsEqualThoseOfTheWholeRow) {
  for (const std::size_t count : {1u, 255u, 256u, 257u, 5000u}) {
    const auto logits = random_logits(count, 1);
    LogitBlocks blocks;
    for (const auto& known : {known_of(logits), std::vector<LogitBlock>()}) {
      blocks.take(logits, known);
      EXPECT_NEAR(blocks.log_sum(), log_sum_exp(logits, max_logit(logits)), 2e-6) << count;
      EXPECT_EQ(blocks.best(logits), static_cast<TokenId>(argmax_logit(logits)));
    }
  }
}

TEST(LogitBlocks, DamageShowsAndWhatIsForbiddenDoesNot) {
  auto logits = random_logits(1000, 2);
  std::fill_n(logits.begin(), 256, kForbidden);
  LogitBlocks blocks;
  blocks.take(logits, {});
  EXPECT_NEAR(blocks.log_sum(), log_sum_exp(logits, max_logit(logits)), 2e-6);
  std::fill_n(logits.begin(), 256, NAN);
  blocks.take(logits, {});
  EXPECT_FALSE(std::isfinite(blocks.log_sum()));
  blocks.take(logits, known_of(logits));
  EXPECT_FALSE(std::isfinite(blocks.log_sum()));
  std::fill(logits.begin(), logits.end(), kForbidden);
  blocks.take(logits, {});
  EXPECT_FALSE(std::isfinite(blocks.log_sum()));
  EXPECT_EQ(blocks.best(logits), -1);
}

TEST(LogitBlocks, AChangedLogitIsSeen) {
  auto logits = random_logits(1000, 3);
  LogitBlocks blocks;
  blocks.take(logits, known_of(logits));
  const TokenId first = blocks.best(logits);
  logits[static_cast<std::size_t>(first)] = kForbidden;
  blocks.changed(first);
  logits[999] = 100.0f;
  blocks.changed(999);
  blocks.look_again(logits);
  EXPECT_EQ(blocks.best(logits), 999);
}

TEST(LogitBlocks, TheBoundIsReachedByAtLeastSoMany) {
  const auto logits = random_logits(10000, 4);
  LogitBlocks blocks;
  blocks.take(logits, known_of(logits));
  for (const std::size_t count : {1u, 2u, 20u, 40u}) {
    const float bound = blocks.reached_by(count);
    std::size_t found = 0;
    blocks.each_at_least(logits, bound, [&](TokenId id) {
      EXPECT_GE(logits[static_cast<std::size_t>(id)], bound);
      ++found;
    });
    const auto expected =
        std::count_if(logits.begin(), logits.end(), [&](float logit) { return logit >= bound; });
    EXPECT_EQ(found, static_cast<std::size_t>(expected));
    EXPECT_GE(found, count);
  }
  EXPECT_EQ(blocks.reached_by(41), kForbidden);  // there are 40 blocks
}

// Tokens are the same whether forward() said something of the logits or not.
TEST(LogitBlocks, ChangeNoDraw) {
  const auto logits = random_logits(3000, 5);
  const auto known = known_of(logits);
  const std::vector<TokenId> history = {static_cast<TokenId>(argmax_logit(logits)), 7, 7, 2999};
  for (const int32_t top_k : {0, 1, 5, 12, 2000}) {
    for (const double top_p : {0.9, 1.0}) {
      SamplingOptions options;
      options.top_k = top_k;
      options.top_p = top_p;
      options.repetition_penalty = 1.3;
      options.logit_bias = {{11, 3.0f}, {static_cast<TokenId>(argmax_logit(logits)), kForbidden}};
      Sampler with(options);
      Sampler without(options);
      auto scratch = logits;
      for (uint64_t position = 0; position < 50; ++position) {
        const auto a = with.sample(scratch, history, position, known).value();
        const auto b = without.sample(scratch, history, position).value();
        ASSERT_EQ(a.id, b.id) << "top-k " << top_k << " position " << position;
        EXPECT_NEAR(a.logprob, b.logprob, 2e-6);
      }
      EXPECT_EQ(scratch, logits);
    }
  }
}

}  // namespace
}  // namespace hearth
