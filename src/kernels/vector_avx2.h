// SPDX-License-Identifier: Apache-2.0
// The primitives of loops.h for AVX2 with FMA and F16C. Included by kernels_avx2.cc only. f_: 8
// floats, i_: 8 int32, b_: 32 code bytes, four for each of 8 rows.
#pragma once

#include <immintrin.h>

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace hearth {
namespace {

constexpr int kLanes = 8;
constexpr int kTokenTile = 4;  // tokens that share one pass over a panel's codes
constexpr int kPanelTile = 1;  // panels that share what is loaded of the tokens
constexpr int kRowTile = 4;    // query rows that share what is loaded of keys and values
constexpr int kByteZero = 0;   // signed codes are used as they are

using VecF = __m256;
using VecI = __m256i;
using VecB = __m256i;

inline VecF f_set1(float x) { return _mm256_set1_ps(x); }
inline VecF f_load(const float* p) { return _mm256_loadu_ps(p); }
inline void f_store(float* p, VecF x) { _mm256_storeu_ps(p, x); }
inline VecF f_add(VecF a, VecF b) { return _mm256_add_ps(a, b); }
inline VecF f_sub(VecF a, VecF b) { return _mm256_sub_ps(a, b); }
inline VecF f_mul(VecF a, VecF b) { return _mm256_mul_ps(a, b); }
inline VecF f_div(VecF a, VecF b) { return _mm256_div_ps(a, b); }
inline VecF f_fma(VecF a, VecF b, VecF c) { return _mm256_fmadd_ps(a, b, c); }
inline VecF f_max(VecF a, VecF b) { return _mm256_max_ps(a, b); }
inline VecF f_min(VecF a, VecF b) { return _mm256_min_ps(a, b); }
inline VecF f_abs(VecF a) { return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), a); }
inline float f_max_lane(VecF x) {
  __m128 best = _mm_max_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
  best = _mm_max_ps(best, _mm_movehl_ps(best, best));
  return _mm_cvtss_f32(_mm_max_ss(best, _mm_movehdup_ps(best)));
}
// The sum of 16 virtual lanes by one tree, the same in all files: i and i + 8, then 4, 2, 1.
inline float f_sum16(const VecF (&parts)[2]) {
  const __m256 eight = _mm256_add_ps(parts[0], parts[1]);
  const __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
  const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}
inline VecF f_load_half(const void* p) {
  return _mm256_cvtph_ps(_mm_loadu_si128(static_cast<const __m128i*>(p)));
}
inline VecF f_load_bfloat(const void* p) {
  const __m256i bits = _mm256_cvtepu16_epi32(_mm_loadu_si128(static_cast<const __m128i*>(p)));
  return _mm256_castsi256_ps(_mm256_slli_epi32(bits, 16));
}
inline VecI f_round(VecF x) { return _mm256_cvtps_epi32(x); }  // to nearest, ties to even
inline VecF f_from_i(VecI x) { return _mm256_cvtepi32_ps(x); }
inline VecF f_from_bits(VecI x) { return _mm256_castsi256_ps(x); }
inline VecF f_scale2(VecF x, VecI n) {  // x * 2^n, no subnormals involved
  return _mm256_castsi256_ps(_mm256_add_epi32(_mm256_castps_si256(x), _mm256_slli_epi32(n, 23)));
}

inline VecI i_set1(int32_t x) { return _mm256_set1_epi32(x); }
inline VecI i_load(const void* p) { return _mm256_loadu_si256(static_cast<const __m256i*>(p)); }
inline VecI i_load_bytes(const std::byte* p) {  // unsigned
  return _mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(p)));
}
inline VecI i_load_signed_bytes(const std::byte* p) {
  return _mm256_cvtepi8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(p)));
}
inline VecI i_and(VecI a, VecI b) { return _mm256_and_si256(a, b); }
inline VecI i_add(VecI a, VecI b) { return _mm256_add_epi32(a, b); }
inline VecI i_sub(VecI a, VecI b) { return _mm256_sub_epi32(a, b); }
template <int kBits>
inline VecI i_shift_left(VecI a) {
  return _mm256_slli_epi32(a, kBits);
}
template <int kBits>
inline VecI i_shift_right(VecI a) {
  return _mm256_srai_epi32(a, kBits);
}
inline VecI i_max(VecI a, VecI b) { return _mm256_max_epi32(a, b); }
inline int32_t i_sum_lanes(VecI x) {
  __m128i sum = _mm_add_epi32(_mm256_castsi256_si128(x), _mm256_extracti128_si256(x, 1));
  sum = _mm_add_epi32(sum, _mm_unpackhi_epi64(sum, sum));
  return _mm_cvtsi128_si32(_mm_add_epi32(sum, _mm_shuffle_epi32(sum, 1)));
}
inline void i_store(int32_t* p, VecI x) { _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), x); }
inline void i_store_bytes(int8_t* p, VecI x) {
  const __m128i words = _mm_packs_epi32(_mm256_castsi256_si128(x), _mm256_extracti128_si256(x, 1));
  _mm_storel_epi64(reinterpret_cast<__m128i*>(p), _mm_packs_epi16(words, words));
}

inline void i_store_words(int16_t* p, VecI x) {
  const __m128i words = _mm_packs_epi32(_mm256_castsi256_si128(x), _mm256_extracti128_si256(x, 1));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(p), words);
}

// w_: two 16-bit words for each of 8 lanes, and two that all lanes share.
using VecW = __m256i;
using WordPair = __m256i;
inline VecW w_load(const std::byte* p) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
}
inline VecW w_load_bytes(const std::byte* p) {
  return _mm256_cvtepi8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
}
inline WordPair w_pair(const int16_t* p) {
  int32_t both;
  std::memcpy(&both, p, sizeof both);
  return _mm256_set1_epi32(both);
}
inline VecI i_dot_words(VecI acc, VecW words, WordPair pair) {
  return _mm256_add_epi32(acc, _mm256_madd_epi16(words, pair));
}

inline VecB b_load(const std::byte* p) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
}
inline void b_store(std::byte* p, VecB x) { _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), x); }
inline VecB b_low(VecB x) { return _mm256_and_si256(x, _mm256_set1_epi8(15)); }
inline VecB b_high(VecB x) {
  return _mm256_and_si256(_mm256_srli_epi16(x, 4), _mm256_set1_epi8(15));
}
// Bits kFrom and kFrom + 1 of each byte, moved to kTo; the others zero.
template <int kFrom, int kTo>
inline VecB b_two_bits(VecB x) {
  if constexpr (kFrom > kTo) x = _mm256_srli_epi16(x, kFrom - kTo);
  if constexpr (kFrom < kTo) x = _mm256_slli_epi16(x, kTo - kFrom);
  return _mm256_and_si256(x, _mm256_set1_epi8(3 << kTo));
}
inline VecB b_or(VecB a, VecB b) { return _mm256_or_si256(a, b); }
// Adds kWeight to code i where bit i of the mask at `p` is set.
template <int kWeight>
inline VecB b_or_bit(VecB x, const std::byte* p) {
  int32_t mask;
  std::memcpy(&mask, p, sizeof mask);
  const __m256i byte_of_code =
      _mm256_setr_epi64x(0, 0x0101010101010101, 0x0202020202020202, 0x0303030303030303);
  const __m256i bit_of_code = _mm256_set1_epi64x(static_cast<long long>(0x8040201008040201));
  const __m256i spread =
      _mm256_and_si256(_mm256_shuffle_epi8(_mm256_set1_epi32(mask), byte_of_code), bit_of_code);
  const __m256i set = _mm256_cmpeq_epi8(spread, bit_of_code);
  return _mm256_or_si256(x, _mm256_and_si256(set, _mm256_set1_epi8(kWeight)));
}
inline VecB b_signed(VecB x) { return x; }
// table[code] for codes 0..15, as b_signed() gives signed codes.
inline VecB b_table(VecB x, const int8_t* table) {
  const __m128i values = _mm_loadu_si128(reinterpret_cast<const __m128i*>(table));
  return _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(values), x);
}
inline VecI b_words(VecB x) { return x; }  // the four codes of a row as one number

inline VecI four_bytes(const int8_t* a) {
  int32_t four;
  std::memcpy(&four, a, sizeof four);
  return _mm256_set1_epi32(four);
}
// acc[row] += four codes of the row times the bytes 4 kQuad .. 4 kQuad + 3 at `a`. Codes up to 127,
// or signed ones within +-128 times bytes within +-127, keep the 16-bit sums of pairs in range.
template <int kQuad>
inline VecI i_dot_unsigned(VecI acc, VecB codes, const int8_t* a) {
  const __m256i pairs = _mm256_maddubs_epi16(codes, four_bytes(a + kQuad * 4));
  return _mm256_add_epi32(acc, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
}
template <int kQuad>
inline VecI i_dot_signed(VecI acc, VecB codes, const int8_t* a) {
  const __m256i pairs = _mm256_maddubs_epi16(_mm256_abs_epi8(codes),
                                             _mm256_sign_epi8(four_bytes(a + kQuad * 4), codes));
  return _mm256_add_epi32(acc, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
}

struct TokenPairs {
  static constexpr bool kHave = false;  // no products of byte matrices
};

}  // namespace
}  // namespace hearth
