// SPDX-License-Identifier: Apache-2.0
// The kernels over vectors and attention, of every instruction set that this CPU has, against plain
// loops in double precision. Matrix products are matmul_test.cc's.
#include "kernels/kernels.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "kernels/kv_page.h"
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
          inputs.groups[i / kGroupColumns].scale * (precision == Precision::kInt16 ? 1.01 : 0.501);
      ASSERT_LE(std::abs(inputs.rounded(i, DType::kQ8_0) - inputs.values[i]), step + 1e-12) << i;
      ASSERT_GE(inputs.codes[i], -127);
      ASSERT_GE(inputs.fine_codes[i], -127);
    }
    for (std::size_t group = 0; group < inputs.groups.size(); ++group) {
      const ActivationGroup& of = inputs.groups[group];
      int sum = 0;
      for (std::size_t i = group * 32; i < group * 32 + 32; ++i) {
        if (i == group * 32 + 16) {
          EXPECT_EQ(of.half_sums[0], sum);
        }
        sum += precision == Precision::kInt16 ? 256 * inputs.codes[i] + inputs.fine_codes[i]
                                              : inputs.codes[i];
      }
      EXPECT_EQ(of.sum, sum);
      EXPECT_EQ(of.half_sums[0] + of.half_sums[1], sum);
      EXPECT_FLOAT_EQ(of.scaled_sum, of.scale * static_cast<float>(sum));
    }
  }
}

TEST_P(EachIsa, GroupsAreRoundedAloneAsInTheirRow) {
  std::mt19937 random(4);
  const TestInputs inputs(kernels(), Precision::kInt8, 2, 96, random);
  std::vector<int8_t> codes(inputs.codes.size());
  std::vector<ActivationGroup> groups(inputs.groups.size());
  Activations view = inputs.view;
  view.values = nullptr;
  view.codes = codes.data();
  view.groups = groups.data();
  kernels().quantize_groups(inputs.values.data(), view, 0, 1);
  kernels().quantize_groups(inputs.values.data() + 32, view, 1, 5);
  EXPECT_EQ(codes, inputs.codes);
  EXPECT_EQ(std::memcmp(groups.data(), inputs.groups.data(), groups.size() * sizeof groups[0]), 0);
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
    EXPECT_EQ(inputs.groups[group].fine != 0, fine[group]) << group;
    int32_t sum = 0;
    for (std::size_t i = group * kGroupColumns; i < (group + 1) * kGroupColumns; ++i) {
      if (!fine[group]) {
        EXPECT_EQ(inputs.fine_codes[i], 0) << i;
      }
      const double step = inputs.groups[group].scale * (fine[group] ? 1.01 : 128.01);
      EXPECT_LE(std::abs(inputs.rounded(i, DType::kQ8_0) - inputs.values[i]), step) << i;
      sum += 256 * inputs.codes[i] + inputs.fine_codes[i];
    }
    EXPECT_EQ(inputs.groups[group].sum, sum);
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

TEST_P(EachIsa, LogitsAreSummarised) {
  std::mt19937 random(8);
  std::normal_distribution<float> normal(-3.0f, 6.0f);
  std::vector<float> logits(kLogitBlock);
  for (float& logit : logits) logit = normal(random);
  const float max = *std::max_element(logits.begin(), logits.end());
  double sum = 0;
  for (const float logit : logits) sum += std::exp(static_cast<double>(logit) - max);
  const LogitBlock block = kernels().summarise_logits(logits.data());
  EXPECT_EQ(block.max, max);
  EXPECT_NEAR(block.sum, sum, 2e-6 * sum);
  for (const float damage : {NAN, INFINITY, -INFINITY}) {
    for (const std::size_t at : {0u, 17u, 255u}) {
      std::vector<float> damaged = logits;
      damaged[at] = damage;
      EXPECT_TRUE(std::isnan(kernels().summarise_logits(damaged.data()).sum))
          << damage << " at " << at;
    }
  }
}

TEST_P(EachIsa, WordsHaveTheSmallestScale) {
  std::vector<float> in(32);
  for (std::size_t i = 0; i < in.size(); ++i) in[i] = 0.1f * (static_cast<float>(i) - 13.0f);
  std::vector<int16_t> out(in.size());
  for (const int32_t most : {kKvByteMax, kKvWordMax}) {
    const auto scale_of = [&] {
      return bfloat_to_float(
          kernels().round_to_words(in.data(), static_cast<int32_t>(in.size()), most, out.data()));
    };
    const float scale = scale_of();
    EXPECT_GE(scale, 1.8f / static_cast<float>(most));
    EXPECT_LT(scale, 1.8f / static_cast<float>(most) * 1.01f);
    for (std::size_t i = 0; i < in.size(); ++i) {
      EXPECT_LE(std::abs(out[i]), most);
      EXPECT_NEAR(static_cast<float>(out[i]) * scale, in[i], scale * 0.501f);
    }
    std::vector<float> zeros(in.size());
    zeros.swap(in);
    EXPECT_EQ(scale_of(), 0.0f);
    EXPECT_EQ(out, std::vector<int16_t>(in.size()));
    zeros.swap(in);
  }
  // Of what is no number some code within bounds comes out.
  in[3] = std::nanf("");
  in[20] = std::numeric_limits<float>::infinity();
  kernels().round_to_words(in.data(), static_cast<int32_t>(in.size()), kKvWordMax, out.data());
  for (const int16_t code : out) EXPECT_LE(std::abs(code), kKvWordMax);
}

// Keys and values of `positions` random tokens in pages, and attention over them in splits by the
// kernels.
struct TestAttention {
  TestAttention(KvType type, int32_t head, int32_t positions, std::mt19937& random)
      : layout{.type = type, .positions = 64, .head_size = head} {
    std::normal_distribution<float> normal;
    const auto pages = static_cast<std::size_t>((positions + 63) / 64);
    keys.assign(pages, std::vector<std::byte>(layout.bytes()));
    values = keys;
    std::vector<float> row(static_cast<std::size_t>(head));
    const auto draw = [&] {
      for (float& value : row) value = normal(random);
      return row.data();
    };
    for (int32_t p = 0; p < positions; ++p) {
      set_key(p, draw());
      set_value(p, draw());
    }
  }
  std::vector<std::byte>& page(std::vector<std::vector<std::byte>>& pages, int32_t p) const {
    return pages[static_cast<std::size_t>(p / layout.positions)];
  }
  // With the portable kernels, so that all are asked the same.
  void set_key(int32_t p, const float* head) {
    layout.store_key(kernels_for(Isa::kScalar), head, p % layout.positions, page(keys, p).data());
  }
  void set_value(int32_t p, const float* head) {
    layout.store_value(kernels_for(Isa::kScalar), head, p % layout.positions,
                       page(values, p).data());
  }
  double element(const std::vector<std::byte>& of, std::size_t at, int32_t p) const {
    if (layout.type == KvType::kF32) return load<float>(of, at);
    const double scale = bfloat_to_float(load<uint16_t>(of, layout.scale(p % layout.positions)));
    return scale * (layout.type == KvType::kInt8 ? load<int8_t>(of, at) : load<int16_t>(of, at));
  }
  double key(int32_t p, int32_t i) {
    return element(page(keys, p), layout.key_element(p % layout.positions, i), p);
  }
  double value(int32_t p, int32_t i) {
    return element(page(values, p), layout.value_element(p % layout.positions, i), p);
  }
  template <typename T>
  static T load(const std::vector<std::byte>& bytes, std::size_t at) {
    T out;
    std::memcpy(&out, bytes.data() + at, sizeof out);
    return out;
  }

  // out [rows][head_size] for query rows that see positions [first, visible) each, 0 where `first`
  // is empty.
  std::vector<float> attend(const KernelTable& kernels, const std::vector<float>& queries,
                            const std::vector<int32_t>& visible,
                            const std::vector<int32_t>& first = {}) {
    const auto rows = visible.size();
    const auto head_size = static_cast<std::size_t>(layout.head_size);
    const std::size_t stride = head_size + 16;
    std::vector<const std::byte*> key_pages, value_pages;
    for (const auto& bytes : keys) key_pages.push_back(bytes.data());
    for (const auto& bytes : values) value_pages.push_back(bytes.data());
    std::vector<float> scores(rows * kAttentionSplit), partials(rows * stride),
        folded(rows * stride);
    std::vector<int16_t> query_words(rows * head_size);
    std::vector<const float*> query_rows;
    for (std::size_t r = 0; r < rows; ++r) query_rows.push_back(queries.data() + r * head_size);
    const auto pages_of_split = static_cast<std::size_t>(kAttentionSplit / layout.positions);
    for (std::size_t first_page = 0; first_page < keys.size(); first_page += pages_of_split) {
      std::vector<int32_t> in_split, first_in_split;
      const auto start = static_cast<int32_t>(first_page) * layout.positions;
      for (std::size_t r = 0; r < rows; ++r) {
        in_split.push_back(std::clamp(visible[r] - start, 0, kAttentionSplit));
        const int32_t begin = first.empty() ? 0 : std::max(first[r] - start, 0);
        if (begin >= in_split[r]) in_split[r] = 0;
        first_in_split.push_back(begin < in_split[r] ? begin : 0);
      }
      const AttentionArgs args = {.keys = key_pages.data() + first_page,
                                  .values = value_pages.data() + first_page,
                                  .page_tokens = layout.positions,
                                  .head_size = layout.head_size,
                                  .rows = static_cast<int32_t>(rows),
                                  .queries = query_rows.data(),
                                  .visible = in_split.data(),
                                  .first = first.empty() ? nullptr : first_in_split.data(),
                                  .scale = 0.125f,
                                  .scores = scores.data(),
                                  .query_words = query_words.data(),
                                  .partials = first_page == 0 ? folded.data() : partials.data(),
                                  .partial_stride = stride};
      hearth::attend(kernels, layout.type, args);
      for (std::size_t r = 0; first_page > 0 && r < rows; ++r) {
        kernels.fold_partial(folded.data() + r * stride, partials.data() + r * stride,
                             layout.head_size);
      }
    }
    std::vector<float> out(rows * head_size);
    for (std::size_t r = 0; r < rows; ++r) {
      kernels.finish_partial(folded.data() + r * stride, layout.head_size,
                             out.data() + r * head_size);
    }
    return out;
  }

  // The same of one row in double precision.
  std::vector<double> expected(const float* query, int32_t first, int32_t visible) {
    std::vector<double> sums(static_cast<std::size_t>(layout.head_size));
    double total = 0;
    for (int32_t p = first; p < visible; ++p) {
      double score = 0;
      for (int32_t i = 0; i < layout.head_size; ++i) score += query[i] * key(p, i);
      const double weight = std::exp(score * 0.125);
      total += weight;
      for (std::size_t i = 0; i < sums.size(); ++i)
        sums[i] += weight * value(p, static_cast<int32_t>(i));
    }
    for (double& sum : sums) sum /= total;
    return sums;
  }
  // Queries and weights are rounded too where keys and values are integers.
  double tolerance() const { return layout.type == KvType::kF32 ? 2e-5 : 1e-3; }

  KvPage layout;
  std::vector<std::vector<std::byte>> keys, values;
};

constexpr KvType kKvTypes[] = {KvType::kInt16, KvType::kInt8, KvType::kF32};

TEST_P(EachIsa, AttentionEqualsPlainLoops) {
  std::mt19937 random(5);
  std::normal_distribution<float> normal(0.0f, 2.0f);
  for (const auto& [type, head] : std::vector<std::pair<KvType, int32_t>>{{KvType::kF32, 16},
                                                                          {KvType::kF32, 48},
                                                                          {KvType::kF32, 64},
                                                                          {KvType::kF32, 80},
                                                                          {KvType::kInt16, 16},
                                                                          {KvType::kInt16, 64},
                                                                          {KvType::kInt16, 80},
                                                                          {KvType::kInt16, 256},
                                                                          {KvType::kInt16, 512},
                                                                          {KvType::kInt8, 48},
                                                                          {KvType::kInt8, 64},
                                                                          {KvType::kInt8, 80}}) {
    TestAttention cache(type, head, 600, random);
    const auto head_size = static_cast<std::size_t>(head);
    const std::vector<int32_t> visible = {1,   2,   15,  16,  17,  63,  64,  65, 255,
                                          256, 257, 300, 511, 512, 513, 599, 600};
    std::vector<float> queries(visible.size() * head_size);
    for (float& q : queries) q = normal(random) * 8.0f / std::sqrt(static_cast<float>(head));
    const auto out = cache.attend(kernels(), queries, visible);
    for (std::size_t r = 0; r < visible.size(); ++r) {
      const float* q = queries.data() + r * head_size;
      const auto expected = cache.expected(q, 0, visible[r]);
      for (std::size_t i = 0; i < head_size; ++i) {
        ASSERT_NEAR(out[r * head_size + i], expected[i], cache.tolerance())
            << "visible " << visible[r] << " head " << head << " type " << static_cast<int>(type);
      }
      // a row's bits are the same alone as in company
      const std::vector<float> one(q, q + head);
      const auto alone = cache.attend(kernels(), one, {visible[r]});
      ASSERT_EQ(std::memcmp(alone.data(), out.data() + r * head_size, alone.size() * sizeof(float)),
                0)
          << "visible " << visible[r];
    }
  }
}

// Windows that begin and end anywhere, in company of others. What lies outside holds NaN, or
// numbers that would be seen.
TEST_P(EachIsa, AttentionSeesItsWindowOnly) {
  std::mt19937 random(8);
  std::normal_distribution<float> normal(0.0f, 2.0f);
  constexpr int32_t kHead = 48, kPositions = 600;
  const std::vector<int32_t> first = {0, 1, 15, 16, 17, 63, 100, 255, 256, 257, 300, 500, 599};
  const std::vector<int32_t> visible = {5, 17, 16, 32, 80, 64, 101, 257, 300, 512, 600, 600, 600};
  for (const KvType type : kKvTypes) {
    TestAttention cache(type, kHead, kPositions, random);
    std::vector<float> queries(first.size() * kHead);
    for (float& q : queries) q = normal(random);
    const std::vector<float> hidden(kHead, type == KvType::kF32 ? std::nanf("") : 1e4f);
    const auto together = cache.attend(kernels(), queries, visible, first);
    for (std::size_t r = 0; r < first.size(); ++r) {
      const float* q = queries.data() + r * kHead;
      const auto expected = cache.expected(q, first[r], visible[r]);
      for (std::size_t i = 0; i < kHead; ++i)
        ASSERT_NEAR(together[r * kHead + i], expected[i], cache.tolerance())
            << "window at " << first[r];

      TestAttention masked = cache;
      for (int32_t p = 0; p < kPositions; ++p) {
        if (p >= first[r] && p < visible[r]) continue;
        masked.set_key(p, hidden.data());
        masked.set_value(p, hidden.data());
      }
      const std::vector<float> one(q, q + kHead);
      const auto alone = masked.attend(kernels(), one, {visible[r]}, {first[r]});
      ASSERT_EQ(std::memcmp(alone.data(), together.data() + r * kHead, kHead * sizeof(float)), 0)
          << "window at " << first[r];
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Isa, EachIsa,
                         testing::ValuesIn(available_isas().begin(), available_isas().end()),
                         [](const auto& isa) { return std::string(isa_name(isa.param)); });

}  // namespace
}  // namespace hearth
