// SPDX-License-Identifier: Apache-2.0
// Work that ends before it is done: within a pass, and what a session holds then.
#include "base/interruption.h"

#include <gtest/gtest.h>

#include <thread>

#include "engine/test_model.h"

namespace hearth {
namespace {

TEST(Interruption, HasAReasonOnceThereIsOne) {
  std::atomic<bool> cancelled = false;
  bool stopped = false;
  const Interruption both = {.cancelled = &cancelled, .stopped = &stopped};
  EXPECT_FALSE(both.reason());
  stopped = true;
  EXPECT_EQ(both.reason(), ErrorCode::kCancelled);
  stopped = false;
  cancelled = true;
  EXPECT_EQ(both.reason(), ErrorCode::kCancelled);
  EXPECT_EQ(Interruption{.deadline = Deadline::after_ms(0)}.reason(), ErrorCode::kDeadline);
  EXPECT_FALSE(Interruption{.deadline = Deadline::after_ms(1e6)}.reason());
}

TEST(Interruption, BeforeAPassItCostsNothing) {
  const auto engine = load_test_model();
  Session session = engine->create_session(300).value();
  const std::vector<TokenId> tokens = random_tokens(200, 3);
  session.workspace().measure_operations(true);
  const auto fed = session.feed(tokens, {.deadline = Deadline::after_ms(0)});
  ASSERT_FALSE(fed.ok());
  EXPECT_EQ(fed.error().code(), ErrorCode::kDeadline);
  EXPECT_TRUE(session.tokens().empty());
  for (const double ms : session.workspace().operation_times()) EXPECT_EQ(ms, 0);
}

// Cancels ever later, until it happens while a pass runs: after its embeddings, before its head.
TEST(Interruption, EndsAPassBetweenLayers) {
  const auto engine = load_test_model({}, {.threads = 2});
  const std::vector<TokenId> tokens = random_tokens(kForwardTokensMax, 4);
  Session plain = engine->create_session(300).value();
  const auto expected = plain.feed(tokens).value();
  Session session = engine->create_session(300).value();
  const auto time_of = [&](Operation operation) {
    return session.workspace().operation_times()[static_cast<std::size_t>(operation)];
  };
  bool within = false;
  for (int us = 0; us < 20'000 && !within; us += 10) {
    std::atomic<bool> cancelled = false;
    std::thread other([&] {
      std::this_thread::sleep_for(std::chrono::microseconds(us));
      cancelled = true;
    });
    session.truncate(0);
    session.workspace().measure_operations(true);
    const auto fed = session.feed(tokens, {.cancelled = &cancelled});
    other.join();
    if (fed.ok()) continue;
    EXPECT_EQ(fed.error().code(), ErrorCode::kCancelled);
    EXPECT_TRUE(session.tokens().empty());
    within = time_of(Operation::kEmbed) > 0 && time_of(Operation::kHead) == 0;
  }
  EXPECT_TRUE(within);
  const auto again = session.feed(tokens).value();
  EXPECT_TRUE(std::ranges::equal(again, expected));
}

}  // namespace
}  // namespace hearth
