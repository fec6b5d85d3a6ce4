// SPDX-License-Identifier: Apache-2.0
// For tests and fuzzing: a small byte-level vocabulary in which merges overlap, compete and end
// inside characters, and a small one of SentencePiece with the same temper.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "text/bpe_alphabet.h"
#include "text/tokenizer_source.h"

namespace hearth {

// Owns what a TokenizerSource borrows.
struct TestVocabulary {
  std::string model = "gpt2";
  std::string pre = "gpt-2";
  std::vector<std::string> tokens;
  std::vector<int32_t> types;
  std::vector<std::string> merges;
  std::vector<float> scores;
  std::optional<uint64_t> bos, eos, eot, eom;
  std::optional<bool> add_bos, add_eos, add_space_prefix;

  void add_token(std::string spelled, int32_t type) {
    tokens.push_back(std::move(spelled));
    types.push_back(type);
  }
  void add_scored(std::string spelled, int32_t type, float score) {
    add_token(std::move(spelled), type);
    scores.push_back(score);
  }

  static std::string spelled(std::string_view bytes) {
    std::string text;
    append_alphabet_spelling(text, bytes);
    return text;
  }

  // Adds the token that the merge yields, unless it is there.
  void add_merge(std::string_view left, std::string_view right) {
    merges.push_back(spelled(left) + " " + spelled(right));
    const std::string merged = spelled(left) + spelled(right);
    if (std::find(tokens.begin(), tokens.end(), merged) == tokens.end()) add_token(merged, 1);
  }

  // Valid while this lives and does not change.
  TokenizerSource source() const {
    TokenizerSource source;
    source.model = model;
    source.pre = pre;
    source.tokens.assign(tokens.begin(), tokens.end());
    source.types = types;
    source.merges.assign(merges.begin(), merges.end());
    source.scores = scores;
    source.bos = bos;
    source.eos = eos;
    source.eot = eot;
    source.eom = eom;
    source.add_bos = add_bos;
    source.add_eos = add_eos;
    source.add_space_prefix = add_space_prefix;
    return source;
  }
};

inline constexpr int32_t kTestEndOfText = 0;  // control
inline constexpr int32_t kTestStart = 1;      // control
inline constexpr int32_t kTestEnd = 2;        // control
inline constexpr int32_t kTestTool = 3;       // user-defined
inline constexpr int32_t kTestEndOfTool = 4;  // user-defined; begins as kTestEnd does
inline constexpr int32_t kTestByte = 5;       // plus b: the token of byte b
inline constexpr int32_t kTestFirstMerge = 5 + 256;

inline TestVocabulary test_vocabulary(std::string_view pre = "gpt-2") {
  TestVocabulary vocabulary;
  vocabulary.pre = pre;
  vocabulary.add_token("<|endoftext|>", 3);
  vocabulary.add_token("<|im_start|>", 3);
  vocabulary.add_token("<|im_end|>", 3);
  vocabulary.add_token("<tool>", 4);
  vocabulary.add_token("<|im_end|><tool>", 4);
  for (int32_t byte = 0; byte < 256; ++byte) {
    const char character = static_cast<char>(byte);
    vocabulary.add_token(TestVocabulary::spelled({&character, 1}), 1);
  }
  constexpr std::pair<std::string_view, std::string_view> kMerges[] = {
      {"l", "d"},           {"a", "b"},           {"l", "l"},
      {"h", "e"},           {"he", "ll"},         {"b", "a"},
      {"ab", "ab"},         {"ba", "b"},          {"b", "c"},
      {"a", "bc"},          {"ab", "c"},          {" ", " "},
      {"  ", "  "},         {" ", "a"},           {" a", "b"},
      {"hell", "o"},        {" ", "w"},           {"o", "r"},
      {" w", "or"},         {" wor", "ld"},       {"\n", "\n"},
      {"\r", "\n"},         {"1", "2"},           {"12", "3"},
      {"\xc3", "\xa9"},     {"\xa9", "\xc3"},     {"\xe2", "\x82"},
      {"\xe2\x82", "\xac"}, {"\xff", "\xff"},     {"<", "|"},
      {"|", ">"},           {"'", "s"},           {"x", "x"},
      {"xx", "xx"},         {"xxxx", "xxxx"},     {"xxxx", "x"},
      {"\xf0", "\x9f"},     {"\xf0\x9f", "\x98"}, {std::string_view("\0", 1), "a"},
  };
  for (const auto& [left, right] : kMerges) vocabulary.add_merge(left, right);
  vocabulary.bos = kTestStart;
  vocabulary.eos = kTestEnd;
  return vocabulary;
}

inline constexpr int32_t kSpmUnknown = 0;  // unknown
inline constexpr int32_t kSpmStart = 1;    // control
inline constexpr int32_t kSpmEnd = 2;      // control
inline constexpr int32_t kSpmTurn = 3;     // user-defined "<|turn|>": counts as control
inline constexpr int32_t kSpmTable = 4;    // user-defined "<table>"
inline constexpr int32_t kSpmLine = 5;     // user-defined: a new line; kSpmLine + 1: two
inline constexpr int32_t kSpmSpaces = 7;   // user-defined: two spaces
inline constexpr int32_t kSpmByte = 8;     // plus b: the token of byte b
inline constexpr int32_t kSpmFirst = 8 + 256;

// The normal tokens of the vocabulary below.
inline constexpr std::string_view kSpmPieces[] = {"ab",
                                                  "bc",
                                                  "\xe2\x96\x81"
                                                  "a",
                                                  "he",
                                                  "ll",
                                                  "hell",
                                                  "lo",
                                                  "hello",
                                                  "\xe2\x96\x81hello",
                                                  "\xe2\x96\x81w",
                                                  "or",
                                                  "ld",
                                                  "orld",
                                                  "\xe2\x96\x81world",
                                                  "abc",
                                                  "abab",
                                                  "xx",
                                                  "xxxx",
                                                  "xxx",
                                                  "\xc3\xa9\xc3\xa9",
                                                  "\xe4\xb8\xad\xe6\x96\x87",
                                                  ">\xe2\x96\x81<",
                                                  "<t",
                                                  "le>",
                                                  "12",
                                                  "\xe2\x96\x81",
                                                  "a",
                                                  "b",
                                                  "c",
                                                  "h",
                                                  "e",
                                                  "l",
                                                  "o",
                                                  "w",
                                                  "r",
                                                  "d",
                                                  "x",
                                                  "<",
                                                  ">",
                                                  "|",
                                                  "t",
                                                  "u",
                                                  "n",
                                                  "/",
                                                  "s",
                                                  "1",
                                                  "2",
                                                  "\xc3\xa9",
                                                  "\xe4\xb8\xad",
                                                  "\xf0\x9f\x98\x80"};

// The score of a token falls with its place, but those of "ab", "bc" and "ba" are equal.
inline TestVocabulary sentencepiece_vocabulary() {
  TestVocabulary vocabulary;
  vocabulary.model = "llama";
  vocabulary.pre = "default";
  vocabulary.add_scored("<unk>", 2, 0);
  vocabulary.add_scored("<s>", 3, 0);
  vocabulary.add_scored("</s>", 3, 0);
  vocabulary.add_scored("<|turn|>", 4, 0);
  vocabulary.add_scored("<table>", 4, 0);
  vocabulary.add_scored("\n", 4, 0);
  vocabulary.add_scored("\n\n", 4, 0);
  vocabulary.add_scored("  ", 4, 0);
  for (int32_t byte = 0; byte < 256; ++byte) {
    constexpr char kDigits[] = "0123456789ABCDEF";
    vocabulary.add_scored(std::string("<0x") + kDigits[byte / 16] + kDigits[byte % 16] + ">", 6, 0);
  }
  float score = 0;
  for (const std::string_view piece : kSpmPieces) {
    vocabulary.add_scored(std::string(piece), 1, piece == "bc" ? score + 1 : score);
    score -= 1;
  }
  vocabulary.add_scored("ba", 1, 0);
  vocabulary.add_scored("[PAD]", 5, 0);
  vocabulary.bos = kSpmStart;
  vocabulary.eos = kSpmEnd;
  vocabulary.add_space_prefix = false;
  return vocabulary;
}

}  // namespace hearth
