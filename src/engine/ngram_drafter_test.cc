// SPDX-License-Identifier: Apache-2.0
#include "engine/ngram_drafter.h"

#include <gtest/gtest.h>

#include <vector>

namespace hearth {
namespace {

using Tokens = std::vector<TokenId>;

Tokens proposal(NgramDrafter& drafter, std::size_t count_max = 100) {
  const auto tokens = drafter.propose(count_max);
  return {tokens.begin(), tokens.end()};
}

TEST(NgramDrafter, GuessesWhatFollowedTheSameTokens) {
  const Tokens text = {1, 2, 3, 4, 5, 6, 7, 1, 2, 3};
  NgramDrafter drafter(text);
  EXPECT_EQ(proposal(drafter), Tokens({4, 5, 6}));
  EXPECT_EQ(proposal(drafter, 2), Tokens({4, 5}));
  EXPECT_EQ(proposal(drafter, 0), Tokens());
}

TEST(NgramDrafter, NeedsThreeTokensInARow) {
  NgramDrafter empty({});
  EXPECT_EQ(proposal(empty), Tokens());
  const Tokens text = {1, 2, 3, 4, 9, 2, 3};
  NgramDrafter drafter(text);
  EXPECT_EQ(proposal(drafter), Tokens());
}

TEST(NgramDrafter, PrefersTheOccurrenceThatSharesMoreContext) {
  const Tokens text = {7, 1, 2, 3, 40, 8, 1, 2, 3, 50, 7, 1, 2, 3};
  NgramDrafter drafter(text);
  EXPECT_EQ(proposal(drafter, 1), Tokens({40}));
}

TEST(NgramDrafter, PrefersTheLatestOccurrenceOfEquals) {
  const Tokens text = {1, 2, 3, 40, 9, 1, 2, 3, 50, 8, 1, 2, 3};
  NgramDrafter drafter(text);
  EXPECT_EQ(proposal(drafter, 1), Tokens({50}));
}

TEST(NgramDrafter, GuessesARepetitionThatOverlapsItself) {
  const Tokens text = {5, 5, 5, 5, 5};
  NgramDrafter drafter(text);
  EXPECT_EQ(proposal(drafter), Tokens({5}));
}

TEST(NgramDrafter, ReachesFurtherWhileGuessesComeTrueAndPausesWhileTheyDoNot) {
  Tokens text;
  for (TokenId id = 1; id <= 40; ++id) text.push_back(id);
  text.insert(text.end(), {1, 2, 3});
  NgramDrafter drafter(text);
  EXPECT_EQ(proposal(drafter).size(), 3u);
  drafter.learn(3);
  EXPECT_EQ(proposal(drafter).size(), 5u);
  drafter.learn(5);
  EXPECT_EQ(proposal(drafter).size(), 7u);
  drafter.learn(7);
  EXPECT_EQ(proposal(drafter).size(), 7u);
  drafter.learn(1);
  EXPECT_EQ(proposal(drafter).size(), 2u);
  drafter.learn(0);
  EXPECT_TRUE(proposal(drafter).empty());
  drafter.push(4);
  EXPECT_EQ(proposal(drafter), Tokens({5, 6}));
  drafter.learn(0);
  drafter.push(5);
  EXPECT_TRUE(proposal(drafter).empty()) << "the second pause is longer";
  drafter.push(6);
  EXPECT_EQ(proposal(drafter), Tokens({7, 8}));
}

}  // namespace
}  // namespace hearth
