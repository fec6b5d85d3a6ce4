// SPDX-License-Identifier: Apache-2.0
// What the panels of each element type consist of: the one description that packing, unpacking and
// the kernels follow. docs/formats/panels.md shows the planes.
#pragma once

#include <cstdint>

#include "tensor/dtype.h"

namespace hearth {

// How the low bits of the codes lie. A quad is the codes of four neighbouring columns, a group 32
// columns, so eight quads.
enum class PanelCodes {
  kElements,  // no codes: one line of 16 floats a column
  kBytes,     // 8 lines a group: line q is quad q
  kNibbles,   // 4 lines a group: line j has quad j in its low nibbles, quad 4 + j in its high ones
  kPairs,     // 2 lines a group: bits 2k and 2k + 1 of line h are quad 4h + k
};

// Bits of the codes above those.
enum class PanelHighBits {
  kNone,
  kThird,          // 8 masks of 64 bits a group: bit 4r + b of mask q is of row r, column 4q + b
  kFifth,          // the same
  kFifthAndSixth,  // 2 lines a group, as PanelCodes::kPairs
};

// What a code stands for, before the scale.
enum class PanelValues { kOffset, kSigned, kTableIq4Nl, kTableMxfp4 };

// How scales and mins lie, for 16 rows side by side.
enum class PanelScales {
  kNone,
  kHalf,        // f16 a group
  kExponent,    // E8M0 byte a group
  kByte,        // unsigned byte a group, times the superblock's f16
  kSignedByte,  // signed byte for each 16 columns, times the superblock's f16
  kNibbles,  // byte for each 16 columns: low nibble times the superblock's f16; high nibble the min
};
enum class PanelMins {
  kNone,
  kHalf,     // f16 a group
  kByte,     // unsigned byte a group, times the superblock's f16
  kNibbles,  // in the scales' bytes, times the superblock's f16
};

struct PanelFormat {
  PanelCodes codes = PanelCodes::kElements;
  PanelHighBits high_bits = PanelHighBits::kNone;
  PanelValues values = PanelValues::kOffset;
  int32_t zero = 0;  // kOffset: what is subtracted from a code
  PanelScales scales = PanelScales::kNone;
  PanelMins mins = PanelMins::kNone;

  constexpr bool has_superblocks() const {
    return scales == PanelScales::kByte || scales == PanelScales::kSignedByte ||
           scales == PanelScales::kNibbles;
  }
  // Columns that share a scale: 16 or 32.
  constexpr int32_t scale_columns() const {
    return scales == PanelScales::kSignedByte || scales == PanelScales::kNibbles ? 16 : 32;
  }
  constexpr bool has_table() const {
    return values == PanelValues::kTableIq4Nl || values == PanelValues::kTableMxfp4;
  }
};

constexpr PanelFormat panel_format(DType dtype) {
  using enum PanelCodes;
  constexpr auto kBits5 = PanelHighBits::kFifth;
  constexpr auto kHalf = PanelScales::kHalf;
  switch (dtype) {
    case DType::kF32:
    case DType::kF16:
    case DType::kBF16:
      return {};
    case DType::kQ4_0:
      return {.codes = kNibbles, .zero = 8, .scales = kHalf};
    case DType::kQ4_1:
      return {.codes = kNibbles, .scales = kHalf, .mins = PanelMins::kHalf};
    case DType::kQ5_0:
      return {.codes = kNibbles, .high_bits = kBits5, .zero = 16, .scales = kHalf};
    case DType::kQ5_1:
      return {.codes = kNibbles, .high_bits = kBits5, .scales = kHalf, .mins = PanelMins::kHalf};
    case DType::kQ8_0:
      return {.codes = kBytes, .values = PanelValues::kSigned, .scales = kHalf};
    case DType::kQ2_K:
      return {.codes = kPairs, .scales = PanelScales::kNibbles, .mins = PanelMins::kNibbles};
    case DType::kQ3_K:
      return {.codes = kPairs,
              .high_bits = PanelHighBits::kThird,
              .zero = 4,
              .scales = PanelScales::kSignedByte};
    case DType::kQ4_K:
      return {.codes = kNibbles, .scales = PanelScales::kByte, .mins = PanelMins::kByte};
    case DType::kQ5_K:
      return {.codes = kNibbles,
              .high_bits = kBits5,
              .scales = PanelScales::kByte,
              .mins = PanelMins::kByte};
    case DType::kQ6_K:
      return {.codes = kNibbles,
              .high_bits = PanelHighBits::kFifthAndSixth,
              .zero = 32,
              .scales = PanelScales::kSignedByte};
    case DType::kIQ4_NL:
      return {.codes = kNibbles, .values = PanelValues::kTableIq4Nl, .scales = kHalf};
    case DType::kMXFP4:
      return {
          .codes = kNibbles, .values = PanelValues::kTableMxfp4, .scales = PanelScales::kExponent};
  }
  return {};
}

}  // namespace hearth
