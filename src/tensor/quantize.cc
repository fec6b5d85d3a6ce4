// SPDX-License-Identifier: Apache-2.0
#include "tensor/quantize.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>

#include "base/check.h"
#include "tensor/code_tables.h"
#include "tensor/half.h"
#include "tensor/quantize_k.h"

namespace hearth {
namespace {

constexpr int kBlock = 32;

template <typename T>
void store(T value, std::byte* at) {
  std::memcpy(at, &value, sizeof value);
}

// The value of the largest magnitude, the first of them.
float peak_of(const float* x) {
  float peak = 0.0f;
  for (int i = 0; i < kBlock; ++i) {
    if (std::abs(x[i]) > std::abs(peak)) peak = x[i];
  }
  return peak;
}

float inverse_of(float scale) { return scale == 0.0f ? 0.0f : 1.0f / scale; }

// Low nibbles of code i and i + 16 to byte i.
void store_nibbles(const int (&codes)[kBlock], std::byte* out) {
  for (int i = 0; i < kBlock / 2; ++i) {
    out[i] = static_cast<std::byte>((codes[i] & 15) | (codes[i + kBlock / 2] & 15) << 4);
  }
}

void store_fifths(const int (&codes)[kBlock], std::byte* out) {
  uint32_t bits = 0;
  for (int i = 0; i < kBlock; ++i) bits |= static_cast<uint32_t>(codes[i] >> 4) << i;
  store(bits, out);
}

// Q4_0 and Q5_0: the peak becomes code 0, that is -zero, and its opposite is cut off at zero - 1.
void quantize_offset(const float* x, int zero, std::byte* out) {
  const float scale = peak_of(x) / static_cast<float>(-zero);
  const float inverse = inverse_of(scale);
  int codes[kBlock];
  for (int i = 0; i < kBlock; ++i) {
    const float position = x[i] * inverse + (static_cast<float>(zero) + 0.5f);
    codes[i] = std::clamp(static_cast<int>(position), 0, 2 * zero - 1);
  }
  store(float_to_half(scale), out);
  if (zero == 16) store_fifths(codes, out + 2);
  store_nibbles(codes, out + (zero == 16 ? 6 : 2));
}

// Q4_1 and Q5_1: codes from the smallest value to the largest.
void quantize_range(const float* x, int code_max, std::byte* out) {
  const auto [least, most] = std::minmax_element(x, x + kBlock);
  const float min = *least;
  const float scale = (*most - min) / static_cast<float>(code_max);
  const float inverse = inverse_of(scale);
  int codes[kBlock];
  for (int i = 0; i < kBlock; ++i) {
    codes[i] = std::clamp(static_cast<int>((x[i] - min) * inverse + 0.5f), 0, code_max);
  }
  store(float_to_half(scale), out);
  store(float_to_half(min), out + 2);
  if (code_max == 31) store_fifths(codes, out + 4);
  store_nibbles(codes, out + (code_max == 31 ? 8 : 4));
}

void quantize_q8_0(const float* x, std::byte* out) {
  const float scale = std::abs(peak_of(x)) / 127.0f;
  const float inverse = inverse_of(scale);
  store(float_to_half(scale), out);
  for (int i = 0; i < kBlock; ++i) {
    store(static_cast<int8_t>(std::round(x[i] * inverse)), out + 2 + i);
  }
}

// The code whose value is nearest to `x`, the first of equally near ones.
int nearest_code(const int8_t (&table)[16], float x) {
  int best = 0;
  for (int code = 1; code < 16; ++code) {
    if (std::abs(static_cast<float>(table[code]) - x) <
        std::abs(static_cast<float>(table[best]) - x)) {
      best = code;
    }
  }
  return best;
}

// The peak becomes -127; then the scale that is best for the codes so found, weighted by x^2.
void quantize_iq4_nl(const float* x, std::byte* out) {
  float scale = peak_of(x) / static_cast<float>(kTableIq4Nl[0]);
  int codes[kBlock];
  const auto choose = [&](float inverse) {
    for (int i = 0; i < kBlock; ++i) codes[i] = nearest_code(kTableIq4Nl, x[i] * inverse);
  };
  choose(inverse_of(scale));
  float value_by_level = 0.0f;
  float level_squared = 0.0f;
  for (int i = 0; i < kBlock; ++i) {
    const auto level = static_cast<float>(kTableIq4Nl[codes[i]]);
    value_by_level += x[i] * x[i] * level * x[i];
    level_squared += x[i] * x[i] * level * level;
  }
  if (level_squared > 0.0f) scale = value_by_level / level_squared;
  choose(inverse_of(scale));
  store(float_to_half(scale), out);
  store_nibbles(codes, out + 2);
}

// The exponent brings the peak between 4 and 8, where 6 is the largest value (OCP Microscaling
// Formats 1.0, section 6.3).
void quantize_mxfp4(const float* x, std::byte* out) {
  const float peak = std::abs(peak_of(x));
  const int exponent = peak > 0.0f ? std::clamp(std::ilogb(peak) - 2 + 127, 0, 254) : 0;
  const float scale = half_power_to_float(static_cast<uint8_t>(exponent));
  int codes[kBlock];
  for (int i = 0; i < kBlock; ++i) codes[i] = nearest_code(kTableMxfp4, x[i] / scale);
  store(static_cast<uint8_t>(exponent), out);
  store_nibbles(codes, out + 1);
}

void quantize_block(DType dtype, const float* x, std::byte* out) {
  switch (dtype) {
    case DType::kF32:
      return store(*x, out);
    case DType::kF16:
      return store(float_to_half(*x), out);
    case DType::kBF16:
      return store(float_to_bfloat(*x), out);
    case DType::kQ4_0:
      return quantize_offset(x, 8, out);
    case DType::kQ4_1:
      return quantize_range(x, 15, out);
    case DType::kQ5_0:
      return quantize_offset(x, 16, out);
    case DType::kQ5_1:
      return quantize_range(x, 31, out);
    case DType::kQ8_0:
      return quantize_q8_0(x, out);
    case DType::kIQ4_NL:
      return quantize_iq4_nl(x, out);
    case DType::kMXFP4:
      return quantize_mxfp4(x, out);
    case DType::kQ2_K:
    case DType::kQ3_K:
    case DType::kQ4_K:
    case DType::kQ5_K:
    case DType::kQ6_K:
      return quantize_k_block(dtype, x, out);
  }
}

}  // namespace

void quantize(DType dtype, std::span<const float> row, std::span<std::byte> out) {
  const DTypeInfo& info = dtype_info(dtype);
  HEARTH_CHECK(row.size() % info.block_values == 0);
  HEARTH_CHECK(out.size() == row.size() / info.block_values * info.block_bytes);
  for (std::size_t block = 0; block < row.size() / info.block_values; ++block) {
    quantize_block(dtype, row.data() + block * info.block_values,
                   out.data() + block * info.block_bytes);
  }
}

}  // namespace hearth
