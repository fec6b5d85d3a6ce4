// SPDX-License-Identifier: Apache-2.0
#include "tensor/dequantize.h"

#include <cstdint>
#include <cstring>

#include "base/check.h"
#include "tensor/code_tables.h"
#include "tensor/half.h"
#include "tensor/k_block.h"

namespace hearth {
namespace {

template <typename T>
T load(const std::byte* at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

float load_half(const std::byte* at) { return half_to_float(load<uint16_t>(at)); }

// 32 values of 4 bits: code i and i + 16 share byte i.
int nibble(const std::byte* codes, int i) {
  const int byte = std::to_integer<int>(codes[i % 16]);
  return i < 16 ? byte & 15 : byte >> 4;
}

// Bit i of the fifth bits at `bits` over the nibble of code i.
int five_bits(const std::byte* codes, const std::byte* bits, int i) {
  return nibble(codes, i) | static_cast<int>(load<uint32_t>(bits) >> i & 1u) << 4;
}

// Scale and min are products with at most 19 bits, so exact; a value is rounded once or twice.
void dequantize_k_block(DType dtype, const std::byte* block, float* out) {
  const KFormat& format = k_format(dtype);
  const KBlock parts = read_k_block(dtype, block);
  const float scale = half_to_float(parts.scale);
  const float min = half_to_float(parts.min);
  for (int i = 0; i < kSuperblock; ++i) {
    const int group = i / format.group_values;
    const auto code = static_cast<float>(parts.codes[i] - format.zero);
    out[i] = scale * static_cast<float>(parts.scales[group]) * code;
    if (format.min_max > 0) out[i] -= min * static_cast<float>(parts.mins[group]);
  }
}

// One block at `block` to its values at `out`.
void dequantize_block(DType dtype, const std::byte* block, float* out) {
  switch (dtype) {
    case DType::kF32:
      *out = load<float>(block);
      return;
    case DType::kF16:
      *out = load_half(block);
      return;
    case DType::kBF16:
      *out = bfloat_to_float(load<uint16_t>(block));
      return;
    case DType::kQ4_0:  // scale f16, 16 bytes of codes: scale * (code - 8)
      for (int i = 0; i < 32; ++i)
        out[i] = load_half(block) * static_cast<float>(nibble(block + 2, i) - 8);
      return;
    case DType::kQ4_1:  // scale f16, min f16, 16 bytes of codes: scale * code + min
      for (int i = 0; i < 32; ++i) {
        out[i] = load_half(block) * static_cast<float>(nibble(block + 4, i)) + load_half(block + 2);
      }
      return;
    case DType::kQ5_0:  // scale f16, 32 fifth bits, 16 bytes of codes: scale * (code - 16)
      for (int i = 0; i < 32; ++i)
        out[i] = load_half(block) * static_cast<float>(five_bits(block + 6, block + 2, i) - 16);
      return;
    case DType::kQ5_1:  // scale f16, min f16, 32 fifth bits, 16 bytes of codes: scale * code + min
      for (int i = 0; i < 32; ++i) {
        out[i] = load_half(block) * static_cast<float>(five_bits(block + 8, block + 4, i)) +
                 load_half(block + 2);
      }
      return;
    case DType::kQ8_0:  // scale f16, 32 signed bytes: scale * code
      for (int i = 0; i < 32; ++i)
        out[i] = load_half(block) * static_cast<float>(load<int8_t>(block + 2 + i));
      return;
    case DType::kIQ4_NL:  // scale f16, 16 bytes of codes: scale * table[code]
      for (int i = 0; i < 32; ++i)
        out[i] = load_half(block) * static_cast<float>(kTableIq4Nl[nibble(block + 2, i)]);
      return;
    case DType::kMXFP4:  // exponent, 16 bytes of codes: 2^(exponent - 128) * table[code]
      for (int i = 0; i < 32; ++i) {
        out[i] = half_power_to_float(load<uint8_t>(block)) *
                 static_cast<float>(kTableMxfp4[nibble(block + 1, i)]);
      }
      return;
    case DType::kQ2_K:
    case DType::kQ3_K:
    case DType::kQ4_K:
    case DType::kQ5_K:
    case DType::kQ6_K:
      return dequantize_k_block(dtype, block, out);
  }
}

}  // namespace

void dequantize(DType dtype, std::span<const std::byte> row, std::span<float> out) {
  const DTypeInfo& info = dtype_info(dtype);
  HEARTH_CHECK(out.size() % info.block_values == 0);
  HEARTH_CHECK(row.size() == out.size() / info.block_values * info.block_bytes);
  for (std::size_t block = 0; block < out.size() / info.block_values; ++block) {
    dequantize_block(dtype, row.data() + block * info.block_bytes,
                     out.data() + block * info.block_values);
  }
}

}  // namespace hearth
