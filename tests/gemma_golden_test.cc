// SPDX-License-Identifier: Apache-2.0
// Gemma-3-270M's numbers against PyTorch float32 on the same dequantized weights (tests/golden,
// made by tools/golden/gemma.py), and the fast path against the float path. The golden data holds
// token ids: no tokenizer takes part. The file is the one that HEARTH_TEST_GEMMA names.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <fstream>

#include "engine/softmax.h"
#include "tiny_models.h"

namespace hearth {
namespace {

constexpr int32_t kWindow = 512;
constexpr std::size_t kFirstScored = 256;  // position whose logits predict the first target
constexpr std::size_t kDivergenceWindows = 4;

#define HEARTH_NEED_GEMMA()                        \
  if (std::getenv("HEARTH_TEST_GEMMA") == nullptr) \
  GTEST_SKIP() << "HEARTH_TEST_GEMMA is not set: tools/fetch_model gemma3 prints its path"

#define HEARTH_NEED_FAST_PATH()   \
  if (best_isa() == Isa::kScalar) \
  GTEST_SKIP() << "this CPU has no AVX2: the fast path does not run on it"

TinyModel load_gemma(Isa isa, Numerics numerics, int threads = 2) {
  auto model = TinyModel::load(std::getenv("HEARTH_TEST_GEMMA"), isa, numerics, threads);
  if (!model.ok()) ADD_FAILURE() << model.error().message();
  return std::move(model).value();
}

nlohmann::json golden_file(const std::string& name) {
  return nlohmann::json::parse(
      std::ifstream(std::string(HEARTH_SOURCE_DIR "/tests/golden/") + name));
}

class EachIsa : public testing::TestWithParam<Isa> {};

TEST_P(EachIsa, GemmasFloatPathLogitsEqualPyTorch) {
  HEARTH_NEED_GEMMA();
  const TinyModel gemma = load_gemma(GetParam(), Numerics::kFloat);
  const auto golden = golden_file("gemma3_logits.json");
  double worst = 0;
  for (const auto& prompt : golden.at("prompts")) {
    const auto ids = prompt.at("ids").get<std::vector<int32_t>>();
    TinySession session(gemma, 1024);
    const auto logits = session.last_logits(ids, kForwardTokensMax);
    for (std::size_t i = 0; i < golden.at("sample_ids").size(); ++i) {
      const auto id = golden.at("sample_ids")[i].get<std::size_t>();
      worst = std::max(worst, std::abs(logits.at(id) - prompt.at("logits")[i].get<double>()));
    }
    const auto best = std::max_element(logits.begin(), logits.end()) - logits.begin();
    EXPECT_EQ(best, prompt.at("argmax").get<int64_t>());
    EXPECT_NEAR(log_sum_exp(logits, max_logit(logits)), prompt.at("logsumexp").get<double>(), 1e-3);
  }
  std::printf("worst logit error %.2e\n", worst);
  EXPECT_LE(worst, 1e-3);
}

INSTANTIATE_TEST_SUITE_P(Isa, EachIsa,
                         testing::ValuesIn(available_isas().begin(), available_isas().end()),
                         [](const auto& isa) { return std::string(isa_name(isa.param)); });

// A window of the golden text, and its scored logits.
std::vector<int32_t> window_ids(const std::vector<int32_t>& text, std::size_t index, int32_t bos) {
  const auto begin = text.begin() + static_cast<std::ptrdiff_t>(index) * kWindow;
  std::vector<int32_t> ids(begin, begin + kWindow);
  ids[0] = bos;
  return ids;
}

std::vector<float> scored_logits(TinySession& session, std::span<const int32_t> ids) {
  session.sequence().truncate(0);
  (void)session.last_logits(ids.first(kFirstScored), kForwardTokensMax);
  return session.logits(ids.subspan(kFirstScored, kWindow - 1 - kFirstScored), kForwardTokensMax);
}

TEST(Gemma, FastPathPerplexityWithinSixTenthsOfAPercent) {
  HEARTH_NEED_GEMMA();
  HEARTH_NEED_FAST_PATH();
  const TinyModel gemma = load_gemma(best_isa(), Numerics::kFast);
  const auto golden = golden_file("gemma3_perplexity.json");
  const auto text = golden.at("ids").get<std::vector<int32_t>>();
  const auto expected = golden.at("mean_nll").get<std::vector<double>>();
  const auto columns = static_cast<std::size_t>(gemma.model->config().vocabulary);
  TinySession session(gemma, kWindow);
  double total = 0;
  for (std::size_t w = 0; w < expected.size(); ++w) {
    const auto ids = window_ids(text, w, golden.at("convention").at("bos"));
    auto logits = scored_logits(session, ids);
    double sum = 0;
    const std::size_t rows = logits.size() / columns;
    for (std::size_t i = 0; i < rows; ++i) {
      const auto row = std::span(logits).subspan(i * columns, columns);
      const auto target = static_cast<std::size_t>(ids[kFirstScored + 1 + i]);
      sum += log_sum_exp(row, max_logit(row)) - row[target];
    }
    const double mean = sum / static_cast<double>(rows);
    EXPECT_NEAR(mean, expected[w], 0.03) << "window " << w;
    total += mean / static_cast<double>(expected.size());
  }
  std::printf("perplexity %.4f\n", std::exp(total));
  EXPECT_NEAR(std::exp(total) / golden.at("perplexity").get<double>(), 1.0, 0.006);
}

TEST(Gemma, FastPathKeepsTheDistribution) {
  HEARTH_NEED_GEMMA();
  HEARTH_NEED_FAST_PATH();
  const TinyModel reference = load_gemma(best_isa(), Numerics::kFloat);
  const TinyModel fast = load_gemma(best_isa(), Numerics::kFast);
  const auto golden = golden_file("gemma3_perplexity.json");
  const auto text = golden.at("ids").get<std::vector<int32_t>>();
  const auto columns = static_cast<std::size_t>(fast.model->config().vocabulary);
  TinySession reference_session(reference, kWindow), fast_session(fast, kWindow);
  double divergence = 0, agreements = 0, rows = 0;
  for (std::size_t w = 0; w < kDivergenceWindows; ++w) {
    const auto ids = window_ids(text, w, golden.at("convention").at("bos"));
    auto expected = scored_logits(reference_session, ids);
    auto actual = scored_logits(fast_session, ids);
    for (std::size_t at = 0; at < expected.size(); at += columns) {
      const auto p = std::span(expected).subspan(at, columns);
      const auto q = std::span(actual).subspan(at, columns);
      divergence += kl_divergence(p, q);
      agreements += argmax_logit(p) == argmax_logit(q) ? 1 : 0;
      rows += 1;
    }
  }
  std::printf("mean KL %.6f, top-1 agreement %.4f over %.0f tokens\n", divergence / rows,
              agreements / rows, rows);
  EXPECT_LE(divergence / rows, 3e-3);
  EXPECT_GE(agreements / rows, 0.96);
}

TEST(Gemma, ThreadsAndChunksDoNotMatter) {
  HEARTH_NEED_GEMMA();
  const auto golden = golden_file("gemma3_logits.json");
  const auto ids = golden.at("prompts")[10].at("ids").get<std::vector<int32_t>>();
  std::vector<float> expected;
  for (const auto& [threads, chunk] :
       {std::pair(1, 128), std::pair(1, 1), std::pair(2, 1), std::pair(2, 7), std::pair(3, 2)}) {
    SCOPED_TRACE("threads " + std::to_string(threads) + " chunk " + std::to_string(chunk));
    const TinyModel gemma = load_gemma(best_isa(), Numerics::kFast, threads);
    TinySession session(gemma, kWindow);
    const auto logits = session.last_logits(ids, static_cast<std::size_t>(chunk));
    if (expected.empty()) expected = logits;
    EXPECT_EQ(std::memcmp(expected.data(), logits.data(), logits.size() * sizeof(float)), 0);
  }
}

}  // namespace
}  // namespace hearth
