// SPDX-License-Identifier: Apache-2.0
// Embeddings of the converted all-MiniLM-L6-v2 against those of sentence-transformers
// (tests/golden/minilm_embeddings.json).
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <string>
#include <vector>

#include "base/test_folder.h"
#include "convert/convert.h"
#include "real_model.h"

namespace hearth {
namespace {

double cosine(const std::vector<float>& a, const std::vector<float>& b) {
  double product = 0, a_square = 0, b_square = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    product += double{a[i]} * double{b[i]};
    a_square += double{a[i]} * double{a[i]};
    b_square += double{b[i]} * double{b[i]};
  }
  return product / std::sqrt(a_square * b_square);
}

class MiniLm : public testing::Test {
 protected:
  void SetUp() override { HEARTH_NEED_MINILM(); }

  std::unique_ptr<Engine> load(DType type) {
    const auto conversion =
        Conversion::open(real_minilm_folder(), {.name = "minilm", .matrix_type = type});
    HEARTH_CHECK(conversion.ok());
    const auto path = folder_.path() / "minilm.gguf";
    std::ofstream file(path, std::ios::binary);
    const auto written = conversion->write([&](std::span<const std::byte> piece) {
      file.write(reinterpret_cast<const char*>(piece.data()),
                 static_cast<std::streamsize>(piece.size()));
      return Result<void>();
    });
    HEARTH_CHECK(written.ok());
    file.close();
    auto engine = Engine::load(path, {.threads = 2});
    if (!engine.ok()) ADD_FAILURE() << engine.error().message();
    HEARTH_CHECK(engine.ok());
    return std::move(engine).value();
  }

  TestFolder folder_;
};

class EmbeddingGolden : public MiniLm, public testing::WithParamInterface<DType> {};

TEST_P(EmbeddingGolden, DirectionsAreThoseOfTheReference) {
  const double cosine_min = GetParam() == DType::kQ8_0 ? 0.995 : 0.9999;
  const auto engine = load(GetParam());
  const auto golden = golden_json("minilm_embeddings.json");
  ASSERT_EQ(golden.size(), 39u);
  for (const auto& record : golden) {
    const std::string text = record.at("text");
    const auto embedding = engine->embed(text, {});
    ASSERT_TRUE(embedding.ok()) << embedding.error().message();
    EXPECT_EQ(embedding->tokens, record.at("tokens").get<int32_t>()) << text;
    const auto expected = record.at("embedding").get<std::vector<float>>();
    ASSERT_EQ(embedding->values.size(), expected.size());
    EXPECT_GE(cosine(embedding->values, expected), cosine_min) << text.substr(0, 100);
  }
}

INSTANTIATE_TEST_SUITE_P(Types, EmbeddingGolden, testing::Values(DType::kF32, DType::kQ8_0));

TEST_F(MiniLm, AsksForShorterTextsBeyondTheContext) {
  const auto engine = load(DType::kQ8_0);
  std::string text = "word";
  for (int i = 1; i < 510; ++i) text += " word";
  const auto whole = engine->embed(text, {});
  ASSERT_TRUE(whole.ok()) << whole.error().message();
  EXPECT_EQ(whole->tokens, 512);
  const auto refused = engine->embed(text + " word", {});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code(), ErrorCode::kUsage);
  EXPECT_NE(refused.error().message().find("513"), std::string::npos);
  EXPECT_NE(refused.error().message().find("512"), std::string::npos);
}

TEST(EmbeddingOfDecoder, SmolLm2TellsTextsApart) {
  HEARTH_NEED_REAL_MODEL();
  const auto engine = load_real_model(2);
  const auto embedding = engine->embed("The capital of France is", {});
  ASSERT_TRUE(embedding.ok()) << embedding.error().message();
  EXPECT_EQ(embedding->values.size(), 576u);
  EXPECT_EQ(embedding->tokens, 5);
  const auto similarity = [&](const char* a, const char* b) {
    return cosine(engine->embed(a, {})->values, engine->embed(b, {})->values);
  };
  EXPECT_GT(similarity("The cat sits on the mat.", "A cat is sitting on a mat."),
            similarity("The cat sits on the mat.", "Stock markets fell sharply today."));
}

}  // namespace
}  // namespace hearth
