// SPDX-License-Identifier: Apache-2.0
// The real model's logits are the same bits for any number of threads, any chunks of the prompt,
// and a reused prefix.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

#include "real_model.h"

namespace hearth {
namespace {

constexpr int32_t kPromptTokens = 600;  // more than two attention splits

void expect_same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  ASSERT_EQ(a.size(), b.size());
  EXPECT_EQ(std::memcmp(a.data(), b.data(), a.size() * sizeof(float)), 0);
}

// Ways through the prompt: each number of threads with a long and a short chunk. The tiny models
// try more.
struct Way {
  int threads;
  std::size_t chunk;
  bool scalar_too;  // scalar kernels are slow: once each number of threads and each chunk
};
constexpr Way kWays[] = {{1, 1, false},   {1, 512, true}, {2, 7, true},
                         {2, 512, false}, {3, 7, false},  {3, 64, true}};

class EachIsa : public testing::TestWithParam<Isa> {};

TEST_P(EachIsa, ThreadsAndChunksDoNotMatter) {
  HEARTH_NEED_REAL_MODEL();
  const auto numerics = GetParam() == Isa::kScalar ? Numerics::kFloat : Numerics::kFast;
  std::vector<float> first;
  for (const auto [threads, chunk, scalar_too] : kWays) {
    if (GetParam() == Isa::kScalar && !scalar_too) continue;
    SCOPED_TRACE("threads " + std::to_string(threads) + " chunk " + std::to_string(chunk));
    const auto engine = load_real_model(threads, GetParam(), numerics);
    const auto logits = logits_by_chunks(*engine, spread_tokens(kPromptTokens), chunk);
    if (first.empty()) first = logits;
    expect_same_bits(first, logits);
  }
}

TEST_P(EachIsa, AReusedPrefixDoesNotMatter) {
  HEARTH_NEED_REAL_MODEL();
  const auto engine = load_real_model(2, GetParam());
  const auto ids = spread_tokens(kPromptTokens);
  const auto fresh = logits_by_chunks(*engine, ids, 512);
  auto session = engine->create_session(kPromptTokens + 8).value();
  std::vector<TokenId> other(ids.begin(), ids.begin() + 300);
  other.insert(other.end(), 100, TokenId{5});
  (void)session.feed(other).value();
  session.truncate(300);
  const std::span<float> logits = session.feed(std::span(ids).subspan(300)).value();
  expect_same_bits(fresh, {logits.begin(), logits.end()});
}

INSTANTIATE_TEST_SUITE_P(Isa, EachIsa,
                         testing::ValuesIn(available_isas().begin(), available_isas().end()),
                         [](const auto& isa) { return std::string(isa_name(isa.param)); });

}  // namespace
}  // namespace hearth
