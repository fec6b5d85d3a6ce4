// SPDX-License-Identifier: Apache-2.0
// Embeddings of the small random models: what pooling, scaling and limits do. Numbers of a real
// model are held against the reference in tests/embedding_golden_test.cc.
#include "engine/embed.h"

#include <gtest/gtest.h>

#include <cmath>

#include "engine/test_model.h"

namespace hearth {
namespace {

double length_of(const std::vector<float>& values) {
  double sum = 0;
  for (const float value : values) sum += double{value} * double{value};
  return std::sqrt(sum);
}

std::vector<float> embedded(Engine& engine, std::string_view text, Pooling pooling,
                            VectorLength length = VectorLength::kOwn) {
  const auto embedding = engine.embed(text, {.pooling = pooling, .length = length});
  EXPECT_TRUE(embedding.ok()) << embedding.error().message();
  return embedding->values;
}

TEST(Embed, VectorsHaveLengthOneUnlessAskedOtherwise) {
  const auto engine = load_test_model();
  const auto embedding = engine->embed("hello", {});
  ASSERT_TRUE(embedding.ok()) << embedding.error().message();
  ASSERT_EQ(embedding->values.size(), 64u);
  EXPECT_EQ(embedding->tokens, 1);  // a merge
  EXPECT_NEAR(length_of(embedding->values), 1.0, 1e-6);
  const auto own = embedded(*engine, "hello", Pooling::kMean);
  EXPECT_GT(length_of(own), 1.5);
  for (std::size_t i = 0; i < own.size(); ++i) {
    EXPECT_NEAR(own[i] / length_of(own), embedding->values[i], 1e-6);
  }
}

TEST(Embed, PoolsByMeanFirstOrLast) {
  const auto engine = load_test_model();
  // A causal model: the first token's vector does not depend on what follows.
  const auto first = embedded(*engine, "A", Pooling::kLast);
  EXPECT_EQ(embedded(*engine, "AB", Pooling::kCls), first);
  const auto last = embedded(*engine, "AB", Pooling::kLast);
  EXPECT_NE(last, first);
  const auto mean = embedded(*engine, "AB", Pooling::kMean);
  for (std::size_t i = 0; i < mean.size(); ++i)
    EXPECT_NEAR(mean[i], (first[i] + last[i]) / 2, 1e-6);
  // Without a word from the file or the caller: the mean.
  EXPECT_EQ(engine->embed("AB", {.length = VectorLength::kOwn})->values, mean);
}

TEST(Embed, ATextDoesNotDependOnTheOneBefore) {
  const auto engine = load_test_model();
  const auto alone = embedded(*engine, "some text", Pooling::kMean);
  embedded(*engine, "a longer text that was there before it, and something else", Pooling::kMean);
  EXPECT_EQ(embedded(*engine, "some text", Pooling::kMean), alone);
  const auto two = load_test_model({}, {.threads = 2});
  EXPECT_EQ(embedded(*two, "some text", Pooling::kMean), alone);
}

TEST(Embed, RefusesWhatDoesNotFit) {
  const auto engine = load_test_model({.context = 8});
  EXPECT_TRUE(engine->embed("ABCDEFGH", {}).ok());
  const auto long_text = engine->embed("ABCDEFGHI", {});
  ASSERT_FALSE(long_text.ok());
  EXPECT_EQ(long_text.error().code(), ErrorCode::kUsage);
  EXPECT_NE(long_text.error().message().find("9 tokens"), std::string::npos);
  EXPECT_NE(long_text.error().message().find("the 8 "), std::string::npos);
  const auto nothing = engine->embed("", {});
  ASSERT_FALSE(nothing.ok());
  EXPECT_EQ(nothing.error().code(), ErrorCode::kUsage);
  EXPECT_TRUE(engine->embed("ABC", {}).ok());  // and goes on
}

TEST(Embed, BosIsATokenLikeAnyOther) {
  const auto engine = load_test_model({.add_bos = true});
  const auto embedding = engine->embed("A", {.pooling = Pooling::kCls});
  EXPECT_EQ(embedding->tokens, 2);
  EXPECT_EQ(engine->embed("", {.pooling = Pooling::kLast})->values, embedding->values);
}

TEST(Embed, TheFileNamesThePooling) {
  const auto read = [](std::optional<uint32_t> type) {
    GgufWriter writer;
    writer.add("general.architecture", std::string_view("bert"));
    if (type) writer.add("bert.pooling_type", *type);
    const std::string content = writer.bytes().value();
    return read_pooling(GgufFile::parse(std::as_bytes(std::span(content)), "m").value());
  };
  EXPECT_EQ(read({}).value(), std::nullopt);
  EXPECT_EQ(read(0).value(), std::nullopt);
  EXPECT_EQ(read(1).value(), Pooling::kMean);
  EXPECT_EQ(read(2).value(), Pooling::kCls);
  EXPECT_EQ(read(3).value(), Pooling::kLast);
  EXPECT_EQ(read(4).error().code(), ErrorCode::kUnsupported);
  for (const Pooling pooling : {Pooling::kMean, Pooling::kCls, Pooling::kLast}) {
    EXPECT_EQ(parse_pooling(pooling_name(pooling)), pooling);
  }
  EXPECT_EQ(parse_pooling("max"), std::nullopt);
}

}  // namespace
}  // namespace hearth
