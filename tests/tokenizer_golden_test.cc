// SPDX-License-Identifier: Apache-2.0
// The tokenizer of a real model against the ids that the reference gave
// (tests/golden/smollm2_tokens.jsonl). HEARTH_TEST_MODEL names SmolLM2-135M-Instruct.Q4_1.gguf.
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

class TokenizerGolden : public testing::Test {
 protected:
  void SetUp() override {
    HEARTH_NEED_REAL_MODEL();
    const char* path = real_model_path();
    auto file = MappedFile::open(path);
    ASSERT_TRUE(file.ok()) << file.error().message();
    auto gguf = GgufFile::parse(file->bytes(), path);
    ASSERT_TRUE(gguf.ok()) << gguf.error().message();
    auto tokenizer = Tokenizer::create(*gguf);
    ASSERT_TRUE(tokenizer.ok()) << tokenizer.error().message();
    tokenizer_.emplace(std::move(tokenizer).value());
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
  std::ifstream stream(HEARTH_SOURCE_DIR "/tests/golden/smollm2_tokens.jsonl");
  ASSERT_TRUE(stream) << "tests/golden/smollm2_tokens.jsonl cannot be read";
  int count = 0;
  for (std::string line; std::getline(stream, line); ++count) {
    const nlohmann::json record = nlohmann::json::parse(line);
    const std::string text = record.at("text");
    const auto expected = record.at("ids").get<std::vector<TokenId>>();
    const auto ids = tokenizer_->encode(text, SpecialTokens::kAsText);
    ASSERT_EQ(ids, expected) << "line " << count + 1 << ": " << line.substr(0, 200);
    ASSERT_EQ(tokenizer_->decode(ids, SpecialTokens::kAsText), spellable(text)) << count;
  }
  EXPECT_EQ(count, 2000);
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

}  // namespace
}  // namespace hearth
