// SPDX-License-Identifier: Apache-2.0
// The tokenizer of the converted all-MiniLM-L6-v2 against the ids that the reference gave for 2,000
// hard strings (tests/golden/minilm_tokens.json; the strings are those of smollm2_tokens.jsonl).
#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <vector>

#include "convert/convert.h"
#include "format/gguf.h"
#include "real_model.h"
#include "text/tokenizer.h"
#include "text/tokenizer_source.h"

namespace hearth {
namespace {

class WordPieceGolden : public testing::Test {
 protected:
  void SetUp() override {
    HEARTH_NEED_MINILM();
    const auto conversion = Conversion::open(real_minilm_folder(), {.name = "minilm"});
    ASSERT_TRUE(conversion.ok()) << conversion.error().message();
    const auto collect = [&](std::span<const std::byte> piece) {
      content_.append(reinterpret_cast<const char*>(piece.data()), piece.size());
      return Result<void>();
    };
    ASSERT_TRUE(conversion->write(collect).ok());
    auto gguf = GgufFile::parse(std::as_bytes(std::span(content_)), "minilm.gguf");
    ASSERT_TRUE(gguf.ok()) << gguf.error().message();
    gguf_ = std::move(gguf).value();
    std::ifstream stream(HEARTH_SOURCE_DIR "/tests/golden/smollm2_tokens.jsonl");
    for (std::string line; std::getline(stream, line);) {
      texts_.push_back(nlohmann::json::parse(line).at("text"));
    }
    ASSERT_EQ(texts_.size(), 2000u);
  }

  void compare(const Tokenizer& tokenizer, const nlohmann::json& expected) const {
    for (std::size_t i = 0; i < expected.size(); ++i) {
      ASSERT_EQ(tokenizer.encode(texts_[i], SpecialTokens::kAsText),
                expected[i].get<std::vector<TokenId>>())
          << "line " << i + 1 << ": " << texts_[i].substr(0, 200);
    }
  }

  std::string content_;
  GgufFile gguf_;
  std::vector<std::string> texts_;
};

TEST_F(WordPieceGolden, IdsAreThoseOfTheReference) {
  const auto tokenizer = Tokenizer::create(gguf_);
  ASSERT_TRUE(tokenizer.ok()) << tokenizer.error().message();
  EXPECT_EQ(tokenizer->vocab_size(), 30522);
  EXPECT_EQ(tokenizer->bos(), 101);
  EXPECT_EQ(tokenizer->eos(), 102);
  EXPECT_TRUE(tokenizer->add_bos() && tokenizer->add_eos());
  const auto golden = golden_json("minilm_tokens.json");
  ASSERT_EQ(golden.at("ids").size(), 2000u);
  compare(*tokenizer, golden.at("ids"));
}

TEST_F(WordPieceGolden, IdsWithCaseAndAccentsToo) {
  auto source = read_tokenizer_source(gguf_);
  ASSERT_TRUE(source.ok()) << source.error().message();
  EXPECT_EQ(source->lower_case, true);
  EXPECT_EQ(source->strip_accents, true);
  source->lower_case = source->strip_accents = false;
  const auto tokenizer = Tokenizer::create(*source);
  ASSERT_TRUE(tokenizer.ok()) << tokenizer.error().message();
  compare(*tokenizer, golden_json("minilm_tokens.json").at("cased_ids"));
}

}  // namespace
}  // namespace hearth
