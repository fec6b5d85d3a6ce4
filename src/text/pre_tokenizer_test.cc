// SPDX-License-Identifier: Apache-2.0
#include "text/pre_tokenizer.h"

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace hearth {
namespace {

using Pieces = std::vector<std::string>;

Pieces cut(std::string_view name, std::string_view text) {
  const PreTokenizer* pre = find_pre_tokenizer(name);
  Pieces pieces;
  if (pre == nullptr) return pieces;
  while (!text.empty()) {
    const std::size_t bytes = pre->next_piece(text);
    if (bytes == 0 || bytes > text.size()) {
      ADD_FAILURE() << name << ": a piece of " << bytes << " bytes out of " << text.size();
      return pieces;
    }
    pieces.emplace_back(text.substr(0, bytes));
    text.remove_prefix(bytes);
  }
  return pieces;
}

TEST(PreTokenizer, CutsAsTheReferenceDoes) {
  std::ifstream stream(HEARTH_SOURCE_DIR "/tests/golden/pretokenize.jsonl");
  ASSERT_TRUE(stream) << "tests/golden/pretokenize.jsonl cannot be read";
  std::map<std::string, int> count;
  for (std::string line; std::getline(stream, line);) {
    const nlohmann::json record = nlohmann::json::parse(line);
    const std::string pre = record.at("pre");
    ASSERT_NE(find_pre_tokenizer(pre), nullptr) << pre;
    EXPECT_EQ(cut(pre, record.at("text").get<std::string>()), record.at("pieces").get<Pieces>())
        << line;
    ++count[pre];
  }
  const std::map<std::string, int> expected{
      {"gpt-2", 500}, {"smollm", 500}, {"llama-bpe", 500}, {"qwen2", 500}};
  EXPECT_EQ(count, expected);
}

TEST(PreTokenizer, SmolLmIsolatesDigitsBeforeThePatternRuns) {
  EXPECT_EQ(cut("smollm", "a  12 b"), (Pieces{"a", "  ", "1", "2", " b"}));
  EXPECT_EQ(cut("gpt-2", "a  12 b"), (Pieces{"a", " ", " 12", " b"}));
  // U+16FF4 is numeric to Digits (Unicode 17) and unassigned to the pattern (Unicode 16).
  EXPECT_EQ(cut("smollm", "!\xf0\x96\xbf\xb4!"), (Pieces{"!", "\xf0\x96\xbf\xb4", "!"}));
  EXPECT_EQ(cut("gpt-2", "!\xf0\x96\xbf\xb4!"), (Pieces{"!\xf0\x96\xbf\xb4!"}));
}

TEST(PreTokenizer, ContractionsFoldCaseOnlyWhereThePatternSaysSo) {
  EXPECT_EQ(cut("gpt-2", "I'LL we'll"), (Pieces{"I", "'", "LL", " we", "'ll"}));
  EXPECT_EQ(cut("llama-bpe", "I'LL we'll"), (Pieces{"I", "'LL", " we", "'ll"}));
  EXPECT_EQ(cut("llama-bpe", "'\xc5\xbfo"), (Pieces{"'\xc5\xbf", "o"}));
  EXPECT_EQ(cut("llama-bpe", "'r"), (Pieces{"'r"}));
  EXPECT_EQ(cut("gpt-2", "'r"), (Pieces{"'", "r"}));
}

TEST(PreTokenizer, DigitGroupsDifferByFamily) {
  EXPECT_EQ(cut("llama-bpe", "12345"), (Pieces{"123", "45"}));
  EXPECT_EQ(cut("qwen2", "123"), (Pieces{"1", "2", "3"}));
  EXPECT_EQ(cut("gpt-2", "12345"), (Pieces{"12345"}));
}

TEST(PreTokenizer, InvalidBytesAreNeitherLettersNorSpaces) {
  EXPECT_EQ(cut("gpt-2",
                "a\xff\xfe"
                "b"),
            (Pieces{"a", "\xff\xfe", "b"}));
  EXPECT_EQ(cut("gpt-2", " \xe2\x82 x"), (Pieces{" \xe2\x82", " x"}));
  EXPECT_EQ(cut("llama-bpe",
                "\xc3"
                "b\xc3\n\n"),
            (Pieces{"\xc3"
                    "b",
                    "\xc3\n\n"}));
  EXPECT_EQ(cut("smollm", std::string_view("\0\0a", 3)), (Pieces{std::string(2, '\0'), "a"}));
}

TEST(PreTokenizer, LongRunsAreOnePiece) {
  const std::string spaces(1 << 20, ' ');
  for (const char* name : {"gpt-2", "smollm", "llama-bpe", "qwen2"}) {
    EXPECT_EQ(cut(name, spaces + "x"), (Pieces{spaces.substr(1), " x"})) << name;
  }
}

TEST(PreTokenizer, UnknownNamesAreNotFound) {
  EXPECT_EQ(find_pre_tokenizer("default"), nullptr);
  EXPECT_EQ(find_pre_tokenizer(""), nullptr);
  EXPECT_EQ(pre_tokenizer_names(), "gpt-2, smollm, llama-bpe, qwen2");
}

}  // namespace
}  // namespace hearth
