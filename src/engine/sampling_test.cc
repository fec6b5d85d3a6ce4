// SPDX-License-Identifier: Apache-2.0
#include "engine/sampling.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>

namespace hearth {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

// All truncation off: the plain softmax at temperature 1.
SamplingOptions plain_options() {
  SamplingOptions options;
  options.temperature = 1.0;
  options.top_p = 1.0;
  options.min_p = 0.0;
  return options;
}

SamplingOptions greedy_options() {
  SamplingOptions options = plain_options();
  options.temperature = 0.0;
  return options;
}

std::vector<float> random_logits(std::size_t size, double deviation, uint32_t seed) {
  std::mt19937 random(seed);
  std::normal_distribution<double> normal(0.0, deviation);
  std::vector<float> logits(size);
  for (float& value : logits) value = static_cast<float>(normal(random));
  return logits;
}

std::vector<float> logits_of(const std::vector<double>& probabilities) {
  std::vector<float> logits;
  for (const double p : probabilities) logits.push_back(static_cast<float>(std::log(p) + 3.0));
  return logits;
}

TokenId first_sample(const SamplingOptions& options, std::vector<float> logits,
                     const std::vector<TokenId>& history = {}) {
  Sampler sampler(options);
  const Result<SampledToken> token = sampler.sample(logits, history, history.size());
  EXPECT_TRUE(token.ok()) << token.error().message();
  return token.ok() ? token->id : -1;
}

// How often each token is drawn at positions 0..draws-1.
std::vector<int> draw_counts(const SamplingOptions& options, std::vector<float> logits, int draws) {
  Sampler sampler(options);
  std::vector<int> counts(logits.size());
  for (int i = 0; i < draws; ++i) {
    const Result<SampledToken> token = sampler.sample(logits, {}, static_cast<uint64_t>(i));
    EXPECT_TRUE(token.ok());
    ++counts[static_cast<std::size_t>(token->id)];
  }
  return counts;
}

// The tokens that can be drawn, by the definitions in their plainest form: sort, then cut.
std::vector<TokenId> survivors_by_sorting(const SamplingOptions& options,
                                          const std::vector<float>& logits) {
  std::vector<TokenId> order(logits.size());
  std::iota(order.begin(), order.end(), 0);
  const auto logit = [&](TokenId id) {
    return static_cast<double>(logits[static_cast<std::size_t>(id)]);
  };
  std::stable_sort(order.begin(), order.end(),
                   [&](TokenId a, TokenId b) { return logit(a) > logit(b); });
  const double best = logit(order.front());
  const auto weight = [&](TokenId id) {
    return std::exp((logit(id) - best) / options.temperature);
  };
  if (options.top_k > 0)
    order.resize(std::min(order.size(), static_cast<std::size_t>(options.top_k)));
  double sum = 0.0;
  for (const TokenId id : order) sum += weight(id);
  double reached = 0.0;
  std::vector<TokenId> survivors;
  for (const TokenId id : order) {
    if (!survivors.empty() && (reached >= options.top_p * sum || weight(id) < options.min_p)) break;
    survivors.push_back(id);
    reached += weight(id);
  }
  return survivors;
}

TEST(Sampling, ValidatesEveryOption) {
  const double nan = std::nan("");
  const double infinity = std::numeric_limits<double>::infinity();
  EXPECT_TRUE(SamplingOptions{}.validate(10).ok());
  const auto message = [](auto change) {
    SamplingOptions options;
    change(options);
    const Result<void> result = options.validate(10);
    if (result.ok()) return std::string("valid");
    EXPECT_EQ(result.error().code(), ErrorCode::kUsage);
    return result.error().message();
  };
  for (const double bad : {nan, infinity, -infinity, -0.1, 100.5}) {
    EXPECT_NE(message([&](auto& o) { o.temperature = bad; }), "valid") << bad;
    EXPECT_NE(message([&](auto& o) { o.top_p = bad; }), "valid") << bad;
    EXPECT_NE(message([&](auto& o) { o.min_p = bad; }), "valid") << bad;
    EXPECT_NE(message([&](auto& o) { o.repetition_penalty = bad; }), "valid") << bad;
    EXPECT_NE(message([&](auto& o) { o.frequency_penalty = bad * 1001; }), "valid") << bad;
    EXPECT_NE(message([&](auto& o) { o.presence_penalty = bad * 1001; }), "valid") << bad;
  }
  EXPECT_EQ(message([](auto& o) { o.temperature = -1; }), "temperature: -1 is outside 0 to 100");
  EXPECT_EQ(message([&](auto& o) { o.top_p = nan; }), "top-p: nan is outside 0 to 1");
  EXPECT_NE(message([](auto& o) { o.repetition_penalty = 0; }), "valid");
  EXPECT_NE(message([](auto& o) { o.top_k = -1; }), "valid");
  EXPECT_EQ(message([](auto& o) { o.top_k = 1000000; }), "valid");
  EXPECT_NE(message([](auto& o) { o.penalty_tokens = -2; }), "valid");
  EXPECT_EQ(message([](auto& o) { o.penalty_tokens = -1; }), "valid");
  EXPECT_NE(message([](auto& o) { o.logit_bias = {{10, 0.0f}}; }), "valid");
  EXPECT_NE(message([](auto& o) { o.logit_bias = {{-1, 0.0f}}; }), "valid");
  EXPECT_NE(message([](auto& o) { o.logit_bias = {{1, kNan}}; }), "valid");
  EXPECT_NE(message([](auto& o) { o.logit_bias = {{1, kInfinity}}; }), "valid");
  EXPECT_EQ(message([](auto& o) { o.logit_bias = {{1, -kInfinity}}; }), "valid");
}

TEST(Sampling, GreedyTakesTheBestAndTheLowestOfEquals) {
  EXPECT_EQ(first_sample(greedy_options(), {1, 5, 5, 2}), 1);
  SamplingOptions options = plain_options();
  options.top_k = 1;
  options.temperature = 100.0;
  EXPECT_EQ(first_sample(options, {1.0f, 5.0f, 5.0000005f, 2.0f}), 2);
}

TEST(Sampling, LogprobIsThatOfTheGivenLogits) {
  SamplingOptions options = greedy_options();
  options.logit_bias = {{0, -kInfinity}};
  options.repetition_penalty = 5.0;
  std::vector<float> logits = logits_of({0.5, 0.3, 0.2});
  const std::vector<float> before = logits;
  Sampler sampler(options);
  const Result<SampledToken> token = sampler.sample(logits, std::vector<TokenId>{1, 1}, 2);
  ASSERT_TRUE(token.ok());
  EXPECT_EQ(token->id, 2);  // 0 is forbidden, 1 penalised
  EXPECT_NEAR(token->logprob, std::log(0.2), 1e-6);
  EXPECT_EQ(logits, before);
}

TEST(Sampling, BiasForbidsAndFavours) {
  SamplingOptions options = plain_options();
  options.logit_bias = {{0, -kInfinity}, {2, 500.0f}, {2, 500.0f}};
  EXPECT_EQ(draw_counts(options, {100, 0, 0, 0}, 200), (std::vector<int>{0, 0, 200, 0}));
}

TEST(Sampling, ForbiddingAllIsAnError) {
  for (SamplingOptions options : {plain_options(), greedy_options()}) {
    options.logit_bias = {{0, -kInfinity}, {1, -kInfinity}};
    std::vector<float> logits = {1.0f, 2.0f};
    Sampler sampler(options);
    const Result<SampledToken> token = sampler.sample(logits, {}, 0);
    ASSERT_FALSE(token.ok());
    EXPECT_EQ(token.error().code(), ErrorCode::kUsage);
    EXPECT_EQ(logits, (std::vector<float>{1.0f, 2.0f}));
  }
}

TEST(Sampling, LogitsThatAreNoNumbersAreAnError) {
  for (const float bad : {kNan, kInfinity}) {
    std::vector<float> logits = {1.0f, bad, 2.0f};
    Sampler sampler(greedy_options());
    const Result<SampledToken> token = sampler.sample(logits, {}, 0);
    ASSERT_FALSE(token.ok());
    EXPECT_EQ(token.error().code(), ErrorCode::kCorrupt);
  }
}

TEST(Sampling, RepetitionPenaltyShrinksBothSigns) {
  SamplingOptions options = greedy_options();
  options.repetition_penalty = 2.0;
  EXPECT_EQ(first_sample(options, {3.0f, 2.0f, 0.0f}, {0}), 1);  // 3 / 2 < 2
  EXPECT_EQ(first_sample(options, {3.0f, 1.4f, 0.0f}, {0, 0}),
            0);                                              // once, however often it occurred
  EXPECT_EQ(first_sample(options, {-1.0f, -1.5f}, {0}), 1);  // -1 * 2 < -1.5
}

TEST(Sampling, FrequencyCountsAndPresenceDoesNot) {
  SamplingOptions options = greedy_options();
  options.frequency_penalty = 1.0;
  EXPECT_EQ(first_sample(options, {3.0f, 0.5f}, {0, 0}), 0);
  EXPECT_EQ(first_sample(options, {3.0f, 0.5f}, {0, 0, 0}), 1);
  options.frequency_penalty = 0.0;
  options.presence_penalty = 1.0;
  EXPECT_EQ(first_sample(options, {3.0f, 0.5f}, {0, 0, 0}), 0);
  EXPECT_EQ(first_sample(options, {3.0f, 2.5f}, {0}), 1);
}

TEST(Sampling, PenaltiesLookSoFarBackAndNoFurther) {
  SamplingOptions options = greedy_options();
  options.presence_penalty = 10.0;
  options.penalty_tokens = 2;
  EXPECT_EQ(first_sample(options, {3.0f, 2.0f, 1.0f}, {0, 2, 2}), 0);
  EXPECT_EQ(first_sample(options, {3.0f, 2.0f, 1.0f}, {2, 0, 2}), 1);
  options.penalty_tokens = 0;
  EXPECT_EQ(first_sample(options, {3.0f, 2.0f, 1.0f}, {2, 0, 0}), 0);
  options.penalty_tokens = -1;
  std::vector<TokenId> long_history(1000, 2);
  long_history[0] = 0;
  EXPECT_EQ(first_sample(options, {3.0f, 2.0f, 1.0f}, long_history), 1);
  EXPECT_EQ(first_sample(options, {3.0f, 2.0f, 1.0f}, {-5, 99, 0}),
            1);  // ids that no logit belongs to
}

TEST(Sampling, PenaltiesAreTheSameAtEveryCall) {
  SamplingOptions options = greedy_options();
  options.frequency_penalty = 1.0;
  Sampler sampler(options);
  std::vector<float> logits = {3.0f, 1.5f};
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(sampler.sample(logits, std::vector<TokenId>{0}, 1)->id, 0);
    EXPECT_EQ(sampler.sample(logits, std::vector<TokenId>{0, 0}, 2)->id, 1);
  }
}

TEST(Sampling, TruncationLeavesWhatSortingWould) {
  int checked = 0;
  for (uint32_t seed = 0; seed < 60; ++seed) {
    for (const double temperature : {0.3, 1.0, 20.0}) {
      for (const int32_t top_k : {0, 3, 50, 5000}) {
        SamplingOptions options = plain_options();
        options.temperature = temperature;
        options.top_k = top_k;
        options.top_p = std::array{1.0, 0.95, 0.5, 0.0}[seed % 4];
        options.min_p = std::array{0.0, 0.05, 0.7}[seed % 3];
        options.seed = seed;
        const std::vector<float> logits = random_logits(211, 2.0, seed);
        const std::vector<TokenId> survivors = survivors_by_sorting(options, logits);
        std::vector<int> expected(logits.size());
        for (const TokenId id : survivors) expected[static_cast<std::size_t>(id)] = 1;
        const std::vector<int> counts = draw_counts(options, logits, 300);
        for (std::size_t id = 0; id < logits.size(); ++id) {
          if (counts[id] == 0) continue;
          EXPECT_EQ(expected[id], 1) << "seed " << seed << " token " << id;
        }
        if (survivors.size() > 8)
          continue;  // few enough that 300 draws should reach the likelier ones
        for (const TokenId id : survivors)
          checked += counts[static_cast<std::size_t>(id)] > 0 ? 1 : 0;
      }
    }
  }
  EXPECT_GT(checked, 500);
}

TEST(Sampling, TopPKeepsTheTokenThatReachesP) {
  SamplingOptions options = plain_options();
  const std::vector<float> logits = logits_of({0.1, 0.5, 0.3, 0.1});
  const auto drawn = [&](double top_p) {
    options.top_p = top_p;
    std::vector<int> counts = draw_counts(options, logits, 500);
    for (int& count : counts) count = count > 0 ? 1 : 0;
    return counts;
  };
  EXPECT_EQ(drawn(0.0), (std::vector<int>{0, 1, 0, 0}));
  EXPECT_EQ(drawn(0.49), (std::vector<int>{0, 1, 0, 0}));
  EXPECT_EQ(drawn(0.51), (std::vector<int>{0, 1, 1, 0}));
  EXPECT_EQ(drawn(0.79), (std::vector<int>{0, 1, 1, 0}));
  EXPECT_EQ(drawn(1.0), (std::vector<int>{1, 1, 1, 1}));
}

TEST(Sampling, EqualsAreCutFromTheHighestId) {
  SamplingOptions options = plain_options();
  options.top_k = 3;
  const std::vector<int> counts = draw_counts(options, std::vector<float>(1000, 0.5f), 300);
  EXPECT_EQ(counts[0] + counts[1] + counts[2], 300);
  options.top_k = 0;
  options.top_p = 0.5;
  const std::vector<int> half = draw_counts(options, std::vector<float>(4, 0.5f), 300);
  EXPECT_EQ(half[0] + half[1], 300);
}

TEST(Sampling, TopKAboveTheVocabularyIsOff) {
  SamplingOptions options = plain_options();
  const std::vector<float> logits = random_logits(20, 1.0, 5);
  const std::vector<int> expected = draw_counts(options, logits, 100);
  options.top_k = 1000;
  EXPECT_EQ(draw_counts(options, logits, 100), expected);
}

TEST(Sampling, TemperatureNearZeroIsGreedyAndHundredIsNearlyFlat) {
  SamplingOptions options = plain_options();
  for (const double temperature : {1e-3, 1e-40, 5e-324}) {
    options.temperature = temperature;
    EXPECT_EQ(draw_counts(options, {0.0f, 1.0f, 0.9f}, 50), (std::vector<int>{0, 50, 0}));
  }
  options.temperature = 100.0;
  for (const int count : draw_counts(options, {0.0f, 1.0f, 0.9f}, 3000))
    EXPECT_NEAR(count, 1000, 120);
}

TEST(Sampling, DrawsFollowTheDistribution) {
  // Pearson's chi-squared with 5 degrees of freedom: 20.5 is passed with probability 0.001; the
  // seed is fixed.
  const std::vector<double> probabilities = {0.4, 0.25, 0.15, 0.1, 0.07, 0.03};
  constexpr int kDraws = 50000;
  for (const uint64_t seed : {0u, 1u, 2u, 12345u}) {
    SamplingOptions options = plain_options();
    options.seed = seed;
    const std::vector<int> counts = draw_counts(options, logits_of(probabilities), kDraws);
    double chi_squared = 0.0;
    for (std::size_t i = 0; i < counts.size(); ++i) {
      const double expected = probabilities[i] * kDraws;
      chi_squared += (counts[i] - expected) * (counts[i] - expected) / expected;
    }
    EXPECT_LT(chi_squared, 20.5) << seed;
  }
}

TEST(Sampling, TemperatureSharpensTheDistribution) {
  SamplingOptions options = plain_options();
  options.temperature = 0.5;  // squares the probabilities: 0.8 and 0.2 become 16/17 and 1/17
  const std::vector<int> counts = draw_counts(options, logits_of({0.8, 0.2}), 17000);
  EXPECT_NEAR(counts[1], 1000, 130);
}

TEST(Sampling, RandomnessIsKeyedBySeedAndPosition) {
  EXPECT_EQ(keyed_uniform(7, 3), keyed_uniform(7, 3));
  double sum = 0.0;
  double neighbours = 0.0;
  constexpr int kCount = 20000;
  for (uint64_t i = 0; i < kCount; ++i) {
    const uint64_t seed = i % 10;
    const uint64_t position = i / 10;
    const double value = keyed_uniform(seed, position);
    ASSERT_GE(value, 0.0);
    ASSERT_LT(value, 1.0);
    sum += value;
    neighbours += (value - 0.5) * (keyed_uniform(seed + 1, position) - 0.5);
    // SplitMix64's own step between seeds must not be a step between positions.
    EXPECT_NE(keyed_uniform(seed + 0x9e3779b97f4a7c15u, position),
              keyed_uniform(seed, position + 1));
  }
  EXPECT_NEAR(sum / kCount, 0.5, 0.01);
  EXPECT_NEAR(neighbours / kCount, 0.0, 0.003);  // the variance is 1 / 12
}

TEST(Sampling, SameRequestSameTokens) {
  SamplingOptions options;
  const std::vector<float> logits = random_logits(49152, 3.0, 11);
  const auto draw = [&](uint64_t seed) {
    options.seed = seed;
    Sampler sampler(options);
    std::vector<TokenId> ids;
    std::vector<float> scratch = logits;
    for (uint64_t position = 0; position < 20; ++position) {
      ids.push_back(sampler.sample(scratch, {}, position)->id);
    }
    return ids;
  };
  EXPECT_EQ(draw(1), draw(1));
  EXPECT_NE(draw(1), draw(2));
  // The 20th token is the same without the 19 before it.
  options.seed = 1;
  Sampler sampler(options);
  std::vector<float> scratch = logits;
  EXPECT_EQ(sampler.sample(scratch, {}, 19)->id, draw(1).back());
}

TEST(FindLikeliest, OrdersByLogitThenId) {
  const std::vector<float> logits = {1.0f, 3.0f, -2.0f, 3.0f, 0.5f, 2.0f};
  std::vector<SampledToken> found;
  find_likeliest(logits, 4, found);
  std::vector<TokenId> ids;
  for (const SampledToken& token : found) ids.push_back(token.id);
  EXPECT_EQ(ids, (std::vector<TokenId>{1, 3, 5, 0}));
  EXPECT_EQ(found.front().logprob, 3.0f);
  find_likeliest(logits, 0, found);
  EXPECT_TRUE(found.empty());
  find_likeliest(logits, 10, found);
  EXPECT_EQ(found.size(), logits.size());
}

}  // namespace
}  // namespace hearth
