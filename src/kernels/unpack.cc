// SPDX-License-Identifier: Apache-2.0
#include <cstring>

#include "base/check.h"
#include "kernels/panel.h"
#include "kernels/panel_format.h"
#include "tensor/code_tables.h"
#include "tensor/half.h"

namespace hearth {
namespace {

int byte_at(const std::byte* at) { return std::to_integer<int>(*at); }

float half_at(const std::byte* at) {
  uint16_t bits;
  std::memcpy(&bits, at, 2);
  return half_to_float(bits);
}

// One row of one panel.
struct RowPlanes {
  PanelFormat format;
  PanelLayout layout;
  const std::byte* panel;
  std::size_t row;

  int code(std::size_t group, std::size_t column) const;
  float scale(std::size_t group, std::size_t half) const;
  float min(std::size_t group, std::size_t half) const;
};

// The 2 bits of a column in the two lines of pairs at `lines`.
int pair_bits(const std::byte* lines, std::size_t row, std::size_t column) {
  return byte_at(lines + column / 16 * 64 + row * 4 + column % 4) >> column % 16 / 4 * 2 & 3;
}

int RowPlanes::code(std::size_t group, std::size_t column) const {
  const std::size_t in_line = row * 4 + column % 4;
  int code = 0;
  switch (format.codes) {
    case PanelCodes::kElements:
      check_failed("floats have no codes", __FILE__, __LINE__);
    case PanelCodes::kBytes:
      code = byte_at(panel + group * 512 + column / 4 * 64 + in_line);
      break;
    case PanelCodes::kNibbles:
      code = byte_at(panel + group * 256 + column % 16 / 4 * 64 + in_line) >> column / 16 * 4 & 15;
      break;
    case PanelCodes::kPairs:
      code = pair_bits(panel + group * 128, row, column);
      break;
  }
  const std::byte* high = panel + layout.high_bits;
  const auto mask_bit = [&] {
    const std::size_t bit = row * 4 + column % 4;
    return byte_at(high + group * 64 + column / 4 * 8 + bit / 8) >> bit % 8 & 1;
  };
  switch (format.high_bits) {
    case PanelHighBits::kNone:
      return code;
    case PanelHighBits::kThird:
      return code | mask_bit() << 2;
    case PanelHighBits::kFifth:
      return code | mask_bit() << 4;
    case PanelHighBits::kFifthAndSixth:
      return code | pair_bits(high + group * 128, row, column) << 4;
  }
  return code;
}

float RowPlanes::scale(std::size_t group, std::size_t half) const {
  const std::byte* scales = panel + layout.scales;
  const auto super = [&] {
    return half_at(panel + layout.super_scales +
                   (group / kSuperblockGroups * kPanelRows + row) * 2);
  };
  const std::size_t of_group = group * kPanelRows + row;
  const std::size_t of_half = (group * 2 + half) * kPanelRows + row;
  switch (format.scales) {
    case PanelScales::kNone:
      return 1.0f;
    case PanelScales::kHalf:
      return half_at(scales + of_group * 2);
    case PanelScales::kExponent:
      return half_power_to_float(std::to_integer<uint8_t>(scales[of_group]));
    case PanelScales::kByte:
      return super() * static_cast<float>(byte_at(scales + of_group));
    case PanelScales::kSignedByte:
      return super() * static_cast<float>(std::to_integer<int8_t>(scales[of_half]));
    case PanelScales::kNibbles:
      return super() * static_cast<float>(byte_at(scales + of_half) & 15);
  }
  return 1.0f;
}

float RowPlanes::min(std::size_t group, std::size_t half) const {
  const auto super = [&] {
    return half_at(panel + layout.super_mins + (group / kSuperblockGroups * kPanelRows + row) * 2);
  };
  switch (format.mins) {
    case PanelMins::kNone:
      return 0.0f;
    case PanelMins::kHalf:
      return half_at(panel + layout.mins + (group * kPanelRows + row) * 2);
    case PanelMins::kByte:
      return super() * static_cast<float>(byte_at(panel + layout.mins + group * kPanelRows + row));
    case PanelMins::kNibbles: {
      const std::size_t at = (group * 2 + half) * kPanelRows + row;
      return super() * static_cast<float>(byte_at(panel + layout.scales + at) >> 4);
    }
  }
  return 0.0f;
}

float value_of(const PanelFormat& format, int code) {
  switch (format.values) {
    case PanelValues::kOffset:
      return static_cast<float>(code - format.zero);
    case PanelValues::kSigned:
      return static_cast<float>(static_cast<int8_t>(code));
    case PanelValues::kTableIq4Nl:
      return static_cast<float>(kTableIq4Nl[code]);
    case PanelValues::kTableMxfp4:
      return static_cast<float>(kTableMxfp4[code]);
  }
  return 0.0f;
}

void unpack_elements(const PanelMatrix& matrix, const std::byte* panel, std::size_t row,
                     std::span<float> out) {
  for (std::size_t column = 0; column < out.size(); ++column) {
    const std::size_t element = column * kPanelRows + row;
    if (matrix.dtype == DType::kF32) {
      std::memcpy(&out[column], panel + element * 4, 4);
    } else if (matrix.dtype == DType::kF16) {
      out[column] = half_at(panel + element * 2);
    } else {
      uint16_t bits;
      std::memcpy(&bits, panel + element * 2, 2);
      out[column] = bfloat_to_float(bits);
    }
  }
}

}  // namespace

void unpack_row(const PanelMatrix& matrix, int32_t row, std::span<float> out) {
  const RowPlanes planes = {panel_format(matrix.dtype), matrix.layout,
                            matrix.panel(row / kPanelRows),
                            static_cast<std::size_t>(row % kPanelRows)};
  if (planes.format.codes == PanelCodes::kElements) {
    return unpack_elements(matrix, planes.panel, planes.row, out);
  }
  for (std::size_t begin = 0; begin < out.size(); begin += 16) {
    const std::size_t group = begin / kGroupColumns;
    const std::size_t half = begin / 16 % 2;
    const float scale = planes.scale(group, half);
    const float min = planes.min(group, half);
    for (std::size_t i = 0; i < 16; ++i) {
      const float value = value_of(planes.format, planes.code(group, half * 16 + i));
      out[begin + i] = scale * value;
      if (planes.format.mins != PanelMins::kNone) out[begin + i] += min;
    }
  }
}

}  // namespace hearth
