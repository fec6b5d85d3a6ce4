// SPDX-License-Identifier: Apache-2.0
#include "controller/placeholder_stream.h"

#include <gtest/gtest.h>

#include "base/random.h"
#include "base/strings.h"
#include "guard/placeholder.h"

namespace hearth {
namespace {

class PlaceholderStreamTest : public testing::Test {
 protected:
  std::string stand_in(std::string_view original) {
    return pseudonyms_.placeholder(EntityKind::kPerson, original).value();
  }
  // In pieces of the sizes that `random` draws, from 1 byte on.
  std::string streamed(std::string_view answer, Random& random) {
    PlaceholderStream stream(pseudonyms_);
    std::string text;
    while (!answer.empty()) {
      const std::size_t bytes = std::min(answer.size(), 1 + random.below(9));
      text += stream.push(answer.substr(0, bytes));
      answer.remove_prefix(bytes);
    }
    text += stream.finish();
    unknown_ = stream.unknown();
    return text;
  }

  Pseudonyms pseudonyms_ = Pseudonyms::create().value();
  std::vector<std::string> unknown_;
};

TEST_F(PlaceholderStreamTest, RestoresWhatIsSplitAnywhere) {
  Random random(1);
  const std::string ada = stand_in("Ada Lovelace");
  const std::string alan = stand_in("Alan Turing");
  const std::string pieces[] = {ada,
                                alan,
                                "⟦",
                                "⟧",
                                "\n",
                                "plain ",
                                "⟦PERSON_9:abcdef⟧",
                                "é€",
                                "\xe2\x9f",
                                std::string(80, 'x')};
  for (int i = 0; i < 2000; ++i) {
    std::string answer;
    for (std::size_t n = random.below(12); n > 0; --n) answer += pieces[random.below(10)];
    const Restoration whole = pseudonyms_.restore(answer);
    ASSERT_EQ(streamed(answer, random), whole.text) << answer;
    ASSERT_EQ(unknown_, whole.unknown) << answer;
  }
}

TEST_F(PlaceholderStreamTest, HoldsNoMoreThanMayBecomeOne) {
  PlaceholderStream stream(pseudonyms_);
  const std::string ada = stand_in("Ada Lovelace");
  EXPECT_EQ(stream.push("Dear "), "Dear ");
  EXPECT_EQ(stream.push(ada.substr(0, 2)), "");
  EXPECT_EQ(stream.push(ada.substr(2, 9)), "");
  EXPECT_EQ(stream.push(ada.substr(11)), "Ada Lovelace");
  EXPECT_EQ(stream.push("a ⟦ and\n"), "a ⟦ and\n");  // a line end: none of ours
  EXPECT_EQ(stream.push("⟦"), "");
  const std::string rest(kPlaceholderBytesMax, 'y');
  EXPECT_EQ(stream.push(rest), concat("⟦", rest));
  EXPECT_EQ(stream.finish(), "");
}

TEST_F(PlaceholderStreamTest, InventedOnesStay) {
  Random random(2);
  const std::string ada = stand_in("Ada Lovelace");
  std::string invented = ada;
  invented.replace(invented.find("_1:"), 3, "_2:");
  EXPECT_EQ(streamed(concat(invented, " ", ada), random), concat(invented, " Ada Lovelace"));
  EXPECT_EQ(unknown_, std::vector<std::string>{invented});
}

}  // namespace
}  // namespace hearth
