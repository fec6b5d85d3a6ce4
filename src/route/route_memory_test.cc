// SPDX-License-Identifier: Apache-2.0
#include "route/route_memory.h"

#include <gtest/gtest.h>

namespace hearth {
namespace {

Policy two_targets() {
  Policy policy;
  policy.targets.resize(2);
  policy.targets[0].name = "cloud";
  policy.targets[1].name = "edge";
  return policy;
}

RouteState some_state() {
  RouteState state;
  state.spending = {.day = 20000, .spent_usd = 0.25, .reserved_usd = 0.125};
  state.retries.left = 3.5;
  for (int i = 0; i < 50; ++i) state.local_ratios.add(1.25, 1.0);
  state.remotes.resize(2);
  for (int i = 0; i < 4; ++i) state.remotes[0].breaker.failed(777);
  for (int i = 1; i < 50; ++i) state.remotes[1].latency.observe(10 * i, i, 5.0 * i, 9.0 * i);
  return state;
}

TEST(RouteMemory, ComesBack) {
  const RouteState state = some_state();
  const std::string text = route_memory_to_json(two_targets(), state);
  RouteState again;
  again.now_ms = 5;
  ASSERT_TRUE(route_memory_from_json(text, "m.json", two_targets(), again).ok());
  EXPECT_EQ(again.now_ms, 5);
  EXPECT_EQ(again.spending.day, 20000);
  EXPECT_EQ(again.spending.spent_usd, 0.375) << "what was under way counts as spent";
  EXPECT_EQ(again.spending.reserved_usd, 0.0);
  EXPECT_EQ(again.retries.left, 3.5);
  EXPECT_EQ(again.local_ratios.quantile(0.5, 0.0), 1.25);
  EXPECT_EQ(again.remotes[0].breaker, state.remotes[0].breaker);
  EXPECT_EQ(again.remotes[1].latency.predict(100, 10)->total_p95_ms,
            state.remotes[1].latency.predict(100, 10)->total_p95_ms);
}

TEST(RouteMemory, TargetsComeAndGo) {
  const std::string text = route_memory_to_json(two_targets(), some_state());
  Policy other = two_targets();
  other.targets[0].name = "new";
  RouteState again;
  ASSERT_TRUE(route_memory_from_json(text, "m.json", other, again).ok());
  EXPECT_EQ(again.remotes[0].breaker, Breaker{});
  EXPECT_TRUE(again.remotes[1].latency.predict(1, 1).has_value());
}

TEST(RouteMemory, RefusesDamage) {
  const std::string text = route_memory_to_json(two_targets(), some_state());
  const auto refuse = [&](const std::string& wrong) {
    RouteState state;
    state.spending.spent_usd = 7;
    const auto read = route_memory_from_json(wrong, "m.json", two_targets(), state);
    ASSERT_FALSE(read.ok()) << wrong;
    EXPECT_EQ(read.error().code(), ErrorCode::kCorrupt);
    EXPECT_NE(read.error().message().find("; "), std::string::npos);
    EXPECT_EQ(state.spending.spent_usd, 7) << "was changed all the same";
  };
  const auto replaced = [&](const std::string& from, const std::string& to) {
    std::string changed = text;
    const std::size_t at = changed.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return at == std::string::npos ? changed : changed.replace(at, from.size(), to);
  };
  refuse("");
  refuse("[]");
  refuse(text.substr(0, text.size() / 2));
  refuse(replaced("\"version\":1", "\"version\":2"));
  refuse(replaced("\"spent_usd\":0.25", "\"spent_usd\":-1"));
  refuse(replaced("\"spent_usd\":0.25", "\"spent_usd\":\"no\""));
  refuse(replaced("\"day\"", "\"days\""));
  refuse(replaced("\"count\":", "\"count\":1e9,\"counts\":"));
  refuse(replaced("\"first_token\":[", "\"first_token\":[1,"));
  refuse(replaced("\"targets\":{", "\"targets\":[],\"t\":{"));
}

}  // namespace
}  // namespace hearth
