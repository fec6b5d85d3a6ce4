// SPDX-License-Identifier: Apache-2.0
// Products of many tokens: the codes, scales and mins of some panels are decoded once, to bytes and
// floats that stay in the first-level cache, and then multiplied by each tile of tokens. Same bits
// as without, as the same numbers are multiplied and added in the same order. See loops.h for how
// it is included.
#pragma once

#include "kernels/kernels.h"
#include "kernels/loops_tile.h"

namespace hearth {
namespace {

constexpr int32_t kDecodedGroups = 20;   // of a panel at once, at most
constexpr int32_t kDecodedTokens = 128;  // whose sums wait while a panel's next groups are decoded
constexpr int32_t kDecodedFrom = 16;     // tokens from which on it pays

// What the products see of `Format` once it is decoded.
template <int kZero_, bool kMin_, int kScaleQuads_, bool kSigned_>
struct DecodedFormat {
  static constexpr bool kDecoded = true;
  static constexpr bool kLinesOfTwoQuads = false;
  static constexpr bool kSigned = kSigned_;
  static constexpr int kZero = kZero_;
  static constexpr bool kMin = kMin_;
  static constexpr int kScaleQuads = kScaleQuads_;
};
template <typename Format>
using Decoded = DecodedFormat<Format::kZero, Format::kMin, Format::kScaleQuads, Format::kSigned>;

struct DecodedPanel {
  alignas(64) std::byte codes[kDecodedGroups * kGroupColumns * kPanelRows];
  alignas(64) float scales[kDecodedGroups * 2 * kPanelRows];  // for each scale of a row's group
  alignas(64) float mins[kDecodedGroups * 2 * kPanelRows];

  PanelPlanes planes() const {
    return {.codes = codes,
            .scales = reinterpret_cast<const std::byte*>(scales),
            .mins = reinterpret_cast<const std::byte*>(mins)};
  }
};

// Quads of group `group` of `planes` from `kQuad` on become those of the decoded group `to`.
template <typename Format, int kQuad = 0>
HEARTH_INLINE void decode_group_codes(const PanelPlanes& planes, std::size_t group, int part,
                                      std::size_t to, DecodedPanel& out) {
  b_store(out.codes + decoded_codes(to, kQuad, part),
          quad_codes<Format, kQuad>(planes, group, part));
  if constexpr (kQuad % Format::kScaleQuads == 0) {
    const std::size_t at = decoded_scales<Format, kQuad>(to, part);
    f_store(out.scales + at, group_scale<Format, kQuad>(planes, group, part));
    if constexpr (Format::kMin)
      f_store(out.mins + at, group_min<Format, kQuad>(planes, group, part));
  }
  if constexpr (kQuad < 7) decode_group_codes<Format, kQuad + 1>(planes, group, part, to, out);
}

// sums[t][p][16] of kTokens tokens, which begin with 0 where `first`, grow by the products of
// `groups` decoded groups, of which the tokens' inputs `x` are the first.
template <typename Format, int kPanels, int kTokens, bool kWide>
inline void multiply_decoded_tile(const PanelPlanes (&planes)[kPanels],
                                  const TokenInputs (&x)[kTokens], std::size_t groups, bool first,
                                  float* sums) {
  for (int part = 0; part < kParts; ++part) {
    const auto at = [&](int p, int t) {
      return sums + (t * kPanels + p) * kPanelRows + part * kLanes;
    };
    VecF acc[kPanels][kTokens];
    for (int p = 0; p < kPanels; ++p) {
      for (int t = 0; t < kTokens; ++t) acc[p][t] = first ? f_set1(0.0f) : f_load(at(p, t));
    }
    for (std::size_t group = 0; group < groups; ++group) {
      multiply_any_group<Format, kPanels, kTokens, kWide>(planes, group, part, x, acc);
    }
    for (int p = 0; p < kPanels; ++p) {
      for (int t = 0; t < kTokens; ++t) f_store(at(p, t), acc[p][t]);
    }
  }
}

// Tokens [token, end) of `args` in tiles; where the last one is not whole, it repeats a token,
// whose sums are not read.
template <typename Format, int kPanels, bool kWide>
inline void multiply_decoded_tiles(const MatmulArgs& args, const PanelPlanes (&planes)[kPanels],
                                   int32_t token, int32_t end, std::size_t first_group,
                                   std::size_t groups, float* sums) {
  for (; token < end; token += kTokenTile) {
    TokenInputs x[kTokenTile];
    for (int t = 0; t < kTokenTile; ++t) {
      const int32_t present = token + t < end ? token + t : end - 1;
      x[t] = from_group(token_inputs(*args.inputs, present), first_group);
    }
    multiply_decoded_tile<Format, kPanels, kTokenTile, kWide>(planes, x, groups, first_group == 0,
                                                              sums);
    sums += kTokenTile * kPanels * kPanelRows;
  }
}

// All tokens times kPanels panels from `panel` on.
template <typename Format, int kPanels, bool kWide>
inline void multiply_decoded(const MatmulArgs& args, int32_t panel) {
  const int32_t groups = args.weights->columns / kGroupColumns;
  const int32_t runs = (groups + kDecodedGroups - 1) / kDecodedGroups;
  const int32_t run_groups = (groups + runs - 1) / runs;
  DecodedPanel decoded[kPanels];
  PanelPlanes planes[kPanels];
  for (int p = 0; p < kPanels; ++p) planes[p] = decoded[p].planes();
  static_assert(kDecodedTokens % kTokenTile == 0);
  alignas(64) float sums[kDecodedTokens * kPanels * kPanelRows];
  for (int32_t token = 0; token < args.tokens; token += kDecodedTokens) {
    const int32_t end = args.tokens - token < kDecodedTokens ? args.tokens : token + kDecodedTokens;
    for (int32_t first = 0; first < groups; first += run_groups) {
      const int32_t count = groups - first < run_groups ? groups - first : run_groups;
      for (int p = 0; p < kPanels; ++p) {
        const PanelPlanes source = panel_planes(*args.weights, panel + p);
        for (int32_t group = 0; group < count; ++group) {
          for (int part = 0; part < kParts; ++part) {
            decode_group_codes<Format>(source, static_cast<std::size_t>(first + group), part,
                                       static_cast<std::size_t>(group), decoded[p]);
          }
        }
      }
      multiply_decoded_tiles<Decoded<Format>, kPanels, kWide>(
          args, planes, token, end, static_cast<std::size_t>(first),
          static_cast<std::size_t>(count), sums);
    }
    const float* at = sums;
    for (int32_t t = token; t < end; ++t) {
      for (int p = 0; p < kPanels; ++p, at += kPanelRows) {
        VecF rows[kParts];
        for (int part = 0; part < kParts; ++part) rows[part] = f_load(at + part * kLanes);
        finish_rows(args, panel + p, t, rows);
      }
    }
  }
}

}  // namespace
}  // namespace hearth
