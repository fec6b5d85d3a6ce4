// SPDX-License-Identifier: Apache-2.0
#include "evaluate/evaluate.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "engine/test_model.h"

namespace hearth {
namespace {

const auto no_progress = [](double) { return true; };

std::vector<TokenId> random_tokens(int count, uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<TokenId> tokens;
  for (int i = 0; i < count; ++i)
    tokens.push_back(static_cast<TokenId>(random() % kTestModelVocabulary));
  return tokens;
}

// Natural log-probabilities after `tokens`, by the textbook.
std::vector<double> log_probabilities(Session& session, std::span<const TokenId> tokens) {
  session.truncate(0);
  const std::span<float> logits = session.feed(tokens).value();
  const double max = *std::max_element(logits.begin(), logits.end());
  double sum = 0.0;
  for (const float logit : logits) sum += std::exp(logit - max);
  std::vector<double> result;
  for (const float logit : logits) result.push_back(logit - max - std::log(sum));
  return result;
}

// The losses of a text, each prediction made by itself.
std::vector<double> plain_losses(Engine& engine, std::span<const TokenId> tokens, int32_t window,
                                 std::optional<TokenId> bos) {
  Session session = engine.create_session(window).value();
  std::vector<double> losses;
  for (std::size_t begin = 0; begin + static_cast<std::size_t>(window) <= tokens.size();
       begin += static_cast<std::size_t>(window)) {
    std::vector<TokenId> ids(tokens.begin() + static_cast<std::ptrdiff_t>(begin),
                             tokens.begin() + static_cast<std::ptrdiff_t>(begin) + window);
    if (bos) ids[0] = *bos;
    for (std::size_t target = static_cast<std::size_t>(window) / 2 + 1; target < ids.size();
         ++target) {
      losses.push_back(-log_probabilities(
          session, std::span(ids).first(target))[static_cast<std::size_t>(ids[target])]);
    }
  }
  return losses;
}

void expect_perplexity_of(const PerplexityResult& result, const std::vector<double>& losses) {
  double mean = 0.0;
  for (const double loss : losses) mean += loss / static_cast<double>(losses.size());
  double squares = 0.0;
  for (const double loss : losses) squares += (loss - mean) * (loss - mean);
  const auto count = static_cast<double>(losses.size());
  EXPECT_EQ(result.tokens, static_cast<int64_t>(losses.size()));
  EXPECT_NEAR(result.perplexity, std::exp(mean), 1e-5 * std::exp(mean));
  EXPECT_NEAR(result.stderr_, std::exp(mean) * std::sqrt(squares / (count - 1) / count),
              1e-4 * result.stderr_);
}

TEST(Perplexity, IsThatOfEachPredictionByItself) {
  const auto engine = load_test_model();
  const std::vector<TokenId> tokens = random_tokens(75, 1);
  for (const int32_t window : {3, 4, 20, 25, 75}) {
    const auto result = perplexity(*engine, tokens, window, no_progress);
    ASSERT_TRUE(result.ok()) << result.error().message();
    EXPECT_EQ(result->tokens, 75 / window * (window - window / 2 - 1));
    expect_perplexity_of(*result, plain_losses(*engine, tokens, window, {}));
  }
}

TEST(Perplexity, CrossesChunks) {
  const auto engine = load_test_model();
  const std::vector<TokenId> tokens = random_tokens(300, 2);  // scored: 150..298, in two chunks
  const auto result = perplexity(*engine, tokens, 300, no_progress);
  ASSERT_TRUE(result.ok());
  expect_perplexity_of(*result, plain_losses(*engine, tokens, 300, {}));
}

TEST(Perplexity, PutsBosInFrontWhereTheModelAddsIt) {
  const auto engine = load_test_model({.add_bos = true});
  const std::vector<TokenId> tokens = random_tokens(40, 3);
  const auto result = perplexity(*engine, tokens, 20, no_progress);
  ASSERT_TRUE(result.ok());
  expect_perplexity_of(*result, plain_losses(*engine, tokens, 20, kTestModelStart));
}

TEST(Perplexity, HasNoErrorOfOneToken) {
  const auto engine = load_test_model();
  const auto result = perplexity(*engine, random_tokens(3, 4), 3, no_progress);
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->tokens, 1);
  EXPECT_EQ(result->stderr_, 0.0);
}

TEST(Perplexity, ReportsProgressAndStops) {
  const auto engine = load_test_model();
  const std::vector<TokenId> tokens = random_tokens(60, 5);
  std::vector<double> shares;
  const auto record = [&](double share) {
    shares.push_back(share);
    return true;
  };
  ASSERT_TRUE(perplexity(*engine, tokens, 20, record).ok());
  EXPECT_TRUE(std::is_sorted(shares.begin(), shares.end()));
  EXPECT_EQ(shares.back(), 1.0);
  int calls = 0;
  const auto stop = [&](double) { return ++calls < 2; };
  const auto stopped = perplexity(*engine, tokens, 20, stop);
  ASSERT_FALSE(stopped.ok());
  EXPECT_EQ(stopped.error().code(), ErrorCode::kCancelled);
  EXPECT_EQ(calls, 2);
}

TEST(Perplexity, SaysWhatIsWrong) {
  const auto engine = load_test_model({.context = 100});
  const auto message = [&](std::span<const TokenId> tokens, int32_t window) {
    const auto result = perplexity(*engine, tokens, window, no_progress);
    EXPECT_FALSE(result.ok());
    EXPECT_EQ(result.error().code(), ErrorCode::kUsage);
    return result.error().message();
  };
  const std::vector<TokenId> tokens = random_tokens(200, 6);
  EXPECT_NE(message(tokens, 2).find("2 tokens is outside 3 to 100"), std::string::npos);
  EXPECT_NE(message(tokens, 101).find("101 tokens is outside 3 to 100"), std::string::npos);
  EXPECT_NE(
      message(std::span(tokens).first(99), 100).find("99 tokens are less than a window of 100"),
      std::string::npos);
  EXPECT_NE(message({}, 100), "");
  EXPECT_NE(message(std::vector<TokenId>(100, kTestModelVocabulary), 100), "");
}

TEST(Divergence, OfAModelFromItselfIsNothing) {
  const auto engine = load_test_model({.matrix_type = DType::kQ8_0});
  const auto result = divergence(*engine, *engine, random_tokens(120, 7), 40, no_progress);
  ASSERT_TRUE(result.ok()) << result.error().message();
  EXPECT_EQ(result->kl_mean, 0.0);
  EXPECT_EQ(result->kl_p99, 0.0);
  EXPECT_EQ(result->top1_agreement, 1.0);
  EXPECT_EQ(result->tokens, 3 * 19);
}

TEST(Divergence, IsThatOfEachPositionByItself) {
  const auto reference =
      load_test_model({.matrix_type = DType::kF32}, {.threads = 1, .isa = Isa::kScalar});
  for (const uint32_t seed : {1u, 2u}) {  // the same weights in 8 bits, and other weights
    const auto model = load_test_model({.seed = seed, .matrix_type = DType::kQ8_0});
    const std::vector<TokenId> tokens = random_tokens(100, 8);
    const auto result = divergence(*reference, *model, tokens, 50, no_progress);
    ASSERT_TRUE(result.ok()) << result.error().message();

    Session reference_session = reference->create_session(50).value();
    Session model_session = model->create_session(50).value();
    std::vector<double> expected;
    double agreements = 0.0;
    for (std::size_t begin = 0; begin < 100; begin += 50) {
      for (std::size_t length = 26; length < 50; ++length) {
        const auto context = std::span(tokens).subspan(begin, length);
        const std::vector<double> p = log_probabilities(reference_session, context);
        const std::vector<double> q = log_probabilities(model_session, context);
        double kl = 0.0;
        for (std::size_t i = 0; i < p.size(); ++i) kl += std::exp(p[i]) * (p[i] - q[i]);
        expected.push_back(kl);
        const bool agree = std::max_element(p.begin(), p.end()) - p.begin() ==
                           std::max_element(q.begin(), q.end()) - q.begin();
        agreements += agree ? 1.0 : 0.0;
      }
    }
    double mean = 0.0;
    for (const double kl : expected) mean += kl / static_cast<double>(expected.size());
    std::sort(expected.begin(), expected.end());
    const double p99 = expected[46] + 0.53 * (expected[47] - expected[46]);  // place 0.99 * 47
    EXPECT_EQ(result->tokens, 48);
    EXPECT_NEAR(result->kl_mean, mean, 1e-5 * mean + 1e-7);
    EXPECT_NEAR(result->kl_p99, p99, 1e-5 * p99 + 1e-7);
    EXPECT_DOUBLE_EQ(result->top1_agreement, agreements / 48.0);
    EXPECT_GT(mean, seed == 1 ? 0.0 : 0.5);
  }
}

TEST(Divergence, NeedsOneVocabularyAndCanBeStopped) {
  const auto reference = load_test_model();
  const auto model = load_test_model({.padding_rows = 16});
  const std::vector<TokenId> tokens = random_tokens(100, 9);
  const auto different = divergence(*reference, *model, tokens, 50, no_progress);
  ASSERT_FALSE(different.ok());
  EXPECT_EQ(different.error().code(), ErrorCode::kUsage);
  EXPECT_NE(different.error().message().find("264"), std::string::npos);
  EXPECT_NE(different.error().message().find("280"), std::string::npos);
  const auto stopped = divergence(*reference, *reference, tokens, 50, [](double) { return false; });
  ASSERT_FALSE(stopped.ok());
  EXPECT_EQ(stopped.error().code(), ErrorCode::kCancelled);
}

TEST(NextToken, BestFirstWithLogProbabilities) {
  const auto engine = load_test_model();
  Session session = engine->create_session(100).value();
  const std::vector<TokenId> tokens = random_tokens(30, 10);
  const std::vector<double> expected = log_probabilities(session, tokens);
  for (const int32_t top : {1, 5, 10000}) {
    const auto best = next_token_logprobs(session, tokens, top);
    ASSERT_TRUE(best.ok());
    ASSERT_EQ(best->size(), std::min(expected.size(), static_cast<std::size_t>(top)));
    double total = 0.0;
    for (std::size_t i = 0; i < best->size(); ++i) {
      const auto& [id, logprob] = (*best)[i];
      EXPECT_NEAR(logprob, expected[static_cast<std::size_t>(id)], 1e-6);
      EXPECT_LE(logprob, (*best)[i == 0 ? 0 : i - 1].second);
      total += std::exp(logprob);
    }
    EXPECT_NEAR(total, top == 10000 ? 1.0 : total, 1e-6);
  }
  EXPECT_EQ(session.tokens().size(), 30u);
}

TEST(NextToken, SaysWhatIsWrong) {
  const auto engine = load_test_model();
  Session session = engine->create_session(10).value();
  const auto code = [&](std::span<const TokenId> tokens, int32_t top) {
    const auto result = next_token_logprobs(session, tokens, top);
    return result.ok() ? ErrorCode::kInternal : result.error().code();
  };
  EXPECT_EQ(code({}, 1), ErrorCode::kUsage);
  EXPECT_EQ(code(random_tokens(5, 1), 0), ErrorCode::kUsage);
  EXPECT_EQ(code(random_tokens(11, 1), 1), ErrorCode::kUsage);
  EXPECT_EQ(code(std::vector<TokenId>{-1}, 1), ErrorCode::kUsage);
}

}  // namespace
}  // namespace hearth
