// SPDX-License-Identifier: Apache-2.0
// Every instruction set but scalar gives the same bits, on every processor: kernels over fixed
// inputs, and hashes of what they must give. Where a change alters the order of arithmetic on
// purpose, the failures name the new hashes; the dev and the aarch64 preset must name the same.
#include <gtest/gtest.h>

#include <algorithm>
#include <cinttypes>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "kernels/kernels.h"
#include "kernels/kv_page.h"
#include "kernels/test_matrix.h"
#include "tensor/dequantize.h"
#include "tensor/half.h"

namespace hearth {
namespace {

// FNV-1a over bytes.
class Hash {
 public:
  template <typename T>
  void add(const std::vector<T>& values) {
    for (std::size_t i = 0; i < values.size() * sizeof(T); ++i) {
      unsigned char byte;
      std::memcpy(&byte, reinterpret_cast<const char*>(values.data()) + i, 1);
      hash_ = (hash_ ^ byte) * 0x100000001b3u;
    }
  }
  std::string hex() const {
    char text[17];
    std::snprintf(text, sizeof text, "%016" PRIx64, hash_);
    return text;
  }

 private:
  uint64_t hash_ = 0xcbf29ce484222325u;
};

// Numbers within +-range. No std::*_distribution: theirs differ between libraries.
std::vector<float> random_floats(std::size_t count, float range, std::mt19937& random) {
  std::vector<float> values(count);
  for (float& value : values) {
    value = range * (static_cast<float>(random() >> 8) * 0x1p-23f - 1.0f);
  }
  return values;
}

// A row of blocks out of random bytes, of which those are kept that stand for numbers of a sane
// size: that needs no knowledge of where a type has its scales.
std::vector<std::byte> random_blocks(DType dtype, std::size_t blocks, std::mt19937& random) {
  const DTypeInfo& info = dtype_info(dtype);
  std::vector<std::byte> bytes(blocks * info.block_bytes);
  std::vector<float> values(info.block_values);
  for (std::size_t block = 0; block < blocks; ++block) {
    const std::span<std::byte> at(bytes.data() + block * info.block_bytes, info.block_bytes);
    do {
      for (std::byte& byte : at) byte = static_cast<std::byte>(random());
      dequantize(dtype, at, values);
    } while (!std::all_of(values.begin(), values.end(),
                          [](float value) { return std::abs(value) < 100.0f; }));
  }
  return bytes;
}

constexpr int32_t kRows = 37;
constexpr int32_t kColumns = 768;  // more than tokens are paired for at once
constexpr int32_t kTokens = 9;     // and all counts below

// Random weights of a type times random inputs.
void hash_matmul(const KernelTable& kernels, DType dtype, Precision precision, Hash& hash) {
  std::mt19937 random(1);
  const DTypeInfo& info = dtype_info(dtype);
  const std::size_t row_bytes = kColumns / info.block_values * info.block_bytes;
  const auto blocks =
      random_blocks(dtype, static_cast<std::size_t>(kRows) * kColumns / info.block_values, random);
  PanelMatrix matrix = {
      .dtype = dtype, .rows = kRows, .columns = kColumns, .layout = panel_layout(dtype, kColumns)};
  std::vector<std::byte> memory(static_cast<std::size_t>(matrix.panels()) * matrix.layout.bytes);
  matrix.data = memory.data();
  for (int32_t panel = 0; panel < matrix.panels(); ++panel) {
    const int32_t first = panel * kPanelRows;
    pack_panel(dtype, blocks.data() + static_cast<std::size_t>(first) * row_bytes, row_bytes,
               std::min(kPanelRows, kRows - first), kColumns,
               memory.data() + panel * matrix.layout.bytes);
  }
  constexpr std::size_t kValues = static_cast<std::size_t>(kTokens) * kColumns;
  constexpr std::size_t kGroups = kValues / kGroupColumns;
  std::vector<float> values = random_floats(kValues, 10.0f, random);
  for (std::size_t i = 0; i < kValues; ++i) {
    if (i / kGroupColumns % 2 == 0) values[i] /= 4;  // groups without fine codes
  }
  std::vector<int8_t> codes(kValues), fine_codes(kValues);
  std::vector<ActivationGroup> groups(kGroups);
  const Activations inputs = {.precision = precision,
                              .fine_from = 0.5f,
                              .columns = kColumns,
                              .values = values.data(),
                              .codes = codes.data(),
                              .fine_codes = fine_codes.data(),
                              .groups = groups.data()};
  for (int32_t token = 0; token < kTokens; ++token) kernels.quantize(inputs, token);
  hash.add(codes);
  hash.add(fine_codes);
  std::vector<float> scales, scaled_sums;
  std::vector<int32_t> half_sums;
  for (const ActivationGroup& group : groups) {
    scales.push_back(group.scale);
    half_sums.insert(half_sums.end(), {group.half_sums[0], group.half_sums[1]});
    scaled_sums.push_back(group.scaled_sum);
  }
  hash.add(scales);
  hash.add(half_sums);
  hash.add(scaled_sums);
  for (int32_t tokens = 1; tokens <= kTokens; ++tokens) {
    std::vector<float> out(static_cast<std::size_t>(tokens) * kRows, 0.5f);
    kernels.matmul({&matrix, 0, matrix.panels(), &inputs, tokens, out.data(), kRows,
                    tokens % 2 == 0 ? Epilogue::kAdd : Epilogue::kStore});
    hash.add(out);
  }
}

// Attention of five query rows over two splits, the second of them partly visible.
void hash_attention(const KernelTable& kernels, KvType type, Hash& hash) {
  constexpr int32_t kHead = 48;
  constexpr int32_t kQueries = 5;
  constexpr std::size_t kStride = kHead + 16;
  const KvPage page = {.type = type, .positions = kAttentionSplit, .head_size = kHead};
  std::mt19937 random(2);
  const auto queries = random_floats(kQueries * kHead, 2.0f, random);
  std::vector<const float*> rows;
  for (std::size_t row = 0; row < kQueries; ++row) rows.push_back(queries.data() + row * kHead);
  std::vector<float> folded;
  for (const std::vector<int32_t>& visible :
       {std::vector<int32_t>(kQueries, kAttentionSplit), {0, 1, 37, 64, 255}}) {
    std::vector<std::byte> keys(page.bytes()), values(page.bytes());
    for (int32_t position = 0; position < kAttentionSplit; ++position) {
      page.store_key(kernels, random_floats(kHead, 1.0f, random).data(), position, keys.data());
      page.store_value(kernels, random_floats(kHead, 1.0f, random).data(), position, values.data());
    }
    hash.add(keys);
    hash.add(values);
    const std::byte* key_page = keys.data();
    const std::byte* value_page = values.data();
    std::vector<float> scores(kQueries * std::size_t{kAttentionSplit});
    std::vector<int16_t> query_words(kQueries * kHead);
    std::vector<float> partials(kQueries * kStride);
    const AttentionArgs args = {.keys = &key_page,
                                .values = &value_page,
                                .page_tokens = kAttentionSplit,
                                .head_size = kHead,
                                .rows = kQueries,
                                .queries = rows.data(),
                                .visible = visible.data(),
                                .scale = 0.14433756f,
                                .scores = scores.data(),
                                .query_words = query_words.data(),
                                .partials = partials.data(),
                                .partial_stride = kStride};
    attend(kernels, type, args);
    if (folded.empty()) {
      folded = partials;
    } else {
      for (std::size_t at = 0; at < partials.size(); at += kStride)
        kernels.fold_partial(folded.data() + at, partials.data() + at, kHead);
    }
  }
  std::vector<float> out(kQueries * kHead);
  for (std::size_t row = 0; row < kQueries; ++row)
    kernels.finish_partial(folded.data() + row * kStride, kHead, out.data() + row * kHead);
  hash.add(out);
}

void hash_vectors(const KernelTable& kernels, Hash& hash) {
  constexpr int32_t kCount = 1056;
  std::mt19937 random(3);
  const auto x = random_floats(kCount, 20.0f, random);
  const auto w = random_floats(kCount, 3.0f, random);
  std::vector<float> norm(kCount), silu(kCount);
  kernels.rms_norm(x.data(), w.data(), kCount, 1e-5f, norm.data());
  kernels.silu_multiply(x.data(), w.data(), kCount, silu.data());
  const LogitBlock block = kernels.summarise_logits(x.data());
  hash.add(norm);
  hash.add(silu);
  hash.add(std::vector<float>{block.max, block.sum});
}

// Both steps of adapters, for some of the tokens.
void hash_low_rank(const KernelTable& kernels, LowRankType type, Hash& hash) {
  constexpr int32_t kRank = 10, kOutputs = 11 * kPanelRows;
  constexpr std::size_t kStride = 12;
  const std::vector<int32_t> tokens = {1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14};
  constexpr std::size_t kAll = 15;
  const std::vector<float> scales(tokens.size(), 0.75f);
  std::mt19937 random(4);
  ShrinkMatrix a = {type, kRank, kColumns};
  ExpandMatrix b = {type, kOutputs, kRank};
  std::vector<std::byte> a_bytes(a.bytes()), b_bytes(b.bytes());
  pack_shrink_rows(a, 0, random_floats(std::size_t{kRank} * kColumns, 1.0f, random),
                   a_bytes.data());
  pack_expand(b, random_floats(std::size_t{kOutputs} * kRank, 1.0f, random), b_bytes.data());
  a.data = a_bytes.data();
  b.data = b_bytes.data();
  const auto inputs = random_floats(kAll * kColumns, 10.0f, random);
  std::vector<float> shrunk(kAll * kStride);
  std::vector<float> out = random_floats(kAll * kOutputs, 10.0f, random);
  const LowRankTokens all = {tokens.data(), static_cast<int32_t>(tokens.size()), 0};
  kernels.shrink(
      {&a, 0, a.blocks(), all, scales.data(), inputs.data(), shrunk.data(), kStride, {}});
  kernels.expand({&b, 0, b.panels(), all, shrunk.data(), kStride, out.data(), kOutputs, {}});
  hash.add(a_bytes);
  hash.add(b_bytes);
  hash.add(shrunk);
  hash.add(out);
}

std::vector<Isa> vector_isas() {
  std::vector<Isa> isas(available_isas().begin(), available_isas().end());
  std::erase(isas, Isa::kScalar);
  return isas;
}

#define HEARTH_NEED_VECTOR_ISA() \
  if (vector_isas().empty()) GTEST_SKIP() << "this CPU runs the scalar kernels only"

// Of products in all precisions.
constexpr struct {
  DType dtype;
  std::string_view hash;
} kMatmulHashes[] = {
    {DType::kF32, "7c83c52fd8644077"},   {DType::kF16, "f937a3fbd9849c16"},
    {DType::kBF16, "6ef1c9832d5a43e2"},  {DType::kQ4_0, "d832136890f7086b"},
    {DType::kQ4_1, "e1bbc7aba7ae58e5"},  {DType::kQ5_0, "8845049e58ed5327"},
    {DType::kQ5_1, "41ad1aebec4ae35a"},  {DType::kQ8_0, "45aa8a30c3e493e4"},
    {DType::kQ2_K, "09cd5376a926eb98"},  {DType::kQ3_K, "00dd6036eab61d12"},
    {DType::kQ4_K, "4d0b5a7393d63985"},  {DType::kQ5_K, "1b2457895ce8d25e"},
    {DType::kQ6_K, "484570d7805bde51"},  {DType::kIQ4_NL, "75b3f9375d9e47c7"},
    {DType::kMXFP4, "c9f3516796722226"},
};

TEST(Isa, FoundAreThoseOfTheEmulatedCpu) {
  const char* expected = std::getenv("HEARTH_EXPECTED_ISAS");  // tests/emulated_cpus.cmake
  if (expected == nullptr) GTEST_SKIP() << "this is no emulated CPU";
  std::string found;
  for (const Isa isa : available_isas()) {
    found += (found.empty() ? "" : ",") + std::string(isa_name(isa));
    EXPECT_EQ(kernels_for(isa).isa, isa);
    EXPECT_EQ(parse_isa(isa_name(isa)), isa);
  }
  EXPECT_EQ(found, expected);
}

TEST(SameBits, Matmul) {
  HEARTH_NEED_VECTOR_ISA();
  ASSERT_EQ(std::size(kMatmulHashes), std::size(kTypes));
  for (const Isa isa : vector_isas()) {
    for (const auto& [dtype, expected] : kMatmulHashes) {
      Hash hash;
      for (const Precision precision : {Precision::kInt8, Precision::kInt16, Precision::kFloat})
        hash_matmul(kernels_for(isa), dtype, precision, hash);
      EXPECT_EQ(hash.hex(), expected) << isa_name(isa) << " " << dtype_info(dtype).name;
    }
  }
}

TEST(SameBits, Attention) {
  HEARTH_NEED_VECTOR_ISA();
  for (const Isa isa : vector_isas()) {
    Hash hash;
    for (const KvType type : {KvType::kInt16, KvType::kInt8, KvType::kF32})
      hash_attention(kernels_for(isa), type, hash);
    EXPECT_EQ(hash.hex(), "d8b67423ff4807b8") << isa_name(isa);
  }
}

TEST(SameBits, LowRank) {
  HEARTH_NEED_VECTOR_ISA();
  for (const Isa isa : vector_isas()) {
    Hash hash;
    for (const LowRankType type : {LowRankType::kBytes, LowRankType::kFloats})
      hash_low_rank(kernels_for(isa), type, hash);
    EXPECT_EQ(hash.hex(), "78206d510ffff979") << isa_name(isa);
  }
}

TEST(SameBits, Vectors) {
  HEARTH_NEED_VECTOR_ISA();
  for (const Isa isa : vector_isas()) {
    Hash hash;
    hash_vectors(kernels_for(isa), hash);
    EXPECT_EQ(hash.hex(), "a2cb981ac77c9cd7") << isa_name(isa);
  }
}

}  // namespace
}  // namespace hearth
