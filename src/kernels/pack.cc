// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstring>

#include "base/check.h"
#include "kernels/panel.h"
#include "tensor/half.h"

namespace hearth {
namespace {

// Where a block type keeps its fields: byte offsets inside a block of 32 values.
struct BlockFields {
  std::size_t min = 0;     // 0: none
  std::size_t fifths = 0;  // 0: none
  std::size_t codes = 2;
  int code_words = 4;  // 32-bit words of codes
};

BlockFields block_fields(DType dtype) {
  switch (dtype) {
    case DType::kQ4_0:
      return {};
    case DType::kQ4_1:
      return {.min = 2, .codes = 4};
    case DType::kQ5_0:
      return {.fifths = 2, .codes = 6};
    case DType::kQ8_0:
      return {.code_words = 8};
    default:
      check_failed("a block type has a panel layout", __FILE__, __LINE__);
  }
}

bool is_float(DType dtype) { return dtype_info(dtype).block_values == 1; }

std::size_t align64(std::size_t bytes) { return (bytes + 63) / 64 * 64; }

// Element `column` of 16 rows side by side.
template <typename Element>
void pack_floats(const std::byte* rows, std::size_t row_bytes, int32_t row_count, int32_t columns,
                 std::byte* panel) {
  for (int32_t column = 0; column < columns; ++column) {
    for (int32_t row = 0; row < row_count; ++row) {
      std::memcpy(panel + (static_cast<std::size_t>(column) * kPanelRows + row) * sizeof(Element),
                  rows + row * row_bytes + column * sizeof(Element), sizeof(Element));
    }
  }
}

// Spreads a row's 32 fifth bits over the 8 masks of its group.
void pack_fifths(uint32_t fifths, int32_t row, std::byte* masks) {
  for (int j = 0; j < 8; ++j) {
    uint64_t mask;
    std::memcpy(&mask, masks + j * 8, 8);
    mask |= static_cast<uint64_t>(fifths >> 4 * j & 15u) << 4 * row;
    std::memcpy(masks + j * 8, &mask, 8);
  }
}

}  // namespace

PanelLayout panel_layout(DType dtype, int32_t columns) {
  const auto groups = static_cast<std::size_t>(columns / kGroupColumns);
  PanelLayout layout;
  if (is_float(dtype)) {
    layout.bytes =
        align64(static_cast<std::size_t>(columns) * kPanelRows * dtype_info(dtype).block_bytes);
    return layout;
  }
  const BlockFields fields = block_fields(dtype);
  layout.fifths = groups * static_cast<std::size_t>(fields.code_words) * 64;
  layout.scales = layout.fifths + (fields.fifths != 0 ? groups * 64 : 0);
  layout.mins = align64(layout.scales + groups * 32);
  layout.bytes = fields.min != 0 ? align64(layout.mins + groups * 32) : layout.mins;
  return layout;
}

void pack_panel(DType dtype, const std::byte* rows, std::size_t row_bytes, int32_t row_count,
                int32_t columns, std::byte* panel) {
  if (dtype == DType::kF32)
    return pack_floats<uint32_t>(rows, row_bytes, row_count, columns, panel);
  if (is_float(dtype)) return pack_floats<uint16_t>(rows, row_bytes, row_count, columns, panel);
  const BlockFields fields = block_fields(dtype);
  const PanelLayout layout = panel_layout(dtype, columns);
  const std::size_t block_bytes = dtype_info(dtype).block_bytes;
  const auto line_bytes = static_cast<std::size_t>(fields.code_words) * 64;
  for (int32_t group = 0; group < columns / kGroupColumns; ++group) {
    std::byte* codes = panel + group * line_bytes;
    std::byte* scales = panel + layout.scales + static_cast<std::size_t>(group) * 32;
    std::byte* mins = panel + layout.mins + static_cast<std::size_t>(group) * 32;
    for (int32_t row = 0; row < row_count; ++row) {
      const std::byte* block = rows + row * row_bytes + group * block_bytes;
      for (int word = 0; word < fields.code_words; ++word) {
        std::memcpy(codes + word * 64 + row * 4, block + fields.codes + word * 4, 4);
      }
      std::memcpy(scales + row * 2, block, 2);
      if (fields.min != 0) std::memcpy(mins + row * 2, block + fields.min, 2);
      if (fields.fifths != 0) {
        uint32_t fifths;
        std::memcpy(&fifths, block + fields.fifths, 4);
        pack_fifths(fifths, row, panel + layout.fifths + static_cast<std::size_t>(group) * 64);
      }
    }
  }
}

void unpack_row(const PanelMatrix& matrix, int32_t row, std::span<float> out) {
  const std::byte* panel = matrix.panel(row / kPanelRows);
  const auto r = static_cast<std::size_t>(row % kPanelRows);
  const auto load16 = [](const std::byte* at) {
    uint16_t bits;
    std::memcpy(&bits, at, 2);
    return bits;
  };
  if (is_float(matrix.dtype)) {
    for (std::size_t column = 0; column < out.size(); ++column) {
      const std::size_t element = column * kPanelRows + r;
      if (matrix.dtype == DType::kF32) {
        std::memcpy(&out[column], panel + element * 4, 4);
      } else {
        const uint16_t bits = load16(panel + element * 2);
        out[column] = matrix.dtype == DType::kF16 ? half_to_float(bits) : bfloat_to_float(bits);
      }
    }
    return;
  }
  const BlockFields fields = block_fields(matrix.dtype);
  for (std::size_t column = 0; column < out.size(); ++column) {
    const std::size_t group = column / kGroupColumns;
    const std::size_t k = column % kGroupColumns;
    const std::size_t line =
        group * static_cast<std::size_t>(fields.code_words) * 64 + r * 4 + k % 4;
    const float scale = half_to_float(load16(panel + matrix.layout.scales + group * 32 + r * 2));
    if (matrix.dtype == DType::kQ8_0) {
      out[column] = scale * static_cast<float>(std::to_integer<int8_t>(panel[line + k / 4 * 64]));
      continue;
    }
    int code = std::to_integer<int>(panel[line + k % 16 / 4 * 64]) >> (k < 16 ? 0 : 4) & 15;
    if (matrix.dtype == DType::kQ4_1) {
      const float min = half_to_float(load16(panel + matrix.layout.mins + group * 32 + r * 2));
      out[column] = scale * static_cast<float>(code) + min;
      continue;
    }
    if (matrix.dtype == DType::kQ5_0) {
      uint64_t mask;
      std::memcpy(&mask, panel + matrix.layout.fifths + group * 64 + k / 4 * 8, 8);
      code |= static_cast<int>(mask >> (4 * r + k % 4) & 1u) << 4;
      code -= 8;
    }
    out[column] = scale * static_cast<float>(code - 8);
  }
}

}  // namespace hearth
