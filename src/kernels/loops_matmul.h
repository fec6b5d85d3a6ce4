// SPDX-License-Identifier: Apache-2.0
// Matrix products over N16K4 panels: few tokens, whose codes are decoded as they are multiplied
// (many are loops_decoded.h's), and the float path. See loops.h for how it is included.
#pragma once

#include "kernels/kernels.h"
#include "kernels/loops_decoded.h"
#include "kernels/loops_tile.h"

namespace hearth {
namespace {

constexpr std::ptrdiff_t kLineBytes = 64;

// Asks for the panels behind those that are being read, piece by piece: a panel's planes are too
// short for what the processor predicts by itself.
class PanelsAhead {
 public:
  // Of kPanels panels behind `panel` of the whole matrix, as a thread's next call is mostly for
  // those behind this one's: what the tile from `token` on asks for, of all that share the work.
  PanelsAhead(const MatmulArgs& args, int32_t panel, int32_t panels, int32_t token) {
    const PanelMatrix& weights = *args.weights;
    const int32_t next = panel + panels < weights.panels() ? panel + panels : weights.panels();
    const int32_t next_end = next + panels < weights.panels() ? next + panels : weights.panels();
    const std::ptrdiff_t bytes = weights.panel(next_end) - weights.panel(next);
    const std::ptrdiff_t tiles = (args.tokens + kTokenTile - 1) / kTokenTile;
    const std::ptrdiff_t tile = token / kTokenTile;
    at_ = stop_ = weights.panel(next) + bytes * tile / tiles;
    end_ = weights.panel(next) + bytes * (tile + 1) / tiles;
    step_ = (end_ - at_) * kGroupColumns / weights.columns + 1;
  }

  // The next piece, of as many as there are groups of columns.
  void fetch_piece() {
    stop_ = end_ - stop_ > step_ ? stop_ + step_ : end_;
    for (; at_ < stop_; at_ += kLineBytes) fetch(at_);
  }

 private:
  const std::byte* at_;
  const std::byte* stop_;
  const std::byte* end_;
  std::ptrdiff_t step_;
};

// kTokens tokens from `token` on times kPanels panels from `panel` on.
template <typename Format, int kPanels, int kTokens, bool kWide>
inline void multiply_tile_of_tokens(const MatmulArgs& args, int32_t panel, int32_t token) {
  PanelPlanes planes[kPanels];
  for (int p = 0; p < kPanels; ++p) planes[p] = panel_planes(*args.weights, panel + p);
  const auto groups = static_cast<std::size_t>(args.weights->columns / kGroupColumns);
  TokenInputs x[kTokens];
  for (int t = 0; t < kTokens; ++t) x[t] = token_inputs(*args.inputs, token + t);
  PanelsAhead ahead(args, panel, kPanels, token);
  VecF out[kPanels][kTokens][kParts];
  for (int part = 0; part < kParts; ++part) {
    VecF sums[kPanels][kTokens];
    for (int p = 0; p < kPanels; ++p) {
      for (VecF& sum : sums[p]) sum = f_set1(0.0f);
    }
    for (std::size_t group = 0; group < groups; ++group) {
      if (part == 0) ahead.fetch_piece();
      multiply_any_group<Format, kPanels, kTokens, kWide>(planes, group, part, x, sums);
    }
    for (int p = 0; p < kPanels; ++p) {
      for (int t = 0; t < kTokens; ++t) out[p][t][part] = sums[p][t];
    }
  }
  for (int p = 0; p < kPanels; ++p) {
    for (int t = 0; t < kTokens; ++t) finish_rows(args, panel + p, token + t, out[p][t]);
  }
}

// The same by pairs of tokens, a run of columns after the other.
template <typename Format, int kTokens, bool kWide, typename Pairs>
inline void multiply_tile_of_pairs(const MatmulArgs& args, int32_t panel, int32_t token) {
  const PanelPlanes planes[1] = {panel_planes(*args.weights, panel)};
  const auto groups = static_cast<std::size_t>(args.weights->columns / kGroupColumns);
  PairedInputs<Pairs> x[kTokens];
  VecF out[kTokens][kParts];
  for (int t = 0; t < kTokens; ++t) {
    static_cast<TokenInputs&>(x[t]) = token_inputs(*args.inputs, token + t);
    for (VecF& sum : out[t]) sum = f_set1(0.0f);
  }
  PairedCodes<kTokens, kWide> pairs;
  for (std::size_t first = 0; first < groups; first += kPairedGroups) {
    const std::size_t last = first + kPairedGroups < groups ? first + kPairedGroups : groups;
    pairs.fill(first, last, x);
    for (int part = 0; part < kParts; ++part) {
      VecF sums[1][kTokens];
      for (int t = 0; t < kTokens; ++t) sums[0][t] = out[t][part];
      for (std::size_t group = first; group < last; ++group) {
        multiply_any_group<Format, 1, kTokens, kWide>(planes, group, part, x, sums);
      }
      for (int t = 0; t < kTokens; ++t) out[t][part] = sums[0][t];
    }
  }
  for (int t = 0; t < kTokens; ++t) finish_rows(args, panel, token + t, out[t]);
}

template <typename Format, int kPanels, int kTokens, bool kWide>
inline void multiply_tile(const MatmulArgs& args, int32_t panel, int32_t token) {
  if constexpr (TokenPairs::kHave && kTokens % 2 == 0) {
    for (int p = 0; p < kPanels; ++p) {
      multiply_tile_of_pairs<Format, kTokens, kWide, TokenPairs>(args, panel + p, token);
    }
  } else {
    multiply_tile_of_tokens<Format, kPanels, kTokens, kWide>(args, panel, token);
  }
}

// The last tokens, fewer than a whole tile.
template <typename Format, int kPanels, int kTokens, bool kWide>
inline void multiply_tail(const MatmulArgs& args, int32_t panel, int32_t token) {
  if constexpr (kTokens > 0) {
    if (args.tokens - token == kTokens) {
      multiply_tile<Format, kPanels, kTokens, kWide>(args, panel, token);
    } else {
      multiply_tail<Format, kPanels, kTokens - 1, kWide>(args, panel, token);
    }
  }
}

template <typename Format, int kPanels, bool kWide>
inline void multiply_panels(const MatmulArgs& args, int32_t panel) {
  if constexpr (!TokenPairs::kHave && !Format::kPlain && kPanels == kPanelTile) {
    if (args.tokens >= kDecodedFrom) return multiply_decoded<Format, kPanels, kWide>(args, panel);
  }
  int32_t token = 0;
  for (; token + kTokenTile <= args.tokens; token += kTokenTile) {
    multiply_tile<Format, kPanels, kTokenTile, kWide>(args, panel, token);
  }
  multiply_tail<Format, kPanels, kTokenTile - 1, kWide>(args, panel, token);
}

template <typename Format, bool kWide>
void multiply_integer(const MatmulArgs& args) {
  int32_t panel = args.panel_begin;
  for (; panel + kPanelTile <= args.panel_end; panel += kPanelTile) {
    multiply_panels<Format, kPanelTile, kWide>(args, panel);
  }
  for (; panel < args.panel_end; ++panel) multiply_panels<Format, 1, kWide>(args, panel);
}

// Float path: a group of 16 rows as floats, weights[32][16], then multiply-adds in column order.

constexpr int32_t kFloatTokens =
    128;  // tokens whose sums wait in memory while a group is decoded once
constexpr int kFloatTile = kLanes >= 8 ? kLanes / 2 : 2;  // tokens in registers at once

// sums[kTokens][16] += weights[32][16] times 32 columns of each token.
template <int kTokens>
inline void multiply_float_group(const float* weights, const float* x, std::size_t x_stride,
                                 float* sums) {
  VecF acc[kTokens][kParts];
  for (int t = 0; t < kTokens; ++t) {
    for (int part = 0; part < kParts; ++part)
      acc[t][part] = f_load(sums + t * kPanelRows + part * kLanes);
  }
  for (std::size_t column = 0; column < kGroupColumns; ++column) {
    VecF w[kParts];
    for (int part = 0; part < kParts; ++part)
      w[part] = f_load(weights + column * kPanelRows + part * kLanes);
    for (int t = 0; t < kTokens; ++t) {
      const VecF value = f_set1(x[static_cast<std::size_t>(t) * x_stride + column]);
      for (int part = 0; part < kParts; ++part) acc[t][part] = f_fma(w[part], value, acc[t][part]);
    }
  }
  for (int t = 0; t < kTokens; ++t) {
    for (int part = 0; part < kParts; ++part)
      f_store(sums + t * kPanelRows + part * kLanes, acc[t][part]);
  }
}

template <typename Format>
void multiply_float(const MatmulArgs& args) {
  const auto columns = static_cast<std::size_t>(args.weights->columns);
  for (int32_t first = 0; first < args.tokens; first += kFloatTokens) {
    const int32_t tokens = args.tokens - first < kFloatTokens ? args.tokens - first : kFloatTokens;
    const float* x = args.inputs->values + static_cast<std::size_t>(first) * columns;
    for (int32_t panel = args.panel_begin; panel < args.panel_end; ++panel) {
      const PanelPlanes planes = panel_planes(*args.weights, panel);
      float sums[kFloatTokens * kPanelRows] = {};
      for (std::size_t group = 0; group < columns / kGroupColumns; ++group) {
        float weights[kGroupColumns * kPanelRows];
        decode_group<Format>(planes, group, weights);
        const float* at = x + group * kGroupColumns;
        int32_t t = 0;
        for (; t + kFloatTile <= tokens; t += kFloatTile) {
          multiply_float_group<kFloatTile>(weights, at + static_cast<std::size_t>(t) * columns,
                                           columns, sums + t * kPanelRows);
        }
        for (; t < tokens; ++t) {
          multiply_float_group<1>(weights, at + static_cast<std::size_t>(t) * columns, columns,
                                  sums + t * kPanelRows);
        }
      }
      for (int32_t t = 0; t < tokens; ++t) {
        VecF rows[kParts];
        for (int part = 0; part < kParts; ++part)
          rows[part] = f_load(sums + t * kPanelRows + part * kLanes);
        finish_rows(args, panel, first + t, rows);
      }
    }
  }
}

template <typename Format>
void multiply_blocks(const MatmulArgs& args) {
  switch (args.inputs->precision) {
    case Precision::kInt8:
      return multiply_integer<Format, false>(args);
    case Precision::kInt16:
      return multiply_integer<Format, true>(args);
    case Precision::kBfloat:  // kernels_amx.cc
      return;
    case Precision::kFloat:
      return multiply_float<Format>(args);
  }
}

void matmul(const MatmulArgs& args) {
  switch (args.weights->dtype) {
    case DType::kF32:
      return multiply_float<FormatF32>(args);
    case DType::kF16:
      return multiply_float<FormatF16>(args);
    case DType::kBF16:
      return multiply_float<FormatBF16>(args);
    default:
      with_format(args.weights->dtype,
                  [&]<typename Format>(Format) { multiply_blocks<Format>(args); });
  }
}

}  // namespace
}  // namespace hearth
