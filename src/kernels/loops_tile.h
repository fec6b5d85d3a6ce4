// SPDX-License-Identifier: Apache-2.0
// A tile of a matrix product: some panels by some tokens, group by group. See loops.h for how it is
// included.
//
// For each group of columns that share a scale (32, or 16) and 16 rows:
//   out += float(sum of code_w * code_x - zero * sum of code_x) * (scale_w * scale_x) + min_w *
//   (scale_x * sum of code_x)
// The zero point enters as the starting value of the integer sum, so it costs nothing.
#pragma once

#include "kernels/kernels.h"
#include "kernels/loops_dot.h"

namespace hearth {
namespace {

// Writes 16 finished rows of one token, or those of them that exist.
inline void finish_rows(const MatmulArgs& args, int32_t panel, int32_t token,
                        const VecF (&rows)[kParts]) {
  float* out = args.out + static_cast<std::size_t>(token) * args.out_stride +
               static_cast<std::size_t>(panel - args.panel_begin) * kPanelRows;
  const int32_t count = args.weights->rows - panel * kPanelRows;
  if (count >= kPanelRows) {
    for (int part = 0; part < kParts; ++part) {
      float* at = out + part * kLanes;
      f_store(at, args.epilogue == Epilogue::kAdd ? f_add(f_load(at), rows[part]) : rows[part]);
    }
    return;
  }
  float lanes[kPanelRows];
  for (int part = 0; part < kParts; ++part) f_store(lanes + part * kLanes, rows[part]);
  for (int32_t row = 0; row < count; ++row) {
    out[row] = args.epilogue == Epilogue::kAdd ? out[row] + lanes[row] : lanes[row];
  }
}

// sums[p][t] += the columns that share a scale, from quad `kQuad` of the group on, of panel p times
// each token's; then those that follow in the group.
template <typename Format, int kPanels, int kTokens, Bytes kBytes, int kQuad = 0, typename Inputs>
HEARTH_INLINE void multiply_group(const PanelPlanes (&planes)[kPanels], std::size_t group, int part,
                                  const Inputs (&x)[kTokens], VecF (&sums)[kPanels][kTokens]) {
  constexpr bool kHalves = Format::kScaleQuads == 4;
  constexpr int kHalf = kQuad / 4;
  VecI acc[kPanels][kTokens];
  VecI fine[kPanels][kTokens];
  for (int t = 0; t < kTokens; ++t) {
    const ActivationGroup& of = x[t].groups[group];
    const int32_t sum = kHalves ? of.half_sums[kHalf] : of.sum;
    const VecI start = i_set1(-Format::kZero * sum);
    for (int p = 0; p < kPanels; ++p) {
      acc[p][t] = kBytes == Bytes::kOne ? start : i_set1(0);
      fine[p][t] = start;
    }
  }
  constexpr bool kFine = kBytes == Bytes::kTwo;
  dot_columns<Format, kPanels, kTokens, kFine, kQuad>(planes, group, part, x, acc, fine);
  for (int p = 0; p < kPanels; ++p) {
    const VecF scale = group_scale<Format, kQuad>(planes[p], group, part);
    for (int t = 0; t < kTokens; ++t) {
      const VecI total =
          kBytes == Bytes::kOne ? acc[p][t] : i_add(i_shift_left<8>(acc[p][t]), fine[p][t]);
      sums[p][t] =
          f_fma(f_from_i(total), f_mul(scale, f_set1(x[t].groups[group].scale)), sums[p][t]);
    }
    if constexpr (Format::kMin) {
      const VecF min = group_min<Format, kQuad>(planes[p], group, part);
      for (int t = 0; t < kTokens; ++t) {
        const ActivationGroup& of = x[t].groups[group];
        const float scaled_sum =
            kHalves ? of.scale * static_cast<float>(of.half_sums[kHalf]) : of.scaled_sum;
        sums[p][t] = f_fma(min, f_set1(scaled_sum), sums[p][t]);
      }
    }
  }
  if constexpr (kHalves && kQuad == 0) {
    multiply_group<Format, kPanels, kTokens, kBytes, 4>(planes, group, part, x, sums);
  }
}

// The same by the bytes that the group has. Two, but a second byte of none of the tokens: it adds
// 0.
template <typename Format, int kPanels, int kTokens, bool kWide, typename Inputs>
HEARTH_INLINE void multiply_any_group(const PanelPlanes (&planes)[kPanels], std::size_t group,
                                      int part, const Inputs (&x)[kTokens],
                                      VecF (&sums)[kPanels][kTokens]) {
  if constexpr (kWide) {
    bool fine = false;
    for (int t = 0; t < kTokens; ++t) fine |= x[t].groups[group].fine != 0;
    if (fine) {
      multiply_group<Format, kPanels, kTokens, Bytes::kTwo>(planes, group, part, x, sums);
    } else {
      multiply_group<Format, kPanels, kTokens, Bytes::kHighOfTwo>(planes, group, part, x, sums);
    }
  } else {
    multiply_group<Format, kPanels, kTokens, Bytes::kOne>(planes, group, part, x, sums);
  }
}

}  // namespace
}  // namespace hearth
