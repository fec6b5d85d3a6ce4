// SPDX-License-Identifier: Apache-2.0
#include "text/unicode.h"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace hearth {
namespace {

TEST(Unicode, EveryCodePointHasTheClassesOfTheReference) {
  std::ifstream stream(HEARTH_SOURCE_DIR "/tests/golden/unicode_classes.json");
  ASSERT_TRUE(stream) << "tests/golden/unicode_classes.json cannot be read";
  const nlohmann::json classes = nlohmann::json::parse(stream);
  std::vector<CharTraits> expected(0x110000, 0);
  const std::pair<const char*, CharTraits> sets[] = {{"/L", kTraitLetter},
                                                     {"/N", kTraitNumber},
                                                     {"/space", kTraitSpace},
                                                     {"/numeric", kTraitNumeric},
                                                     {"/regex/M", kTraitMark},
                                                     {"/regex/P", kTraitPunctuation},
                                                     {"/regex/S", kTraitSymbol},
                                                     {"/regex/Lu", kTraitUpper},
                                                     {"/regex/Lt", kTraitUpper},
                                                     {"/regex/Ll", kTraitLower},
                                                     {"/rust/punctuation", kTraitAnyPunctuation}};
  for (const auto& [name, bit] : sets) {
    const nlohmann::json& ranges = classes.at(nlohmann::json::json_pointer(name));
    ASSERT_FALSE(ranges.empty()) << name;
    for (const auto& range : ranges) {
      for (uint32_t point = range.at(0); point <= range.at(1); ++point) expected[point] |= bit;
    }
  }
  for (char32_t point = 0; point < 0x110000; ++point) {
    ASSERT_EQ(char_traits(point), expected[point]) << std::hex << static_cast<uint32_t>(point);
    ASSERT_EQ(find_char_traits(point), expected[point]) << std::hex << static_cast<uint32_t>(point);
  }
}

TEST(Unicode, NothingLiesBeyondTheLastCodePoint) {
  EXPECT_EQ(char_traits(0x110000), 0);
  EXPECT_EQ(char_traits(0xffffffff), 0);
}

TEST(Unicode, TablesSayWhichUnicodeTheyFollow) {
  EXPECT_STREQ(unicode_tables::kRegexEdition, "16.0");
  EXPECT_STREQ(unicode_tables::kNumericEdition, "17.0");
}

}  // namespace
}  // namespace hearth
