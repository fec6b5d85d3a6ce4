// SPDX-License-Identifier: Apache-2.0
#include "engine/loop_guard.h"

#include <gtest/gtest.h>

#include <vector>

namespace hearth {
namespace {

// How many tokens of an answer, given by `token(index)`, pass before the guard objects; 0: all.
template <typename Token>
std::size_t objects_after(int32_t limit, std::size_t count, Token token) {
  LoopGuard guard(limit);
  std::vector<TokenId> ids;
  for (std::size_t i = 0; i < count; ++i) {
    ids.push_back(static_cast<TokenId>(token(i)));
    if (guard.push(ids)) return ids.size();
  }
  return 0;
}

TEST(LoopGuard, ObjectsOnceTheLimitRepeated) {
  EXPECT_EQ(objects_after(20, 1000, [](std::size_t) { return 7; }), 21u);
  EXPECT_EQ(objects_after(20, 1000, [](std::size_t i) { return i % 11; }), 31u);
  EXPECT_EQ(objects_after(20, 1000, [](std::size_t i) { return i < 100 ? 1000 + i : i % 64; }),
            184u);
}

TEST(LoopGuard, LetsPassWhatIsNoCircle) {
  EXPECT_EQ(objects_after(0, 1000, [](std::size_t) { return 7; }), 0u);
  EXPECT_EQ(objects_after(20, 1000, [](std::size_t i) { return i; }), 0u);
  EXPECT_EQ(objects_after(20, 1000, [](std::size_t i) { return i % 65; }), 0u);
  // A list whose rows are alike but for a number.
  EXPECT_EQ(objects_after(20, 1000, [](std::size_t i) { return i % 5 == 0 ? 100 + i : i % 5; }),
            0u);
}

}  // namespace
}  // namespace hearth
