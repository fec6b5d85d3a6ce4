// SPDX-License-Identifier: Apache-2.0
// For tests and fuzzing: a small byte-level vocabulary in which merges overlap, compete and end
// inside characters.
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
  std::optional<uint64_t> bos, eos, eot, eom;
  std::optional<bool> add_bos, add_eos;

  void add_token(std::string spelled, int32_t type) {
    tokens.push_back(std::move(spelled));
    types.push_back(type);
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
    source.bos = bos;
    source.eos = eos;
    source.eot = eot;
    source.eom = eom;
    source.add_bos = add_bos;
    source.add_eos = add_eos;
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

}  // namespace hearth
