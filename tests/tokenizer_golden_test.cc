// SPDX-License-Identifier: Apache-2.0
// The tokenizers of real models against the ids that the references gave: byte-level BPE of
// SmolLM2-135M-Instruct, which HEARTH_TEST_MODEL names (tests/golden/smollm2_tokens.jsonl), and
// SentencePiece of Gemma-3-270M, which HEARTH_TEST_GEMMA names (tests/golden/gemma3_tokens.jsonl).
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "base/files.h"
#include "base/utf8.h"
#include "format/gguf.h"
#include "real_model.h"
#include "text/tokenizer.h"

namespace hearth {
namespace {

std::optional<Tokenizer> load_tokenizer(const char* path) {
  const auto file = MappedFile::open(path);
  EXPECT_TRUE(file.ok()) << path;
  if (!file.ok()) return std::nullopt;
  const auto gguf = GgufFile::parse(file->bytes(), path);
  EXPECT_TRUE(gguf.ok()) << path;
  if (!gguf.ok()) return std::nullopt;
  auto tokenizer = Tokenizer::create(*gguf);
  EXPECT_TRUE(tokenizer.ok()) << tokenizer.error().message();
  if (!tokenizer.ok()) return std::nullopt;
  return std::move(tokenizer).value();
}

struct GoldenIds {
  std::string text;
  std::vector<TokenId> ids;
};

std::vector<GoldenIds> golden_ids(const std::string& name) {
  std::ifstream stream(HEARTH_SOURCE_DIR "/tests/golden/" + name);
  EXPECT_TRUE(stream) << name << " cannot be read";
  std::vector<GoldenIds> records;
  for (std::string line; std::getline(stream, line);) {
    const nlohmann::json record = nlohmann::json::parse(line);
    records.push_back({record.at("text"), record.at("ids").get<std::vector<TokenId>>()});
  }
  return records;
}

class TokenizerGolden : public testing::Test {
 protected:
  void SetUp() override {
    HEARTH_NEED_REAL_MODEL();
    tokenizer_ = load_tokenizer(real_model_path());
    ASSERT_TRUE(tokenizer_);
  }

  // `text` without the bytes that the vocabulary has no token for.
  std::string spellable(std::string_view text) const {
    std::string kept;
    for (const char byte : text) {
      if (tokenizer_->unspellable_bytes({&byte, 1}) == 0) kept += byte;
    }
    return kept;
  }

  std::optional<Tokenizer> tokenizer_;
};

TEST_F(TokenizerGolden, IdsAreThoseOfTheReference) {
  const std::vector<GoldenIds> records = golden_ids("smollm2_tokens.jsonl");
  EXPECT_EQ(records.size(), 2000u);
  for (const auto& [text, expected] : records) {
    const auto ids = tokenizer_->encode(text, SpecialTokens::kAsText);
    ASSERT_EQ(ids, expected) << text.substr(0, 200);
    ASSERT_EQ(tokenizer_->decode(ids, SpecialTokens::kAsText), spellable(text)) << text;
  }
}

TEST_F(TokenizerGolden, AnyBytesComeBackButThoseWithoutAToken) {
  std::mt19937 random(20250209);
  for (int round = 0; round < 2000; ++round) {
    std::string text(random() % 200, '\0');
    for (char& byte : text) byte = static_cast<char>(random());
    const auto ids = tokenizer_->encode(text, SpecialTokens::kAsText);
    ASSERT_EQ(tokenizer_->decode(ids, SpecialTokens::kAsText), spellable(text));
    StreamDecoder decoder(*tokenizer_);
    std::string streamed;
    for (const TokenId id : ids) streamed += decoder.push(id);
    streamed += decoder.finish();
    ASSERT_EQ(streamed, sanitize_utf8(spellable(text)));
  }
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  EXPECT_EQ(tokenizer_->unspellable_bytes(all), 21u);
}

TEST_F(TokenizerGolden, SpecialTokensAreTextUnlessAskedFor) {
  const std::string turn = "<|im_start|>user\nhi<|im_end|>\n";
  const auto parsed = tokenizer_->encode(turn, SpecialTokens::kParse);
  EXPECT_EQ(parsed, (std::vector<TokenId>{1, 4093, 198, 6004, 2, 198}));
  EXPECT_EQ(tokenizer_->decode(parsed, SpecialTokens::kParse), turn);
  EXPECT_EQ(tokenizer_->decode(parsed, SpecialTokens::kAsText), "user\nhi\n");
  for (const TokenId id : tokenizer_->encode(turn, SpecialTokens::kAsText)) EXPECT_GT(id, 16);
}

TEST_F(TokenizerGolden, KnowsTheSpecialTokensOfTheFile) {
  EXPECT_EQ(tokenizer_->vocab_size(), 49152);
  EXPECT_EQ(tokenizer_->pre_tokenizer(), "smollm");
  EXPECT_EQ(tokenizer_->bos(), 1);
  EXPECT_EQ(tokenizer_->eos(), 2);
  EXPECT_FALSE(tokenizer_->add_bos());
  EXPECT_FALSE(tokenizer_->add_eos());
  EXPECT_TRUE(tokenizer_->is_end(2));
  EXPECT_TRUE(tokenizer_->is_end(0));
  EXPECT_FALSE(tokenizer_->is_end(1));
  EXPECT_EQ(tokenizer_->find_special("<|im_start|>"), 1);
  EXPECT_EQ(tokenizer_->find_special("user"), std::nullopt);
}

class GemmaTokenizerGolden : public testing::Test {
 protected:
  void SetUp() override {
    HEARTH_NEED_GEMMA();
    tokenizer_ = load_tokenizer(real_gemma_path());
    ASSERT_TRUE(tokenizer_);
  }

  std::optional<Tokenizer> tokenizer_;
};

// `text` with spaces for U+2581, which the vocabulary cannot tell apart.
std::string spaced(std::string text) {
  constexpr std::string_view kEscaped = "\xe2\x96\x81";
  for (std::size_t at = 0; (at = text.find(kEscaped, at)) != std::string::npos;) {
    text.replace(at, kEscaped.size(), " ");
  }
  return text;
}

TEST_F(GemmaTokenizerGolden, IdsAreThoseOfTheReference) {
  const std::vector<GoldenIds> records = golden_ids("gemma3_tokens.jsonl");
  EXPECT_EQ(records.size(), 2100u);
  for (const auto& [text, expected] : records) {
    const auto ids = tokenizer_->encode(text, SpecialTokens::kAsText);
    ASSERT_EQ(ids, expected) << text.substr(0, 200);
    ASSERT_EQ(tokenizer_->decode(ids, SpecialTokens::kAsText), spaced(text)) << text;
  }
}

TEST_F(GemmaTokenizerGolden, AnyBytesComeBack) {
  std::mt19937 random(20251126);
  for (int round = 0; round < 2000; ++round) {
    std::string text(random() % 200, '\0');
    for (char& byte : text) byte = static_cast<char>(random());
    const auto ids = tokenizer_->encode(text, SpecialTokens::kAsText);
    ASSERT_EQ(tokenizer_->decode(ids, SpecialTokens::kAsText), spaced(text));
    StreamDecoder decoder(*tokenizer_);
    std::string streamed;
    for (const TokenId id : ids) streamed += decoder.push(id);
    streamed += decoder.finish();
    ASSERT_EQ(streamed, sanitize_utf8(spaced(text)));
  }
}

TEST_F(GemmaTokenizerGolden, KnowsTheSpecialTokensOfTheFile) {
  EXPECT_EQ(tokenizer_->vocab_size(), 262144);
  EXPECT_EQ(tokenizer_->bos(), 2);
  EXPECT_EQ(tokenizer_->eos(), 1);
  EXPECT_TRUE(tokenizer_->add_bos());
  EXPECT_FALSE(tokenizer_->add_eos());
  EXPECT_EQ(tokenizer_->find_special("<start_of_turn>"), 105);
  EXPECT_TRUE(tokenizer_->is_end(106));  // <end_of_turn>
  EXPECT_TRUE(tokenizer_->is_end(1));
  EXPECT_FALSE(tokenizer_->is_end(105));
  const std::string turn = "<start_of_turn>user\nhi<end_of_turn>\n";
  const auto parsed = tokenizer_->encode(turn, SpecialTokens::kParse);
  EXPECT_EQ(parsed, (std::vector<TokenId>{105, 2364, 107, 2202, 106, 107}));
  EXPECT_EQ(tokenizer_->decode(parsed, SpecialTokens::kParse), turn);
  for (const TokenId id : tokenizer_->encode(turn, SpecialTokens::kAsText)) EXPECT_GT(id, 106);
}

}  // namespace
}  // namespace hearth
