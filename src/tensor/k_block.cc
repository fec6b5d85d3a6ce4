// SPDX-License-Identifier: Apache-2.0
#include "tensor/k_block.h"

#include <cstring>

#include "base/check.h"

namespace hearth {
namespace {

constexpr KFormat kQ2 = {16, 3, 0, 0, 15, 15};
constexpr KFormat kQ3 = {16, 7, 4, -32, 31, 0};
constexpr KFormat kQ4 = {32, 15, 0, 0, 63, 63};
constexpr KFormat kQ5 = {32, 31, 0, 0, 63, 63};
constexpr KFormat kQ6 = {16, 63, 32, -128, 127, 0};

// Byte offsets of a superblock's fields.
struct Offsets {
  std::size_t scale;
  std::size_t min;  // types with mins only
  std::size_t scales;
  std::size_t low;   // low bits of the codes
  std::size_t high;  // their high bits, types that have some
};

constexpr Offsets kOffsetsQ2 = {.scale = 80, .min = 82, .scales = 0, .low = 16, .high = 0};
constexpr Offsets kOffsetsQ3 = {.scale = 108, .min = 0, .scales = 96, .low = 32, .high = 0};
constexpr Offsets kOffsetsQ4 = {.scale = 0, .min = 2, .scales = 4, .low = 16, .high = 0};
constexpr Offsets kOffsetsQ5 = {.scale = 0, .min = 2, .scales = 4, .low = 48, .high = 16};
constexpr Offsets kOffsetsQ6 = {.scale = 208, .min = 0, .scales = 192, .low = 0, .high = 128};

// A field of `kBits` bits for each of 256 values, spread over bytes so that neighbouring values lie
// in neighbouring bytes: runs of `kRun` values fill the lowest bits of `kRun` bytes, the next run
// their next bits, until the bytes are full.
template <int kBits, int kRun>
struct BitField {
  static constexpr int kRunsAByte = 8 / kBits;
  static constexpr int kMask = (1 << kBits) - 1;

  // Adds the field to the codes, shifted left by `shift`.
  static void read(const std::byte* bytes, int shift, uint8_t* codes) {
    for (int run = 0; run < kSuperblock / kRun; ++run) {
      const auto* from = reinterpret_cast<const uint8_t*>(bytes) + run / kRunsAByte * kRun;
      const int bit = run % kRunsAByte * kBits;
      for (int i = 0; i < kRun; ++i) {
        codes[run * kRun + i] =
            static_cast<uint8_t>(codes[run * kRun + i] | (from[i] >> bit & kMask) << shift);
      }
    }
  }

  // Sets the field to bits `shift` and up of the codes; the bytes are zero before.
  static void write(const uint8_t* codes, int shift, std::byte* bytes) {
    for (int run = 0; run < kSuperblock / kRun; ++run) {
      auto* to = reinterpret_cast<uint8_t*>(bytes) + run / kRunsAByte * kRun;
      const int bit = run % kRunsAByte * kBits;
      for (int i = 0; i < kRun; ++i) {
        to[i] = static_cast<uint8_t>(to[i] | (codes[run * kRun + i] >> shift & kMask) << bit);
      }
    }
  }
};

using Q4Codes = BitField<4, 32>;    // Q4_K, Q5_K: 64 values a 32 bytes
using Q6LowBits = BitField<4, 64>;  // 128 values a 64 bytes
using TwoBits = BitField<2, 32>;    // Q2_K and Q3_K codes, Q6_K high bits: 128 values a 32 bytes
using OneBit = BitField<1, 32>;     // Q3_K and Q5_K high bits: 256 values in 32 bytes

uint8_t byte_at(const std::byte* bytes, int index) {
  return std::to_integer<uint8_t>(bytes[index]);
}

void or_byte(std::byte* bytes, int index, int bits) {
  bytes[index] |= static_cast<std::byte>(bits);
}

// Q4_K and Q5_K: 8 scales and 8 mins of 6 bits in 12 bytes. Bytes 0..3 hold scales 0..3, bytes 4..7
// mins 0..3; bytes 8..11 hold the low nibbles of scales (low) and mins (high) 4..7, whose upper two
// bits are the upper two of bytes 0..3 and 4..7.
void read_six_bits(const std::byte* bytes, KBlock& parts) {
  for (int g = 0; g < 4; ++g) {
    parts.scales[g] = static_cast<int8_t>(byte_at(bytes, g) & 63);
    parts.mins[g] = static_cast<uint8_t>(byte_at(bytes, 4 + g) & 63);
    const int low = byte_at(bytes, 8 + g);
    parts.scales[4 + g] = static_cast<int8_t>((low & 15) | byte_at(bytes, g) >> 6 << 4);
    parts.mins[4 + g] = static_cast<uint8_t>(low >> 4 | byte_at(bytes, 4 + g) >> 6 << 4);
  }
}

void write_six_bits(const KBlock& parts, std::byte* bytes) {
  for (int g = 0; g < 4; ++g) {
    or_byte(bytes, g, parts.scales[g] | parts.scales[4 + g] >> 4 << 6);
    or_byte(bytes, 4 + g, parts.mins[g] | parts.mins[4 + g] >> 4 << 6);
    or_byte(bytes, 8 + g, (parts.scales[4 + g] & 15) | (parts.mins[4 + g] & 15) << 4);
  }
}

// Q3_K: 16 scales of 6 bits, stored with 32 added, in 12 bytes. Bytes 0..7 hold the low nibbles of
// scales 0..7 (low) and 8..15 (high); bytes 8..11 the upper two bits of scales g, g + 4, g + 8, g
// + 12.
void read_offset_six_bits(const std::byte* bytes, KBlock& parts) {
  for (int g = 0; g < 16; ++g) {
    const int low = byte_at(bytes, g % 8) >> g / 8 * 4 & 15;
    const int high = byte_at(bytes, 8 + g % 4) >> g / 4 * 2 & 3;
    parts.scales[g] = static_cast<int8_t>((low | high << 4) - 32);
  }
}

void write_offset_six_bits(const KBlock& parts, std::byte* bytes) {
  for (int g = 0; g < 16; ++g) {
    const int scale = parts.scales[g] + 32;
    or_byte(bytes, g % 8, (scale & 15) << g / 8 * 4);
    or_byte(bytes, 8 + g % 4, scale >> 4 << g / 4 * 2);
  }
}

const Offsets& offsets(DType dtype) {
  switch (dtype) {
    case DType::kQ2_K:
      return kOffsetsQ2;
    case DType::kQ3_K:
      return kOffsetsQ3;
    case DType::kQ4_K:
      return kOffsetsQ4;
    case DType::kQ5_K:
      return kOffsetsQ5;
    case DType::kQ6_K:
      return kOffsetsQ6;
    default:
      check_failed("a K type", __FILE__, __LINE__);
  }
}

}  // namespace

bool is_k_type(DType dtype) { return dtype_info(dtype).block_values == kSuperblock; }

const KFormat& k_format(DType dtype) {
  switch (dtype) {
    case DType::kQ2_K:
      return kQ2;
    case DType::kQ3_K:
      return kQ3;
    case DType::kQ4_K:
      return kQ4;
    case DType::kQ5_K:
      return kQ5;
    case DType::kQ6_K:
      return kQ6;
    default:
      check_failed("a K type", __FILE__, __LINE__);
  }
}

KBlock read_k_block(DType dtype, const std::byte* block) {
  const Offsets& at = offsets(dtype);
  KBlock parts{};
  std::memcpy(&parts.scale, block + at.scale, 2);
  if (k_format(dtype).min_max > 0) std::memcpy(&parts.min, block + at.min, 2);
  const std::byte* scales = block + at.scales;
  switch (dtype) {
    case DType::kQ2_K:
      for (int g = 0; g < 16; ++g) {
        parts.scales[g] = static_cast<int8_t>(byte_at(scales, g) & 15);
        parts.mins[g] = static_cast<uint8_t>(byte_at(scales, g) >> 4);
      }
      TwoBits::read(block + at.low, 0, parts.codes);
      break;
    case DType::kQ3_K:
      read_offset_six_bits(scales, parts);
      TwoBits::read(block + at.low, 0, parts.codes);
      OneBit::read(block + at.high, 2, parts.codes);
      break;
    case DType::kQ4_K:
    case DType::kQ5_K:
      read_six_bits(scales, parts);
      Q4Codes::read(block + at.low, 0, parts.codes);
      if (dtype == DType::kQ5_K) OneBit::read(block + at.high, 4, parts.codes);
      break;
    default:
      std::memcpy(parts.scales, scales, 16);
      Q6LowBits::read(block + at.low, 0, parts.codes);
      TwoBits::read(block + at.high, 4, parts.codes);
  }
  return parts;
}

void write_k_block(DType dtype, const KBlock& parts, std::byte* block) {
  const Offsets& at = offsets(dtype);
  std::memset(block, 0, dtype_info(dtype).block_bytes);
  std::memcpy(block + at.scale, &parts.scale, 2);
  if (k_format(dtype).min_max > 0) std::memcpy(block + at.min, &parts.min, 2);
  std::byte* scales = block + at.scales;
  switch (dtype) {
    case DType::kQ2_K:
      for (int g = 0; g < 16; ++g) or_byte(scales, g, parts.scales[g] | parts.mins[g] << 4);
      TwoBits::write(parts.codes, 0, block + at.low);
      break;
    case DType::kQ3_K:
      write_offset_six_bits(parts, scales);
      TwoBits::write(parts.codes, 0, block + at.low);
      OneBit::write(parts.codes, 2, block + at.high);
      break;
    case DType::kQ4_K:
    case DType::kQ5_K:
      write_six_bits(parts, scales);
      Q4Codes::write(parts.codes, 0, block + at.low);
      if (dtype == DType::kQ5_K) OneBit::write(parts.codes, 4, block + at.high);
      break;
    default:
      std::memcpy(scales, parts.scales, 16);
      Q6LowBits::write(parts.codes, 0, block + at.low);
      TwoBits::write(parts.codes, 4, block + at.high);
  }
}

}  // namespace hearth
