// SPDX-License-Identifier: Apache-2.0
// The generated tables behind text/unicode.h (tools/make_unicode_tables.py). Constant data; share
// freely.
#pragma once

#include <cstdint>

namespace hearth::unicode_tables {

inline constexpr uint32_t kTraitBits = 10;  // low bits of kRanges: CharTraits
inline constexpr uint32_t kBlockBits = 8;   // one entry of kBlocks covers 2^8 code points
inline constexpr uint32_t kBlockCount = 0x110000 >> kBlockBits;

// The editions of Unicode that the two kinds of class follow, such as "16.0".
extern const char kRegexEdition[];
extern const char kNumericEdition[];

extern const uint16_t kAscii[128];
// Where the traits change: first code point << kTraitBits | traits, ascending from code point 0.
extern const uint32_t kRanges[];
// [kBlockCount + 1]: the index in kRanges of the range that holds the block's first code point;
// then the last index.
extern const uint16_t kBlocks[];

}  // namespace hearth::unicode_tables
