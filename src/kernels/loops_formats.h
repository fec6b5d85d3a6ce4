// SPDX-License-Identifier: Apache-2.0
// What the matmul loops know of an element type: its codes as operands of a dot product, its scales
// and mins as floats. Everything follows from panel_format(). See loops.h for how it is included.
#pragma once

#include "kernels/kernels.h"
#include "kernels/loops_base.h"
#include "kernels/panel_format.h"
#include "tensor/code_tables.h"

namespace hearth {
namespace {

template <DType kType>
struct Format {
  static constexpr PanelFormat kPanel = panel_format(kType);
  static constexpr bool kDecoded = false;
  static constexpr bool kLinesOfTwoQuads = kPanel.codes == PanelCodes::kNibbles;
  // Signed codes and table values are operands of i_dot_signed, offset by kByteZero; others of
  // i_dot_unsigned.
  static constexpr bool kSigned = kPanel.values != PanelValues::kOffset;
  static constexpr int kZero = kSigned ? kByteZero : kPanel.zero;
  static constexpr bool kMin = kPanel.mins != PanelMins::kNone;
  static constexpr int kScaleQuads = kPanel.scale_columns() / 4;
  // Whether taking a quad's codes and a group's scales apart is hardly any work.
  static constexpr bool kPlain = kPanel.scales == PanelScales::kHalf &&
                                 kPanel.high_bits == PanelHighBits::kNone &&
                                 kPanel.values != PanelValues::kTableIq4Nl;
};

// Calls use(Format<dtype>()), of a block type.
template <typename Use>
inline void with_format(DType dtype, Use use) {
  switch (dtype) {
    case DType::kQ4_0:
      return use(Format<DType::kQ4_0>());
    case DType::kQ4_1:
      return use(Format<DType::kQ4_1>());
    case DType::kQ5_0:
      return use(Format<DType::kQ5_0>());
    case DType::kQ5_1:
      return use(Format<DType::kQ5_1>());
    case DType::kQ8_0:
      return use(Format<DType::kQ8_0>());
    case DType::kQ2_K:
      return use(Format<DType::kQ2_K>());
    case DType::kQ3_K:
      return use(Format<DType::kQ3_K>());
    case DType::kQ4_K:
      return use(Format<DType::kQ4_K>());
    case DType::kQ5_K:
      return use(Format<DType::kQ5_K>());
    case DType::kQ6_K:
      return use(Format<DType::kQ6_K>());
    case DType::kIQ4_NL:
      return use(Format<DType::kIQ4_NL>());
    case DType::kMXFP4:
      return use(Format<DType::kMXFP4>());
    case DType::kF32:
    case DType::kF16:
    case DType::kBF16:
      return;
  }
}

// The planes of one panel, for kLanes of its rows.
struct PanelPlanes {
  const std::byte* codes = nullptr;
  const std::byte* high_bits = nullptr;
  const std::byte* scales = nullptr;
  const std::byte* mins = nullptr;
  const std::byte* super_scales = nullptr;
  const std::byte* super_mins = nullptr;
};

inline PanelPlanes panel_planes(const PanelMatrix& weights, int32_t panel) {
  const std::byte* base = weights.data + static_cast<std::size_t>(panel) * weights.layout.bytes;
  const PanelLayout& layout = weights.layout;
  return {base,
          base + layout.high_bits,
          base + layout.scales,
          base + layout.mins,
          base + layout.super_scales,
          base + layout.super_mins};
}

// Where decoded panels (loops_decoded.h) have a quad, in bytes, and the scale and the min of the
// columns from quad kQuad on, in floats.
constexpr std::size_t decoded_codes(std::size_t group, int quad, int part) {
  return group * (kGroupColumns * kPanelRows) +
         static_cast<std::size_t>(quad * kPanelRows * 4 + part * kLanes * 4);
}
template <typename Format, int kQuad>
constexpr std::size_t decoded_scales(std::size_t group, int part) {
  constexpr std::size_t kScales = 8 / Format::kScaleQuads;
  return (group * kScales + kQuad / Format::kScaleQuads) * kPanelRows +
         static_cast<std::size_t>(part * kLanes);
}

// Adds the bits above those that the code lines hold.
template <typename Format, int kQuad>
HEARTH_INLINE VecB add_high_bits(VecB codes, const PanelPlanes& planes, std::size_t group,
                                 int part) {
  constexpr PanelHighBits kBits = Format::kPanel.high_bits;
  if constexpr (kBits == PanelHighBits::kNone) {
    return codes;
  } else if constexpr (kBits == PanelHighBits::kFifthAndSixth) {
    const VecB line = b_load(planes.high_bits + group * 128 + kQuad / 4 * 64 + part * (kLanes * 4));
    return b_or(codes, b_two_bits<kQuad % 4 * 2, 4>(line));
  } else {
    constexpr int kWeight = kBits == PanelHighBits::kThird ? 4 : 16;
    return b_or_bit<kWeight>(codes,
                             planes.high_bits + group * 64 + kQuad * 8 + part * (kLanes / 2));
  }
}

// Quad `kQuad` of a group: the codes of columns 4 kQuad .. 4 kQuad + 3, for the kLanes rows that
// are the `part`-th of the panel's.
template <typename Format, int kQuad>
  requires(Format::kDecoded)
HEARTH_INLINE VecB quad_codes(const PanelPlanes& planes, std::size_t group, int part) {
  return b_load(planes.codes + decoded_codes(group, kQuad, part));
}
template <typename Format, int kQuad>
HEARTH_INLINE VecB quad_codes(const PanelPlanes& planes, std::size_t group, int part) {
  constexpr PanelFormat kPanel = Format::kPanel;
  const std::byte* rows = planes.codes + part * (kLanes * 4);
  if constexpr (kPanel.codes == PanelCodes::kBytes) {
    return b_signed(b_load(rows + group * 512 + kQuad * 64));
  } else if constexpr (kPanel.codes == PanelCodes::kPairs) {
    const VecB line = b_load(rows + group * 128 + kQuad / 4 * 64);
    return add_high_bits<Format, kQuad>(b_two_bits<kQuad % 4 * 2, 0>(line), planes, group, part);
  } else {
    const VecB line = b_load(rows + group * 256 + kQuad % 4 * 64);
    const VecB nibbles = kQuad < 4 ? b_low(line) : b_high(line);
    if constexpr (kPanel.values == PanelValues::kTableIq4Nl) return b_table(nibbles, kTableIq4Nl);
    if constexpr (kPanel.values == PanelValues::kTableMxfp4) return b_table(nibbles, kTableMxfp4);
    return add_high_bits<Format, kQuad>(nibbles, planes, group, part);
  }
}

// 16 bytes a group, or for each half of it.
inline const std::byte* scale_bytes(const PanelPlanes& planes, std::size_t block, int part) {
  return planes.scales + block * kPanelRows + part * kLanes;
}
inline std::size_t super_offset(std::size_t group, int part) {
  return group / kSuperblockGroups * (kPanelRows * 2) + part * (kLanes * 2);
}

// The scale of the columns from quad `kQuad` of a group on.
template <typename Format, int kQuad>
  requires(Format::kDecoded)
HEARTH_INLINE VecF group_scale(const PanelPlanes& planes, std::size_t group, int part) {
  return f_load(reinterpret_cast<const float*>(planes.scales) +
                decoded_scales<Format, kQuad>(group, part));
}
template <typename Format, int kQuad>
HEARTH_INLINE VecF group_scale(const PanelPlanes& planes, std::size_t group, int part) {
  constexpr PanelScales kScales = Format::kPanel.scales;
  if constexpr (kScales == PanelScales::kHalf) {
    return f_load_half(planes.scales + group * 32 + part * (kLanes * 2));
  } else if constexpr (kScales == PanelScales::kExponent) {
    // 2^(e - 128) from e: the exponent e - 1, or for e = 0, 1, where that is no normal number, the
    // bits (e + 1) << 21, which are the smaller ones for all other e.
    const VecI e = i_load_bytes(scale_bytes(planes, group, part));
    return f_from_bits(
        i_max(i_shift_left<23>(i_sub(e, i_set1(1))), i_shift_left<21>(i_add(e, i_set1(1)))));
  } else {
    const VecF super = f_load_half(planes.super_scales + super_offset(group, part));
    if constexpr (kScales == PanelScales::kByte) {
      return f_mul(super, f_from_i(i_load_bytes(scale_bytes(planes, group, part))));
    } else if constexpr (kScales == PanelScales::kSignedByte) {
      const std::byte* bytes = scale_bytes(planes, group * 2 + kQuad / 4, part);
      return f_mul(super, f_from_i(i_load_signed_bytes(bytes)));
    } else {
      const VecI bytes = i_load_bytes(scale_bytes(planes, group * 2 + kQuad / 4, part));
      return f_mul(super, f_from_i(i_and(bytes, i_set1(15))));
    }
  }
}

// What is added to each weight of those columns.
template <typename Format, int kQuad>
  requires(Format::kDecoded)
HEARTH_INLINE VecF group_min(const PanelPlanes& planes, std::size_t group, int part) {
  return f_load(reinterpret_cast<const float*>(planes.mins) +
                decoded_scales<Format, kQuad>(group, part));
}
template <typename Format, int kQuad>
HEARTH_INLINE VecF group_min(const PanelPlanes& planes, std::size_t group, int part) {
  constexpr PanelMins kMins = Format::kPanel.mins;
  if constexpr (kMins == PanelMins::kHalf) {
    return f_load_half(planes.mins + group * 32 + part * (kLanes * 2));
  } else {
    const VecF super = f_load_half(planes.super_mins + super_offset(group, part));
    if constexpr (kMins == PanelMins::kByte) {
      const std::byte* bytes = planes.mins + group * kPanelRows + part * kLanes;
      return f_mul(super, f_from_i(i_load_bytes(bytes)));
    } else {
      const VecI bytes = i_load_bytes(scale_bytes(planes, group * 2 + kQuad / 4, part));
      return f_mul(super, f_from_i(i_shift_right<4>(bytes)));
    }
  }
}

// A group as floats, weights[32][16], for the float path.

// Column 4 kQuad + kByte, whose codes are byte kByte of each word of `quad`.
template <typename Format, int kQuad, int kByte>
HEARTH_INLINE void decode_column(VecB quad, VecF scale, VecF min, float* weights) {
  const VecI words = b_words(quad);
  VecI code;
  if constexpr (Format::kSigned && kByteZero == 0) {
    code = i_shift_right<24>(i_shift_left<24 - 8 * kByte>(words));
  } else {
    code = i_and(i_shift_right<8 * kByte>(words), i_set1(255));
  }
  VecF value = f_mul(scale, f_from_i(i_sub(code, i_set1(Format::kZero))));
  if constexpr (Format::kMin) value = f_add(value, min);
  f_store(weights + (kQuad * 4 + kByte) * kPanelRows, value);
}

template <typename Format, int kQuad>
HEARTH_INLINE void decode_quads(const PanelPlanes& planes, std::size_t group, int part, VecF scale,
                                VecF min, float* weights) {
  const VecB quad = quad_codes<Format, kQuad>(planes, group, part);
  decode_column<Format, kQuad, 0>(quad, scale, min, weights);
  decode_column<Format, kQuad, 1>(quad, scale, min, weights);
  decode_column<Format, kQuad, 2>(quad, scale, min, weights);
  decode_column<Format, kQuad, 3>(quad, scale, min, weights);
  if constexpr ((kQuad + 1) % Format::kScaleQuads != 0) {
    decode_quads<Format, kQuad + 1>(planes, group, part, scale, min, weights);
  }
}

template <typename Format, int kQuad = 0>
  requires requires { Format::kPanel; }
inline void decode_group(const PanelPlanes& planes, std::size_t group, float* weights) {
  for (int part = 0; part < kParts; ++part) {
    const VecF scale = group_scale<Format, kQuad>(planes, group, part);
    VecF min = f_set1(0.0f);
    if constexpr (Format::kMin) min = group_min<Format, kQuad>(planes, group, part);
    decode_quads<Format, kQuad>(planes, group, part, scale, min, weights + part * kLanes);
  }
  if constexpr (kQuad + Format::kScaleQuads < 8) {
    decode_group<Format, kQuad + Format::kScaleQuads>(planes, group, weights);
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

}  // namespace
}  // namespace hearth
