// SPDX-License-Identifier: Apache-2.0
// Prompts by tiles of bfloat16, on CPUs with AMX or where the build emulates them: the real model.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <string>

#include "evaluate/evaluate.h"
#include "real_model.h"

namespace hearth {
namespace {

constexpr int32_t kPromptTokens = 330;  // more than one pass, and no whole number of tiles

bool have_tiles() {
  const auto isas = usable_isas();
  return std::find(isas.begin(), isas.end(), Isa::kAmx) != isas.end();
}

#define HEARTH_NEED_TILES() \
  HEARTH_NEED_REAL_MODEL(); \
  if (!have_tiles()) GTEST_SKIP() << "this CPU has no AMX, and no AVX-512 to emulate it with"

std::unique_ptr<Engine> load(int threads, Isa isa, bool exact) {
  return Engine::load(real_model_path(), {.threads = threads, .isa = isa, .exact = exact}).value();
}

std::vector<float> logits_of(Engine& engine, std::size_t chunk) {
  return logits_by_chunks(engine, spread_tokens(kPromptTokens), chunk);
}

bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

TEST(Tiles, NeitherThreadsNorLongChunksMatter) {
  HEARTH_NEED_TILES();
  const auto engine = load(2, Isa::kAmx, false);
  const auto expected = logits_of(*engine, kPromptTokens);
  EXPECT_TRUE(same_bits(expected, logits_of(*engine, 66)));  // each long enough for tiles
  EXPECT_TRUE(same_bits(expected, logits_of(*load(3, Isa::kAmx, false), kPromptTokens)));
}

TEST(Tiles, ExactDoesWithoutThem) {
  HEARTH_NEED_TILES();
  const auto expected = logits_of(*load(2, Isa::kAvx512, false), kPromptTokens);
  EXPECT_TRUE(same_bits(expected, logits_of(*load(2, Isa::kAmx, true), kPromptTokens)));
  EXPECT_FALSE(same_bits(expected, logits_of(*load(2, Isa::kAmx, false), kPromptTokens)));
}

// Each value has its own exponent, where integers share a scale: a tenth of what those lose.
TEST(Tiles, KeepTheDistribution) {
  HEARTH_NEED_TILES();
  const auto text = licence_texts({"GFDL-1.3"});
  if (!text) GTEST_SKIP() << "this system lacks Debian's common licences";
  const auto reference =
      Engine::load(real_model_path(), {.threads = 2, .numerics = Numerics::kFloat}).value();
  const auto tiles = load(2, Isa::kAmx, false);
  auto ids = tiles->tokenizer().encode(*text, SpecialTokens::kAsText);
  ids.resize(std::min<std::size_t>(ids.size(), 1024));
  const auto measured = divergence(*reference, *tiles, ids, 512, [](double) { return true; });
  ASSERT_TRUE(measured.ok()) << measured.error().message();
  EXPECT_LE(measured->kl_mean, 3e-4);
  EXPECT_GE(measured->top1_agreement, 0.99);
}

}  // namespace
}  // namespace hearth
