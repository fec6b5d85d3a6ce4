// SPDX-License-Identifier: Apache-2.0
// Products with matrices of low rank (low_rank.h). A token's result does not depend on how many
// tokens, rows or panels its work shares registers with. See loops.h for how it is included.
#pragma once

#include "kernels/kernels.h"
#include "kernels/loops_base.h"

namespace hearth {
namespace {

// Tokens and panels that share registers: 16 hold sums where there are 32 of them, else 8.
constexpr int kShrinkTokens = kLanes == 8 ? 2 : 4;
constexpr int kExpandTokens = kLanes == 8 ? 4 : 8;
constexpr int kExpandPanels = 8;  // of one token

// Asks memory for `bytes`, piece by piece.
class LowRankAhead {
 public:
  explicit LowRankAhead(std::span<const std::byte> bytes)
      : at_(bytes.data()), stop_(at_), end_(at_ + bytes.size()) {}

  void fetch_bytes(std::size_t count) {
    stop_ = static_cast<std::size_t>(end_ - stop_) > count ? stop_ + count : end_;
    for (; at_ < stop_; at_ += kFetchBytes) fetch(at_);
  }

 private:
  static constexpr std::ptrdiff_t kFetchBytes = 64;

  const std::byte* at_;
  const std::byte* stop_;
  const std::byte* end_;
};

struct LowRankFloats {
  static constexpr LowRankType kType = LowRankType::kFloats;
  // sums grow by a group's row `row` times the columns i and i + 16 of it, `low` and `high` being
  // those that belong to part `part`.
  template <int kTokens>
  static void shrink_row(const std::byte* group, int row, int part, const VecF (&low)[kTokens],
                         const VecF (&high)[kTokens], VecF (&sums)[kTokens]) {
    const float* at = reinterpret_cast<const float*>(group) + row * kGroupColumns + part * kLanes;
    const VecF first = f_load(at);
    const VecF second = f_load(at + 16);
    for (int t = 0; t < kTokens; ++t)
      sums[t] = f_fma(second, high[t], f_fma(first, low[t], sums[t]));
  }
  // Of a panel's place `index` of the rank, from lane `lane` on.
  static VecF expand_values(const std::byte* panel, int32_t index, int lane) {
    return f_load(reinterpret_cast<const float*>(panel) + index * kPanelRows + lane);
  }
  static VecF finish(const std::byte*, int, VecF sum, VecF before) { return f_add(before, sum); }
};

struct LowRankBytes {
  static constexpr LowRankType kType = LowRankType::kBytes;
  // Scaled are the sums of a group, not its values: of one token that is less work.
  template <int kTokens>
  static void shrink_row(const std::byte* group, int row, int part, const VecF (&low)[kTokens],
                         const VecF (&high)[kTokens], VecF (&sums)[kTokens]) {
    const std::byte* codes =
        group + kShrinkRows * sizeof(float) + row * kGroupColumns + part * kLanes;
    const VecF first = f_from_i(i_load_signed_bytes(codes));
    const VecF second = f_from_i(i_load_signed_bytes(codes + 16));
    const VecF scale = f_set1(reinterpret_cast<const float*>(group)[row]);
    for (int t = 0; t < kTokens; ++t)
      sums[t] = f_fma(f_fma(second, high[t], f_mul(first, low[t])), scale, sums[t]);
  }
  static VecF expand_values(const std::byte* panel, int32_t index, int lane) {
    const std::byte* codes = panel + kPanelRows * kExpandScaleBytes + index * kPanelRows + lane;
    return f_from_i(i_load_signed_bytes(codes));
  }
  static VecF finish(const std::byte* panel, int lane, VecF sum, VecF before) {
    return f_fma(sum, f_load_bfloat(panel + lane * kExpandScaleBytes), before);
  }
};

// Sums of the columns i, i + 16, ... of a block's rows times those of kTokens tokens, i being a
// lane of part `part`.
template <typename Values, int kTokens>
HEARTH_INLINE void shrink_part(const std::byte* block, int32_t groups, int part,
                               const float* const (&x)[kTokens], LowRankAhead& ahead,
                               VecF (&sums)[kShrinkRows][kTokens]) {
  static_assert(kGroupColumns == 32);
  for (auto& row_sums : sums) {
    for (VecF& sum : row_sums) sum = f_set1(0.0f);
  }
  for (int32_t group = 0; group < groups; ++group) {
    if (part == 0) ahead.fetch_bytes(shrink_group_bytes(Values::kType));
    VecF low[kTokens];
    VecF high[kTokens];
    for (int t = 0; t < kTokens; ++t) {
      low[t] = f_load(x[t] + group * kGroupColumns + part * kLanes);
      high[t] = f_load(x[t] + group * kGroupColumns + 16 + part * kLanes);
    }
    for (int row = 0; row < kShrinkRows; ++row)
      Values::template shrink_row<kTokens>(block, row, part, low, high, sums[row]);
    block += shrink_group_bytes(Values::kType);
  }
}

template <typename Values, int kTokens>
inline void shrink_tile(const ShrinkArgs& args, int32_t token, LowRankAhead& ahead) {
  const ShrinkMatrix& weights = *args.weights;
  const int32_t* tokens = args.tokens.tokens + token;
  const float* x[kTokens];
  for (int t = 0; t < kTokens; ++t) {
    x[t] = args.inputs + static_cast<std::size_t>(tokens[t] - args.tokens.first) *
                             static_cast<std::size_t>(weights.columns);
  }
  for (int32_t block = args.block_begin; block < args.block_end; ++block) {
    const std::byte* at = weights.data + static_cast<std::size_t>(block) * weights.block_bytes();
    VecF parts[kShrinkRows][kTokens][kParts];
    for (int part = 0; part < kParts; ++part) {
      VecF sums[kShrinkRows][kTokens];
      shrink_part<Values, kTokens>(at, weights.columns / kGroupColumns, part, x, ahead, sums);
      for (int row = 0; row < kShrinkRows; ++row) {
        for (int t = 0; t < kTokens; ++t) parts[row][t][part] = sums[row][t];
      }
    }
    for (int t = 0; t < kTokens; ++t) {
      float* out = args.out + static_cast<std::size_t>(tokens[t]) * args.out_stride +
                   static_cast<std::size_t>(block - args.block_begin) * kShrinkRows;
      for (int row = 0; row < kShrinkRows; ++row)
        out[row] = args.scales[token + t] * f_sum16(parts[row][t]);
    }
  }
}

template <typename Values>
void shrink_all(const ShrinkArgs& args) {
  LowRankAhead ahead(args.ahead);
  int32_t token = 0;
  for (; token + kShrinkTokens <= args.tokens.count; token += kShrinkTokens)
    shrink_tile<Values, kShrinkTokens>(args, token, ahead);
  for (; token < args.tokens.count; ++token) shrink_tile<Values, 1>(args, token, ahead);
}

void shrink(const ShrinkArgs& args) {
  if (args.weights->type == LowRankType::kBytes) return shrink_all<LowRankBytes>(args);
  shrink_all<LowRankFloats>(args);
}

// kPanels panels times kTokens tokens, in the order of the rank.
template <typename Values, int kPanels, int kTokens>
inline void expand_tile(const ExpandArgs& args, int32_t panel, int32_t token, LowRankAhead& ahead) {
  const ExpandMatrix& weights = *args.weights;
  const int32_t* tokens = args.tokens.tokens + token;
  ahead.fetch_bytes(kPanels * weights.panel_bytes());
  const std::byte* at[kPanels];
  for (int p = 0; p < kPanels; ++p)
    at[p] = weights.data + static_cast<std::size_t>(panel + p) * weights.panel_bytes();
  const float* x[kTokens];
  float* out[kTokens];
  for (int t = 0; t < kTokens; ++t) {
    x[t] = args.inputs + static_cast<std::size_t>(tokens[t]) * args.in_stride;
    out[t] = args.out + static_cast<std::size_t>(tokens[t] - args.tokens.first) * args.out_stride +
             static_cast<std::size_t>(panel - args.panel_begin) * kPanelRows;
  }
  for (int lane = 0; lane < kPanelRows; lane += kLanes) {
    VecF sums[kPanels][kTokens];
    for (auto& panel_sums : sums) {
      for (VecF& sum : panel_sums) sum = f_set1(0.0f);
    }
    for (int32_t index = 0; index < weights.rank; ++index) {
      for (int p = 0; p < kPanels; ++p) {
        const VecF values = Values::expand_values(at[p], index, lane);
        for (int t = 0; t < kTokens; ++t)
          sums[p][t] = f_fma(values, f_set1(x[t][index]), sums[p][t]);
      }
    }
    for (int p = 0; p < kPanels; ++p) {
      for (int t = 0; t < kTokens; ++t) {
        float* to = out[t] + p * kPanelRows + lane;
        f_store(to, Values::finish(at[p], lane, sums[p][t], f_load(to)));
      }
    }
  }
}

template <typename Values>
void expand_all(const ExpandArgs& args) {
  LowRankAhead ahead(args.ahead);
  int32_t token = 0;
  for (; token + kExpandTokens <= args.tokens.count; token += kExpandTokens) {
    for (int32_t panel = args.panel_begin; panel < args.panel_end; ++panel)
      expand_tile<Values, 1, kExpandTokens>(args, panel, token, ahead);
  }
  for (; token < args.tokens.count; ++token) {
    int32_t panel = args.panel_begin;
    for (; panel + kExpandPanels <= args.panel_end; panel += kExpandPanels)
      expand_tile<Values, kExpandPanels, 1>(args, panel, token, ahead);
    for (; panel < args.panel_end; ++panel) expand_tile<Values, 1, 1>(args, panel, token, ahead);
  }
}

void expand(const ExpandArgs& args) {
  if (args.weights->type == LowRankType::kBytes) return expand_all<LowRankBytes>(args);
  expand_all<LowRankFloats>(args);
}

}  // namespace
}  // namespace hearth
