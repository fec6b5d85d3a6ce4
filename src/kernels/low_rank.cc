// SPDX-License-Identifier: Apache-2.0
#include "kernels/low_rank.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "base/check.h"
#include "tensor/half.h"

namespace hearth {
namespace {

constexpr float kCodeMax = 127.0f;

// The smallest bfloat16 that is not below `value`, which is finite and not negative.
uint16_t bfloat_not_below(float value) {
  uint16_t bits = static_cast<uint16_t>(std::bit_cast<uint32_t>(value) >> 16);
  if (bfloat_to_float(bits) < value) ++bits;
  return bits;
}

float largest(const float* values, int32_t count) {
  float peak = 0.0f;
  for (int32_t i = 0; i < count; ++i) peak = std::max(peak, std::fabs(values[i]));
  return peak;
}

std::byte code_of(float value, float scale) {
  const float code = scale > 0.0f ? std::nearbyint(value / scale) : 0.0f;
  return static_cast<std::byte>(static_cast<int8_t>(std::clamp(code, -kCodeMax, kCodeMax)));
}

}  // namespace

void pack_shrink_rows(const ShrinkMatrix& matrix, int32_t first, std::span<const float> values,
                      std::byte* out) {
  const auto columns = static_cast<std::size_t>(matrix.columns);
  HEARTH_CHECK(columns % kGroupColumns == 0 && values.size() % columns == 0);
  const std::size_t group_bytes = shrink_group_bytes(matrix.type);
  const auto rows = static_cast<int32_t>(values.size() / columns);
  HEARTH_CHECK(first + rows <= matrix.rows);
  for (int32_t row = 0; row < rows; ++row) {
    const auto block = static_cast<std::size_t>((first + row) / kShrinkRows);
    const auto place = static_cast<std::size_t>((first + row) % kShrinkRows);
    const float* from = values.data() + static_cast<std::size_t>(row) * columns;
    for (std::size_t group = 0; group < columns / kGroupColumns; ++group) {
      std::byte* at = out + block * matrix.block_bytes() + group * group_bytes;
      const float* in = from + group * kGroupColumns;
      if (matrix.type == LowRankType::kFloats) {
        std::memcpy(at + place * kGroupColumns * sizeof(float), in, kGroupColumns * sizeof(float));
        continue;
      }
      const float scale = largest(in, kGroupColumns) / kCodeMax;
      std::memcpy(at + place * sizeof scale, &scale, sizeof scale);
      std::byte* codes = at + kShrinkRows * sizeof scale + place * kGroupColumns;
      for (int32_t i = 0; i < kGroupColumns; ++i) codes[i] = code_of(in[i], scale);
    }
  }
}

void pack_expand(const ExpandMatrix& matrix, std::span<const float> values, std::byte* out) {
  const auto rank = static_cast<std::size_t>(matrix.rank);
  HEARTH_CHECK(matrix.rows % kPanelRows == 0);
  HEARTH_CHECK(values.size() == static_cast<std::size_t>(matrix.rows) * rank);
  for (int32_t row = 0; row < matrix.rows; ++row) {
    const auto lane = static_cast<std::size_t>(row % kPanelRows);
    std::byte* at = out + static_cast<std::size_t>(row / kPanelRows) * matrix.panel_bytes();
    const float* from = values.data() + static_cast<std::size_t>(row) * rank;
    if (matrix.type == LowRankType::kFloats) {
      for (std::size_t i = 0; i < rank; ++i)
        std::memcpy(at + (i * kPanelRows + lane) * sizeof(float), from + i, sizeof(float));
      continue;
    }
    const uint16_t bits = bfloat_not_below(largest(from, matrix.rank) / kCodeMax);
    const float scale = bfloat_to_float(bits);
    std::memcpy(at + lane * kExpandScaleBytes, &bits, sizeof bits);
    std::byte* codes = at + kPanelRows * kExpandScaleBytes;
    for (std::size_t i = 0; i < rank; ++i) codes[i * kPanelRows + lane] = code_of(from[i], scale);
  }
}

}  // namespace hearth
