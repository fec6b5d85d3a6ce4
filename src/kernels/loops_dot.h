// SPDX-License-Identifier: Apache-2.0
// The integer dot products of a few tokens with the codes of one group. See loops.h for how it is
// included.
#pragma once

#include "kernels/kernels.h"
#include "kernels/loops_formats.h"

namespace hearth {
namespace {

// What a product has of the bytes of its inputs.
enum class Bytes { kOne, kTwo, kHighOfTwo };

// The activations of one token, at its first group.
struct TokenInputs {
  const int8_t* codes;
  const int8_t* fine_codes;
  const ActivationGroup* groups;
};

inline TokenInputs token_inputs(const Activations& x, int32_t token) {
  const std::size_t row = static_cast<std::size_t>(token) * static_cast<std::size_t>(x.columns);
  return {x.codes + row, x.fine_codes != nullptr ? x.fine_codes + row : nullptr,
          x.groups + row / kGroupColumns};
}

// The same from a later group on.
inline TokenInputs from_group(TokenInputs x, std::size_t group) {
  x.codes += group * kGroupColumns;
  if (x.fine_codes != nullptr) x.fine_codes += group * kGroupColumns;
  x.groups += group;
  return x;
}

// acc[p][t] += the codes of quad `kQuad` of a group of panel p times four activation bytes of each
// token, whose group begins at `column`. Panels are inside, as they share what is loaded of a
// token.
template <typename Format, int kPanels, int kTokens, bool kWide, int kQuad>
HEARTH_INLINE void dot_quad(const VecB (&codes)[kPanels], const TokenInputs (&x)[kTokens],
                            std::size_t column, VecI (&acc)[kPanels][kTokens],
                            VecI (&fine)[kPanels][kTokens]) {
  for (int t = 0; t < kTokens; ++t) {
    for (int p = 0; p < kPanels; ++p) {
      if constexpr (Format::kSigned) {
        acc[p][t] = i_dot_signed<kQuad>(acc[p][t], codes[p], x[t].codes + column);
      } else {
        acc[p][t] = i_dot_unsigned<kQuad>(acc[p][t], codes[p], x[t].codes + column);
      }
    }
    for (int p = 0; kWide && p < kPanels; ++p) {
      if constexpr (Format::kSigned) {
        fine[p][t] = i_dot_signed<kQuad>(fine[p][t], codes[p], x[t].fine_codes + column);
      } else {
        fine[p][t] = i_dot_unsigned<kQuad>(fine[p][t], codes[p], x[t].fine_codes + column);
      }
    }
  }
}

// `kCount` quads from `kQuad` on.
template <typename Format, int kPanels, int kTokens, bool kWide, int kQuad, int kCount>
HEARTH_INLINE void dot_quads(const PanelPlanes (&planes)[kPanels], std::size_t group, int part,
                             const TokenInputs (&x)[kTokens], VecI (&acc)[kPanels][kTokens],
                             VecI (&fine)[kPanels][kTokens]) {
  VecB codes[kPanels];
  for (int p = 0; p < kPanels; ++p) codes[p] = quad_codes<Format, kQuad>(planes[p], group, part);
  dot_quad<Format, kPanels, kTokens, kWide, kQuad>(codes, x, group * kGroupColumns, acc, fine);
  if constexpr (kCount > 1) {
    dot_quads<Format, kPanels, kTokens, kWide, kQuad + 1, kCount - 1>(planes, group, part, x, acc,
                                                                      fine);
  }
}

// Quads j and 4 + j, j from `kQuad` on, each half into sums of its own: neighbours share a line,
// and the two chains of additions need not wait for each other.
template <typename Format, int kPanels, int kTokens, bool kWide, int kQuad>
HEARTH_INLINE void dot_halves(const PanelPlanes (&planes)[kPanels], std::size_t group, int part,
                              const TokenInputs (&x)[kTokens], VecI (&acc)[kPanels][kTokens],
                              VecI (&fine)[kPanels][kTokens], VecI (&high_acc)[kPanels][kTokens],
                              VecI (&high_fine)[kPanels][kTokens]) {
  dot_quads<Format, kPanels, kTokens, kWide, kQuad, 1>(planes, group, part, x, acc, fine);
  dot_quads<Format, kPanels, kTokens, kWide, kQuad + 4, 1>(planes, group, part, x, high_acc,
                                                           high_fine);
  if constexpr (kQuad < 3) {
    dot_halves<Format, kPanels, kTokens, kWide, kQuad + 1>(planes, group, part, x, acc, fine,
                                                           high_acc, high_fine);
  }
}

// All dot products of the columns that share a scale, from quad `kQuad` on.
template <typename Format, int kPanels, int kTokens, bool kWide, int kQuad>
HEARTH_INLINE void dot_columns(const PanelPlanes (&planes)[kPanels], std::size_t group, int part,
                               const TokenInputs (&x)[kTokens], VecI (&acc)[kPanels][kTokens],
                               VecI (&fine)[kPanels][kTokens]) {
  if constexpr (Format::kScaleQuads == 4 || !Format::kLinesOfTwoQuads) {
    dot_quads<Format, kPanels, kTokens, kWide, kQuad, Format::kScaleQuads>(planes, group, part, x,
                                                                           acc, fine);
  } else if constexpr (kTokens <= 2) {
    VecI high_acc[kPanels][kTokens];
    VecI high_fine[kPanels][kTokens];
    for (int p = 0; p < kPanels; ++p) {
      for (int t = 0; t < kTokens; ++t) high_acc[p][t] = high_fine[p][t] = i_set1(0);
    }
    dot_halves<Format, kPanels, kTokens, kWide, 0>(planes, group, part, x, acc, fine, high_acc,
                                                   high_fine);
    for (int p = 0; p < kPanels; ++p) {
      for (int t = 0; t < kTokens; ++t) {
        acc[p][t] = i_add(acc[p][t], high_acc[p][t]);
        fine[p][t] = i_add(fine[p][t], high_fine[p][t]);
      }
    }
  } else {
    dot_halves<Format, kPanels, kTokens, kWide, 0>(planes, group, part, x, acc, fine, acc, fine);
  }
}

// Two tokens at a time, for instruction sets with products of byte matrices (TokenPairs): two rows
// by two tokens by eight columns. The panels serve as they are: the same rows of two quads, side by
// side, are eight columns of a row. The tokens' side is put together for a run of columns that
// then all 16 rows use.
constexpr std::size_t kPairedGroups = 16;

template <typename Pairs_>
struct PairedInputs : TokenInputs {
  using Pairs = Pairs_;
  // Of this token and the next one: eight codes of this, eight of the next, and so on, from group
  // `paired_from` on.
  const int8_t* paired_codes;
  const int8_t* paired_fine_codes;
  std::size_t paired_from;
};

template <int kTokens, bool kWide>
struct PairedCodes {
  static constexpr std::size_t kBytes = kPairedGroups * kGroupColumns * 2;
  alignas(64) int8_t codes[kTokens / 2][kBytes];
  alignas(64) int8_t fine_codes[kWide ? kTokens / 2 : 1][kBytes];

  static void interleave(const int8_t* a, const int8_t* b, std::size_t columns, int8_t* out) {
    for (std::size_t i = 0; i < columns; i += 8) {
      __builtin_memcpy(out + 2 * i, a + i, 8);
      __builtin_memcpy(out + 2 * i + 8, b + i, 8);
    }
  }
  template <typename Inputs>
  void fill(std::size_t first, std::size_t last, Inputs (&x)[kTokens]) {
    const std::size_t from = first * kGroupColumns;
    const std::size_t columns = (last - first) * kGroupColumns;
    for (int t = 0; t < kTokens; t += 2) {
      interleave(x[t].codes + from, x[t + 1].codes + from, columns, codes[t / 2]);
      x[t].paired_codes = codes[t / 2];
      if constexpr (kWide) {
        interleave(x[t].fine_codes + from, x[t + 1].fine_codes + from, columns, fine_codes[t / 2]);
        x[t].paired_fine_codes = fine_codes[t / 2];
      }
      x[t].paired_from = first;
    }
  }
};

// Quads kQuad and kQuad + 1, and `kCount` - 2 more, times pairs of tokens: lower and upper rows.
template <typename Format, int kTokens, int kQuad, int kCount, bool kFine, typename Inputs>
HEARTH_INLINE void dot_pairs(const PanelPlanes& planes, std::size_t group, int part,
                             const Inputs (&x)[kTokens], VecI (&lower)[kTokens / 2],
                             VecI (&upper)[kTokens / 2]) {
  using Pairs = typename Inputs::Pairs;
  const VecB first = quad_codes<Format, kQuad>(planes, group, part);
  const VecB second = quad_codes<Format, kQuad + 1>(planes, group, part);
  const VecB lower_rows = Pairs::lower_rows(first, second);
  const VecB upper_rows = Pairs::upper_rows(first, second);
  for (int p = 0; p < kTokens / 2; ++p) {
    const auto& pair = x[2 * p];
    const int8_t* codes = kFine ? pair.paired_fine_codes : pair.paired_codes;
    const VecB tokens = Pairs::load(codes + ((group - pair.paired_from) * 8 + kQuad) * 8);
    lower[p] = Pairs::multiply(lower[p], lower_rows, tokens);
    upper[p] = Pairs::multiply(upper[p], upper_rows, tokens);
  }
  if constexpr (kCount > 2) {
    dot_pairs<Format, kTokens, kQuad + 2, kCount - 2, kFine>(planes, group, part, x, lower, upper);
  }
}

template <typename Format, int kTokens, int kQuad, bool kFine, typename Inputs>
HEARTH_INLINE void add_pairs(const PanelPlanes& planes, std::size_t group, int part,
                             const Inputs (&x)[kTokens], VecI (&acc)[kTokens]) {
  using Pairs = typename Inputs::Pairs;
  VecI lower[kTokens / 2];
  VecI upper[kTokens / 2];
  for (int p = 0; p < kTokens / 2; ++p) lower[p] = upper[p] = i_set1(0);
  dot_pairs<Format, kTokens, kQuad, Format::kScaleQuads, kFine>(planes, group, part, x, lower,
                                                                upper);
  for (int p = 0; p < kTokens / 2; ++p) {
    acc[2 * p] = i_add(acc[2 * p], Pairs::first_token(lower[p], upper[p]));
    acc[2 * p + 1] = i_add(acc[2 * p + 1], Pairs::second_token(lower[p], upper[p]));
  }
}

template <typename Format, int kPanels, int kTokens, bool kWide, int kQuad, typename Pairs>
HEARTH_INLINE void dot_columns(const PanelPlanes (&planes)[kPanels], std::size_t group, int part,
                               const PairedInputs<Pairs> (&x)[kTokens],
                               VecI (&acc)[kPanels][kTokens], VecI (&fine)[kPanels][kTokens]) {
  for (int p = 0; p < kPanels; ++p) {
    add_pairs<Format, kTokens, kQuad, false>(planes[p], group, part, x, acc[p]);
    if constexpr (kWide)
      add_pairs<Format, kTokens, kQuad, true>(planes[p], group, part, x, fine[p]);
  }
}

}  // namespace
}  // namespace hearth
