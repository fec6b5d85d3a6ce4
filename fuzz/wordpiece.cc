// SPDX-License-Identifier: Apache-2.0
// WordPiece on any bytes. An input that begins with 'V' is a vocabulary: a token a line, '#' in
// front of those that go on; it must be refused or work. Any other input is text for a small
// vocabulary under each set of rules.
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "base/utf8.h"
#include "text/bert_words.h"
#include "text/tokenizer.h"
#include "text/tokenizer_test_vocabulary.h"

namespace {

using namespace hearth;  // NOLINT: a harness is a program of its own

constexpr BertRules kRules[] = {{LetterCase::kLower, Accents::kStripped},
                                {LetterCase::kLower, Accents::kKept},
                                {LetterCase::kKept, Accents::kStripped},
                                {LetterCase::kKept, Accents::kKept}};

// Words are UTF-8 without spaces, of as many characters as they say; punctuation stands alone.
void check_words(std::string_view text, BertRules rules) {
  std::string joined;
  split_bert_words(text, rules, [&](BertWord word) {
    HEARTH_CHECK(word.chars >= 1 && word.spaced.starts_with(' '));
    const std::string_view bytes = word.spaced.substr(1);
    std::size_t chars = 0;
    for (std::size_t at = 0; at < bytes.size(); ++chars) {
      const Utf8Char next = decode_utf8(bytes.substr(at));
      HEARTH_CHECK(next.valid);
      const BertClass kind = bert_class(next.code_point);
      HEARTH_CHECK(kind != BertClass::kSpace && kind != BertClass::kRemoved);
      HEARTH_CHECK(kind != BertClass::kPunctuation || word.chars == 1);
      if (rules.accents == Accents::kStripped && rules.letters == LetterCase::kKept) {
        HEARTH_CHECK(kind != BertClass::kMark && kind != BertClass::kBarrierMark);
      }
      at += next.bytes;
    }
    HEARTH_CHECK(chars == std::min(word.chars, kBertWordCharsMax));
    joined += word.spaced;
  });
  // What has been normalised stays as it is.
  std::string again;
  split_bert_words(joined, {LetterCase::kKept, Accents::kKept},
                   [&](BertWord word) { again += word.spaced; });
  HEARTH_CHECK(again == joined);
}

Result<Tokenizer> create(const TestVocabulary& vocabulary, BertRules rules) {
  TokenizerSource source = vocabulary.source();
  source.unknown = 0;
  source.lower_case = rules.letters == LetterCase::kLower;
  source.strip_accents = rules.accents == Accents::kStripped;
  return Tokenizer::create(source);
}

TestVocabulary specials() {
  TestVocabulary vocabulary;
  vocabulary.model = "bert";
  for (const char* token : {"[UNK]", "[CLS]", "[SEP]"}) vocabulary.add_token(token, 3);
  return vocabulary;
}

void check_encoding(const Tokenizer& tokenizer, std::string_view text) {
  const auto ids = tokenizer.encode(text, SpecialTokens::kAsText);
  for (const TokenId id : ids) HEARTH_CHECK(id >= 0 && id < tokenizer.vocab_size());
  const std::string decoded = tokenizer.decode(ids, SpecialTokens::kAsText);
  HEARTH_CHECK(tokenizer.unspellable_bytes(text) > 0 || text.empty() || ids.empty() ||
               !decoded.empty());
  for (const TokenId id : tokenizer.encode(text, SpecialTokens::kParse)) {
    HEARTH_CHECK(id >= 0 && id < tokenizer.vocab_size());
  }
}

void check_text(std::string_view text) {
  static const auto* const tokenizers = [] {
    TestVocabulary vocabulary = specials();
    for (const char* word : {"a", "ab", "hello", "!", "\u00e9", "e", "\u4e2d", "\u1100", "1"}) {
      vocabulary.add_token("\u2581" + std::string(word), 1);
      vocabulary.add_token(word, 1);
    }
    auto* made = new std::vector<Tokenizer>;
    for (const BertRules rules : kRules) made->push_back(create(vocabulary, rules).value());
    return made;
  }();
  for (std::size_t i = 0; i < std::size(kRules); ++i) {
    check_words(text, kRules[i]);
    check_encoding((*tokenizers)[i], text);
  }
}

void check_vocabulary(std::string_view text) {
  TestVocabulary vocabulary = specials();
  for (std::string_view rest = text; !rest.empty();) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    const bool goes_on = line.starts_with('#');
    vocabulary.add_token(goes_on ? std::string(line.substr(1)) : "\u2581" + std::string(line), 1);
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
  }
  const auto tokenizer = create(vocabulary, kRules[text.size() % std::size(kRules)]);
  if (!tokenizer.ok()) {
    HEARTH_CHECK(tokenizer.error().code() == ErrorCode::kCorrupt);
    return;
  }
  check_encoding(*tokenizer, text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (!text.empty() && text[0] == 'V') {
    check_vocabulary(text.substr(1));
  } else {
    check_text(text);
  }
  return 0;
}
