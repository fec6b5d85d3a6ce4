// SPDX-License-Identifier: Apache-2.0
// The words that BERT cuts a text into before WordPiece: control characters go, white space and
// punctuation end words, each Chinese character is a word; where the model says so, accents are
// stripped (NFD without nonspacing marks) and letters made small. Source: Devlin et al. 2019 and
// the BertNormalizer and BertPreTokenizer of `tokenizers`, whose tables these are
// (tests/golden/bert_normalization.json).
//
// Threading: pure functions over constant data.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/function_ref.h"

namespace hearth {

enum class LetterCase { kKept, kLower };
enum class Accents { kKept, kStripped };

struct BertRules {
  LetterCase letters = LetterCase::kLower;
  Accents accents = Accents::kStripped;
};

// Words of more characters than this are unknown to WordPiece.
inline constexpr std::size_t kBertWordCharsMax = 100;

// A word as UTF-8 with a space in front, for which the vocabulary's own tokens have one too. Of a
// word that is too long no more than a beginning is there.
struct BertWord {
  std::string_view spaced;  // valid during the call
  std::size_t chars;        // without the space; may exceed kBertWordCharsMax
};

// Hands out the words of `text` in order. Any bytes are accepted: those that are not UTF-8 vanish,
// as U+FFFD does.
void split_bert_words(std::string_view text, BertRules rules, FunctionRef<void(BertWord)> word);

// How a character acts; the values are those of tools/make_bert_tables.py.
enum class BertClass : uint8_t {
  kOther = 0,
  kRemoved = 1,
  kSpace = 2,
  kChinese = 3,      // a word by itself
  kPunctuation = 4,  // likewise
  kMark = 5,         // what stripping accents removes
  kBarrierMark = 6,  // likewise, but no mark is moved across it
};
BertClass bert_class(char32_t code_point);

}  // namespace hearth
