// SPDX-License-Identifier: Apache-2.0
#include "guard/normalize.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>

namespace hearth {
namespace {

std::string normalized(std::string_view text) { return std::string(NormalizedText(text).text()); }

std::string from_hex(const std::string& hex) {
  std::string out;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    out += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  }
  return out;
}

TEST(Normalize, AsciiIsItself) {
  const std::string text = "Plain text, 4111 1111.\n\tAnd\x01 more.";
  const NormalizedText normal(text);
  EXPECT_EQ(normal.text().data(), text.data());
  EXPECT_EQ(normal.input_begin(7), 7u);
  EXPECT_EQ(normal.input_end(7), 7u);
}

TEST(Normalize, ReadsDisguises) {
  EXPECT_EQ(normalized("４１１１"), "4111");
  EXPECT_EQ(normalized("٠١٢३४"), "01234");
  EXPECT_EQ(normalized("раsswоrd"), "password");
  EXPECT_EQ(normalized("a\u200bb\u00adc\ufeffd\u202ee"), "abcde");
  EXPECT_EQ(normalized("x\u00a0y\u2011z"), "x y-z");
  EXPECT_EQ(normalized("ﬁne ①②"), "fine 12");
  EXPECT_EQ(normalized("e\u0301e\u200b\u0301"), "éé");
  EXPECT_EQ(normalized("\u1112\u1161\u11ab"), "한");
  EXPECT_EQ(normalized("Zoë Straße 漢字"), "Zoë Straße 漢字");
}

TEST(Normalize, KeepsBytesThatAreNotUtf8) {
  EXPECT_EQ(normalized("a\xff\xc3 b\xe2\x82"), "a\xff\xc3 b\xe2\x82");
  EXPECT_EQ(normalized("\xff\u0301"), "\xff\u0301");
  EXPECT_EQ(normalized("\u0301"), "\u0301");
}

TEST(Normalize, KnowsWhereEachPartStood) {
  const std::string text = "ab４\u200b１c";  // a b ４(3) ZWSP(3) １(3) c
  const NormalizedText normal(text);
  ASSERT_EQ(normal.text(), "ab41c");
  EXPECT_EQ(normal.input_begin(1), 1u);
  EXPECT_EQ(normal.input_begin(2), 2u);
  EXPECT_EQ(normal.input_end(3), 8u);  // with the invisible character behind it
  EXPECT_EQ(normal.input_begin(3), 8u);
  EXPECT_EQ(normal.input_end(4), 11u);
  EXPECT_EQ(normal.input_begin(4), 11u);
  EXPECT_EQ(normal.input_end(5), 12u);
  EXPECT_EQ(normal.input_begin(5), 12u);
}

TEST(Normalize, AgreesWithPython) {
  std::ifstream golden(HEARTH_SOURCE_DIR "/tests/golden/guard_normalization.txt");
  std::string line;
  int count = 0;
  while (std::getline(golden, line)) {
    if (line.starts_with('#')) continue;
    std::istringstream parts(line);
    std::string input, output;
    parts >> input >> output;
    EXPECT_EQ(normalized(from_hex(input)), from_hex(output == "-" ? "" : output)) << line;
    ++count;
  }
  EXPECT_EQ(count, 600);
}

TEST(Normalize, ManyMarksAreLinear) {
  std::string text = "a";
  for (int i = 0; i < 200000; ++i) text += i % 2 == 0 ? "\u0301" : "\u0323";
  EXPECT_GT(normalized(text).size(), 300000u);
}

}  // namespace
}  // namespace hearth
