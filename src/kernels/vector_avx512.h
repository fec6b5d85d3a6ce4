// SPDX-License-Identifier: Apache-2.0
// The primitives of loops.h for AVX-512 with VNNI. Included by kernels_avx512.cc only. f_: 16
// floats, i_: 16 int32, b_: 64 code bytes, four for each of 16 rows.
#pragma once

#include <immintrin.h>

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace hearth {
namespace {

constexpr int kLanes = 16;
constexpr int kTokenTile = 4;   // tokens that share one pass over some panels' codes
constexpr int kPanelTile = 2;   // panels that share what is loaded of the tokens
constexpr int kRowTile = 8;     // query rows that share what is loaded of keys and values
constexpr int kByteZero = 128;  // signed codes are offset by this to be VNNI's unsigned operand

using VecF = __m512;
using VecI = __m512i;
using VecB = __m512i;

inline VecF f_set1(float x) { return _mm512_set1_ps(x); }
inline VecF f_load(const float* p) { return _mm512_loadu_ps(p); }
inline void f_store(float* p, VecF x) { _mm512_storeu_ps(p, x); }
inline VecF f_add(VecF a, VecF b) { return _mm512_add_ps(a, b); }
inline VecF f_sub(VecF a, VecF b) { return _mm512_sub_ps(a, b); }
inline VecF f_mul(VecF a, VecF b) { return _mm512_mul_ps(a, b); }
inline VecF f_div(VecF a, VecF b) { return _mm512_div_ps(a, b); }
inline VecF f_fma(VecF a, VecF b, VecF c) { return _mm512_fmadd_ps(a, b, c); }
inline VecF f_max(VecF a, VecF b) { return _mm512_max_ps(a, b); }
inline VecF f_min(VecF a, VecF b) { return _mm512_min_ps(a, b); }
inline VecF f_abs(VecF a) { return _mm512_abs_ps(a); }
inline float f_max_lane(VecF x) { return _mm512_reduce_max_ps(x); }
// The sum of 16 virtual lanes by one tree, the same in all files: i and i + 8, then 4, 2, 1.
inline float f_sum16(const VecF (&parts)[1]) { return _mm512_reduce_add_ps(parts[0]); }
inline VecF f_load_half(const void* p) {
  return _mm512_cvtph_ps(_mm256_loadu_si256(static_cast<const __m256i*>(p)));
}
inline VecF f_load_bfloat(const void* p) {
  const __m512i bits = _mm512_cvtepu16_epi32(_mm256_loadu_si256(static_cast<const __m256i*>(p)));
  return _mm512_castsi512_ps(_mm512_slli_epi32(bits, 16));
}
inline VecI f_round(VecF x) { return _mm512_cvtps_epi32(x); }  // to nearest, ties to even
inline VecF f_from_i(VecI x) { return _mm512_cvtepi32_ps(x); }
inline VecF f_from_bits(VecI x) { return _mm512_castsi512_ps(x); }
inline VecF f_scale2(VecF x, VecI n) {  // x * 2^n, no subnormals involved
  return _mm512_castsi512_ps(_mm512_add_epi32(_mm512_castps_si512(x), _mm512_slli_epi32(n, 23)));
}

inline VecI f_bits(VecF x) { return _mm512_castps_si512(x); }

inline VecI i_set1(int32_t x) { return _mm512_set1_epi32(x); }
inline VecI i_load(const void* p) { return _mm512_loadu_si512(p); }
inline VecI i_load_bytes(const std::byte* p) {  // unsigned
  return _mm512_cvtepu8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
}
inline VecI i_load_signed_bytes(const std::byte* p) {
  return _mm512_cvtepi8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
}
inline VecI i_and(VecI a, VecI b) { return _mm512_and_si512(a, b); }
inline VecI i_or(VecI a, VecI b) { return _mm512_or_si512(a, b); }
inline VecI i_add(VecI a, VecI b) { return _mm512_add_epi32(a, b); }
inline VecI i_sub(VecI a, VecI b) { return _mm512_sub_epi32(a, b); }
template <int kBits>
inline VecI i_shift_left(VecI a) {
  return _mm512_slli_epi32(a, kBits);
}
template <int kBits>
inline VecI i_shift_right(VecI a) {
  return _mm512_srai_epi32(a, kBits);
}
inline VecI i_max(VecI a, VecI b) { return _mm512_max_epi32(a, b); }
inline int32_t i_sum_lanes(VecI x) { return _mm512_reduce_add_epi32(x); }
inline void i_store(int32_t* p, VecI x) { _mm512_storeu_si512(p, x); }
inline void i_store_bytes(int8_t* p, VecI x) {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(p), _mm512_cvtepi32_epi8(x));
}

inline void i_store_words(int16_t* p, VecI x) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), _mm512_cvtepi32_epi16(x));
}

// The upper halves of each two lanes, side by side, and of 16 lanes in a row.
inline VecI i_upper_halves(VecI a, VecI b) {
  return _mm512_mask_mov_epi16(_mm512_srli_epi32(a, 16), 0xAAAAAAAA, b);
}
inline void i_store_upper_halves(uint16_t* p, VecI x) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(p),
                      _mm512_cvtepi32_epi16(_mm512_srli_epi32(x, 16)));
}

// w_: two 16-bit words for each of 16 lanes, and two that all lanes share.
using VecW = __m512i;
using WordPair = __m512i;
inline VecW w_load(const std::byte* p) { return _mm512_loadu_si512(p); }
inline VecW w_load_bytes(const std::byte* p) {
  return _mm512_cvtepi8_epi16(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)));
}
inline WordPair w_pair(const int16_t* p) {
  int32_t both;
  std::memcpy(&both, p, sizeof both);
  return _mm512_set1_epi32(both);
}
inline VecI i_dot_words(VecI acc, VecW words, WordPair pair) {
  return _mm512_dpwssd_epi32(acc, words, pair);
}

inline VecB b_load(const std::byte* p) { return _mm512_loadu_si512(p); }
inline void b_store(std::byte* p, VecB x) { _mm512_storeu_si512(p, x); }
inline VecB b_low(VecB x) { return _mm512_and_si512(x, _mm512_set1_epi8(15)); }
inline VecB b_high(VecB x) {
  return _mm512_and_si512(_mm512_srli_epi16(x, 4), _mm512_set1_epi8(15));
}
// Bits kFrom and kFrom + 1 of each byte, moved to kTo; the others zero.
template <int kFrom, int kTo>
inline VecB b_two_bits(VecB x) {
  if constexpr (kFrom > kTo) x = _mm512_srli_epi16(x, kFrom - kTo);
  if constexpr (kFrom < kTo) x = _mm512_slli_epi16(x, kTo - kFrom);
  return _mm512_and_si512(x, _mm512_set1_epi8(3 << kTo));
}
inline VecB b_or(VecB a, VecB b) { return _mm512_or_si512(a, b); }
// Adds kWeight to code i where bit i of the mask at `p` is set.
template <int kWeight>
inline VecB b_or_bit(VecB x, const std::byte* p) {
  uint64_t mask;
  std::memcpy(&mask, p, sizeof mask);
  return _mm512_mask_add_epi8(x, mask, x, _mm512_set1_epi8(kWeight));  // that bit is 0 so far
}
inline VecB b_signed(VecB x) { return _mm512_xor_si512(x, _mm512_set1_epi8(-128)); }
// table[code] for codes 0..15, as b_signed() gives signed codes.
inline VecB b_table(VecB x, const int8_t* table) {
  const __m128i values = _mm_loadu_si128(reinterpret_cast<const __m128i*>(table));
  return _mm512_shuffle_epi8(b_signed(_mm512_broadcast_i32x4(values)), x);
}
inline VecI b_words(VecB x) { return x; }  // the four codes of a row as one number

// acc[row] += four codes of the row times the bytes 4 kQuad .. 4 kQuad + 3 at `a`.
template <int kQuad>
inline VecI i_dot_unsigned(VecI acc, VecB codes, const int8_t* a) {
  int32_t four;
  std::memcpy(&four, a + kQuad * 4, sizeof four);
  return _mm512_dpbusd_epi32(acc, codes, _mm512_set1_epi32(four));
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
