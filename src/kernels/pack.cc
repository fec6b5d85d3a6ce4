// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstring>

#include "base/check.h"
#include "kernels/panel.h"
#include "kernels/panel_format.h"
#include "tensor/k_block.h"

namespace hearth {
namespace {

// Where a type of 32-value blocks keeps its fields: byte offsets inside a block.
struct BlockFields {
  std::size_t min = 0;     // 0: none
  std::size_t fifths = 0;  // 0: none
  std::size_t codes = 2;
};

BlockFields block_fields(DType dtype) {
  switch (dtype) {
    case DType::kQ4_0:
    case DType::kQ8_0:
    case DType::kIQ4_NL:
      return {};
    case DType::kQ4_1:
      return {.min = 2, .codes = 4};
    case DType::kQ5_0:
      return {.fifths = 2, .codes = 6};
    case DType::kQ5_1:
      return {.min = 2, .fifths = 4, .codes = 8};
    case DType::kMXFP4:
      return {.codes = 1};
    default:
      check_failed("a block type has a panel layout", __FILE__, __LINE__);
  }
}

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

// Sets bits 4 * row .. 4 * row + 3 of a mask of 64 bits.
void or_mask(uint32_t bits, std::size_t row, std::byte* mask) {
  mask[row / 2] |= static_cast<std::byte>(bits << row % 2 * 4);
}

// `kCodeWords` words of codes, `kScaleBytes` of scale: constants, as this loop is most of loading.
template <int kCodeWords, int kScaleBytes>
void pack_blocks(DType dtype, const std::byte* rows, std::size_t row_bytes, int32_t row_count,
                 int32_t columns, std::byte* panel) {
  const BlockFields fields = block_fields(dtype);
  const PanelLayout layout = panel_layout(dtype, columns);
  const std::size_t block_bytes = dtype_info(dtype).block_bytes;
  for (std::size_t group = 0; group < static_cast<std::size_t>(columns / kGroupColumns); ++group) {
    std::byte* codes = panel + group * (kCodeWords * 64);
    std::byte* scales = panel + layout.scales + group * (kPanelRows * kScaleBytes);
    std::byte* mins = panel + layout.mins + group * 32;
    for (std::size_t row = 0; row < static_cast<std::size_t>(row_count); ++row) {
      const std::byte* block = rows + row * row_bytes + group * block_bytes;
      for (int word = 0; word < kCodeWords; ++word) {
        std::memcpy(codes + word * 64 + row * 4, block + fields.codes + word * 4, 4);
      }
      std::memcpy(scales + row * kScaleBytes, block, kScaleBytes);
      if (fields.min != 0) std::memcpy(mins + row * 2, block + fields.min, 2);
    }
  }
}

// The fifth bits of blocks of 32: a row's 32 bits, spread over the 8 masks of its group.
void pack_fifths(DType dtype, const std::byte* rows, std::size_t row_bytes, int32_t row_count,
                 int32_t columns, std::byte* panel) {
  const std::size_t offset = block_fields(dtype).fifths;
  const std::size_t block_bytes = dtype_info(dtype).block_bytes;
  for (std::size_t group = 0; group < static_cast<std::size_t>(columns / kGroupColumns); ++group) {
    uint64_t masks[8] = {};
    for (std::size_t row = 0; row < static_cast<std::size_t>(row_count); ++row) {
      uint32_t fifths;
      std::memcpy(&fifths, rows + row * row_bytes + group * block_bytes + offset, 4);
      for (int quad = 0; quad < 8; ++quad) {
        masks[quad] |= static_cast<uint64_t>(fifths >> 4 * quad & 15u) << 4 * row;
      }
    }
    std::memcpy(panel + group * sizeof masks, masks, sizeof masks);
  }
}

void or_word(uint32_t word, std::byte* at) {
  uint32_t old;
  std::memcpy(&old, at, sizeof old);
  old |= word;
  std::memcpy(at, &old, sizeof old);
}

// The eight quads of one row's group, codes as bytes, into the group's lines; `shift` says which
// bits of the codes are meant.
void pack_nibbles(const uint32_t (&quads)[8], std::size_t row, std::byte* lines) {
  for (int j = 0; j < 4; ++j) {
    const uint32_t word = (quads[j] & 0x0f0f0f0fu) | (quads[4 + j] & 0x0f0f0f0fu) << 4;
    std::memcpy(lines + j * 64 + row * 4, &word, sizeof word);
  }
}
void pack_pairs(const uint32_t (&quads)[8], int shift, std::size_t row, std::byte* lines) {
  for (int quad = 0; quad < 8; ++quad) {
    or_word((quads[quad] >> shift & 0x03030303u) << quad % 4 * 2, lines + quad / 4 * 64 + row * 4);
  }
}
void pack_bits(const uint32_t (&quads)[8], int shift, std::size_t row, std::byte* masks) {
  for (int quad = 0; quad < 8; ++quad) {
    // the product moves bit 0 of byte b to bit 24 + b
    const uint32_t bits = (quads[quad] >> shift & 0x01010101u) * 0x01020408u >> 24 & 15u;
    or_mask(bits, row, masks + quad * 8);
  }
}

void pack_codes(const PanelFormat& format, const uint8_t* codes, std::size_t group,
                const PanelLayout& layout, std::size_t row, std::byte* panel) {
  uint32_t quads[8];
  std::memcpy(quads, codes, sizeof quads);
  if (format.codes == PanelCodes::kNibbles) {
    pack_nibbles(quads, row, panel + group * 256);
  } else {
    pack_pairs(quads, 0, row, panel + group * 128);
  }
  std::byte* high = panel + layout.high_bits;
  switch (format.high_bits) {
    case PanelHighBits::kNone:
      break;
    case PanelHighBits::kThird:
      pack_bits(quads, 2, row, high + group * 64);
      break;
    case PanelHighBits::kFifth:
      pack_bits(quads, 4, row, high + group * 64);
      break;
    case PanelHighBits::kFifthAndSixth:
      pack_pairs(quads, 4, row, high + group * 128);
      break;
  }
}

void pack_superblocks(DType dtype, const std::byte* rows, std::size_t row_bytes, int32_t row_count,
                      int32_t columns, std::byte* panel) {
  const PanelFormat format = panel_format(dtype);
  const PanelLayout layout = panel_layout(dtype, columns);
  const std::size_t block_bytes = dtype_info(dtype).block_bytes;
  const auto scale_columns = static_cast<std::size_t>(format.scale_columns());
  const std::size_t block_scales = kSuperblock / scale_columns;
  for (std::size_t block = 0; block < static_cast<std::size_t>(columns / kSuperblock); ++block) {
    for (std::size_t row = 0; row < static_cast<std::size_t>(row_count); ++row) {
      const KBlock parts = read_k_block(dtype, rows + row * row_bytes + block * block_bytes);
      for (std::size_t group = 0; group < kSuperblockGroups; ++group) {
        pack_codes(format, parts.codes + group * kGroupColumns, block * kSuperblockGroups + group,
                   layout, row, panel);
      }
      for (std::size_t i = 0; i < block_scales; ++i) {
        const std::size_t at = (block * block_scales + i) * kPanelRows + row;
        const auto scale = static_cast<std::byte>(parts.scales[i]);
        const auto min = static_cast<std::byte>(parts.mins[i]);
        panel[layout.scales + at] = format.mins == PanelMins::kNibbles ? scale | min << 4 : scale;
        if (format.mins == PanelMins::kByte) panel[layout.mins + at] = min;
      }
      const std::size_t at = (block * kPanelRows + row) * 2;
      std::memcpy(panel + layout.super_scales + at, &parts.scale, 2);
      const auto negated = static_cast<uint16_t>(parts.min ^ 0x8000u);
      if (format.mins != PanelMins::kNone) {
        std::memcpy(panel + layout.super_mins + at, &negated, 2);
      }
    }
  }
}

// Bytes of the planes for each group.
std::size_t code_bytes(PanelCodes codes) {
  switch (codes) {
    case PanelCodes::kElements:
      return 0;
    case PanelCodes::kBytes:
      return 512;
    case PanelCodes::kNibbles:
      return 256;
    case PanelCodes::kPairs:
      return 128;
  }
  check_failed("a panel has codes", __FILE__, __LINE__);
}

std::size_t high_bytes(PanelHighBits bits) {
  if (bits == PanelHighBits::kNone) return 0;
  return bits == PanelHighBits::kFifthAndSixth ? 128 : 64;
}

std::size_t scale_bytes(PanelScales scales) {
  switch (scales) {
    case PanelScales::kNone:
      return 0;
    case PanelScales::kExponent:
    case PanelScales::kByte:
      return 16;
    case PanelScales::kHalf:
    case PanelScales::kSignedByte:
    case PanelScales::kNibbles:
      return 32;
  }
  check_failed("a panel has scales", __FILE__, __LINE__);
}

std::size_t min_bytes(PanelMins mins) {
  if (mins == PanelMins::kHalf) return 32;
  return mins == PanelMins::kByte ? 16 : 0;
}

}  // namespace

PanelLayout panel_layout(DType dtype, int32_t columns) {
  const auto groups = static_cast<std::size_t>(columns / kGroupColumns);
  const PanelFormat format = panel_format(dtype);
  PanelLayout layout;
  if (format.codes == PanelCodes::kElements) {
    layout.bytes =
        align64(static_cast<std::size_t>(columns) * kPanelRows * dtype_info(dtype).block_bytes);
    return layout;
  }
  const std::size_t super_bytes =
      format.has_superblocks() ? groups / kSuperblockGroups * kPanelRows * 2 : 0;
  layout.high_bits = groups * code_bytes(format.codes);
  layout.scales = align64(layout.high_bits + groups * high_bytes(format.high_bits));
  layout.mins = align64(layout.scales + groups * scale_bytes(format.scales));
  layout.super_scales = align64(layout.mins + groups * min_bytes(format.mins));
  layout.super_mins = align64(layout.super_scales + super_bytes);
  layout.bytes = align64(layout.super_mins + (format.mins != PanelMins::kNone ? super_bytes : 0));
  return layout;
}

void pack_panel(DType dtype, const std::byte* rows, std::size_t row_bytes, int32_t row_count,
                int32_t columns, std::byte* panel) {
  if (dtype == DType::kF32) {
    pack_floats<uint32_t>(rows, row_bytes, row_count, columns, panel);
  } else if (panel_format(dtype).codes == PanelCodes::kElements) {
    pack_floats<uint16_t>(rows, row_bytes, row_count, columns, panel);
  } else if (is_k_type(dtype)) {
    pack_superblocks(dtype, rows, row_bytes, row_count, columns, panel);
  } else if (dtype == DType::kQ8_0) {
    pack_blocks<8, 2>(dtype, rows, row_bytes, row_count, columns, panel);
  } else if (dtype == DType::kMXFP4) {
    pack_blocks<4, 1>(dtype, rows, row_bytes, row_count, columns, panel);
  } else {
    pack_blocks<4, 2>(dtype, rows, row_bytes, row_count, columns, panel);
    if (block_fields(dtype).fifths != 0) {
      pack_fifths(dtype, rows, row_bytes, row_count, columns,
                  panel + panel_layout(dtype, columns).high_bits);
    }
  }
}

}  // namespace hearth
