// SPDX-License-Identifier: Apache-2.0
#include "guard/words.h"

#include <gtest/gtest.h>

#include <string>

namespace hearth {
namespace {

std::string folded(std::string_view word) {
  char out[kWordBytesMax];
  return std::string(out, fold_word(word, out));
}

TEST(Words, CaseAndAccentsDoNotCount) {
  EXPECT_EQ(folded("MÜLLER"), "muller");
  EXPECT_EQ(folded("Łukasz"), "lukasz");
  EXPECT_EQ(folded("Straße"), "strasse");
  EXPECT_EQ(folded("Çelik-Øre"), "celik-ore");
  EXPECT_EQ(folded("漢字"), "漢字");
  EXPECT_EQ(folded(std::string(100, 'a')), "");
}

TEST(Words, ListsAreFound) {
  EXPECT_NE(word_traits("Müller") & kWordFamily, 0u);
  EXPECT_NE(word_traits("JÜRGEN") & kWordGiven, 0u);
  EXPECT_NE(word_traits("Wrocław") & kWordCity, 0u);
  EXPECT_NE(word_traits("rue") & kWordStreetBefore, 0u);
  EXPECT_NE(word_traits("Geburtsdatum") & kNearBirth, 0u);
  EXPECT_EQ(word_traits("xqzzy"), 0u);
  EXPECT_EQ(word_traits(""), 0u);
}

// All that a lookup compares with: what stands there otherwise is never found.
TEST(Words, ListsAreInLowerCaseAscii) {
  for (const auto lists :
       {given_name_lists(), family_name_lists(), place_lists(), context_lists(), common_lists()}) {
    for (const WordList& list : lists) {
      EXPECT_NE(list.traits, 0u);
      for (const char c : list.words) {
        EXPECT_TRUE((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == ' ' || c == '\'' ||
                    c == '.' || c == '_')
            << list.words;
      }
    }
  }
}

}  // namespace
}  // namespace hearth
