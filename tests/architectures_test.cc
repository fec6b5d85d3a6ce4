// SPDX-License-Identifier: Apache-2.0
// Each architecture and kind of RoPE scaling: the numbers are those of transformers
// (tests/golden/tiny, made by tools/golden/tiny_models.py), and the same bits however they were
// computed.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "tiny_models.h"

namespace hearth {
namespace {

constexpr const char* kDecoders[] = {"llama",      "llama_biases",  "llama_linear", "llama_llama3",
                                     "llama_yarn", "qwen2",         "qwen2_yarn",   "qwen3",
                                     "gemma3",     "gemma3_scaled", "phi3",         "phi3_longrope",
                                     "smollm3",    "granite"};
constexpr int32_t kContext = 512;

std::vector<int32_t> long_prompt(int32_t count) {
  std::vector<int32_t> ids;
  for (int32_t i = 0; i < count; ++i) ids.push_back((i * 7919 + 13) % 128);
  return ids;
}

void expect_same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  ASSERT_EQ(a.size(), b.size());
  EXPECT_EQ(std::memcmp(a.data(), b.data(), a.size() * sizeof(float)), 0);
}

using Case = std::tuple<const char*, Isa>;
class EachDecoder : public testing::TestWithParam<Case> {
 protected:
  std::string name() const { return std::get<0>(GetParam()); }
  Isa isa() const { return std::get<1>(GetParam()); }
};
std::string case_name(const testing::TestParamInfo<Case>& info) {
  return std::string(std::get<0>(info.param)) + "_" +
         std::string(isa_name(std::get<1>(info.param)));
}

// The largest difference between rows of `columns` at the golden positions and the golden rows.
double worst_error(const nlohmann::json& prompt, const std::vector<float>& rows,
                   std::size_t columns) {
  double worst = 0;
  for (std::size_t i = 0; i < prompt.at("positions").size(); ++i) {
    const auto row = prompt.at("positions")[i].get<std::size_t>();
    const auto expected = prompt.at("rows")[i].get<std::vector<double>>();
    EXPECT_EQ(expected.size(), columns);
    for (std::size_t c = 0; c < columns; ++c) {
      const double error = std::abs(rows.at(row * columns + c) - expected[c]);
      if (!(error <= worst)) worst = error;  // NaN counts
    }
  }
  return worst;
}

TEST_P(EachDecoder, LogitsEqualTransformers) {
  const TinyModel tiny = TinyModel::load_golden(name(), isa(), Numerics::kFloat, 2);
  const auto golden = tiny_golden(name());
  const auto columns = static_cast<std::size_t>(tiny.model->config().vocabulary);
  for (const auto& prompt : golden.at("prompts")) {
    const auto ids = prompt.at("ids").get<std::vector<int32_t>>();
    TinySession session(tiny, prompt.at("context"));
    const double worst = worst_error(prompt, session.logits(ids, kForwardTokensMax), columns);
    EXPECT_LE(worst, 1e-3) << ids.size() << " tokens";
    RecordProperty("worst_error_of_" + std::to_string(ids.size()), std::to_string(worst));
    std::printf("%s: worst logit error %.1e over %zu tokens\n", name().c_str(), worst, ids.size());
  }
}

// How a prompt is computed: the first tokens in chunks of 128, the others by `chunk`.
struct Way {
  int threads;
  std::size_t chunk;
};
constexpr Way kWays[] = {{1, 128}, {1, 1}, {1, 7}, {2, 1}, {2, 7}, {2, 64}, {3, 2}, {3, 128}};

TEST_P(EachDecoder, ThreadsAndChunksDoNotMatter) {
  const auto numerics = isa() == Isa::kScalar ? Numerics::kFloat : Numerics::kFast;
  const auto ids = long_prompt(330);  // more than one attention split
  const auto rest = std::span(ids).subspan(250);
  std::vector<float> expected;
  for (const auto [threads, chunk] : kWays) {
    SCOPED_TRACE("threads " + std::to_string(threads) + " chunk " + std::to_string(chunk));
    const TinyModel tiny = TinyModel::load_golden(name(), isa(), numerics, threads);
    TinySession session(tiny, kContext);
    (void)session.last_logits(std::span(ids).first(250), 128);
    const auto logits = session.logits(rest, chunk);
    if (expected.empty()) expected = logits;
    expect_same_bits(expected, logits);
    session.sequence().truncate(250);
    const auto columns = static_cast<std::ptrdiff_t>(tiny.model->config().vocabulary);
    expect_same_bits({expected.end() - columns, expected.end()}, session.last_logits(rest, 64));
  }
}

TEST_P(EachDecoder, AReusedPrefixDoesNotMatter) {
  const TinyModel tiny = TinyModel::load_golden(name(), isa(), Numerics::kFast, 2);
  const auto ids = long_prompt(330);
  TinySession fresh(tiny, kContext);
  const auto expected = fresh.last_logits(ids, 128);
  TinySession session(tiny, kContext);
  (void)session.last_logits(std::span(ids).first(270), 128);
  (void)session.last_logits(std::vector<int32_t>(100, 5), 128);
  session.sequence().truncate(270);
  expect_same_bits(expected, session.last_logits(std::span(ids).subspan(270), 128));
}

TEST_P(EachDecoder, HiddenStatesAreWhatTheHeadMultiplies) {
  const TinyModel tiny = TinyModel::load_golden(name(), isa(), Numerics::kFloat, 2);
  const ModelConfig& config = tiny.model->config();
  const auto ids = long_prompt(150);  // more than one pass
  TinySession session(tiny, kContext);
  const auto hidden = session.hidden(ids);
  TinySession other(tiny, kContext);
  const auto logits = other.logits(ids, 64);
  const auto width = static_cast<std::size_t>(config.embedding);
  std::vector<float> row(width);
  for (int32_t id = 0; id < config.vocabulary; ++id) {
    unpack_row(tiny.model->weights().head, id, row);
    for (const std::size_t token : {0u, 1u, 127u, 128u, 149u}) {
      double product = 0;
      for (std::size_t i = 0; i < width; ++i)
        product += static_cast<double>(row[i]) * hidden[token * width + i];
      product *= config.logit_scale;
      if (config.logit_cap > 0.0f)
        product = config.logit_cap * std::tanh(product / config.logit_cap);
      ASSERT_NEAR(product,
                  logits[token * static_cast<std::size_t>(config.vocabulary) +
                         static_cast<std::size_t>(id)],
                  1e-4);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, EachDecoder,
                         testing::Combine(testing::ValuesIn(kDecoders),
                                          testing::ValuesIn(available_isas().begin(),
                                                            available_isas().end())),
                         case_name);

// Every layer of this model has a window of 40: what lies before it may be anything.
TEST(SlidingWindow, WhatLiesBeforeItIsNeverRead) {
  const TinyModel tiny = TinyModel::load_golden("phi3", best_isa(), Numerics::kFloat, 2);
  ASSERT_EQ(tiny.model->config().window, 40);
  const auto ids = long_prompt(330);
  for (const std::size_t tail : {1u, 5u}) {  // one token by itself; several together
    TinySession fresh(tiny, kContext);
    const auto expected = fresh.last_logits(ids, 128);
    TinySession session(tiny, kContext);
    (void)session.last_logits(std::span(ids).first(ids.size() - tail), 128);
    const KvPool& pool = session.sequence().pool();
    const std::size_t floats = pool.page_bytes() / sizeof(float);
    for (std::size_t page = 0; page < 4; ++page) {  // positions 0 to 255; seen are 286 and later
      auto* values = reinterpret_cast<float*>(pool.keys(session.sequence().pages()[page], 0, 0));
      std::fill_n(values, floats, std::numeric_limits<float>::quiet_NaN());
    }
    expect_same_bits(expected, session.last_logits(std::span(ids).last(tail), 128));
  }
}

class EachIsa : public testing::TestWithParam<Isa> {};

TEST_P(EachIsa, BertsHiddenStatesEqualTransformers) {
  const TinyModel tiny = TinyModel::load_golden("bert", GetParam(), Numerics::kFloat, 2);
  const auto golden = tiny_golden("bert");
  TinySession session(tiny, kContext);  // one for all texts
  for (const auto& prompt : golden.at("prompts")) {
    const auto ids = prompt.at("ids").get<std::vector<int32_t>>();
    const double worst = worst_error(prompt, session.hidden(ids),
                                     static_cast<std::size_t>(tiny.model->config().embedding));
    std::printf("bert: worst error %.1e over %zu tokens\n", worst, ids.size());
    EXPECT_LE(worst, 1e-3) << ids.size() << " tokens";
  }
}

TEST_P(EachIsa, BertsThreadsAndContextsDoNotMatter) {
  const auto numerics = GetParam() == Isa::kScalar ? Numerics::kFloat : Numerics::kFast;
  for (const int32_t count : {1, 2, 3, 300}) {
    const auto ids = long_prompt(count);
    std::vector<float> expected;
    for (const int threads : {1, 2, 3}) {
      const TinyModel tiny = TinyModel::load_golden("bert", GetParam(), numerics, threads);
      for (const int32_t context : {count, kContext}) {
        TinySession session(tiny, context);
        for (int time = 0; time < 2; ++time) {  // a session that has seen a text before
          const auto hidden = session.hidden(ids);
          if (expected.empty()) expected = hidden;
          expect_same_bits(expected, hidden);
        }
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Isa, EachIsa,
                         testing::ValuesIn(available_isas().begin(), available_isas().end()),
                         [](const auto& isa) { return std::string(isa_name(isa.param)); });

TEST(Bert, PredictsNoTokens) {
  const TinyModel tiny = TinyModel::load_golden("bert", best_isa(), Numerics::kFloat, 1);
  TinySession session(tiny, kContext);
  std::vector<float> logits(static_cast<std::size_t>(tiny.model->config().vocabulary));
  const std::vector<int32_t> ids = {1, 2, 3};
  const auto done = forward(*tiny.model, *tiny.pool, session.workspace(), session.sequence(), ids,
                            LogitRows::kLast, logits);
  ASSERT_FALSE(done.ok());
  EXPECT_EQ(done.error().code(), ErrorCode::kUnsupported);
  EXPECT_NE(done.error().message().find("no output head"), std::string::npos);
}

TEST(Bert, ATextThatDoesNotFitIsRefused) {
  const TinyModel tiny = TinyModel::load_golden("bert", best_isa(), Numerics::kFloat, 1);
  TinySession session(tiny, 16);
  EXPECT_EQ(session.workspace().tokens_max(), 16);
  std::vector<float> hidden(17 * 64);
  const auto done = encode(*tiny.model, *tiny.pool, session.workspace(), session.sequence(),
                           long_prompt(17), hidden);
  ASSERT_FALSE(done.ok());
  EXPECT_EQ(done.error().code(), ErrorCode::kUsage);
  EXPECT_NE(done.error().message().find("17 tokens"), std::string::npos) << done.error().message();
  EXPECT_EQ(Workspace::create(*tiny.model, 1, 513).error().code(), ErrorCode::kUsage);
}

}  // namespace
}  // namespace hearth
