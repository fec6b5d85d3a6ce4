// SPDX-License-Identifier: Apache-2.0
#include "tensor/dequantize.h"

#include <cstdint>
#include <cstring>

#include "base/check.h"
#include "tensor/half.h"

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

// One block at `block` to 32 (quantized) or 1 (float) values at `out`.
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
    case DType::kQ5_0: {  // scale f16, 32 fifth bits, 16 bytes of codes: scale * (code - 16)
      const auto high_bits = load<uint32_t>(block + 2);
      for (int i = 0; i < 32; ++i) {
        const int code = nibble(block + 6, i) | static_cast<int>(high_bits >> i & 1u) << 4;
        out[i] = load_half(block) * static_cast<float>(code - 16);
      }
      return;
    }
    case DType::kQ8_0:  // scale f16, 32 signed bytes: scale * code
      for (int i = 0; i < 32; ++i)
        out[i] = load_half(block) * static_cast<float>(load<int8_t>(block + 2 + i));
      return;
    default:
      check_failed("a computable type has a decoder", __FILE__, __LINE__);
  }
}

}  // namespace

void dequantize(DType dtype, std::span<const std::byte> row, std::span<float> out) {
  const DTypeInfo& info = dtype_info(dtype);
  HEARTH_CHECK(info.computable && out.size() % info.block_values == 0);
  HEARTH_CHECK(row.size() == out.size() / info.block_values * info.block_bytes);
  for (std::size_t block = 0; block < out.size() / info.block_values; ++block) {
    dequantize_block(dtype, row.data() + block * info.block_bytes,
                     out.data() + block * info.block_values);
  }
}

}  // namespace hearth
