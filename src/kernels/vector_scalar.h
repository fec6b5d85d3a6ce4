// SPDX-License-Identifier: Apache-2.0
// The primitives of loops.h in portable C++: four lanes, which the compiler maps to whatever the
// baseline has (SSE2 on x86-64). Multiply-adds round twice, as the baseline has none that round
// once. Included by kernels_scalar.cc only.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "tensor/half.h"

namespace hearth {
namespace {

constexpr int kLanes = 4;
constexpr int kTokenTile = 2;
constexpr int kPanelTile = 1;  // panels that share what is loaded of the tokens
constexpr int kRowTile = 4;    // query rows that share what is loaded of keys and values
constexpr int kByteZero = 0;

using VecF = float __attribute__((vector_size(16)));
using VecI = int32_t __attribute__((vector_size(16)));
struct VecB {
  int8_t codes[16];  // all codes fit: 0..63 or -128..127
};

inline VecF f_set1(float x) { return VecF{x, x, x, x}; }
inline VecF f_load(const float* p) {
  VecF x;
  std::memcpy(&x, p, sizeof x);
  return x;
}
inline void f_store(float* p, VecF x) { std::memcpy(p, &x, sizeof x); }
inline VecF f_add(VecF a, VecF b) { return a + b; }
inline VecF f_sub(VecF a, VecF b) { return a - b; }
inline VecF f_mul(VecF a, VecF b) { return a * b; }
inline VecF f_div(VecF a, VecF b) { return a / b; }
inline VecF f_fma(VecF a, VecF b, VecF c) { return a * b + c; }
inline VecF f_max(VecF a, VecF b) { return a > b ? a : b; }
inline VecF f_min(VecF a, VecF b) { return a < b ? a : b; }
inline VecF f_abs(VecF a) { return a < 0.0f ? -a : a; }
inline float f_max_lane(VecF x) {
  float best = x[0];
  for (int i = 1; i < 4; ++i) best = x[i] > best ? x[i] : best;
  return best;
}
// The sum of 16 virtual lanes by one tree, the same in all files: i and i + 8, then 4, 2, 1.
inline float f_sum16(const VecF (&parts)[4]) {
  const VecF four = (parts[0] + parts[2]) + (parts[1] + parts[3]);
  return (four[0] + four[2]) + (four[1] + four[3]);
}
inline VecF f_load_half(const void* p) {
  uint16_t bits[4];
  std::memcpy(bits, p, sizeof bits);
  return VecF{half_to_float(bits[0]), half_to_float(bits[1]), half_to_float(bits[2]),
              half_to_float(bits[3])};
}
inline VecF f_load_bfloat(const void* p) {
  uint16_t bits[4];
  std::memcpy(bits, p, sizeof bits);
  return VecF{bfloat_to_float(bits[0]), bfloat_to_float(bits[1]), bfloat_to_float(bits[2]),
              bfloat_to_float(bits[3])};
}
inline VecI f_round(VecF x) {  // to nearest, ties to even
  VecI out;
  for (int i = 0; i < 4; ++i) out[i] = static_cast<int32_t>(std::nearbyintf(x[i]));
  return out;
}
inline VecF f_from_i(VecI x) { return __builtin_convertvector(x, VecF); }
inline VecF f_from_bits(VecI x) {
  VecF out;
  std::memcpy(&out, &x, sizeof out);
  return out;
}
inline VecF f_scale2(VecF x, VecI n) {  // x * 2^n, no subnormals involved
  VecI bits;
  std::memcpy(&bits, &x, sizeof bits);
  bits += n << 23;
  std::memcpy(&x, &bits, sizeof x);
  return x;
}

inline VecI i_set1(int32_t x) { return VecI{x, x, x, x}; }
inline VecI i_load(const void* p) {
  VecI x;
  std::memcpy(&x, p, sizeof x);
  return x;
}
inline VecI i_load_bytes(const std::byte* p) {  // unsigned
  VecI x;
  for (int i = 0; i < 4; ++i) x[i] = static_cast<int32_t>(p[i]);
  return x;
}
inline VecI i_load_signed_bytes(const std::byte* p) {
  VecI x;
  for (int i = 0; i < 4; ++i) x[i] = static_cast<int8_t>(p[i]);
  return x;
}
inline VecI i_and(VecI a, VecI b) { return a & b; }
inline VecI i_add(VecI a, VecI b) { return a + b; }
inline VecI i_sub(VecI a, VecI b) { return a - b; }
template <int kBits>
inline VecI i_shift_left(VecI a) {
  return a << kBits;
}
template <int kBits>
inline VecI i_shift_right(VecI a) {
  return a >> kBits;
}
inline VecI i_max(VecI a, VecI b) { return a > b ? a : b; }
inline int32_t i_sum_lanes(VecI x) { return x[0] + x[1] + x[2] + x[3]; }
inline void i_store(int32_t* p, VecI x) { std::memcpy(p, &x, sizeof x); }
inline void i_store_bytes(int8_t* p, VecI x) {
  for (int i = 0; i < 4; ++i) p[i] = static_cast<int8_t>(x[i]);
}

inline void i_store_words(int16_t* p, VecI x) {
  for (int i = 0; i < 4; ++i) p[i] = static_cast<int16_t>(x[i]);
}

// w_: two 16-bit words for each of four lanes, and two that all lanes share.
struct VecW {
  VecI first, second;
};
using WordPair = VecW;
template <typename Element>
inline VecW w_load_elements(const std::byte* p) {
  Element elements[8];
  std::memcpy(elements, p, sizeof elements);
  VecW out;
  for (int i = 0; i < 4; ++i) {
    out.first[i] = elements[2 * i];
    out.second[i] = elements[2 * i + 1];
  }
  return out;
}
inline VecW w_load(const std::byte* p) { return w_load_elements<int16_t>(p); }
inline VecW w_load_bytes(const std::byte* p) { return w_load_elements<int8_t>(p); }
inline WordPair w_pair(const int16_t* p) { return {i_set1(p[0]), i_set1(p[1])}; }
// Wraps, as the instructions of other sets do, where a damaged cache has codes out of bounds.
inline VecI i_dot_words(VecI acc, VecW words, WordPair pair) {
  using VecU = uint32_t __attribute__((vector_size(16)));
  const auto u = [](VecI x) { return reinterpret_cast<VecU>(x); };
  return reinterpret_cast<VecI>(u(acc) + u(words.first) * u(pair.first) +
                                u(words.second) * u(pair.second));
}

inline VecB b_load(const std::byte* p) {
  VecB x;
  std::memcpy(&x, p, sizeof x);
  return x;
}
inline void b_store(std::byte* p, VecB x) { std::memcpy(p, &x, sizeof x); }
inline VecB b_low(VecB x) {
  for (int8_t& code : x.codes) code = static_cast<int8_t>(code & 15);
  return x;
}
inline VecB b_high(VecB x) {
  for (int8_t& code : x.codes) code = static_cast<int8_t>(code >> 4 & 15);
  return x;
}
// Bits kFrom and kFrom + 1 of each byte, moved to kTo; the others zero.
template <int kFrom, int kTo>
inline VecB b_two_bits(VecB x) {
  for (int8_t& code : x.codes) code = static_cast<int8_t>((code >> kFrom & 3) << kTo);
  return x;
}
inline VecB b_or(VecB a, VecB b) {
  for (int i = 0; i < 16; ++i) a.codes[i] = static_cast<int8_t>(a.codes[i] | b.codes[i]);
  return a;
}
// Adds kWeight to code i where bit i of the mask at `p` is set.
template <int kWeight>
inline VecB b_or_bit(VecB x, const std::byte* p) {
  uint16_t mask;
  std::memcpy(&mask, p, sizeof mask);
  for (int i = 0; i < 16; ++i)
    x.codes[i] = static_cast<int8_t>(x.codes[i] | (mask >> i & 1) * kWeight);
  return x;
}
inline VecB b_signed(VecB x) { return x; }
// table[code] for codes 0..15, as b_signed() gives signed codes.
inline VecB b_table(VecB x, const int8_t* table) {
  for (int8_t& code : x.codes) code = table[code];
  return x;
}
inline VecI b_words(VecB x) {  // the four codes of a row as one number
  VecI words;
  std::memcpy(&words, &x, sizeof words);
  return words;
}

// acc[row] += four codes of the row times the bytes 4 kQuad .. 4 kQuad + 3 at `a`.
template <int kQuad>
inline VecI i_dot_unsigned(VecI acc, VecB codes, const int8_t* a) {
  for (int row = 0; row < 4; ++row) {
    for (int k = 0; k < 4; ++k) acc[row] += codes.codes[row * 4 + k] * a[kQuad * 4 + k];
  }
  return acc;
}
template <int kQuad>
inline VecI i_dot_signed(VecI acc, VecB codes, const int8_t* a) {
  return i_dot_unsigned<kQuad>(acc, codes, a);
}

struct TokenPairs {
  static constexpr bool kHave = false;  // no products of byte matrices
};

}  // namespace
}  // namespace hearth
