// SPDX-License-Identifier: Apache-2.0
// Loops over one vector: sums, exponential, normalisation, activation, rounding. See loops.h for
// how it is included.
#pragma once

#include "kernels/kernels.h"
#include "kernels/loops_base.h"

namespace hearth {
namespace {

// e^x to about 1 ulp, x clamped to where the result is a normal number. 2^n times a Taylor
// polynomial of degree 7 in the remainder, |r| <= ln(2)/2, whose error is below 4e-9.
inline VecF f_exp(VecF x) {
  x = f_min(f_max(x, f_set1(-87.0f)), f_set1(88.0f));
  const VecI n = f_round(f_mul(x, f_set1(1.44269504f)));
  const VecF nf = f_from_i(n);
  VecF r = f_fma(nf, f_set1(-0.693359375f), x);
  r = f_fma(nf, f_set1(2.12194440e-4f), r);
  VecF p = f_set1(1.0f / 5040);
  p = f_fma(p, r, f_set1(1.0f / 720));
  p = f_fma(p, r, f_set1(1.0f / 120));
  p = f_fma(p, r, f_set1(1.0f / 24));
  p = f_fma(p, r, f_set1(1.0f / 6));
  p = f_fma(p, r, f_set1(0.5f));
  p = f_fma(p, r, f_set1(1.0f));
  p = f_fma(p, r, f_set1(1.0f));
  return f_scale2(p, n);
}

inline float exp1(float x) {
  float lanes[kLanes];
  f_store(lanes, f_exp(f_set1(x)));
  return lanes[0];
}

// `count` is a multiple of 16 in all of the following: rows of a model are multiples of 32.

void rms_norm(const float* in, const float* weight, int32_t count, float epsilon, float* out) {
  VecF squares[kParts];
  for (VecF& part : squares) part = f_set1(0.0f);
  for (int32_t i = 0; i < count; i += 16) {
    for (int part = 0; part < kParts; ++part) {
      const VecF x = f_load(in + i + part * kLanes);
      squares[part] = f_fma(x, x, squares[part]);
    }
  }
  const float mean = f_sum16(squares) / static_cast<float>(count);
  const VecF factor = f_set1(1.0f / __builtin_sqrtf(mean + epsilon));
  for (int32_t i = 0; i < count; i += kLanes) {
    f_store(out + i, f_mul(f_mul(f_load(in + i), factor), f_load(weight + i)));
  }
}

void layer_norm(const float* in, const float* weight, const float* bias, int32_t count,
                float epsilon, float* out) {
  VecF sums[kParts];
  for (VecF& part : sums) part = f_set1(0.0f);
  for (int32_t i = 0; i < count; i += 16) {
    for (int part = 0; part < kParts; ++part)
      sums[part] = f_add(sums[part], f_load(in + i + part * kLanes));
  }
  const VecF mean = f_set1(f_sum16(sums) / static_cast<float>(count));
  for (VecF& part : sums) part = f_set1(0.0f);
  for (int32_t i = 0; i < count; i += 16) {
    for (int part = 0; part < kParts; ++part) {
      const VecF x = f_sub(f_load(in + i + part * kLanes), mean);
      sums[part] = f_fma(x, x, sums[part]);
    }
  }
  const float variance = f_sum16(sums) / static_cast<float>(count);
  const VecF factor = f_set1(1.0f / __builtin_sqrtf(variance + epsilon));
  for (int32_t i = 0; i < count; i += kLanes) {
    const VecF x = f_mul(f_sub(f_load(in + i), mean), factor);
    f_store(out + i, f_fma(x, f_load(weight + i), f_load(bias + i)));
  }
}

void silu_multiply(const float* gate, const float* up, int32_t count, float* out) {
  const VecF one = f_set1(1.0f);
  for (int32_t i = 0; i < count; i += kLanes) {
    const VecF g = f_load(gate + i);
    const VecF silu = f_div(g, f_add(one, f_exp(f_sub(f_set1(0.0f), g))));
    f_store(out + i, f_mul(silu, f_load(up + i)));
  }
}

// 0.5 x (1 + tanh(u)) = x / (1 + e^(-2u)) with u = sqrt(2 / pi) (x + 0.044715 x^3).
void gelu_multiply(const float* gate, const float* up, int32_t count, float* out) {
  const VecF one = f_set1(1.0f);
  for (int32_t i = 0; i < count; i += kLanes) {
    const VecF x = f_load(gate + i);
    const VecF cubic = f_fma(f_mul(x, x), f_set1(0.044715f), one);
    const VecF exponent = f_mul(f_mul(x, cubic), f_set1(-1.5957691216f));  // -2 sqrt(2 / pi)
    const VecF gelu_of_x = f_div(x, f_add(one, f_exp(exponent)));
    f_store(out + i, f_mul(gelu_of_x, f_load(up + i)));
  }
}

// 0.5 (x + |x| erf(|x| / sqrt(2))); erf to 1.5e-7 by formula 7.1.26 of Abramowitz and Stegun
// (1964).
void gelu(const float* in, int32_t count, float* out) {
  const VecF one = f_set1(1.0f);
  for (int32_t i = 0; i < count; i += kLanes) {
    const VecF x = f_load(in + i);
    const VecF size = f_abs(x);
    const VecF z = f_mul(size, f_set1(0.70710678119f));
    const VecF t = f_div(one, f_fma(z, f_set1(0.3275911f), one));
    VecF p = f_set1(1.061405429f);
    p = f_fma(p, t, f_set1(-1.453152027f));
    p = f_fma(p, t, f_set1(1.421413741f));
    p = f_fma(p, t, f_set1(-0.284496736f));
    p = f_fma(p, t, f_set1(0.254829592f));
    const VecF tail = f_mul(f_mul(p, t), f_exp(f_sub(f_set1(0.0f), f_mul(z, z))));
    f_store(out + i, f_mul(f_set1(0.5f), f_fma(size, f_sub(one, tail), x)));
  }
}

// tanh(y) = 1 - 2 / (1 + e^(2y)).
void soft_cap(float* values, int32_t count, float cap) {
  const VecF one = f_set1(1.0f);
  for (int32_t i = 0; i < count; i += kLanes) {
    const int32_t here = count - i < kLanes ? count - i : kLanes;
    float lanes[kLanes] = {};
    for (int32_t lane = 0; lane < here; ++lane) lanes[lane] = values[i + lane];
    const VecF power = f_exp(f_mul(f_load(lanes), f_set1(2.0f / cap)));
    const VecF tanh = f_sub(one, f_div(f_set1(2.0f), f_add(one, power)));
    f_store(lanes, f_mul(f_set1(cap), tanh));
    for (int32_t lane = 0; lane < here; ++lane) values[i + lane] = lanes[lane];
  }
}

LogitBlock summarise_logits(const float* logits) {
  VecF largest = f_load(logits);
  for (int32_t i = kLanes; i < kLogitBlock; i += kLanes)
    largest = f_max(largest, f_load(logits + i));
  const float max = f_max_lane(largest);
  VecF sums[kParts];
  VecF poison[kParts];  // 0, but NaN where a logit is no number, which f_exp() would hide
  for (int part = 0; part < kParts; ++part) sums[part] = poison[part] = f_set1(0.0f);
  for (int32_t i = 0; i < kLogitBlock; i += kPanelRows) {
    for (int part = 0; part < kParts; ++part) {
      const VecF logit = f_load(logits + i + part * kLanes);
      sums[part] = f_add(sums[part], f_exp(f_sub(logit, f_set1(max))));
      poison[part] = f_fma(logit, f_set1(0.0f), poison[part]);
    }
  }
  return {max, f_sum16(sums) + f_sum16(poison)};
}

inline float max_abs32(const float* in) {
  VecF best = f_abs(f_load(in));
  for (int i = kLanes; i < kGroupColumns; i += kLanes) best = f_max(best, f_abs(f_load(in + i)));
  return f_max_lane(best);
}

// The sums of the first and the last 16 codes of a group.
struct HalfSums {
  int32_t first;
  int32_t second;
};

// Of codes that lie in vectors of kLanes, by halves of the group.
using GroupCodes = VecI[kGroupColumns / kLanes];
inline HalfSums sum_codes(const GroupCodes& codes) {
  VecI first = codes[0];
  VecI second = codes[kParts];
  for (int part = 1; part < kParts; ++part) {
    first = i_add(first, codes[part]);
    second = i_add(second, codes[kParts + part]);
  }
  return {i_sum_lanes(first), i_sum_lanes(second)};
}

// One group of 32 to bytes: code = round(x / scale).
inline HalfSums quantize_int8(const float* in, float inverse, int8_t* codes) {
  GroupCodes wide;
  for (int i = 0; i < kGroupColumns; i += kLanes) {
    wide[i / kLanes] = f_round(f_mul(f_load(in + i), f_set1(inverse)));
    i_store_bytes(codes + i, wide[i / kLanes]);
  }
  return sum_codes(wide);
}

// One group of 32 to two bytes a value: 256 * coarse + fine; `fine_too`: or without the second.
inline HalfSums quantize_int16(const float* in, float inverse, bool fine_too, int8_t* codes,
                               int8_t* fine_codes) {
  GroupCodes wide;
  for (int i = 0; i < kGroupColumns; i += kLanes) {
    const VecI code = f_round(f_mul(f_load(in + i), f_set1(inverse)));
    const VecI coarse = i_shift_right<8>(i_add(code, i_set1(128)));
    const VecI coarse256 = i_shift_left<8>(coarse);
    // -128 is no operand of AVX2's signed multiplication; -127 is as good, one part in 32,000
    const VecI rest = i_max(i_sub(code, coarse256), i_set1(-127));
    const VecI fine = fine_too ? rest : i_set1(0);
    wide[i / kLanes] = i_add(coarse256, fine);
    i_store_bytes(codes + i, coarse);
    i_store_bytes(fine_codes + i, fine);
  }
  return sum_codes(wide);
}

// What the products need of a group beside its codes.
inline void note_group(const Activations& out, std::size_t slot, float scale, HalfSums sums,
                       bool fine) {
  const int32_t sum = sums.first + sums.second;
  out.groups[slot] = {.scale = scale,
                      .scaled_sum = scale * static_cast<float>(sum),
                      .sum = sum,
                      .half_sums = {sums.first, sums.second},
                      .fine = fine};
}

constexpr float kPeakMin = 1e-30f;  // below it a group is taken for zeros

void quantize_groups(const float* in, const Activations& out, std::size_t first, int32_t count) {
  constexpr float kCodeMax = 127.0f;
  for (std::size_t slot = first; slot < first + static_cast<std::size_t>(count); ++slot) {
    const float peak = max_abs32(in);
    const float inverse = peak > kPeakMin ? kCodeMax / peak : 0.0f;
    const float scale = peak > kPeakMin ? peak / kCodeMax : 0.0f;
    note_group(out, slot, scale, quantize_int8(in, inverse, out.codes + slot * kGroupColumns),
               false);
    in += kGroupColumns;
  }
}

void quantize(const Activations& out, int32_t token) {
  if (out.precision == Precision::kFloat) return;
  const int32_t groups = out.columns / kGroupColumns;
  const std::size_t first = static_cast<std::size_t>(token) * static_cast<std::size_t>(groups);
  const float* row = out.values + first * kGroupColumns;
  if (out.precision == Precision::kInt8) return quantize_groups(row, out, first, groups);
  constexpr float kCodeMax = 32512.0f;  // 127 * 256
  float row_peak = 0.0f;
  for (int32_t group = 0; group < groups; ++group) {
    const float peak = max_abs32(row + group * kGroupColumns);
    row_peak = peak > row_peak ? peak : row_peak;
  }
  const float fine_from = out.fine_from * row_peak;
  for (int32_t group = 0; group < groups; ++group) {
    const std::size_t slot = first + static_cast<std::size_t>(group);
    const float peak = max_abs32(row + group * kGroupColumns);
    const float inverse = peak > kPeakMin ? kCodeMax / peak : 0.0f;
    const float scale = peak > kPeakMin ? peak / kCodeMax : 0.0f;
    const bool fine = peak >= fine_from;
    const std::size_t at = slot * kGroupColumns;
    note_group(out, slot, scale,
               quantize_int16(out.values + at, inverse, fine, out.codes + at, out.fine_codes + at),
               fine);
  }
}

}  // namespace
}  // namespace hearth
