// SPDX-License-Identifier: Apache-2.0
// Products of many tokens by tiles of bfloat16: weights are decoded and rounded once for all tokens
// of a call, some groups of two panels at a time, while those before are multiplied. Included by
// kernels_amx.cc, behind a vector_*.h and a tiles_*.h header.
//
// A tile of tokens is 16 tokens by a group of 32 columns, [16][32]; a tile of weights is a group of
// a panel, [16 pairs of columns][16 rows][2]. Either is 1 KiB and lies in one piece.
#pragma once

#include "kernels/kernels.h"
#include "kernels/loops_formats.h"
#include "kernels/loops_tile.h"

namespace hearth {
namespace {

static_assert(kTileValues == kTileTokens * kGroupColumns);
// Groups of a panel that are decoded at once. Of the second-level cache's 2 MiB two panels' tiles,
// twice, take 128 KiB, and those of 128 tokens 256 KiB.
constexpr int32_t kBfloatGroups = 32;

// Where the tiles of a panel begin among those that are decoded at once.
constexpr std::size_t panel_tiles(int32_t panel) {
  return static_cast<std::size_t>(panel) * kBfloatGroups * kTileValues;
}

// A number of 16 lanes rounded to bfloat16, halves up, in the lanes' upper halves; the others hold
// what was cut.
inline VecI round_to_bfloat(VecF x) { return i_add(f_bits(x), i_set1(0x8000)); }

// Byte kByte of each word, as (1 + code / 256).
template <int kByte>
HEARTH_INLINE VecF code_fraction(VecI words) {
  constexpr int kShift = 15 - 8 * kByte;
  VecI code;
  if constexpr (kShift > 0) {
    code = i_shift_left<kShift>(words);
  } else {
    code = i_shift_right<-kShift>(words);
  }
  return f_from_bits(i_or(i_and(code, i_set1(0x7F8000)), i_set1(0x3F800000)));
}

// Quads of a group from `kQuad` on, up to where another scale begins, and then those.
template <typename Format, int kQuad = 0>
HEARTH_INLINE void decode_bfloat_group(const PanelPlanes& planes, std::size_t group, VecF scale,
                                       VecF offset, uint16_t* tile) {
  if constexpr (kQuad % Format::kScaleQuads == 0) {
    const VecF one = group_scale<Format, kQuad>(planes, group, 0);
    scale = f_mul(one, f_set1(256.0f));
    offset = f_mul(one, f_set1(-256.0f - Format::kZero));
    if constexpr (Format::kMin) offset = f_add(offset, group_min<Format, kQuad>(planes, group, 0));
  }
  const VecI words = b_words(quad_codes<Format, kQuad>(planes, group, 0));
  const VecI values[4] = {round_to_bfloat(f_fma(scale, code_fraction<0>(words), offset)),
                          round_to_bfloat(f_fma(scale, code_fraction<1>(words), offset)),
                          round_to_bfloat(f_fma(scale, code_fraction<2>(words), offset)),
                          round_to_bfloat(f_fma(scale, code_fraction<3>(words), offset))};
  i_store(reinterpret_cast<int32_t*>(tile + kQuad * 64), i_upper_halves(values[0], values[1]));
  i_store(reinterpret_cast<int32_t*>(tile + kQuad * 64 + 32), i_upper_halves(values[2], values[3]));
  if constexpr (kQuad < 7)
    decode_bfloat_group<Format, kQuad + 1>(planes, group, scale, offset, tile);
}

// One token's group of 32 values.
inline void round_bfloat_group(const float* in, uint16_t* out) {
  for (int i = 0; i < kGroupColumns; i += kLanes) {
    i_store_upper_halves(out + i, round_to_bfloat(f_load(in + i)));
  }
}

// Where the tile of 16 rows and one group begins.
inline uint16_t* bfloat_tile(const Activations& x, std::size_t tile, std::size_t group) {
  const auto groups = static_cast<std::size_t>(x.columns / kGroupColumns);
  return x.bfloats + (tile * groups + group) * kTileValues;
}

inline int32_t first_tile(const MatmulArgs& args) { return args.inputs->first_row / kTileTokens; }
inline int32_t end_tile(const MatmulArgs& args) {
  return (args.inputs->first_row + args.tokens + kTileTokens - 1) / kTileTokens;
}

inline void round_bfloat_groups(const float* in, const Activations& out, std::size_t first,
                                int32_t count) {
  const auto groups = static_cast<std::size_t>(out.columns / kGroupColumns);
  const std::size_t row = first / groups;
  uint16_t* at = bfloat_tile(out, row / kTileTokens, first % groups) +
                 row % kTileTokens * static_cast<std::size_t>(kGroupColumns);
  for (int32_t group = 0; group < count; ++group) {
    round_bfloat_group(in, at);
    in += kGroupColumns;
    at += kTileValues;
  }
}

// What is multiplied at once: a run of groups of one or two panels.
struct BfloatWork {
  int32_t panel;
  int32_t panels;
  int32_t first;  // group
  int32_t count;
};

inline BfloatWork bfloat_work(const MatmulArgs& args, int32_t panel, int32_t first) {
  const int32_t panels = args.panel_end - panel;
  const int32_t groups = args.weights->columns / kGroupColumns - first;
  return {panel, panels < 2 ? panels : 2, first, groups < kBfloatGroups ? groups : kBfloatGroups};
}

// The next panels of the same run of columns, or the first of the next run: the tokens' part of a
// run stays in the second-level cache for all panels. No panels: there is nothing left.
inline BfloatWork work_after(const MatmulArgs& args, const BfloatWork& work) {
  if (work.panel + 2 < args.panel_end) return bfloat_work(args, work.panel + 2, work.first);
  const int32_t first = work.first + work.count;
  if (first == args.weights->columns / kGroupColumns) return {0, 0, 0, 0};
  return bfloat_work(args, args.panel_begin, first);
}

// Decodes the next work a tile at a time, while the tiles' unit is busy with the one before.
template <typename Format>
class DecodeAhead {
 public:
  // Into `tiles` [2][kBfloatGroups][kTileValues], spread over `steps` calls of step().
  DecodeAhead(const PanelMatrix& weights, const BfloatWork& work, int32_t steps, uint16_t* tiles)
      : weights_(weights), work_(work), steps_(steps), tiles_(tiles) {}

  void step() {
    for (due_ += work_.panels * work_.count; due_ >= steps_; due_ -= steps_) decode_tile();
  }
  void decode_all() {
    while (decoded_ < work_.panels * work_.count) decode_tile();
  }

 private:
  void decode_tile() {
    const int32_t panel = decoded_ / work_.count;
    const auto group = static_cast<std::size_t>(decoded_ % work_.count);
    const PanelPlanes planes = panel_planes(weights_, work_.panel + panel);
    decode_bfloat_group<Format>(planes, static_cast<std::size_t>(work_.first) + group, f_set1(0.0f),
                                f_set1(0.0f), tiles_ + panel_tiles(panel) + group * kTileValues);
    ++decoded_;
  }

  const PanelMatrix& weights_;
  const BfloatWork work_;
  const int32_t steps_;
  uint16_t* const tiles_;
  int32_t decoded_ = 0;
  int32_t due_ = 0;  // tiles, times steps_
};

// kTokenTiles tiles of tokens from `tile` on, counted from the inputs' first, times decoded panels.
template <int kTokenTiles, int kPanels, typename Ahead>
inline void multiply_bfloat_tiles(const MatmulArgs& args, const BfloatWork& work, int32_t tile,
                                  const uint16_t* decoded, Ahead& ahead) {
  const uint16_t* tokens[kTokenTiles];
  for (int t = 0; t < kTokenTiles; ++t) {
    tokens[t] = bfloat_tile(*args.inputs, static_cast<std::size_t>(tile + t),
                            static_cast<std::size_t>(work.first));
  }
  const uint16_t* weights[kPanels];
  for (int p = 0; p < kPanels; ++p) weights[p] = decoded + panel_tiles(p);
  alignas(64) float sums[kTokenTiles][kPanels][kTileTokens * kPanelRows];
  Tiles::multiply(tokens, weights, static_cast<std::size_t>(work.count), sums, ahead);
  for (int t = 0; t < kTokenTiles; ++t) {
    for (int i = 0; i < kTileTokens; ++i) {
      const int32_t token = (tile + t) * kTileTokens + i - args.inputs->first_row;
      if (token < 0 || token >= args.tokens) continue;
      for (int p = 0; p < kPanels; ++p) {
        const VecF rows[kParts] = {f_load(sums[t][p] + i * kPanelRows)};
        finish_rows(args, work.panel + p, token, rows);
      }
    }
  }
}

template <int kPanels, typename Ahead>
inline void multiply_bfloat_panels(const MatmulArgs& args, const BfloatWork& work,
                                   const uint16_t* decoded, Ahead& ahead) {
  int32_t tile = first_tile(args);
  for (; tile + 2 <= end_tile(args); tile += 2)
    multiply_bfloat_tiles<2, kPanels>(args, work, tile, decoded, ahead);
  if (tile < end_tile(args)) multiply_bfloat_tiles<1, kPanels>(args, work, tile, decoded, ahead);
}

template <typename Format>
void multiply_bfloat(const MatmulArgs& args) {
  static_assert(kParts == 1);
  alignas(64) uint16_t decoded[2][panel_tiles(2)];
  BfloatWork work = bfloat_work(args, args.panel_begin, 0);
  DecodeAhead<Format>(*args.weights, work, 1, decoded[0]).decode_all();
  const int32_t token_steps = (end_tile(args) - first_tile(args) + 1) / 2;
  Tiles::begin();
  for (int at = 0; work.panels > 0; at = 1 - at) {
    const BfloatWork next = work_after(args, work);
    DecodeAhead<Format> ahead(*args.weights, next, token_steps * work.count, decoded[1 - at]);
    MatmulArgs part = args;
    if (work.first > 0) part.epilogue = Epilogue::kAdd;
    if (work.panels == 2) {
      multiply_bfloat_panels<2>(part, work, decoded[at], ahead);
    } else {
      multiply_bfloat_panels<1>(part, work, decoded[at], ahead);
    }
    ahead.decode_all();
    work = next;
  }
  Tiles::end();
}

}  // namespace
}  // namespace hearth
