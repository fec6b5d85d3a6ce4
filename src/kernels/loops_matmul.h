// SPDX-License-Identifier: Apache-2.0
// Matrix products over N16K4 panels. See loops.h for how it is included.
//
// Integer path, for each group of 32 columns and 16 rows:
//   out += float(sum of code_w * code_x - zero * sum of code_x) * (scale_w * scale_x) + min_w *
//   (scale_x * sum of code_x)
// The zero point enters as the starting value of the integer sum, so it costs nothing.
#pragma once

#include "kernels/kernels.h"
#include "kernels/loops_vector.h"

namespace hearth {
namespace {

// A block format: how many code lines a group has, its zero point, whether it has a min, and its
// codes as operands.
struct FormatQ4_0 {
  static constexpr DType kType = DType::kQ4_0;
  static constexpr bool kNibbles = true, kFifths = false, kMin = false;
  static constexpr int kZero = 8;
};
struct FormatQ4_1 {
  static constexpr DType kType = DType::kQ4_1;
  static constexpr bool kNibbles = true, kFifths = false, kMin = true;
  static constexpr int kZero = 0;
};
struct FormatQ5_0 {
  static constexpr DType kType = DType::kQ5_0;
  static constexpr bool kNibbles = true, kFifths = true, kMin = false;
  static constexpr int kZero = 16;
};
struct FormatQ8_0 {
  static constexpr DType kType = DType::kQ8_0;
  static constexpr bool kNibbles = false, kFifths = false, kMin = false;
  static constexpr int kZero = kByteZero;
};

// One panel's planes, advanced group by group.
struct PanelPlanes {
  const std::byte* codes;
  const std::byte* fifths;
  const std::byte* scales;
  const std::byte* mins;
};

inline PanelPlanes panel_planes(const PanelMatrix& weights, int32_t panel) {
  const std::byte* base = weights.data + static_cast<std::size_t>(panel) * weights.layout.bytes;
  return {base, base + weights.layout.fifths, base + weights.layout.scales,
          base + weights.layout.mins};
}

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

// The activations of one token, at its first group.
struct TokenInputs {
  const int8_t* codes;
  const int8_t* fine_codes;
  const float* scales;
  const int32_t* sums;
  const float* scaled_sums;
};

inline TokenInputs token_inputs(const Activations& x, int32_t token) {
  const std::size_t row = static_cast<std::size_t>(token) * static_cast<std::size_t>(x.columns);
  const std::size_t group_row = row / kGroupColumns;
  return {x.codes + row, x.fine_codes + (x.fine_codes != nullptr ? row : 0), x.scales + group_row,
          x.sums + group_row, x.scaled_sums + group_row};
}

// acc[t] += one line of codes times four activation bytes of each token at `column`.
template <typename Format, int kTokens, bool kWide>
inline void dot_line(VecB codes, const TokenInputs (&x)[kTokens], std::size_t column,
                     VecI (&acc)[kTokens], VecI (&fine)[kTokens]) {
  for (int t = 0; t < kTokens; ++t) {
    if constexpr (Format::kNibbles) {
      acc[t] = i_dot_unsigned(acc[t], codes, x[t].codes + column);
      if constexpr (kWide) fine[t] = i_dot_unsigned(fine[t], codes, x[t].fine_codes + column);
    } else {
      acc[t] = i_dot_signed(acc[t], codes, x[t].codes + column);
      if constexpr (kWide) fine[t] = i_dot_signed(fine[t], codes, x[t].fine_codes + column);
    }
  }
}

// All dot products of one group for kLanes rows (the `part`-th of the panel's) and kTokens tokens.
template <typename Format, int kTokens, bool kWide>
inline void dot_group(const PanelPlanes& planes, std::size_t group, int part,
                      const TokenInputs (&x)[kTokens], VecI (&acc)[kTokens],
                      VecI (&fine)[kTokens]) {
  const std::size_t column = group * kGroupColumns;
  if constexpr (Format::kNibbles) {
    const std::byte* line = planes.codes + group * 256 + part * (kLanes * 4);
    const std::byte* masks = planes.fifths + group * 64 + part * (kLanes / 2);
    VecI high_acc[kTokens];  // a second chain of additions: the low and the high nibbles need not
                             // wait for each other
    VecI high_fine[kTokens];
    if constexpr (kTokens <= 2) {
      for (int t = 0; t < kTokens; ++t) high_acc[t] = high_fine[t] = i_set1(0);
    }
    for (std::size_t j = 0; j < 4; ++j) {
      const VecB both = b_load(line + j * 64);
      VecB low = b_low(both);
      VecB high = b_high(both);
      if constexpr (Format::kFifths) {
        low = b_fifth(low, masks + j * 8);
        high = b_fifth(high, masks + 32 + j * 8);
      }
      dot_line<Format, kTokens, kWide>(low, x, column + j * 4, acc, fine);
      if constexpr (kTokens <= 2) {
        dot_line<Format, kTokens, kWide>(high, x, column + 16 + j * 4, high_acc, high_fine);
      } else {
        dot_line<Format, kTokens, kWide>(high, x, column + 16 + j * 4, acc, fine);
      }
    }
    if constexpr (kTokens <= 2) {
      for (int t = 0; t < kTokens; ++t) {
        acc[t] = i_add(acc[t], high_acc[t]);
        fine[t] = i_add(fine[t], high_fine[t]);
      }
    }
  } else {
    const std::byte* line = planes.codes + group * 512 + part * (kLanes * 4);
    for (std::size_t j = 0; j < 8; ++j) {
      dot_line<Format, kTokens, kWide>(b_signed(b_load(line + j * 64)), x, column + j * 4, acc,
                                       fine);
    }
  }
}

// kTokens tokens from `token` on times one panel.
template <typename Format, int kTokens, bool kWide>
inline void multiply_tile(const MatmulArgs& args, int32_t panel, int32_t token) {
  const PanelPlanes planes = panel_planes(*args.weights, panel);
  const auto groups = static_cast<std::size_t>(args.weights->columns / kGroupColumns);
  TokenInputs x[kTokens];
  for (int t = 0; t < kTokens; ++t) x[t] = token_inputs(*args.inputs, token + t);
  VecF out[kTokens][kParts];
  for (int part = 0; part < kParts; ++part) {
    VecF sums[kTokens];
    for (VecF& sum : sums) sum = f_set1(0.0f);
    for (std::size_t group = 0; group < groups; ++group) {
      VecI acc[kTokens];
      VecI fine[kTokens];
      for (int t = 0; t < kTokens; ++t) {
        const VecI start = i_set1(-Format::kZero * x[t].sums[group]);
        acc[t] = kWide ? i_set1(0) : start;
        fine[t] = start;
      }
      dot_group<Format, kTokens, kWide>(planes, group, part, x, acc, fine);
      const VecF scale = f_load_half(planes.scales + group * 32 + part * (kLanes * 2));
      for (int t = 0; t < kTokens; ++t) {
        const VecI total = kWide ? i_add(i_shift_left<8>(acc[t]), fine[t]) : acc[t];
        sums[t] = f_fma(f_from_i(total), f_mul(scale, f_set1(x[t].scales[group])), sums[t]);
      }
      if constexpr (Format::kMin) {
        const VecF min = f_load_half(planes.mins + group * 32 + part * (kLanes * 2));
        for (int t = 0; t < kTokens; ++t)
          sums[t] = f_fma(min, f_set1(x[t].scaled_sums[group]), sums[t]);
      }
    }
    for (int t = 0; t < kTokens; ++t) out[t][part] = sums[t];
  }
  for (int t = 0; t < kTokens; ++t) finish_rows(args, panel, token + t, out[t]);
}

// The last tokens, fewer than a whole tile.
template <typename Format, int kTokens, bool kWide>
inline void multiply_tail(const MatmulArgs& args, int32_t panel, int32_t token) {
  if constexpr (kTokens > 0) {
    if (args.tokens - token == kTokens) {
      multiply_tile<Format, kTokens, kWide>(args, panel, token);
    } else {
      multiply_tail<Format, kTokens - 1, kWide>(args, panel, token);
    }
  }
}

template <typename Format, bool kWide>
void multiply_integer(const MatmulArgs& args) {
  for (int32_t panel = args.panel_begin; panel < args.panel_end; ++panel) {
    int32_t token = 0;
    for (; token + kTokenTile <= args.tokens; token += kTokenTile) {
      multiply_tile<Format, kTokenTile, kWide>(args, panel, token);
    }
    multiply_tail<Format, kTokenTile - 1, kWide>(args, panel, token);
  }
}

// Float path: a group of 16 rows as floats, weights[32][16], then multiply-adds in column order.

// Columns of which the codes are bits 8 * kByte.. of `words` (one word a row): scale * (code -
// zero) + min.
template <typename Format, int kByte>
inline void decode_columns(VecI words, VecI low_fifths, VecI high_fifths, VecF scale, VecF min,
                           float* low, float* high) {
  const auto put = [&](VecI code, int zero, float* out) {
    f_store(out + kByte * kPanelRows,
            f_add(f_mul(scale, f_from_i(i_sub(code, i_set1(zero)))), min));
  };
  if constexpr (Format::kNibbles) {
    VecI low_code = i_and(i_shift_right<8 * kByte>(words), i_set1(15));
    VecI high_code = i_and(i_shift_right<8 * kByte + 4>(words), i_set1(15));
    if constexpr (Format::kFifths) {
      low_code =
          i_add(low_code, i_shift_left<4>(i_and(i_shift_right<kByte>(low_fifths), i_set1(1))));
      high_code =
          i_add(high_code, i_shift_left<4>(i_and(i_shift_right<kByte>(high_fifths), i_set1(1))));
    }
    put(low_code, Format::kZero, low);
    put(high_code, Format::kZero, high);
  } else {
    put(i_shift_right<24>(i_shift_left<24 - 8 * kByte>(words)), 0, low);
  }
}

// The 16 nibbles of mask `index`, one a row, of which kLanes from row `first` on.
inline VecI fifth_nibbles(const std::byte* masks, int index, int first) {
  int32_t nibbles[kLanes];
  for (int lane = 0; lane < kLanes; ++lane) {
    const int row = first + lane;
    nibbles[lane] = static_cast<int32_t>(masks[index * 8 + row / 2]) >> (row % 2 * 4) & 15;
  }
  return i_load(nibbles);
}

// Codes to floats for one group of a block format.
template <typename Format>
inline void decode_group(const PanelPlanes& planes, std::size_t group, float* weights) {
  constexpr int kLines = Format::kNibbles ? 4 : 8;
  for (int part = 0; part < kParts; ++part) {
    const std::size_t at = group * 32 + part * (kLanes * 2);
    const VecF scale = f_load_half(planes.scales + at);
    const VecF min = Format::kMin ? f_load_half(planes.mins + at) : f_set1(0.0f);
    for (int line = 0; line < kLines; ++line) {
      const VecI words = i_load(planes.codes + (group * kLines + line) * 64 + part * (kLanes * 4));
      VecI low_fifths = i_set1(0);
      VecI high_fifths = i_set1(0);
      if constexpr (Format::kFifths) {
        low_fifths = fifth_nibbles(planes.fifths + group * 64, line, part * kLanes);
        high_fifths = fifth_nibbles(planes.fifths + group * 64, line + 4, part * kLanes);
      }
      float* low = weights + line * 4 * kPanelRows + part * kLanes;
      float* high = Format::kNibbles ? low + 16 * kPanelRows : nullptr;
      decode_columns<Format, 0>(words, low_fifths, high_fifths, scale, min, low, high);
      decode_columns<Format, 1>(words, low_fifths, high_fifths, scale, min, low, high);
      decode_columns<Format, 2>(words, low_fifths, high_fifths, scale, min, low, high);
      decode_columns<Format, 3>(words, low_fifths, high_fifths, scale, min, low, high);
    }
  }
}

struct FormatF32 {
  static VecF load(const std::byte* plane, std::size_t element) {
    return f_load(reinterpret_cast<const float*>(plane) + element);
  }
};
struct FormatF16 {
  static VecF load(const std::byte* plane, std::size_t element) {
    return f_load_half(plane + element * 2);
  }
};
struct FormatBF16 {
  static VecF load(const std::byte* plane, std::size_t element) {
    return f_load_bfloat(plane + element * 2);
  }
};

template <typename Format>
  requires requires { &Format::load; }
inline void decode_group(const PanelPlanes& planes, std::size_t group, float* weights) {
  for (int i = 0; i < kGroupColumns * kPanelRows; i += kLanes) {
    f_store(weights + i, Format::load(planes.codes, group * kGroupColumns * kPanelRows + i));
  }
}

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
    case Precision::kFloat:
      return multiply_float<Format>(args);
  }
}

void matmul(const MatmulArgs& args) {
  switch (args.weights->dtype) {
    case DType::kQ4_0:
      return multiply_blocks<FormatQ4_0>(args);
    case DType::kQ4_1:
      return multiply_blocks<FormatQ4_1>(args);
    case DType::kQ5_0:
      return multiply_blocks<FormatQ5_0>(args);
    case DType::kQ8_0:
      return multiply_blocks<FormatQ8_0>(args);
    case DType::kF16:
      return multiply_float<FormatF16>(args);
    case DType::kBF16:
      return multiply_float<FormatBF16>(args);
    case DType::kF32:
      return multiply_float<FormatF32>(args);
    default:
      __builtin_trap();  // a type that has no panels: the loader refuses it
  }
}

}  // namespace
}  // namespace hearth
