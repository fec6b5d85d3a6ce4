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
  std::size_t at = 0;
  pre->cut(text, [&](std::string_view piece) {
    EXPECT_FALSE(piece.empty()) << name;
    EXPECT_EQ(piece.data(), text.data() + at) << name;
    at += piece.size();
    pieces.emplace_back(piece);
  });
  EXPECT_EQ(at, text.size()) << name;
  return pieces;
}

// Each definition once.
constexpr const char* kDefinitions[] = {
    "gpt-2",  "smollm",      "llama-bpe",      "qwen2",        "qwen35", "gpt-4o",
    "tekken", "deepseek-v3", "deepseek-coder", "deepseek-llm", "falcon"};

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

TEST(PreTokenizer, CutsFurtherFamiliesAsTheReferenceDoes) {
  std::ifstream stream(HEARTH_SOURCE_DIR "/tests/golden/pretokenize_more.jsonl");
  ASSERT_TRUE(stream) << "tests/golden/pretokenize_more.jsonl cannot be read";
  std::map<std::string, int> count;
  for (std::string line; std::getline(stream, line);) {
    const nlohmann::json record = nlohmann::json::parse(line);
    const std::string pre = record.at("pre");
    ASSERT_NE(find_pre_tokenizer(pre), nullptr) << pre;
    std::vector<std::size_t> bytes;
    for (const std::string& piece : cut(pre, record.at("text").get<std::string>()))
      bytes.push_back(piece.size());
    EXPECT_EQ(bytes, record.at("bytes").get<std::vector<std::size_t>>()) << line;
    ++count[pre];
  }
  const std::map<std::string, int> expected{
      {"qwen35", 300},         {"gpt-4o", 300},       {"tekken", 300}, {"deepseek-v3", 300},
      {"deepseek-coder", 300}, {"deepseek-llm", 300}, {"falcon", 300}};
  EXPECT_EQ(count, expected);
}

TEST(PreTokenizer, OtherNamesStandForTheSameDefinition) {
  const std::map<std::string, std::vector<std::string>> same{
      {"gpt-2", {"phi-2", "mpt", "olmo", "jais", "mellum", "modern-bert"}},
      {"smollm", {"starcoder", "refact", "command-r", "codeshell"}},
      {"llama-bpe", {"llama3", "falcon3", "pixtral", "lfm2", "dbrx", "smaug-bpe", "glm4"}},
      {"qwen2", {"deepseek-r1-qwen", "stablelm2", "megrez"}},
      {"gpt-4o", {"llama4"}}};
  for (const auto& [name, others] : same) {
    for (const std::string& other : others) {
      ASSERT_NE(find_pre_tokenizer(other), nullptr) << other;
      EXPECT_EQ(find_pre_tokenizer(other)->cut, find_pre_tokenizer(name)->cut) << other;
    }
  }
}

TEST(PreTokenizer, Gpt4oWordsEndInLowerCase) {
  EXPECT_EQ(cut("gpt-4o", "HTTPServer's HTTP"), (Pieces{"HTTPServer's", " HTTP"}));
  EXPECT_EQ(cut("tekken", "HTTPServer's HTTP"), (Pieces{"HTTPServer", "'s", " HTTP"}));
  EXPECT_EQ(cut("gpt-4o", "aBc"), (Pieces{"a", "Bc"}));
  // A letter without case counts as both: the upper ones behind it begin a word of their own.
  EXPECT_EQ(cut("gpt-4o",
                "\xe4\xb8\xad"
                "AB"),
            (Pieces{"\xe4\xb8\xad", "AB"}));
  EXPECT_EQ(cut("gpt-4o", "//\n/x"), (Pieces{"//\n/", "x"}));
}

TEST(PreTokenizer, FalconCutsInsideCharacters) {
  EXPECT_EQ(cut("falcon", "\xd0\xbc"), (Pieces{"\xd0", "\xbc"}));
  EXPECT_EQ(cut("falcon", "x1234, y"), (Pieces{"x", "123", "4", ",", " y"}));
}

TEST(PreTokenizer, StagesSeeNothingBeyondTheirPart) {
  // The digit is cut out first, so that nothing follows the spaces.
  EXPECT_EQ(cut("deepseek-v3", "a  1"), (Pieces{"a", "  ", "1"}));
  EXPECT_EQ(cut("llama-bpe", "a  1"), (Pieces{"a", " ", " ", "1"}));
  EXPECT_EQ(cut("deepseek-coder", "a b, \n"), (Pieces{"a", " b", ",", " ", "\n"}));
}

TEST(PreTokenizer, DeepSeekLlmIsolatesTrailingSpaces) {
  EXPECT_EQ(cut("deepseek-llm", "\xd7\xa9  \n"), (Pieces{"\xd7\xa9", "  ", "\n"}));
  EXPECT_EQ(cut("deepseek-llm", "\xd7\xa9  x"), (Pieces{"\xd7\xa9", " ", " x"}));
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

TEST(PreTokenizer, LongRunsTakeLinearTime) {
  for (const char* name : kDefinitions) {
    for (const std::string_view unit :
         {" ", "x", "X", "\xe4\xb8\xad", "\xe4\xb8\xad\x58", "\xcc\x81", "1", "!", "\xe3\x80\x80",
          "\n", " \xe2\x80\x8d", "\xff"}) {
      std::string text;
      while (text.size() < 1 << 18) text += unit;
      std::size_t bytes = 0;
      find_pre_tokenizer(name)->cut(text, [&](std::string_view piece) { bytes += piece.size(); });
      EXPECT_EQ(bytes, text.size()) << name;
    }
  }
}

TEST(PreTokenizer, UnknownNamesAreNotFound) {
  EXPECT_EQ(find_pre_tokenizer("default"), nullptr);
  EXPECT_EQ(find_pre_tokenizer(""), nullptr);
  EXPECT_EQ(pre_tokenizer_names().substr(0, 17), "gpt-2, phi-2, mpt");
}

}  // namespace
}  // namespace hearth
