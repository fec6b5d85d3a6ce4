// SPDX-License-Identifier: Apache-2.0
#include "text/tokenizer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "format/gguf_writer.h"
#include "text/bpe.h"
#include "text/pre_tokenizer.h"
#include "text/tokenizer_test_vocabulary.h"

namespace hearth {
namespace {

using Ids = std::vector<TokenId>;

Tokenizer make(const TestVocabulary& vocabulary) {
  auto tokenizer = Tokenizer::create(vocabulary.source());
  if (!tokenizer.ok()) {
    ADD_FAILURE() << tokenizer.error().message();
    std::abort();
  }
  return std::move(tokenizer).value();
}

Ids encode(const Tokenizer& tokenizer, std::string_view text) {
  return tokenizer.encode(text, SpecialTokens::kAsText);
}

// The definition of byte-pair merging, as slow as it reads.
Ids merge_by_definition(const TestVocabulary& vocabulary, std::string_view piece) {
  std::map<std::string, std::size_t> ranks;
  for (std::size_t i = 0; i < vocabulary.merges.size(); ++i) ranks[vocabulary.merges[i]] = i;
  std::vector<std::string> parts;
  for (const char byte : piece) parts.push_back(TestVocabulary::spelled({&byte, 1}));
  for (;;) {
    std::size_t best = ranks.size(), best_at = 0;
    for (std::size_t i = 0; i + 1 < parts.size(); ++i) {
      const auto found = ranks.find(parts[i] + " " + parts[i + 1]);
      if (found != ranks.end() && found->second < best) best = found->second, best_at = i;
    }
    if (best == ranks.size()) break;
    parts[best_at] += parts[best_at + 1];
    parts.erase(parts.begin() + static_cast<std::ptrdiff_t>(best_at) + 1);
  }
  Ids ids;
  for (const std::string& part : parts) {
    const auto found = std::find(vocabulary.tokens.begin(), vocabulary.tokens.end(), part);
    ids.push_back(static_cast<TokenId>(found - vocabulary.tokens.begin()));
  }
  return ids;
}

Ids encode_by_definition(const TestVocabulary& vocabulary, std::string_view text) {
  Ids ids;
  find_pre_tokenizer(vocabulary.pre)->cut(text, [&](std::string_view piece) {
    const Ids merged = merge_by_definition(vocabulary, piece);
    ids.insert(ids.end(), merged.begin(), merged.end());
  });
  return ids;
}

std::string random_text(std::mt19937& random, std::size_t bytes) {
  static constexpr std::string_view kFavourites =
      "aaabbbccx xx  hello world12345\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\n";
  std::string text(bytes, '\0');
  for (char& byte : text) {
    byte = random() % 16 == 0 ? static_cast<char>(random())
                              : kFavourites[random() % kFavourites.size()];
  }
  return text;
}

TEST(Tokenizer, MergesTheBestRankedPairFirst) {
  const TestVocabulary vocabulary = test_vocabulary();
  const Tokenizer tokenizer = make(vocabulary);
  const auto spelled = [&](std::string_view text) {
    std::vector<std::string> parts;
    for (const TokenId id : encode(tokenizer, text))
      parts.emplace_back(tokenizer.token_bytes(id, SpecialTokens::kAsText));
    return parts;
  };
  using Parts = std::vector<std::string>;
  EXPECT_EQ(spelled("hello world"), (Parts{"hello", " world"}));
  EXPECT_EQ(spelled("helld"), (Parts{"he", "l", "ld"}));  // "ld" ranks before "ll"
  EXPECT_EQ(spelled("ababab"), (Parts{"abab", "ab"}));    // equal ranks: from the left
  EXPECT_EQ(spelled("babc"), (Parts{"b", "abc"}));
  EXPECT_EQ(spelled("xxxxxxx"), (Parts{"xxxx", "xx", "x"}));
  EXPECT_EQ(encode(tokenizer, ""), Ids{});
}

TEST(Tokenizer, EqualsTheDefinitionOnShortAndLongPieces) {
  std::mt19937 random(7);
  for (const char* pre : {"gpt-2", "smollm", "qwen2", "falcon", "deepseek-llm"}) {
    const TestVocabulary vocabulary = test_vocabulary(pre);
    const Tokenizer tokenizer = make(vocabulary);
    for (int round = 0; round < 300; ++round) {
      const std::string text = random_text(random, random() % 120);
      ASSERT_EQ(encode(tokenizer, text), encode_by_definition(vocabulary, text))
          << pre << ": " << text;
    }
    for (const std::size_t bytes : {47u, 48u, 49u, 50u, 700u}) {
      std::string word(bytes, 'x');
      for (char& letter : word) letter = "abcxxx"[random() % 6];
      ASSERT_EQ(encode(tokenizer, word), encode_by_definition(vocabulary, word))
          << pre << ": " << word;
    }
  }
}

// From 4 KiB on, encode() remembers words: the same ids must come out.
TEST(Tokenizer, LongTextsEqualTheirWords) {
  const TestVocabulary vocabulary = test_vocabulary();
  const Tokenizer tokenizer = make(vocabulary);
  std::mt19937 random(8);
  std::vector<std::string> words;
  for (int i = 0; i < 3000; ++i) {
    std::string& word = words.emplace_back(" ");
    for (std::size_t letters = 1 + random() % 12; letters > 0; --letters)
      word += "abchelowrdx"[random() % 11];
  }
  std::string text;
  Ids expected;
  for (int i = 0; i < 40000; ++i) {
    const std::string& word = words[random() % words.size() * (random() % 1000) / 1000];
    text += word;
    const Ids ids = encode(tokenizer, word);
    expected.insert(expected.end(), ids.begin(), ids.end());
  }
  EXPECT_EQ(encode(tokenizer, text), expected);
}

TEST(Tokenizer, AnyBytesComeBack) {
  std::mt19937 random(9);
  for (const char* pre : {"gpt-2", "smollm", "llama-bpe", "qwen2"}) {
    const Tokenizer tokenizer = make(test_vocabulary(pre));
    for (int round = 0; round < 500; ++round) {
      const std::string text = random_text(random, random() % 300);
      ASSERT_EQ(tokenizer.decode(encode(tokenizer, text), SpecialTokens::kAsText), text);
      ASSERT_EQ(tokenizer.unspellable_bytes(text), 0u);
    }
  }
}

TEST(Tokenizer, MegabytesOfOneClassAreNotQuadratic) {
  const Tokenizer tokenizer = make(test_vocabulary());
  for (const std::string_view unit : {"x", " ", "\xc3\xa9", "!"}) {
    std::string text;
    while (text.size() < Bpe::kPieceBytesMax + 5) text += unit;
    EXPECT_EQ(tokenizer.decode(encode(tokenizer, text), SpecialTokens::kAsText), text) << unit;
  }
}

TEST(Tokenizer, BytesWithoutTokenVanishBeforeMerging) {
  TestVocabulary vocabulary = test_vocabulary();
  vocabulary.types[kTestByte + 4] = 3;  // a control token is no byte token
  const Tokenizer tokenizer = make(vocabulary);
  EXPECT_EQ(encode(tokenizer, "\n\x04\n"),
            (Ids{kTestByte + '\n', kTestByte + '\n'}));             // three pieces
  EXPECT_EQ(encode(tokenizer, "|\x04>"), encode(tokenizer, "|>"));  // one piece
  EXPECT_EQ(encode(tokenizer, "\x04"), Ids{});
  EXPECT_EQ(encode(tokenizer, std::string(100, '\x04')), Ids{});
  EXPECT_EQ(tokenizer.unspellable_bytes("a\x04 b\x04"), 2u);
}

TEST(Tokenizer, Llama3TakesAWholePieceThatIsAToken) {
  TestVocabulary vocabulary = test_vocabulary("llama-bpe");
  const auto zebra = static_cast<TokenId>(vocabulary.tokens.size());
  vocabulary.add_token(TestVocabulary::spelled(" zebra"), 1);
  vocabulary.add_token(TestVocabulary::spelled(" yak"), 5);
  EXPECT_EQ(encode(make(vocabulary), " zebra"), Ids{zebra});
  EXPECT_EQ(encode(make(vocabulary), " yak").size(), 4u);  // unused tokens stay unused
  vocabulary.pre = "qwen2";
  EXPECT_EQ(encode(make(vocabulary), " zebra").size(), 6u);  // no merge leads there
}

TEST(Tokenizer, SpecialTokensInTextAreTextUnlessParsed) {
  const Tokenizer tokenizer = make(test_vocabulary());
  const std::string text = "<|im_start|>ab<|im_end|><|im_end|><tool>c<|im_end|";
  const Ids parsed = tokenizer.encode(text, SpecialTokens::kParse);
  const Ids tail = encode(tokenizer, "c<|im_end|");
  Ids expected{kTestStart, kTestFirstMerge + 1, kTestEnd, kTestEndOfTool};
  expected.insert(expected.end(), tail.begin(), tail.end());
  EXPECT_EQ(parsed, expected);
  EXPECT_EQ(tokenizer.decode(parsed, SpecialTokens::kParse), text);
  EXPECT_EQ(tokenizer.decode(parsed, SpecialTokens::kAsText), "ab<|im_end|><tool>c<|im_end|");

  const Ids as_text = encode(tokenizer, text);
  EXPECT_EQ(tokenizer.decode(as_text, SpecialTokens::kAsText), text);
  for (const TokenId id : as_text) EXPECT_GE(id, kTestByte);
}

TEST(Tokenizer, KnowsItsSpecialTokens) {
  TestVocabulary vocabulary = test_vocabulary();
  vocabulary.eos = kTestByte;
  vocabulary.eot = kTestByte + 1;
  vocabulary.eom = kTestByte + 2;
  const Tokenizer tokenizer = make(vocabulary);
  EXPECT_EQ(tokenizer.vocab_size(), static_cast<int32_t>(vocabulary.tokens.size()));
  EXPECT_EQ(tokenizer.bos(), kTestStart);
  EXPECT_EQ(tokenizer.eos(), kTestByte);
  for (const TokenId end : {0, 2, kTestByte, kTestByte + 1, kTestByte + 2})
    EXPECT_TRUE(tokenizer.is_end(end)) << end;
  for (const TokenId other : {-1, 1, 3, 4, 1 << 30}) EXPECT_FALSE(tokenizer.is_end(other)) << other;
  EXPECT_EQ(tokenizer.find_special("<|im_start|>"), kTestStart);
  EXPECT_EQ(tokenizer.find_special("<tool>"), kTestTool);
  for (const char* absent : {"", "<", "<|im_start|", "<|im_start|> ", "ab"}) {
    EXPECT_EQ(tokenizer.find_special(absent), std::nullopt) << absent;
  }
  EXPECT_EQ(tokenizer.token_bytes(kTestStart, SpecialTokens::kAsText), "");
  EXPECT_EQ(tokenizer.token_bytes(kTestStart, SpecialTokens::kParse), "<|im_start|>");
  EXPECT_EQ(tokenizer.token_bytes(-1, SpecialTokens::kParse), "");
  EXPECT_EQ(tokenizer.token_bytes(tokenizer.vocab_size(), SpecialTokens::kParse), "");
  EXPECT_EQ(tokenizer.pre_tokenizer(), "gpt-2");
}

TEST(Tokenizer, NamedEndsMustBeControlTokens) {
  TestVocabulary vocabulary = test_vocabulary();
  vocabulary.types[kTestEndOfText] = 4;
  EXPECT_FALSE(make(vocabulary).is_end(kTestEndOfText));
}

TEST(Tokenizer, BosAndEosAreAddedAsTheFileOrTheFamilySays) {
  TestVocabulary vocabulary = test_vocabulary();
  EXPECT_FALSE(make(vocabulary).add_bos());
  EXPECT_FALSE(make(vocabulary).add_eos());
  vocabulary.add_bos = vocabulary.add_eos = true;
  EXPECT_TRUE(make(vocabulary).add_bos());
  EXPECT_TRUE(make(vocabulary).add_eos());
  vocabulary = test_vocabulary("llama-bpe");
  EXPECT_TRUE(make(vocabulary).add_bos());
  vocabulary.add_bos = false;
  EXPECT_FALSE(make(vocabulary).add_bos());
  vocabulary.add_bos.reset();
  vocabulary.bos.reset();
  EXPECT_FALSE(make(vocabulary).add_bos());
}

TEST(Tokenizer, TokensOutsideTheAlphabetStandForThemselves) {
  TestVocabulary vocabulary = test_vocabulary();
  const auto id = static_cast<TokenId>(vocabulary.tokens.size());
  vocabulary.add_token("\xe6\x97\xa5 x", 1);
  const Tokenizer tokenizer = make(vocabulary);
  EXPECT_EQ(tokenizer.token_bytes(id, SpecialTokens::kAsText), "\xe6\x97\xa5 x");
}

TEST(Tokenizer, UserDefinedTokensMayBePiecesOfMerges) {
  TestVocabulary vocabulary = test_vocabulary();
  const auto id = static_cast<TokenId>(vocabulary.tokens.size());
  vocabulary.add_token("qq", 4);
  vocabulary.merges.emplace_back("q q");
  EXPECT_EQ(encode(make(vocabulary), "qq"), Ids{id});
}

// The control token is spelled plainly and has the bytes of the merge behind it.
TEST(Tokenizer, ControlTokensAreNeverPiecesOfMerges) {
  TestVocabulary vocabulary = test_vocabulary();
  vocabulary.add_merge("q", "q");
  vocabulary.add_token(" q", 3);
  vocabulary.add_merge(" ", "q");
  const auto last = static_cast<TokenId>(vocabulary.tokens.size()) - 1;
  EXPECT_EQ(encode(make(vocabulary), " q"), Ids{last});
}

TEST(Tokenizer, TypesMayBeAbsent) {
  TestVocabulary vocabulary = test_vocabulary();
  vocabulary.types.clear();
  EXPECT_EQ(encode(make(vocabulary), "hello"), encode(make(test_vocabulary()), "hello"));
}

struct Broken {
  const char* what;
  void (*break_it)(TestVocabulary&);
  ErrorCode code;
  const char* message;  // a part of it
};

const Broken kBroken[] = {
    {"model", [](TestVocabulary& v) { v.model = "t5"; }, ErrorCode::kUnsupported,
     "unknown model 't5' (tokenizer.ggml.model); supported: gpt2 (byte-level BPE), llama "
     "(SentencePiece)"},
    {"pre", [](TestVocabulary& v) { v.pre = "viking"; }, ErrorCode::kUnsupported,
     "unknown pre-tokenizer 'viking' (tokenizer.ggml.pre); supported: gpt-2, phi-2, mpt, "},
    {"no pre", [](TestVocabulary& v) { v.pre = ""; }, ErrorCode::kUnsupported,
     "names no pre-tokenizer"},
    {"no tokens", [](TestVocabulary& v) { v.tokens.clear(); }, ErrorCode::kCorrupt,
     "empty or missing"},
    {"types", [](TestVocabulary& v) { v.types.pop_back(); }, ErrorCode::kCorrupt,
     "298 token types"},
    {"type", [](TestVocabulary& v) { v.types[7] = 9; }, ErrorCode::kCorrupt,
     "token 7 has the unknown type 9"},
    {"twice", [](TestVocabulary& v) { v.add_token("ab", 1); }, ErrorCode::kCorrupt,
     "are both 'ab'"},
    {"control twice", [](TestVocabulary& v) { v.add_token("<tool>", 3); }, ErrorCode::kCorrupt,
     "tokens 3 and 299 are both '<tool>'"},
    {"control and normal", [](TestVocabulary& v) { v.add_token("<tool>", 1); }, ErrorCode::kCorrupt,
     "tokens 3 and 299 are both '<tool>'"},
    {"outside twice", [](TestVocabulary& v) { v.add_token("x y", 1), v.add_token("x y", 1); },
     ErrorCode::kCorrupt, "tokens 299 and 300"},
    {"no byte", [](TestVocabulary& v) { v.tokens[kTestByte + 'A'] = "AAA"; }, ErrorCode::kCorrupt,
     "no token for the byte 'A'"},
    {"no merges", [](TestVocabulary& v) { v.merges.clear(); }, ErrorCode::kCorrupt,
     "merges (tokenizer.ggml.merges)"},
    {"one piece", [](TestVocabulary& v) { v.merges[3] = "abc"; }, ErrorCode::kCorrupt,
     "merge 3 ('abc') is not two pieces"},
    {"no left", [](TestVocabulary& v) { v.merges[3] = " abc"; }, ErrorCode::kCorrupt, "merge 3"},
    {"no right", [](TestVocabulary& v) { v.merges[3] = "abc "; }, ErrorCode::kCorrupt, "merge 3"},
    {"empty", [](TestVocabulary& v) { v.merges[3] = ""; }, ErrorCode::kCorrupt, "merge 3"},
    {"three pieces", [](TestVocabulary& v) { v.merges[3] = "a b c"; }, ErrorCode::kCorrupt,
     "merge 3 ('a b c') is not two pieces"},
    {"left", [](TestVocabulary& v) { v.merges[4] = "zz b"; }, ErrorCode::kCorrupt,
     "merge 4 ('zz b') begins with"},
    {"right", [](TestVocabulary& v) { v.merges[5] = "b zz"; }, ErrorCode::kCorrupt,
     "merge 5 ('b zz') ends with"},
    {"result", [](TestVocabulary& v) { v.merges[6] = "b z"; }, ErrorCode::kCorrupt,
     "merge 6 ('b z') yields"},
    {"control piece", [](TestVocabulary& v) { v.merges[6] = "<|im_end|> a"; }, ErrorCode::kCorrupt,
     "merge 6"},
    {"merge twice", [](TestVocabulary& v) { v.merges.push_back(v.merges[2]); }, ErrorCode::kCorrupt,
     "merge 39 ('l l') repeats merge 2"},
    {"bos", [](TestVocabulary& v) { v.bos = 299; }, ErrorCode::kCorrupt,
     "tokenizer.ggml.bos_token_id is 299, but the vocabulary has 299 tokens"},
    {"eos", [](TestVocabulary& v) { v.eos = ~uint64_t{0}; }, ErrorCode::kCorrupt, "eos_token_id"},
    {"eot", [](TestVocabulary& v) { v.eot = 1 << 30; }, ErrorCode::kCorrupt, "eot_token_id"},
    {"eom", [](TestVocabulary& v) { v.eom = 1 << 30; }, ErrorCode::kCorrupt, "eom_token_id"},
    {"no bos", [](TestVocabulary& v) { v.add_bos = true, v.bos.reset(); }, ErrorCode::kCorrupt,
     "no bos_token_id"},
    {"no eos", [](TestVocabulary& v) { v.add_eos = true, v.eos.reset(); }, ErrorCode::kCorrupt,
     "no eos_token_id"},
};

TEST(Tokenizer, NamesWhatIsBroken) {
  ASSERT_EQ(test_vocabulary().tokens.size(), 299u);
  for (const Broken& broken : kBroken) {
    TestVocabulary vocabulary = test_vocabulary();
    broken.break_it(vocabulary);
    const auto tokenizer = Tokenizer::create(vocabulary.source());
    ASSERT_FALSE(tokenizer.ok()) << broken.what;
    EXPECT_EQ(tokenizer.error().code(), broken.code) << broken.what;
    EXPECT_NE(tokenizer.error().message().find(broken.message), std::string::npos)
        << broken.what << ": " << tokenizer.error().message();
  }
}

// A file as a converter writes it; `leave_out` is a key that it lacks.
Result<Tokenizer> from_gguf(std::string_view leave_out, bool types_are_strings = false) {
  const TestVocabulary vocabulary = test_vocabulary();
  GgufWriter writer;
  writer.add("general.architecture", "llama");
  const auto wanted = [&](std::string_view key) { return key != leave_out; };
  if (wanted("tokenizer.ggml.model")) writer.add("tokenizer.ggml.model", vocabulary.model);
  if (wanted("tokenizer.ggml.pre")) writer.add("tokenizer.ggml.pre", vocabulary.pre);
  if (wanted("tokenizer.ggml.tokens")) writer.add_array("tokenizer.ggml.tokens", vocabulary.tokens);
  if (wanted("tokenizer.ggml.merges")) writer.add_array("tokenizer.ggml.merges", vocabulary.merges);
  if (types_are_strings) {
    writer.add_array("tokenizer.ggml.token_type", vocabulary.tokens);
  } else {
    writer.add_array("tokenizer.ggml.token_type", vocabulary.types);
  }
  writer.add("tokenizer.ggml.bos_token_id", uint32_t{1});
  writer.add("tokenizer.ggml.eos_token_id", uint32_t{2});
  writer.add("tokenizer.ggml.add_bos_token", true);
  auto bytes = writer.bytes();
  if (!bytes.ok()) return std::move(bytes).error();
  HEARTH_ASSIGN(const GgufFile file, GgufFile::parse(std::as_bytes(std::span(*bytes)), "test"));
  return Tokenizer::create(file);  // outlives the file's bytes
}

TEST(Tokenizer, ComesOutOfAGgufFile) {
  const auto tokenizer = from_gguf("");
  ASSERT_TRUE(tokenizer.ok()) << tokenizer.error().message();
  EXPECT_EQ(tokenizer->bos(), 1);
  EXPECT_EQ(tokenizer->eos(), 2);
  EXPECT_TRUE(tokenizer->add_bos());
  EXPECT_FALSE(tokenizer->add_eos());
  EXPECT_EQ(encode(*tokenizer, "hello world"), encode(make(test_vocabulary()), "hello world"));
}

TEST(Tokenizer, NamesWhatAGgufFileLacks) {
  for (const char* key : {"tokenizer.ggml.model", "tokenizer.ggml.pre", "tokenizer.ggml.tokens",
                          "tokenizer.ggml.merges"}) {
    const auto tokenizer = from_gguf(key);
    ASSERT_FALSE(tokenizer.ok()) << key;
    EXPECT_NE(tokenizer.error().message().find(key), std::string::npos)
        << tokenizer.error().message();
  }
  const auto tokenizer = from_gguf("", true);
  ASSERT_FALSE(tokenizer.ok());
  EXPECT_NE(tokenizer.error().message().find("token_type"), std::string::npos)
      << tokenizer.error().message();
}

}  // namespace
}  // namespace hearth
