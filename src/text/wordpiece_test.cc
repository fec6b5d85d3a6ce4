// SPDX-License-Identifier: Apache-2.0
// WordPiece over a small vocabulary; the real one is held against the reference in
// tests/wordpiece_golden_test.cc.
#include "text/wordpiece.h"

#include <gtest/gtest.h>

#include <string>

#include "text/tokenizer.h"
#include "text/tokenizer_test_vocabulary.h"

namespace hearth {
namespace {

constexpr TokenId kUnknown = 0, kCls = 1, kSep = 2;

// "##" stands for what goes on, as in published vocabularies.
TestVocabulary vocabulary_of(std::initializer_list<std::string_view> words) {
  TestVocabulary vocabulary;
  vocabulary.model = "bert";
  for (const char* special : {"[UNK]", "[CLS]", "[SEP]"}) vocabulary.add_token(special, 3);
  for (const std::string_view word : words) {
    const bool goes_on = word.starts_with("##");
    vocabulary.add_token(goes_on ? std::string(word.substr(2)) : "\u2581" + std::string(word), 1);
  }
  vocabulary.bos = kCls;
  vocabulary.eos = kSep;
  return vocabulary;
}

TokenizerSource source_of(const TestVocabulary& vocabulary) {
  TokenizerSource source = vocabulary.source();
  source.unknown = kUnknown;
  source.add_bos = source.add_eos = true;
  return source;
}

// The tokens of `text` with spaces between them.
std::string pieces(const TokenizerSource& source, std::string_view text,
                   SpecialTokens special = SpecialTokens::kAsText) {
  const auto tokenizer = Tokenizer::create(source);
  EXPECT_TRUE(tokenizer.ok()) << (tokenizer.ok() ? "" : tokenizer.error().message());
  std::string out;
  for (const TokenId id : tokenizer->encode(text, special)) {
    const std::string_view bytes = source.tokens[static_cast<std::size_t>(id)];
    const bool begins = bytes.starts_with("\u2581");
    const bool control = id <= kSep;
    out += out.empty() ? "" : " ";
    out += begins    ? std::string(bytes.substr(3))
           : control ? std::string(bytes)
                     : "##" + std::string(bytes);
  }
  return out;
}

// The words of `text` with | between them.
std::string words(std::string_view text, BertRules rules = {}) {
  std::string out;
  split_bert_words(text, rules, [&](BertWord word) {
    EXPECT_TRUE(word.spaced.starts_with(' '));
    out += out.empty() ? "" : "|";
    out += word.spaced.substr(1);
  });
  return out;
}

TEST(BertWords, SplitsAtSpacesAndPunctuation) {
  EXPECT_EQ(words(""), "");
  EXPECT_EQ(words(" \t\r\n\u00a0\u3000 "), "");
  EXPECT_EQ(words("Hello,  World!"), "hello|,|world|!");
  EXPECT_EQ(words("don't(stop)"), "don|'|t|(|stop|)");
  EXPECT_EQ(words("$5.00+tax_free"), "$|5|.|00|+|tax|_|free");
  EXPECT_EQ(words("a\u2028b\u2014c\u00bfd"), "a|b|\u2014|c|\u00bf|d");
}

TEST(BertWords, RemovesControlCharactersAndWhatIsNotUtf8) {
  EXPECT_EQ(words(std::string_view("a\0b\x01\x7f", 5)), "ab");
  EXPECT_EQ(words("soft\u00adhyphen zero\u200bwidth \ufffd"), "softhyphen|zerowidth");
  EXPECT_EQ(words("a\xff\xc3 b\xe2\x82"), "a|b");
}

TEST(BertWords, StripsAccentsAndCapitals) {
  EXPECT_EQ(words("\u00c9t\u00e9 e\u0301 \u1e9b\u0323 \u0130 Stra\u00dfe"),
            "ete|e|\u017f|i|stra\u00dfe");
  EXPECT_EQ(words("\u03a3\u0391\u03a3"), "\u03c3\u03b1\u03c3");        // no final sigma
  EXPECT_EQ(words("\uac01"), "\u1100\u1161\u11a8");                    // a Hangul syllable
  EXPECT_EQ(words("\u2260"), "=");                                     // decomposes to punctuation
  EXPECT_EQ(words("\U0001d15e"), "\U0001d157\U0001d165");              // to what is no mark
  EXPECT_EQ(words("x\U0001d165\u302ey"), "x\U0001d165\u302ey");        // in order: 216, 224
  EXPECT_EQ(words("x\u302e\U0001d165y"), "x\U0001d165\u302ey");        // put in order
  EXPECT_EQ(words("x\u302e\u0301\U0001d165y"), "x\U0001d165\u302ey");  // across a mark that goes
  EXPECT_EQ(words("x\u302e\u034f\U0001d165y"), "x\u302e\U0001d165y");  // not across a barrier
}

TEST(BertWords, KeepsThemWhereTheModelSaysSo) {
  const BertRules kept{LetterCase::kKept, Accents::kKept};
  EXPECT_EQ(words("\u00c9t\u00e9 e\u0301 \uac01 ABC", kept), "\u00c9t\u00e9|e\u0301|\uac01|ABC");
  EXPECT_EQ(words("\u00c9A \u0130", {LetterCase::kLower, Accents::kKept}), "\u00e9a|i\u0307");
  EXPECT_EQ(words("\u00c9A", {LetterCase::kKept, Accents::kStripped}), "EA");
}

TEST(BertWords, ChineseCharactersAreWords) {
  EXPECT_EQ(words("\u4f60\u597dab\u4e16c"), "\u4f60|\u597d|ab|\u4e16|c");
  EXPECT_EQ(words("\uf900"), "\u8c48");              // a compatibility ideograph
  EXPECT_EQ(words("\u3042\u3044"), "\u3042\u3044");  // Hiragana is not Chinese
}

TEST(WordPiece, TakesTheLongestToken) {
  const auto vocabulary =
      vocabulary_of({"un", "unaffable", "aff", "##aff", "##able", "##affa", "a", "##b", "b", "!"});
  const TokenizerSource source = source_of(vocabulary);
  EXPECT_EQ(pieces(source, "unaffable"), "unaffable");
  EXPECT_EQ(pieces(source, "unaff"), "un ##aff");
  EXPECT_EQ(pieces(source, "affable"), "aff ##able");
  // Greedy: ##affa leaves a rest that nothing begins with.
  EXPECT_EQ(pieces(source, "bunaffable"), "[UNK]");
  EXPECT_EQ(pieces(source, "Unaffable! ab B!"), "unaffable ! a ##b b !");
  EXPECT_EQ(pieces(source, "ax ab"), "[UNK] a ##b");
  EXPECT_EQ(pieces(source, ""), "");
}

TEST(WordPiece, WordsOfMoreThan100CharactersAreUnknown) {
  const auto vocabulary = vocabulary_of({"\u00e6", "##\u00e6"});
  const TokenizerSource source = source_of(vocabulary);
  std::string word;
  for (int i = 0; i < 100; ++i) word += "\u00e6";
  EXPECT_EQ(Tokenizer::create(source)->encode(word, SpecialTokens::kAsText).size(), 100u);
  EXPECT_EQ(pieces(source, word + "\u00e6"), "[UNK]");
  EXPECT_EQ(pieces(source, std::string(1 << 20, 'a') + " \u00e6"), "[UNK] \u00e6");
}

TEST(WordPiece, SpecialTokensAreTextUnlessAskedFor) {
  const auto vocabulary = vocabulary_of({"[", "]", "cls", "a", "##ls"});
  const TokenizerSource source = source_of(vocabulary);
  EXPECT_EQ(pieces(source, "[CLS]a"), "[ cls ] a");
  EXPECT_EQ(pieces(source, "[CLS]a[SEP]", SpecialTokens::kParse), "[CLS] a [SEP]");
}

TEST(WordPiece, DecodesWithSpacesBetweenWords) {
  const auto vocabulary = vocabulary_of({"hel", "##lo", "world"});
  const auto tokenizer = Tokenizer::create(source_of(vocabulary));
  ASSERT_TRUE(tokenizer.ok()) << tokenizer.error().message();
  const auto ids = tokenizer->encode("Hello WORLD", SpecialTokens::kAsText);
  EXPECT_EQ(tokenizer->decode(ids, SpecialTokens::kAsText), "hello world");
  EXPECT_EQ(tokenizer->bos(), kCls);
  EXPECT_TRUE(tokenizer->add_bos());
  EXPECT_EQ(tokenizer->eos(), kSep);
  EXPECT_TRUE(tokenizer->add_eos());
  EXPECT_EQ(tokenizer->unspellable_bytes("hello moon"), 4u);
}

TEST(WordPiece, KeepsCaseWhereTheModelSaysSo) {
  const auto vocabulary = vocabulary_of({"A", "\u00e9", "a", "e"});
  TokenizerSource source = source_of(vocabulary);
  EXPECT_EQ(pieces(source, "A \u00e9"), "a e");
  source.lower_case = false;
  EXPECT_EQ(pieces(source, "A \u00e9"), "A \u00e9");
  source.strip_accents = true;
  EXPECT_EQ(pieces(source, "A \u00e9"), "A e");
}

TEST(WordPiece, RefusesBrokenVocabularies) {
  const auto message = [](const TokenizerSource& source) {
    const auto tokenizer = Tokenizer::create(source);
    EXPECT_FALSE(tokenizer.ok());
    if (tokenizer.ok()) return std::string();
    EXPECT_EQ(tokenizer.error().code(), ErrorCode::kCorrupt);
    return tokenizer.error().message();
  };
  const auto sound = vocabulary_of({"a"});
  TokenizerSource source = source_of(sound);
  source.unknown.reset();
  EXPECT_NE(message(source).find("unknown_token_id"), std::string::npos);
  source.unknown = 4;
  EXPECT_NE(message(source).find("vocabulary has 4 tokens"), std::string::npos);
  const auto twice = vocabulary_of({"a", "##a", "a"});
  EXPECT_NE(message(source_of(twice)).find("tokens 3 and 5"), std::string::npos);
  const auto no_words = vocabulary_of({"##a"});
  EXPECT_NE(message(source_of(no_words)).find("U+2581"), std::string::npos);
}

}  // namespace
}  // namespace hearth
