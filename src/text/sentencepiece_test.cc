// SPDX-License-Identifier: Apache-2.0
#include "text/sentencepiece.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "base/utf8.h"
#include "format/gguf_writer.h"
#include "text/tokenizer.h"
#include "text/tokenizer_test_vocabulary.h"

namespace hearth {
namespace {

using Ids = std::vector<TokenId>;
using Parts = std::vector<std::string>;

Tokenizer make(const TestVocabulary& vocabulary) {
  auto tokenizer = Tokenizer::create(vocabulary.source());
  if (!tokenizer.ok()) {
    ADD_FAILURE() << tokenizer.error().message();
    std::abort();
  }
  return std::move(tokenizer).value();
}

TestVocabulary prefixed_vocabulary() {
  TestVocabulary vocabulary = sentencepiece_vocabulary();
  vocabulary.add_space_prefix.reset();  // what a file without the key means
  return vocabulary;
}

Ids encode(const Tokenizer& tokenizer, std::string_view text) {
  return tokenizer.encode(text, SpecialTokens::kAsText);
}

// The tokens of `text` as the bytes they stand for; byte tokens as <XX>.
Parts parts(const Tokenizer& tokenizer, std::string_view text) {
  Parts out;
  for (const TokenId id : encode(tokenizer, text)) {
    const std::string bytes(tokenizer.token_bytes(id, SpecialTokens::kAsText));
    const bool is_byte = id >= kSpmByte && id < kSpmFirst;
    char hex[8];
    std::snprintf(hex, sizeof hex, "<%02X>", static_cast<unsigned char>(bytes[0]));
    out.push_back(is_byte ? hex : bytes);
  }
  return out;
}

// The definition, as slow as it reads: user-defined tokens are found first, the longest at each
// character; of all neighbours the leftmost of the highest score is joined.
Ids encode_by_definition(const TestVocabulary& vocabulary, std::string_view text) {
  std::map<std::string, TokenId> normal, user_defined;
  for (std::size_t i = 0; i < vocabulary.tokens.size(); ++i) {
    std::string spelled = vocabulary.tokens[i];
    while (spelled.find("\xe2\x96\x81") != std::string::npos) {
      spelled.replace(spelled.find("\xe2\x96\x81"), 3, " ");
    }
    const auto id = static_cast<TokenId>(i);
    if (vocabulary.types[i] == 1) normal[spelled] = id;
    if (vocabulary.types[i] == 4 && spelled != "<|turn|>") user_defined[spelled] = id;
  }
  struct Symbol {
    std::string bytes;
    TokenId fixed;
  };
  std::vector<Symbol> symbols;
  while (!text.empty()) {
    Symbol next{std::string(text.substr(0, decode_utf8(text).bytes)), -1};
    for (const auto& [spelled, id] : user_defined) {
      if (text.starts_with(spelled) && (next.fixed < 0 || spelled.size() > next.bytes.size())) {
        next = {spelled, id};
      }
    }
    symbols.push_back(next);
    text.remove_prefix(next.bytes.size());
  }
  for (;;) {
    std::size_t best = symbols.size();
    float best_score = -std::numeric_limits<float>::infinity();
    for (std::size_t i = 0; i + 1 < symbols.size(); ++i) {
      if (symbols[i].fixed >= 0 || symbols[i + 1].fixed >= 0) continue;
      const auto found = normal.find(symbols[i].bytes + symbols[i + 1].bytes);
      if (found == normal.end()) continue;
      const float score = vocabulary.scores[static_cast<std::size_t>(found->second)];
      if (score > best_score) best_score = score, best = i;
    }
    if (best == symbols.size()) break;
    symbols[best].bytes += symbols[best + 1].bytes;
    symbols.erase(symbols.begin() + static_cast<std::ptrdiff_t>(best) + 1);
  }
  Ids ids;
  for (const Symbol& symbol : symbols) {
    const auto found = normal.find(symbol.bytes);
    if (symbol.fixed >= 0) {
      ids.push_back(symbol.fixed);
    } else if (found != normal.end()) {
      ids.push_back(found->second);
    } else {
      for (const char byte : symbol.bytes)
        ids.push_back(kSpmByte + static_cast<unsigned char>(byte));
    }
  }
  return ids;
}

std::string random_text(std::mt19937& random, std::size_t bytes) {
  static constexpr std::string_view kFavourites[] = {"a",
                                                     "b",
                                                     "c",
                                                     "x",
                                                     " ",
                                                     "hello",
                                                     " world",
                                                     "\n",
                                                     "12",
                                                     "\xc3\xa9",
                                                     "\xe4\xb8\xad\xe6\x96\x87",
                                                     "<table>",
                                                     "<t",
                                                     "> <",
                                                     "\xf0\x9f\x98\x80",
                                                     "zq"};
  std::string text;
  while (text.size() < bytes) {
    if (random() % 20 == 0) {
      text += static_cast<char>(random());
    } else {
      text += kFavourites[random() % std::size(kFavourites)];
    }
  }
  return text;
}

TEST(SentencePiece, JoinsWhatScoresHighest) {
  const Tokenizer tokenizer = make(sentencepiece_vocabulary());
  EXPECT_EQ(parts(tokenizer, "hello world"), (Parts{"hello", " world"}));
  EXPECT_EQ(parts(tokenizer, " hello"), (Parts{" hello"}));
  EXPECT_EQ(parts(tokenizer, "abc"), (Parts{"abc"}));  // equal scores: from the left
  EXPECT_EQ(parts(tokenizer, "ababab"), (Parts{"abab", "ab"}));
  EXPECT_EQ(parts(tokenizer, "bab"), (Parts{"ba", "b"}));
  EXPECT_EQ(parts(tokenizer, "xxx"), (Parts{"xxx"}));
  EXPECT_EQ(parts(tokenizer, "xxxxx"), (Parts{"xxxx", "x"}));
  EXPECT_EQ(encode(tokenizer, ""), Ids{});
}

TEST(SentencePiece, BytesStandForWhatIsNoToken) {
  const Tokenizer tokenizer = make(sentencepiece_vocabulary());
  EXPECT_EQ(parts(tokenizer, "z\xc3\xa9"), (Parts{"<7A>", "\xc3\xa9"}));
  EXPECT_EQ(parts(tokenizer, "\xe6\x96\x87"), (Parts{"<E6>", "<96>", "<87>"}));
  // Two characters that are a token together, though the second is none.
  EXPECT_EQ(parts(tokenizer, "\xe4\xb8\xad\xe6\x96\x87"), (Parts{"\xe4\xb8\xad\xe6\x96\x87"}));
  EXPECT_EQ(parts(tokenizer, "\xe4\xb8"), (Parts{"<E4>", "<B8>"}));
  EXPECT_EQ(parts(tokenizer, std::string_view("\0\xff", 2)), (Parts{"<00>", "<FF>"}));
}

TEST(SentencePiece, UserDefinedTokensAreFoundInAnyText) {
  const Tokenizer tokenizer = make(sentencepiece_vocabulary());
  EXPECT_EQ(encode(tokenizer, "a<table>b\n\n\n"),
            (Ids{encode(tokenizer, "a")[0], kSpmTable, encode(tokenizer, "b")[0], kSpmLine + 1,
                 kSpmLine}));
  EXPECT_EQ(encode(tokenizer, "   a"), (Ids{kSpmSpaces, encode(tokenizer, " a")[0]}));
  EXPECT_EQ(tokenizer.find_special("<table>"), std::nullopt);  // no marker: part of any text
}

TEST(SentencePiece, WhatMarksTurnsIsTextUnlessParsed) {
  const Tokenizer tokenizer = make(sentencepiece_vocabulary());
  const std::string text = "<s>a<|turn|>b</s><unk>";
  const TokenId a = encode(tokenizer, "a")[0], b = encode(tokenizer, "b")[0];
  const Ids parsed = tokenizer.encode(text, SpecialTokens::kParse);
  EXPECT_EQ(parsed, (Ids{kSpmStart, a, kSpmTurn, b, kSpmEnd, kSpmUnknown}));
  EXPECT_EQ(tokenizer.decode(parsed, SpecialTokens::kParse), text);
  EXPECT_EQ(tokenizer.decode(parsed, SpecialTokens::kAsText), "ab");
  for (const TokenId id : encode(tokenizer, text)) EXPECT_GT(id, kSpmTurn);
  EXPECT_EQ(tokenizer.decode(encode(tokenizer, text), SpecialTokens::kAsText), text);
  EXPECT_EQ(tokenizer.find_special("<|turn|>"), kSpmTurn);
}

TEST(SentencePiece, AUserDefinedEndOfTurnIsNeverWrittenByText) {
  TestVocabulary vocabulary = sentencepiece_vocabulary();
  vocabulary.eot = kSpmTable;
  const Tokenizer tokenizer = make(vocabulary);
  EXPECT_TRUE(tokenizer.is_end(kSpmTable));
  for (const TokenId id : encode(tokenizer, "<table>")) EXPECT_NE(id, kSpmTable);
}

TEST(SentencePiece, EscapedSpacesAreSpaces) {
  const Tokenizer tokenizer = make(sentencepiece_vocabulary());
  EXPECT_EQ(encode(tokenizer, "hello\xe2\x96\x81world"), encode(tokenizer, "hello world"));
  EXPECT_EQ(tokenizer.decode(encode(tokenizer, "\xe2\x96\x81x"), SpecialTokens::kAsText), " x");
}

TEST(SentencePiece, TextBeginsWithASpaceWhereTheFileSaysSo) {
  const Tokenizer tokenizer = make(prefixed_vocabulary());
  EXPECT_EQ(parts(tokenizer, "hello"), (Parts{" hello"}));
  EXPECT_EQ(parts(tokenizer, " hello"), (Parts{"  ", "hello"}));
  EXPECT_EQ(encode(tokenizer, ""), Ids{});
  const std::string text = "hello<s>world</s> a";
  const Ids parsed = tokenizer.encode(text, SpecialTokens::kParse);
  EXPECT_EQ(tokenizer.token_bytes(parsed[2], SpecialTokens::kAsText), " world");
  EXPECT_EQ(tokenizer.decode(parsed, SpecialTokens::kParse), text);
  for (const char* plain : {"hello", " hello", "  a", "\n", "<table>", "z", "a b"}) {
    EXPECT_EQ(tokenizer.decode(encode(tokenizer, plain), SpecialTokens::kAsText), plain);
  }
}

TEST(SentencePiece, AStreamKeepsTheSpaceOfAContinuation) {
  const Tokenizer tokenizer = make(prefixed_vocabulary());
  const TokenId word = encode(tokenizer, "world")[0];
  StreamDecoder begins(tokenizer);
  EXPECT_EQ(begins.push(word), "world");
  EXPECT_EQ(begins.push(word), " world");
  StreamDecoder after_marker(tokenizer, SpecialTokens::kAsText, kSpmStart);
  EXPECT_EQ(after_marker.push(word), "world");
  StreamDecoder goes_on(tokenizer, SpecialTokens::kAsText, word);
  EXPECT_EQ(goes_on.push(word), " world");
  StreamDecoder bytes(tokenizer);
  EXPECT_EQ(bytes.push(kSpmByte + 0xc3), "");
  EXPECT_EQ(bytes.push(kSpmByte + 0xa9), "\xc3\xa9");
}

TEST(SentencePiece, EqualsTheDefinition) {
  const TestVocabulary vocabulary = sentencepiece_vocabulary();
  const Tokenizer tokenizer = make(vocabulary);
  std::mt19937 random(11);
  for (int round = 0; round < 600; ++round) {
    const std::string text = random_text(random, random() % 150);
    ASSERT_EQ(encode(tokenizer, text), encode_by_definition(vocabulary, text)) << text;
  }
  for (const std::size_t bytes : {47u, 48u, 49u, 50u, 700u}) {
    std::string word(bytes, 'x');
    for (char& letter : word) letter = "abcxxx"[random() % 6];
    ASSERT_EQ(encode(tokenizer, word), encode_by_definition(vocabulary, word)) << word;
  }
}

// From 4 KiB on, encode() remembers words: the same ids must come out, and the same bytes back.
TEST(SentencePiece, LongTextsEqualTheDefinition) {
  const TestVocabulary vocabulary = sentencepiece_vocabulary();
  const Tokenizer tokenizer = make(vocabulary);
  std::mt19937 random(12);
  const std::string text = random_text(random, 6000);
  EXPECT_EQ(encode(tokenizer, text), encode_by_definition(vocabulary, text));
  EXPECT_EQ(tokenizer.decode(encode(tokenizer, text), SpecialTokens::kAsText), text);
}

TEST(SentencePiece, MegabytesOfOneClassAreNotQuadratic) {
  const Tokenizer tokenizer = make(sentencepiece_vocabulary());
  for (const std::string_view unit :
       {"x", " ", "\xc3\xa9", "\xe4\xb8\xad\xe6\x96\x87", "z", "\n"}) {
    std::string text;
    while (text.size() < SentencePiece::kPieceBytesMax + 5) text += unit;
    EXPECT_EQ(tokenizer.decode(encode(tokenizer, text), SpecialTokens::kAsText), text) << unit;
  }
}

TEST(SentencePiece, BosStandsInFrontUnlessTheFileSaysOtherwise) {
  TestVocabulary vocabulary = sentencepiece_vocabulary();
  EXPECT_TRUE(make(vocabulary).add_bos());
  EXPECT_FALSE(make(vocabulary).add_eos());
  EXPECT_EQ(make(vocabulary).pre_tokenizer(), "");
  vocabulary.add_bos = false;
  EXPECT_FALSE(make(vocabulary).add_bos());
}

struct Broken {
  const char* what;
  void (*break_it)(TestVocabulary&);
  const char* message;  // a part of it
};

const Broken kBroken[] = {
    {"no tokens", [](TestVocabulary& v) { v.tokens.clear(); }, "empty or missing"},
    {"no types", [](TestVocabulary& v) { v.types.clear(); },
     "token types (tokenizer.ggml.token_type)"},
    {"types", [](TestVocabulary& v) { v.types.pop_back(); }, "token types"},
    {"type", [](TestVocabulary& v) { v.types[7] = 9; }, "token 7 has the unknown type 9"},
    {"no scores", [](TestVocabulary& v) { v.scores.clear(); }, "scores (tokenizer.ggml.scores)"},
    {"scores", [](TestVocabulary& v) { v.scores.pop_back(); },
     "315 scores (tokenizer.ggml.scores)"},
    {"nan", [](TestVocabulary& v) { v.scores[300] = std::numeric_limits<float>::quiet_NaN(); },
     "the score of token 300 is no number"},
    {"infinite", [](TestVocabulary& v) { v.scores[3] = -std::numeric_limits<float>::infinity(); },
     "the score of token 3 is no number"},
    {"no byte", [](TestVocabulary& v) { v.types[kSpmByte + 0x1f] = 3; }, "no token <0x1F>"},
    {"byte name", [](TestVocabulary& v) { v.tokens[kSpmByte] = "<0xg0>"; },
     "token 8 is of type byte, but '<0xg0>'"},
    {"byte twice", [](TestVocabulary& v) { v.tokens[kSpmByte] = "<0x41>"; },
     "tokens 8 and 73 are both '<0x41>'"},
    {"twice", [](TestVocabulary& v) { v.add_scored("ab", 1, 0); }, "are both 'ab'"},
    {"control twice", [](TestVocabulary& v) { v.add_scored("<s>", 3, 0); },
     "tokens 1 and 316 are both '<s>'"},
    {"control and normal", [](TestVocabulary& v) { v.add_scored("ab", 3, 0); }, "are both 'ab'"},
    {"no space", [](TestVocabulary& v) { v.tokens[kSpmFirst + 25] = "q"; },
     "no token for the space (U+2581)"},
    {"too long", [](TestVocabulary& v) { v.add_scored(std::string(2000, 'q'), 1, 0); },
     "token 316 has 2000 bytes, more than the 1024"},
    {"bos", [](TestVocabulary& v) { v.bos = 316; }, "tokenizer.ggml.bos_token_id is 316"},
    {"no bos", [](TestVocabulary& v) { v.add_bos = true, v.bos.reset(); }, "no bos_token_id"},
};

TEST(SentencePiece, NamesWhatIsBroken) {
  ASSERT_EQ(sentencepiece_vocabulary().tokens.size(), 316u);
  for (const Broken& broken : kBroken) {
    TestVocabulary vocabulary = sentencepiece_vocabulary();
    broken.break_it(vocabulary);
    const auto tokenizer = Tokenizer::create(vocabulary.source());
    ASSERT_FALSE(tokenizer.ok()) << broken.what;
    EXPECT_EQ(tokenizer.error().code(), ErrorCode::kCorrupt) << broken.what;
    EXPECT_NE(tokenizer.error().message().find(broken.message), std::string::npos)
        << broken.what << ": " << tokenizer.error().message();
  }
}

// The vocabulary as the file of a model of that architecture has it.
Tokenizer make_from_file(std::string_view architecture) {
  const TestVocabulary vocabulary = sentencepiece_vocabulary();
  GgufWriter writer;
  writer.add("general.architecture", architecture);
  writer.add("tokenizer.ggml.model", vocabulary.model);
  writer.add_array("tokenizer.ggml.tokens", vocabulary.tokens);
  writer.add_array("tokenizer.ggml.scores", vocabulary.scores);
  writer.add_array("tokenizer.ggml.token_type", vocabulary.types);
  writer.add("tokenizer.ggml.bos_token_id", uint32_t{1});
  writer.add("tokenizer.ggml.eos_token_id", uint32_t{2});
  writer.add("tokenizer.ggml.add_space_prefix", false);
  const std::string bytes = writer.bytes().value();
  const GgufFile file = GgufFile::parse(std::as_bytes(std::span(bytes)), "test").value();
  return Tokenizer::create(file).value();
}

TEST(SentencePiece, ComesOutOfAGgufFile) {
  const Tokenizer tokenizer = make_from_file("llama");
  EXPECT_EQ(parts(tokenizer, "hello world"), (Parts{"hello", " world"}));
  EXPECT_TRUE(tokenizer.add_bos());
  EXPECT_EQ(tokenizer.eos(), 2);
}

TEST(SentencePiece, MarkersOfPhi3TakeTheSpaceBehindThemAlong) {
  const std::string text = "<s> a<|turn|> \n\u00a0b</s>\n<unk> a";
  const Tokenizer phi = make_from_file("phi3");
  EXPECT_EQ(phi.encode(text, SpecialTokens::kParse),
            make_from_file("llama").encode("<s> a<|turn|>b</s><unk> a", SpecialTokens::kParse));
  EXPECT_EQ(phi.decode(phi.encode(text, SpecialTokens::kAsText), SpecialTokens::kAsText), text);
}

}  // namespace
}  // namespace hearth
