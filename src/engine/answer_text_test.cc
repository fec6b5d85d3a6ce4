// SPDX-License-Identifier: Apache-2.0
#include "engine/answer_text.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/utf8.h"
#include "engine/test_model.h"

namespace hearth {
namespace {

// What the filter shows of `text`, cut after every `step` bytes.
std::string filtered(const std::vector<std::string>& stops, std::string_view text,
                     std::size_t step) {
  StopFilter filter(stops);
  std::string shown;
  for (std::size_t at = 0; at < text.size(); at += step)
    shown += filter.push(text.substr(at, step));
  if (!filter.stopped()) shown += filter.finish();
  return shown;
}

TEST(StopFilter, EndsBeforeTheStopStringForAnyPieces) {
  struct Case {
    std::vector<std::string> stops;
    std::string_view text;
    std::string_view shown;
  };
  const std::vector<Case> cases = {
      {{}, "plain text", "plain text"},
      {{"###"}, "one ## two ### three ###", "one ## two "},
      {{"###"}, "one ##", "one ##"},
      {{"aab"}, "aaaaab!", "aaa"},
      {{"abab"}, "abaabaababab", "abaaba"},
      {{"x"}, "x", ""},
      {{"\n\n"}, "line\n\nmore", "line"},
      {{"abcd", "bc"}, "xabcd", "xa"},  // "bc" is complete first
      {{"abcd", "cd"}, "xabcd", "x"},   // both end together: the longer one
      {{"late", "early"}, "an early and a late one", "an "},
      {{"\xe2\x82\xac"}, "5 \xe2\x82\xac", "5 "},
  };
  for (const Case& c : cases) {
    for (std::size_t step = 1; step <= c.text.size(); ++step) {
      EXPECT_EQ(filtered(c.stops, c.text, step), c.shown) << c.text << " by " << step;
    }
  }
}

TEST(StopFilter, HoldsBackOnlyWhatCouldBecomeAStop) {
  const std::vector<std::string> stops = {"END."};
  StopFilter filter(stops);
  EXPECT_EQ(filter.push("the E"), "the ");
  EXPECT_EQ(filter.push("N"), "");
  EXPECT_EQ(filter.push("Emy"), "ENEmy");
  EXPECT_EQ(filter.push(" EN"), " ");
  EXPECT_FALSE(filter.stopped());
  EXPECT_EQ(filter.push("D. after"), "");
  EXPECT_TRUE(filter.stopped());
  EXPECT_EQ(filter.push("more"), "");
  EXPECT_EQ(filter.finish(), "");
}

class AnswerTextTest : public testing::Test {
 protected:
  // Pushes a token a byte; the pieces that the sink saw are in pieces_.
  std::string run(std::string_view text, const std::vector<std::string>& stops) {
    pieces_.clear();
    const auto sink = [&](std::string_view piece) { pieces_.emplace_back(piece); };
    AnswerText answer(engine_->tokenizer(), kTestModelStart, stops, sink);
    for (const TokenId id : byte_tokens(text)) {
      if (answer.push(id)) break;
    }
    return answer.finish();
  }

  std::unique_ptr<Engine> engine_ = load_test_model();
  std::vector<std::string> pieces_;
};

TEST_F(AnswerTextTest, ShowsWholeCharactersOnly) {
  const std::string text = "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80z";
  EXPECT_EQ(run(text, {}), text);
  EXPECT_EQ(pieces_.size(), 5u);
  // A stop string that shares its first bytes with a shown character does not split it.
  EXPECT_EQ(run("\xe2\x82\xac\xe2\x82\xad.", {"\xe2\x82\xad"}), "\xe2\x82\xac");
  EXPECT_EQ(pieces_, std::vector<std::string>{"\xe2\x82\xac"});
}

TEST_F(AnswerTextTest, BrokenBytesBecomeReplacementCharacters) {
  EXPECT_EQ(run("a\xff", {}), "a\xef\xbf\xbd");
  EXPECT_EQ(run("cut \xe2\x82", {}), "cut \xef\xbf\xbd\xef\xbf\xbd");
}

TEST_F(AnswerTextTest, HandsOutWhatWasHeldBackAtTheEnd) {
  EXPECT_EQ(run("almost EN", {"END"}), "almost EN");
  std::string shown;
  for (const std::string& piece : pieces_) shown += piece;
  EXPECT_EQ(shown, "almost EN");
}

}  // namespace
}  // namespace hearth
