// SPDX-License-Identifier: Apache-2.0
// The primitives of loops.h for NEON, which every AArch64 CPU has. Included by kernels_neon*.cc
// only. f_: 4 floats, i_: 4 int32, b_: 16 code bytes, four for each of 4 rows.
//
// The files that include it are built for Armv8.0, for Armv8.2 with dot products and for that with
// matrix products of bytes; what the compiler may use decides how i_dot_*() are done. All levels
// give the same bits.
#pragma once

#include <arm_neon.h>

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace hearth {
namespace {

constexpr int kLanes = 4;
#if defined(__ARM_FEATURE_MATMUL_INT8)
constexpr int kTokenTile = 8;  // tokens that share one pass over a panel's codes
#else
constexpr int kTokenTile = 4;
#endif
constexpr int kPanelTile = 1;  // panels that share what is loaded of the tokens
constexpr int kRowTile = 4;    // query rows that share what is loaded of keys and values
constexpr int kByteZero = 0;   // signed codes are used as they are

using VecF = float32x4_t;
using VecI = int32x4_t;
using VecB = int8x16_t;

inline VecF f_set1(float x) { return vdupq_n_f32(x); }
inline VecF f_load(const float* p) { return vld1q_f32(p); }
inline void f_store(float* p, VecF x) { vst1q_f32(p, x); }
inline VecF f_add(VecF a, VecF b) { return vaddq_f32(a, b); }
inline VecF f_sub(VecF a, VecF b) { return vsubq_f32(a, b); }
inline VecF f_mul(VecF a, VecF b) { return vmulq_f32(a, b); }
inline VecF f_div(VecF a, VecF b) { return vdivq_f32(a, b); }
inline VecF f_fma(VecF a, VecF b, VecF c) { return vfmaq_f32(c, a, b); }
inline VecF f_max(VecF a, VecF b) { return vmaxq_f32(a, b); }
inline VecF f_min(VecF a, VecF b) { return vminq_f32(a, b); }
inline VecF f_abs(VecF a) { return vabsq_f32(a); }
inline float f_max_lane(VecF x) { return vmaxvq_f32(x); }
// The sum of 16 virtual lanes by one tree, the same in all files: i and i + 8, then 4, 2, 1.
inline float f_sum16(const VecF (&parts)[4]) {
  const VecF four = vaddq_f32(vaddq_f32(parts[0], parts[2]), vaddq_f32(parts[1], parts[3]));
  const float32x2_t two = vadd_f32(vget_low_f32(four), vget_high_f32(four));
  return vget_lane_f32(two, 0) + vget_lane_f32(two, 1);
}
inline uint16x4_t load_four_16(const void* p) {
  uint16x4_t bits;
  std::memcpy(&bits, p, sizeof bits);
  return bits;
}
inline VecF f_load_half(const void* p) {
  return vcvt_f32_f16(vreinterpret_f16_u16(load_four_16(p)));
}
inline VecF f_load_bfloat(const void* p) {
  return vreinterpretq_f32_u32(vshll_n_u16(load_four_16(p), 16));
}
inline VecI f_round(VecF x) { return vcvtnq_s32_f32(x); }  // to nearest, ties to even
inline VecF f_from_i(VecI x) { return vcvtq_f32_s32(x); }
inline VecF f_from_bits(VecI x) { return vreinterpretq_f32_s32(x); }
inline VecF f_scale2(VecF x, VecI n) {  // x * 2^n, no subnormals involved
  return vreinterpretq_f32_s32(vaddq_s32(vreinterpretq_s32_f32(x), vshlq_n_s32(n, 23)));
}

inline VecI i_set1(int32_t x) { return vdupq_n_s32(x); }
inline VecI i_load(const void* p) {
  VecI x;
  std::memcpy(&x, p, sizeof x);
  return x;
}
inline VecI i_load_bytes(const std::byte* p) {  // unsigned
  uint32_t bytes;
  std::memcpy(&bytes, p, sizeof bytes);
  const uint16x8_t words = vmovl_u8(vreinterpret_u8_u32(vdup_n_u32(bytes)));
  return vreinterpretq_s32_u32(vmovl_u16(vget_low_u16(words)));
}
inline VecI i_load_signed_bytes(const std::byte* p) {
  uint32_t bytes;
  std::memcpy(&bytes, p, sizeof bytes);
  const int16x8_t words = vmovl_s8(vreinterpret_s8_u32(vdup_n_u32(bytes)));
  return vmovl_s16(vget_low_s16(words));
}
inline VecI i_and(VecI a, VecI b) { return vandq_s32(a, b); }
inline VecI i_add(VecI a, VecI b) { return vaddq_s32(a, b); }
inline VecI i_sub(VecI a, VecI b) { return vsubq_s32(a, b); }
template <int kBits>
inline VecI i_shift_left(VecI a) {
  return vshlq_n_s32(a, kBits);
}
template <int kBits>
inline VecI i_shift_right(VecI a) {
  if constexpr (kBits == 0) {
    return a;  // the instruction knows no shift by 0
  } else {
    return vshrq_n_s32(a, kBits);
  }
}
inline VecI i_max(VecI a, VecI b) { return vmaxq_s32(a, b); }
inline int32_t i_sum_lanes(VecI x) { return vaddvq_s32(x); }
inline void i_store(int32_t* p, VecI x) { vst1q_s32(p, x); }
inline void i_store_bytes(int8_t* p, VecI x) {
  const int16x4_t words = vmovn_s32(x);
  const int8x8_t bytes = vmovn_s16(vcombine_s16(words, words));
  std::memcpy(p, &bytes, 4);
}

inline void i_store_words(int16_t* p, VecI x) { vst1_s16(p, vmovn_s32(x)); }

// w_: two 16-bit words for each of 4 lanes, and two that all lanes share.
struct VecW {
  int16x4_t first, second;
};
using WordPair = VecW;
inline VecW w_split(int16x8_t x) {
  const int16x4_t low = vget_low_s16(x);
  const int16x4_t high = vget_high_s16(x);
  return {vuzp1_s16(low, high), vuzp2_s16(low, high)};
}
inline VecW w_load(const std::byte* p) {
  int16x8_t words;
  std::memcpy(&words, p, sizeof words);
  return w_split(words);
}
inline VecW w_load_bytes(const std::byte* p) {
  int8x8_t bytes;
  std::memcpy(&bytes, p, sizeof bytes);
  return w_split(vmovl_s8(bytes));
}
inline WordPair w_pair(const int16_t* p) { return {vdup_n_s16(p[0]), vdup_n_s16(p[1])}; }
inline VecI i_dot_words(VecI acc, VecW words, WordPair pair) {
  return vmlal_s16(vmlal_s16(acc, words.first, pair.first), words.second, pair.second);
}

inline VecB b_load(const std::byte* p) {
  VecB x;
  std::memcpy(&x, p, sizeof x);
  return x;
}
inline void b_store(std::byte* p, VecB x) { std::memcpy(p, &x, sizeof x); }
inline VecB b_low(VecB x) { return vandq_s8(x, vdupq_n_s8(15)); }
inline VecB b_high(VecB x) { return vreinterpretq_s8_u8(vshrq_n_u8(vreinterpretq_u8_s8(x), 4)); }
// Bits kFrom and kFrom + 1 of each byte, moved to kTo; the others zero.
template <int kFrom, int kTo>
inline VecB b_two_bits(VecB x) {
  uint8x16_t bits = vreinterpretq_u8_s8(x);
  if constexpr (kFrom > kTo) bits = vshrq_n_u8(bits, kFrom - kTo);
  if constexpr (kFrom < kTo) bits = vshlq_n_u8(bits, kTo - kFrom);
  return vreinterpretq_s8_u8(vandq_u8(bits, vdupq_n_u8(3 << kTo)));
}
inline VecB b_or(VecB a, VecB b) { return vorrq_s8(a, b); }
// Adds kWeight to code i where bit i of the mask at `p` is set.
template <int kWeight>
inline VecB b_or_bit(VecB x, const std::byte* p) {
  const uint8x16_t mask = vcombine_u8(vdup_n_u8(std::to_integer<uint8_t>(p[0])),
                                      vdup_n_u8(std::to_integer<uint8_t>(p[1])));
  const uint8x16_t bit_of_code = vreinterpretq_u8_u64(vdupq_n_u64(0x8040201008040201));
  const uint8x16_t set = vtstq_u8(mask, bit_of_code);
  return vorrq_s8(x, vreinterpretq_s8_u8(vandq_u8(set, vdupq_n_u8(kWeight))));
}
inline VecB b_signed(VecB x) { return x; }
// table[code] for codes 0..15.
inline VecB b_table(VecB x, const int8_t* table) {
  return vqtbl1q_s8(vld1q_s8(table), vreinterpretq_u8_s8(x));
}
inline VecI b_words(VecB x) { return vreinterpretq_s32_s8(x); }  // a row's four codes as one number

// acc[row] += four signed codes of the row times the bytes 4 kQuad .. 4 kQuad + 3 at `a`, of 32.
// Codes within +-128 times bytes within +-127 keep the 16-bit sums of pairs in range.
template <int kQuad>
inline VecI i_dot_signed(VecI acc, VecB codes, const int8_t* a) {
#if defined(__ARM_FEATURE_DOTPROD)
  return vdotq_laneq_s32(acc, codes, vld1q_s8(a + kQuad / 4 * 16), kQuad % 4);
#else
  int32_t four;
  std::memcpy(&four, a + kQuad * 4, sizeof four);
  const VecB bytes = vreinterpretq_s8_s32(vdupq_n_s32(four));
  const int16x8_t low = vmull_s8(vget_low_s8(codes), vget_low_s8(bytes));
  const int16x8_t high = vmull_high_s8(codes, bytes);
  return vpadalq_s16(acc, vpaddq_s16(low, high));
#endif
}
// Unsigned codes are below 128, so they are signed ones too.
template <int kQuad>
inline VecI i_dot_unsigned(VecI acc, VecB codes, const int8_t* a) {
  return i_dot_signed<kQuad>(acc, codes, a);
}

#if defined(__ARM_FEATURE_MATMUL_INT8)
// Products of byte matrices: two rows by two tokens by eight columns.
struct TokenPairs {
  static constexpr bool kHave = true;
  // Rows 0 and 1, or 2 and 3, of two quads: eight codes of the one row, eight of the other.
  static VecB lower_rows(VecB a, VecB b) {
    return vreinterpretq_s8_s32(vzip1q_s32(vreinterpretq_s32_s8(a), vreinterpretq_s32_s8(b)));
  }
  static VecB upper_rows(VecB a, VecB b) {
    return vreinterpretq_s8_s32(vzip2q_s32(vreinterpretq_s32_s8(a), vreinterpretq_s32_s8(b)));
  }
  // Eight codes of each of two tokens.
  static VecB load(const int8_t* p) { return vld1q_s8(p); }
  static VecI multiply(VecI acc, VecB rows, VecB tokens) { return vmmlaq_s32(acc, rows, tokens); }
  // The sums of four rows, from those of rows 0 and 1 and of rows 2 and 3.
  static VecI first_token(VecI lower, VecI upper) { return vuzp1q_s32(lower, upper); }
  static VecI second_token(VecI lower, VecI upper) { return vuzp2q_s32(lower, upper); }
};
#else
struct TokenPairs {
  static constexpr bool kHave = false;  // no products of byte matrices
};
#endif

}  // namespace
}  // namespace hearth
