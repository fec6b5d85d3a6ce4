// SPDX-License-Identifier: Apache-2.0
// The real model's numbers against PyTorch float32 on the same dequantized weights (tests/golden,
// made by tools/golden), and the fast path against the float path.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "evaluate/evaluate.h"
#include "real_model.h"

namespace hearth {
namespace {

constexpr int kThreads = 2;
const auto keep_going = [](double) { return true; };

std::vector<float> last_logits(Engine& engine, std::span<const TokenId> ids) {
  auto session = engine.create_session(1024).value();
  const std::span<float> logits = session.feed(ids).value();
  return {logits.begin(), logits.end()};
}

class EachIsa : public testing::TestWithParam<Isa> {};

TEST_P(EachIsa, FloatPathLogitsEqualPyTorch) {
  HEARTH_NEED_REAL_MODEL();
  const auto engine = load_real_model(kThreads, GetParam(), Numerics::kFloat);
  const auto golden = golden_json("smollm2_logits.json");
  double worst = 0;
  for (const auto& prompt : golden.at("prompts")) {
    const auto logits = last_logits(*engine, prompt.at("ids").get<std::vector<TokenId>>());
    for (std::size_t i = 0; i < golden.at("sample_ids").size(); ++i) {
      const auto id = golden.at("sample_ids")[i].get<std::size_t>();
      worst = std::max(worst, std::abs(logits[id] - prompt.at("logits")[i].get<double>()));
    }
    const auto best = std::max_element(logits.begin(), logits.end()) - logits.begin();
    EXPECT_EQ(best, prompt.at("argmax").get<int64_t>());
  }
  std::printf("worst logit error %.2e\n", worst);
  EXPECT_LE(worst, 1e-3);
}

INSTANTIATE_TEST_SUITE_P(Isa, EachIsa,
                         testing::ValuesIn(available_isas().begin(), available_isas().end()),
                         [](const auto& isa) { return std::string(isa_name(isa.param)); });

double gfdl_perplexity(Isa isa, Numerics numerics) {
  const auto engine = load_real_model(kThreads, isa, numerics);
  const auto text = licence_texts({"GFDL-1.3"});
  const auto result = perplexity(*engine, engine->tokenizer().encode(*text, SpecialTokens::kAsText),
                                 512, keep_going);
  const auto value = result.value();
  std::printf("perplexity %.4f over %ld tokens\n", value.perplexity,
              static_cast<long>(value.tokens));
  return value.perplexity;
}

TEST(Perplexity, ScalarFloatPathWithinABlink) {
  HEARTH_NEED_REAL_MODEL();
  if (!licence_texts({"GFDL-1.3"})) GTEST_SKIP() << "this system lacks Debian's common licences";
  const double expected = golden_json("perplexity.json").at("perplexity");
  EXPECT_NEAR(gfdl_perplexity(Isa::kScalar, Numerics::kFloat) / expected, 1.0, 0.0005);
}

TEST(Perplexity, FastPathWithinSixTenthsOfAPercent) {
  HEARTH_NEED_REAL_MODEL();
  if (!licence_texts({"GFDL-1.3"})) GTEST_SKIP() << "this system lacks Debian's common licences";
  if (best_isa() == Isa::kScalar)
    GTEST_SKIP() << "this CPU has scalar kernels only: the fast path does not run on it";
  const double expected = golden_json("perplexity.json").at("perplexity");
  EXPECT_NEAR(gfdl_perplexity(best_isa(), Numerics::kFast) / expected, 1.0, 0.006);
}

// Keys and values of 8 bits more than double what the fast path loses (0024).
TEST(Divergence, KeysAndValuesOfBytesKeepMostOfIt) {
  HEARTH_NEED_REAL_MODEL();
  if (best_isa() == Isa::kScalar)
    GTEST_SKIP() << "this CPU has scalar kernels only: the fast path does not run on it";
  const auto text = licence_texts({"GFDL-1.3"});
  if (!text) GTEST_SKIP() << "this system lacks Debian's common licences";
  const auto reference = load_real_model(kThreads, best_isa(), Numerics::kFloat);
  const auto bytes =
      Engine::load(real_model_path(), {.threads = kThreads, .kv_bytes = true}).value();
  auto ids = bytes->tokenizer().encode(*text, SpecialTokens::kAsText);
  ids.resize(std::min<std::size_t>(ids.size(), 2048));
  const auto measured = divergence(*reference, *bytes, ids, 512, keep_going);
  ASSERT_TRUE(measured.ok()) << measured.error().message();
  std::printf("mean KL %.6f, top-1 agreement %.4f over %ld tokens\n", measured->kl_mean,
              measured->top1_agreement, static_cast<long>(measured->tokens));
  EXPECT_LE(measured->kl_mean, 5e-3);
  EXPECT_GE(measured->top1_agreement, 0.95);
}

TEST(Divergence, FastPathKeepsTheDistribution) {
  HEARTH_NEED_REAL_MODEL();
  if (best_isa() == Isa::kScalar)
    GTEST_SKIP() << "this CPU has scalar kernels only: the fast path does not run on it";
  std::vector<std::string> names;
  const auto golden = golden_json("text_100k.json");
  for (const auto& file : golden.at("files")) {
    const std::string path = file.at("path");
    names.push_back(path.substr(path.rfind('/') + 1));
  }
  const auto text = licence_texts(names);
  if (!text) GTEST_SKIP() << "this system lacks Debian's common licences";
  const auto reference = load_real_model(kThreads, best_isa(), Numerics::kFloat);
  const auto fast = load_real_model(kThreads, best_isa(), Numerics::kFast);
  const auto ids = fast->tokenizer().encode(*text, SpecialTokens::kAsText);
  const auto measured = divergence(*reference, *fast, ids, 512, keep_going);
  ASSERT_TRUE(measured.ok()) << measured.error().message();
  const DivergenceResult& result = *measured;
  std::printf("mean KL %.6f, p99 %.5f, top-1 agreement %.4f over %ld tokens\n", result.kl_mean,
              result.kl_p99, result.top1_agreement, static_cast<long>(result.tokens));
  EXPECT_LE(result.kl_mean, 1.5e-3) << "the goal: half of what llama.cpp loses on this file";
  EXPECT_GE(result.top1_agreement, 0.97);
}

}  // namespace
}  // namespace hearth
