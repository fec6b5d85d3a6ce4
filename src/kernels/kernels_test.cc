// SPDX-License-Identifier: Apache-2.0
// The kernels over vectors and attention, of every instruction set that this CPU has, against plain
// loops in double precision. Matrix products are matmul_test.cc's.
#include "kernels/kernels.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "kernels/test_matrix.h"
#include "tensor/half.h"

namespace hearth {
namespace {

class EachIsa : public testing::TestWithParam<Isa> {
 protected:
  const KernelTable& kernels() const { return kernels_for(GetParam()); }
};

TEST_P(EachIsa, QuantizeStaysWithinHalfAStep) {
  std::mt19937 random(3);
  for (const Precision precision : {Precision::kInt8, Precision::kInt16}) {
    TestInputs inputs(kernels(), precision, 3, 96, random);
    std::fill_n(inputs.values.begin(), 32, 0.0f);
    inputs.view.fine_from = 0.0f;
    for (int32_t token = 0; token < 3; ++token) kernels().quantize(inputs.view, token);
    for (std::size_t i = 0; i < inputs.values.size(); ++i) {
      // the finest code is clamped to -127, which may cost a second half step
      const double step =
          inputs.scales[i / kGroupColumns] * (precision == Precision::kInt16 ? 1.01 : 0.501);
      ASSERT_LE(std::abs(inputs.rounded(i, DType::kQ8_0) - inputs.values[i]), step + 1e-12) << i;
      ASSERT_GE(inputs.codes[i], -127);
      ASSERT_GE(inputs.fine_codes[i], -127);
    }
    for (std::size_t group = 0; group < inputs.sums.size(); ++group) {
      int sum = 0;
      for (std::size_t i = group * 32; i < group * 32 + 32; ++i) {
        if (i == group * 32 + 16) {
          EXPECT_EQ(inputs.half_sums[group * 2], sum);
        }
        sum += precision == Precision::kInt16 ? 256 * inputs.codes[i] + inputs.fine_codes[i]
                                              : inputs.codes[i];
      }
      EXPECT_EQ(inputs.sums[group], sum);
      EXPECT_EQ(inputs.half_sums[group * 2] + inputs.half_sums[group * 2 + 1], sum);
      EXPECT_FLOAT_EQ(inputs.scaled_sums[group], inputs.scales[group] * static_cast<float>(sum));
    }
  }
}

TEST_P(EachIsa, OnlyGroupsWithLargeValuesGetFineCodes) {
  std::mt19937 random(13);
  TestInputs inputs(kernels(), Precision::kInt16, 2, 96, random);
  for (std::size_t i = 0; i < inputs.values.size(); ++i) {
    const std::size_t group = i / kGroupColumns;
    inputs.values[i] =
        (i % 2 == 0 ? 1.0f : -0.37f) * std::array{1.9f, 2.0f, 4.0f, 8.0f, 1.0f, 0.0f}[group];
  }
  inputs.view.fine_from = 0.5f;
  for (int32_t token = 0; token < 2; ++token) kernels().quantize(inputs.view, token);
  const std::array<bool, 6> fine = {false, true, true, true, false, false};
  for (std::size_t group = 0; group < fine.size(); ++group) {
    EXPECT_EQ(inputs.fine_groups[group], fine[group]) << group;
    int32_t sum = 0;
    for (std::size_t i = group * kGroupColumns; i < (group + 1) * kGroupColumns; ++i) {
      if (!fine[group]) {
        EXPECT_EQ(inputs.fine_codes[i], 0) << i;
      }
      const double step = inputs.scales[group] * (fine[group] ? 1.01 : 128.01);
      EXPECT_LE(std::abs(inputs.rounded(i, DType::kQ8_0) - inputs.values[i]), step) << i;
      sum += 256 * inputs.codes[i] + inputs.fine_codes[i];
    }
    EXPECT_EQ(inputs.sums[group], sum);
  }
}

TEST_P(EachIsa, RmsNormAndSilu) {
  std::mt19937 random(4);
  std::normal_distribution<float> normal(0.0f, 3.0f);
  std::vector<float> x(96), w(96), out(96);
  for (float& value : x) value = normal(random);
  for (float& value : w) value = normal(random);
  kernels().rms_norm(x.data(), w.data(), 96, 1e-5f, out.data());
  double squares = 0;
  for (const float value : x) squares += static_cast<double>(value) * value;
  const double factor = 1.0 / std::sqrt(squares / 96 + 1e-5);
  for (std::size_t i = 0; i < 96; ++i) EXPECT_NEAR(out[i], x[i] * factor * w[i], 1e-5);

  x[0] = -1000.0f;
  x[1] = 1000.0f;
  x[2] = 0.0f;
  kernels().silu_multiply(x.data(), w.data(), 96, out.data());
  for (std::size_t i = 0; i < 96; ++i) {
    const double expected = x[i] / (1.0 + std::exp(-static_cast<double>(x[i]))) * w[i];
    EXPECT_NEAR(out[i], expected, 2e-6 * std::abs(expected) + 1e-30) << x[i];
  }
}

TEST_P(EachIsa, HalvesRoundToNearestEven) {
  std::vector<float> in = {0.0f,  -0.0f,  1.0f,    65504.0f,       65519.0f,       65520.0f,
                           1e-7f, 6e-8f,  2.9e-8f, 1.00048828125f, 1.00146484375f, -3.14159f,
                           1e30f, -1e-3f, 6.1e-5f, 5.9e-5f};
  std::vector<uint16_t> out(in.size());
  kernels().to_half(in.data(), static_cast<int32_t>(in.size()), out.data());
  for (std::size_t i = 0; i < in.size(); ++i) EXPECT_EQ(out[i], float_to_half(in[i])) << in[i];
}

// Keys and values of `positions` random tokens in pages of 64, and attention over them in splits by
// the kernels.
struct TestAttention {
  static constexpr int32_t kPage = 64;
  TestAttention(int32_t head, int32_t positions, std::mt19937& random) : head_size(head) {
    std::normal_distribution<float> normal;
    const auto pages = static_cast<std::size_t>((positions + kPage - 1) / kPage);
    keys.assign(pages, std::vector<float>(static_cast<std::size_t>(kPage * head)));
    values = keys;
    for (int32_t p = 0; p < positions; ++p) {
      for (int32_t i = 0; i < head; ++i) {
        // halves, so that the f16 and the f32 kernel see the same numbers
        key(p, i) = half_to_float(float_to_half(normal(random)));
        value(p, i) = half_to_float(float_to_half(normal(random)));
      }
    }
  }
  float& key(int32_t p, int32_t i) {
    return keys[static_cast<std::size_t>(p / kPage)]
               [static_cast<std::size_t>((p % kPage / 16 * head_size + i) * 16 + p % 16)];
  }
  float& value(int32_t p, int32_t i) {
    return values[static_cast<std::size_t>(p / kPage)]
                 [static_cast<std::size_t>(p % kPage * head_size + i)];
  }

  // out [rows][head_size] for query rows that see positions [first, visible) each, 0 where `first`
  // is empty.
  std::vector<float> attend(const KernelTable& kernels, bool half,
                            const std::vector<float>& queries, const std::vector<int32_t>& visible,
                            const std::vector<int32_t>& first = {}) {
    const auto rows = visible.size();
    const std::size_t stride = static_cast<std::size_t>(head_size) + 16;
    std::vector<std::vector<uint16_t>> half_keys, half_values;
    std::vector<const std::byte*> key_pages, value_pages;
    for (std::size_t page = 0; page < keys.size(); ++page) {
      half_keys.emplace_back(keys[page].size());
      half_values.emplace_back(values[page].size());
      for (std::size_t i = 0; i < keys[page].size(); ++i) {
        half_keys[page][i] = float_to_half(keys[page][i]);
        half_values[page][i] = float_to_half(values[page][i]);
      }
    }
    for (std::size_t page = 0; page < keys.size(); ++page) {
      key_pages.push_back(half ? reinterpret_cast<std::byte*>(half_keys[page].data())
                               : reinterpret_cast<std::byte*>(keys[page].data()));
      value_pages.push_back(half ? reinterpret_cast<std::byte*>(half_values[page].data())
                                 : reinterpret_cast<std::byte*>(values[page].data()));
    }
    std::vector<float> scores(rows * kAttentionSplit), partials(rows * stride),
        folded(rows * stride);
    std::vector<const float*> query_rows;
    for (std::size_t r = 0; r < rows; ++r)
      query_rows.push_back(queries.data() + r * static_cast<std::size_t>(head_size));
    for (std::size_t first_page = 0; first_page < keys.size();
         first_page += kAttentionSplit / kPage) {
      std::vector<int32_t> in_split, first_in_split;
      const auto start = static_cast<int32_t>(first_page) * kPage;
      for (std::size_t r = 0; r < rows; ++r) {
        in_split.push_back(std::clamp(visible[r] - start, 0, kAttentionSplit));
        const int32_t begin = first.empty() ? 0 : std::max(first[r] - start, 0);
        if (begin >= in_split[r]) in_split[r] = 0;
        first_in_split.push_back(begin < in_split[r] ? begin : 0);
      }
      const AttentionArgs args = {.keys = key_pages.data() + first_page,
                                  .values = value_pages.data() + first_page,
                                  .page_tokens = kPage,
                                  .head_size = head_size,
                                  .rows = static_cast<int32_t>(rows),
                                  .queries = query_rows.data(),
                                  .visible = in_split.data(),
                                  .first = first.empty() ? nullptr : first_in_split.data(),
                                  .scale = 0.125f,
                                  .scores = scores.data(),
                                  .partials = first_page == 0 ? folded.data() : partials.data(),
                                  .partial_stride = stride};
      (half ? kernels.attend_half : kernels.attend_float)(args);
      for (std::size_t r = 0; first_page > 0 && r < rows; ++r) {
        kernels.fold_partial(folded.data() + r * stride, partials.data() + r * stride, head_size);
      }
    }
    std::vector<float> out(rows * static_cast<std::size_t>(head_size));
    for (std::size_t r = 0; r < rows; ++r) {
      kernels.finish_partial(folded.data() + r * stride, head_size,
                             out.data() + r * static_cast<std::size_t>(head_size));
    }
    return out;
  }

  int32_t head_size;
  std::vector<std::vector<float>> keys, values;  // by page, in the cache's layouts
};

TEST_P(EachIsa, AttentionEqualsPlainLoops) {
  std::mt19937 random(5);
  std::normal_distribution<float> normal(0.0f, 2.0f);
  for (const int32_t head_size : {16, 48, 64, 80}) {
    TestAttention cache(head_size, 600, random);
    const std::vector<int32_t> visible = {1,   2,   15,  16,  17,  63,  64,  65, 255,
                                          256, 257, 300, 511, 512, 513, 599, 600};
    std::vector<float> queries(visible.size() * static_cast<std::size_t>(head_size));
    for (float& q : queries) q = normal(random);
    for (const bool half : {false, true}) {
      const auto out = cache.attend(kernels(), half, queries, visible);
      for (std::size_t r = 0; r < visible.size(); ++r) {
        const float* q = queries.data() + r * static_cast<std::size_t>(head_size);
        std::vector<double> weights;
        double total = 0;
        for (int32_t p = 0; p < visible[r]; ++p) {
          double score = 0;
          for (int32_t i = 0; i < head_size; ++i)
            score += static_cast<double>(q[i]) * cache.key(p, i);
          weights.push_back(std::exp(score * 0.125));
          total += weights.back();
        }
        for (int32_t i = 0; i < head_size; ++i) {
          double expected = 0;
          for (int32_t p = 0; p < visible[r]; ++p)
            expected += weights[static_cast<std::size_t>(p)] * cache.value(p, i);
          ASSERT_NEAR(out[r * static_cast<std::size_t>(head_size) + static_cast<std::size_t>(i)],
                      expected / total, 2e-5)
              << "visible " << visible[r] << " half " << half;
        }
      }
      // a row's bits are the same alone as in company
      for (std::size_t r = 0; r < visible.size(); ++r) {
        const std::vector<float> one(
            queries.begin() + static_cast<std::ptrdiff_t>(r) * head_size,
            queries.begin() + static_cast<std::ptrdiff_t>(r + 1) * head_size);
        const auto alone = cache.attend(kernels(), half, one, {visible[r]});
        ASSERT_EQ(std::memcmp(alone.data(), out.data() + r * static_cast<std::size_t>(head_size),
                              alone.size() * sizeof(float)),
                  0)
            << "visible " << visible[r];
      }
    }
  }
}

// Windows that begin and end anywhere, in company of others. What lies outside holds NaN.
TEST_P(EachIsa, AttentionSeesItsWindowOnly) {
  std::mt19937 random(8);
  std::normal_distribution<float> normal(0.0f, 2.0f);
  constexpr int32_t kHead = 48, kPositions = 600;
  TestAttention cache(kHead, kPositions, random);
  const std::vector<int32_t> first = {0, 1, 15, 16, 17, 63, 100, 255, 256, 257, 300, 500, 599};
  const std::vector<int32_t> visible = {5, 17, 16, 32, 80, 64, 101, 257, 300, 512, 600, 600, 600};
  std::vector<float> queries(first.size() * kHead);
  for (float& q : queries) q = normal(random);
  const auto together = cache.attend(kernels(), false, queries, visible, first);
  for (std::size_t r = 0; r < first.size(); ++r) {
    const float* q = queries.data() + r * kHead;
    double total = 0;
    std::vector<double> expected(kHead);
    for (int32_t p = first[r]; p < visible[r]; ++p) {
      double score = 0;
      for (int32_t i = 0; i < kHead; ++i) score += static_cast<double>(q[i]) * cache.key(p, i);
      const double weight = std::exp(score * 0.125);
      total += weight;
      for (int32_t i = 0; i < kHead; ++i)
        expected[static_cast<std::size_t>(i)] += weight * cache.value(p, i);
    }
    for (std::size_t i = 0; i < kHead; ++i)
      ASSERT_NEAR(together[r * kHead + i], expected[i] / total, 2e-5) << "window at " << first[r];

    TestAttention masked = cache;
    for (int32_t p = 0; p < kPositions; ++p) {
      for (int32_t i = 0; i < kHead && (p < first[r] || p >= visible[r]); ++i)
        masked.key(p, i) = masked.value(p, i) = std::nanf("");
    }
    const std::vector<float> one(q, q + kHead);
    const auto alone = masked.attend(kernels(), false, one, {visible[r]}, {first[r]});
    ASSERT_EQ(std::memcmp(alone.data(), together.data() + r * kHead, kHead * sizeof(float)), 0)
        << "window at " << first[r];
  }
}

INSTANTIATE_TEST_SUITE_P(Isa, EachIsa,
                         testing::ValuesIn(available_isas().begin(), available_isas().end()),
                         [](const auto& isa) { return std::string(isa_name(isa.param)); });

}  // namespace
}  // namespace hearth
