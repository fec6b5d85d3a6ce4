// SPDX-License-Identifier: Apache-2.0
// The one weight layout, N16K4: sixteen output rows side by side, four K-bytes of each to one
// 64-byte line. A line is at once the operand of AVX-512 VNNI, of two AVX2 or four NEON dot
// products, and of an AMX B tile. Packing transposes the fields of sixteen rows' blocks and changes
// no number; see docs/formats/panels.md.
//
// A panel (16 rows) holds its fields in planes, each over all groups of 32 columns, or over all
// superblocks of 256; kernels/panel_format.h says which planes a type has and how they lie.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "tensor/dtype.h"

namespace hearth {

inline constexpr int32_t kPanelRows = 16;
inline constexpr int32_t kGroupColumns = 32;
inline constexpr int32_t kSuperblockGroups = 8;

// Where the planes of one panel begin, in bytes from the panel's start; the codes are at 0. A plane
// that a type lacks is empty.
struct PanelLayout {
  std::size_t high_bits = 0;
  std::size_t scales = 0;
  std::size_t mins = 0;
  std::size_t super_scales = 0;  // f16[16] a superblock
  std::size_t super_mins = 0;    // the same, negated, so that mins are always added
  std::size_t bytes = 0;         // of the whole panel, a multiple of 64
};

PanelLayout panel_layout(DType dtype, int32_t columns);

// A packed matrix [rows][columns]; the last panel is padded with zero rows. Borrowed memory.
struct PanelMatrix {
  DType dtype = DType::kF32;
  int32_t rows = 0;
  int32_t columns = 0;  // a multiple of the type's block
  PanelLayout layout;
  const std::byte* data = nullptr;

  bool is_block_type() const { return dtype_info(dtype).block_values > 1; }
  int32_t panels() const { return (rows + kPanelRows - 1) / kPanelRows; }
  const std::byte* panel(int32_t index) const {
    return data + static_cast<std::size_t>(index) * layout.bytes;
  }
};

// Packs up to 16 rows that lie `row_bytes` apart in GGUF's block layout into one panel
// (layout.bytes, zeroed before).
void pack_panel(DType dtype, const std::byte* rows, std::size_t row_bytes, int32_t row_count,
                int32_t columns, std::byte* panel);

// One row of a packed matrix as float: out[columns].
void unpack_row(const PanelMatrix& matrix, int32_t row, std::span<float> out);

}  // namespace hearth
