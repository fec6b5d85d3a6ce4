// SPDX-License-Identifier: Apache-2.0
// Products with matrices of low rank, of every instruction set that this CPU has, against plain
// loops in double precision; and what packing them to bytes loses.
#include "kernels/low_rank.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <random>
#include <string>
#include <tuple>
#include <vector>

#include "kernels/kernels.h"

namespace hearth {
namespace {

std::vector<float> random_values(std::size_t count, std::mt19937& random) {
  std::normal_distribution<float> normal;
  std::vector<float> values(count);
  for (float& value : values) value = normal(random);
  return values;
}

std::size_t product(int32_t a, int32_t b) {
  return static_cast<std::size_t>(a) * static_cast<std::size_t>(b);
}

// A matrix of either step, packed.
template <typename Matrix>
struct Packed {
  Matrix matrix;
  std::vector<std::byte> memory;
};

Packed<ShrinkMatrix> pack_shrink(LowRankType type, int32_t rows, int32_t columns,
                                 const std::vector<float>& values) {
  Packed<ShrinkMatrix> packed{{type, rows, columns}, {}};
  packed.memory.resize(packed.matrix.bytes());
  // In two pieces, which meet inside a block.
  const std::size_t first = product(rows / 3, columns);
  const std::span<const float> all(values);
  pack_shrink_rows(packed.matrix, 0, all.first(first), packed.memory.data());
  pack_shrink_rows(packed.matrix, rows / 3, all.subspan(first), packed.memory.data());
  packed.matrix.data = packed.memory.data();
  return packed;
}

Packed<ExpandMatrix> pack_expand(LowRankType type, int32_t rows, int32_t rank,
                                 const std::vector<float>& values) {
  Packed<ExpandMatrix> packed{{type, rows, rank}, {}};
  packed.memory.resize(packed.matrix.bytes());
  pack_expand(packed.matrix, values, packed.memory.data());
  packed.matrix.data = packed.memory.data();
  return packed;
}

// How far a value of bytes may be from what was packed, of the largest beside it.
double tolerance(LowRankType type) { return type == LowRankType::kBytes ? 0.5 / 126.0 : 1e-6; }

using Case = std::tuple<Isa, LowRankType>;
class LowRank : public testing::TestWithParam<Case> {
 protected:
  const KernelTable& kernels() const { return kernels_for(std::get<0>(GetParam())); }
  LowRankType type() const { return std::get<1>(GetParam()); }
};

constexpr int32_t kTokens = 11;  // more than share registers, and no multiple

// Rows 3, 4, 6, 7, ... of the activations, those before `first` being left out.
struct SomeTokens {
  std::vector<int32_t> tokens;
  std::vector<float> scales;
  int32_t last() const { return tokens.back(); }
  LowRankTokens view(int32_t begin, int32_t count, int32_t first) const {
    return {tokens.data() + begin, count, first};
  }
};
SomeTokens some_tokens() {
  SomeTokens some;
  for (int32_t i = 0; i < kTokens; ++i) {
    some.tokens.push_back(3 + i + i / 2);
    some.scales.push_back(i % 4 == 0 ? 1.0f : 0.25f * static_cast<float>(i));
  }
  return some;
}

TEST_P(LowRank, ShrinkEqualsPlainLoops) {
  constexpr int32_t kRows = 10, kColumns = 96, kFirst = 2;
  std::mt19937 random(1);
  const auto values = random_values(product(kRows, kColumns), random);
  const auto packed = pack_shrink(type(), kRows, kColumns, values);
  const SomeTokens some = some_tokens();
  const auto inputs = random_values(product(some.last() + 1, kColumns), random);
  constexpr std::size_t kStride = 13;
  std::vector<float> out(static_cast<std::size_t>(some.last() + 1) * kStride, 7.0f);
  kernels().shrink({&packed.matrix, 0, packed.matrix.blocks(), some.view(0, kTokens, kFirst),
                    some.scales.data(), inputs.data(), out.data(), kStride});
  std::vector<bool> written(out.size(), false);
  for (std::size_t t = 0; t < kTokens; ++t) {
    const auto token = static_cast<std::size_t>(some.tokens[t]);
    const float* x = inputs.data() + (token - kFirst) * kColumns;
    for (std::size_t row = 0; row < kRows; ++row) {
      double sum = 0, room = 1e-5;
      for (std::size_t i = 0; i < kColumns; ++i) {
        sum += static_cast<double>(values[row * kColumns + i]) * x[i];
        room += tolerance(type()) * 4.0 * std::fabs(x[i]);  // no value is beyond 4
      }
      EXPECT_NEAR(out[token * kStride + row], some.scales[t] * sum, some.scales[t] * room);
    }
    for (std::size_t i = 0; i < 12; ++i) written[token * kStride + i] = true;
    for (std::size_t i = kRows; i < 12; ++i) EXPECT_EQ(out[token * kStride + i], 0.0f);
  }
  for (std::size_t i = 0; i < out.size(); ++i) EXPECT_TRUE(written[i] || out[i] == 7.0f) << i;
}

TEST_P(LowRank, ExpandEqualsPlainLoops) {
  constexpr int32_t kRows = 7 * kPanelRows, kFirst = 3;
  constexpr std::size_t kInStride = 24, kStride = kRows + 5;
  for (const int32_t rank : {1, 4, 16, 21}) {
    std::mt19937 random(2);
    const auto values = random_values(product(kRows, rank), random);
    const auto packed = pack_expand(type(), kRows, rank, values);
    const SomeTokens some = some_tokens();
    const auto inputs =
        random_values(static_cast<std::size_t>(some.last() + 1) * kInStride, random);
    const std::vector<float> before =
        random_values(static_cast<std::size_t>(some.last() + 1) * kStride, random);
    std::vector<float> out = before;
    constexpr int32_t kBegin = 1, kEnd = 7;
    kernels().expand({&packed.matrix, kBegin, kEnd, some.view(0, kTokens, kFirst), inputs.data(),
                      kInStride, out.data(), kStride});
    std::vector<float> expected = before;
    for (const int32_t token : some.tokens) {
      const float* x = inputs.data() + static_cast<std::size_t>(token) * kInStride;
      for (std::size_t row = kBegin * kPanelRows; row < kEnd * kPanelRows; ++row) {
        const std::size_t at = static_cast<std::size_t>(token - kFirst) * kStride + row -
                               static_cast<std::size_t>(kBegin) * kPanelRows;
        double sum = before[at], room = 1e-5;
        for (std::size_t i = 0; i < static_cast<std::size_t>(rank); ++i) {
          sum += static_cast<double>(values[row * static_cast<std::size_t>(rank) + i]) * x[i];
          room += tolerance(type()) * 4.0 * std::fabs(x[i]);
        }
        EXPECT_NEAR(out[at], sum, room) << rank;
        expected[at] = out[at];
      }
    }
    EXPECT_EQ(out, expected);  // nothing else was touched
  }
}

// Any part of the tokens, blocks and panels gives the same bits as all at once.
TEST_P(LowRank, CompanyDoesNotMatter) {
  constexpr int32_t kRows = 12, kColumns = 160, kRank = 12, kOutputs = 6 * kPanelRows;
  std::mt19937 random(3);
  const auto a =
      pack_shrink(type(), kRows, kColumns, random_values(product(kRows, kColumns), random));
  const auto b =
      pack_expand(type(), kOutputs, kRank, random_values(product(kOutputs, kRank), random));
  const SomeTokens some = some_tokens();
  const auto inputs = random_values(product(some.last() + 1, kColumns), random);
  const auto run = [&](int32_t tokens_at_once, int32_t blocks_at_once) {
    std::vector<float> shrunk(product(some.last() + 1, kRows));
    std::vector<float> out(product(some.last() + 1, kOutputs), 0.5f);
    for (int32_t t = 0; t < kTokens; t += tokens_at_once) {
      const auto tokens = some.view(t, std::min(tokens_at_once, kTokens - t), 0);
      for (int32_t block = 0; block < a.matrix.blocks(); block += blocks_at_once) {
        kernels().shrink({&a.matrix, block, std::min(block + blocks_at_once, a.matrix.blocks()),
                          tokens, some.scales.data() + t, inputs.data(),
                          shrunk.data() + block * kShrinkRows, kRows});
      }
      for (int32_t panel = 0; panel < b.matrix.panels(); panel += blocks_at_once) {
        kernels().expand({&b.matrix, panel, std::min(panel + blocks_at_once, b.matrix.panels()),
                          tokens, shrunk.data(), kRows, out.data() + panel * kPanelRows, kOutputs});
      }
    }
    return out;
  };
  const auto expected = run(kTokens, 100);
  for (const int32_t tokens : {1, 2, 3, 5, 8}) {
    for (const int32_t blocks : {1, 2, 3}) {
      const auto out = run(tokens, blocks);
      EXPECT_EQ(std::memcmp(out.data(), expected.data(), out.size() * sizeof(float)), 0);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, LowRank,
    testing::Combine(testing::ValuesIn(available_isas().begin(), available_isas().end()),
                     testing::Values(LowRankType::kBytes, LowRankType::kFloats)),
    [](const auto& one) {
      return std::string(isa_name(std::get<0>(one.param))) +
             (std::get<1>(one.param) == LowRankType::kBytes ? "_bytes" : "_floats");
    });

// Very small, very large and no values: nothing overflows, nothing divides by zero.
TEST(LowRankPacking, HoldsAnyFiniteValue) {
  for (const float size : {0.0f, 1e-44f, 1e-38f, 1e-9f, 1e30f, 3.4e38f}) {
    std::vector<float> values(kGroupColumns, size);
    values[1] = -size;
    values[2] = size / 3;
    const auto packed = pack_shrink(LowRankType::kBytes, 1, kGroupColumns, values);
    std::vector<float> inputs(kGroupColumns, 0.0f);
    const int32_t token = 0;
    const float scale = 1.0f;
    for (const std::size_t i : {0u, 1u, 2u, 31u}) {
      inputs.assign(kGroupColumns, 0.0f);
      inputs[i] = 1.0f;
      float out[kShrinkRows] = {};
      kernels_for(Isa::kScalar)
          .shrink({&packed.matrix, 0, 1, {&token, 1, 0}, &scale, inputs.data(), out, kShrinkRows});
      EXPECT_NEAR(out[0], values[i], size / 200.0f + 1e-40f) << size;
    }
  }
}

}  // namespace
}  // namespace hearth
