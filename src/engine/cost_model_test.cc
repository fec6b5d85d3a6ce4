// SPDX-License-Identifier: Apache-2.0
#include "engine/cost_model.h"

#include <gtest/gtest.h>

#include "engine/test_model.h"

namespace hearth {
namespace {

constexpr CostModel kCosts = {.load_ms = 50,
                              .pass_ms = 4,
                              .token_ms = 0.5,
                              .token_position_ms = 0.001,
                              .answer_ms = 3,
                              .answer_position_ms = 0.01};

TEST(CostModel, AddsUpPasses) {
  EXPECT_EQ(kCosts.prompt_ms(7, 7), 0);
  // Ten tokens behind 20: positions 20 to 29.
  EXPECT_DOUBLE_EQ(kCosts.prompt_ms(20, 30), 4 + 10 * 0.5 + 0.001 * (20 + 29) * 10 / 2);
  EXPECT_DOUBLE_EQ(kCosts.prompt_ms(0, kForwardTokensMax + 10),
                   kCosts.prompt_ms(0, kForwardTokensMax) +
                       kCosts.prompt_ms(kForwardTokensMax, kForwardTokensMax + 10));
}

TEST(CostModel, ATokenByItselfIsAnAnswers) {
  EXPECT_DOUBLE_EQ(kCosts.answers_ms(100, 1), 3 + 1.0);
  EXPECT_DOUBLE_EQ(kCosts.answers_ms(100, 3), 3 * 3 + 0.01 * (100 + 101 + 102));
  EXPECT_DOUBLE_EQ(kCosts.prompt_ms(100, 101), kCosts.answers_ms(100, 1));
}

TEST(CostModel, IsMeasured) {
  const auto engine = load_test_model();
  const CostModel costs = measure_costs(*engine, {}).value();
  EXPECT_GT(costs.load_ms, 0);
  EXPECT_GT(costs.answer_ms, 0);
  EXPECT_GT(costs.prompt_ms(0, 1000), costs.prompt_ms(0, 100));
}

TEST(CostModel, NeedsRoomToMeasureIn) {
  const auto engine = load_test_model({.context = 2 * kForwardTokensMax - 1});
  EXPECT_EQ(measure_costs(*engine, {}).error().code(), ErrorCode::kUnsupported);
}

TEST(CostModel, CanBeInterrupted) {
  const auto engine = load_test_model();
  const auto costs = measure_costs(*engine, {.deadline = Deadline::after_ms(0)});
  EXPECT_EQ(costs.error().code(), ErrorCode::kDeadline);
}

// Admission: refused before any of the prompt is evaluated, unless it may just be done.
TEST(CostModel, RefusesADeadlineThatCannotBeMet) {
  const auto engine = load_test_model();
  Session session = engine->create_session(0).value();
  const std::vector<TokenId> prompt = random_tokens(300, 1);
  GenerateOptions options;
  options.tokens_max = 1;
  const auto generate = [&](double deadline_ms) {
    options.interruption.deadline = Deadline::after_ms(deadline_ms);
    return session.generate(prompt, options, [](std::string_view) {});
  };
  engine->set_costs({.token_ms = 1000});  // five minutes for the prompt
  const auto refused = generate(200'000);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code(), ErrorCode::kDeadline);
  EXPECT_NE(refused.error().message().find("300 tokens take about 300000 ms"), std::string::npos);
  EXPECT_TRUE(session.tokens().empty());
  EXPECT_TRUE(generate(220'000).ok());
  EXPECT_TRUE(generate(20'000).ok());  // all but one of its tokens are there already
}

}  // namespace
}  // namespace hearth
