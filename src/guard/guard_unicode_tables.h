// SPDX-License-Identifier: Apache-2.0
// What normalize.cc knows of Unicode. Made by tools/make_guard_tables.py. Constant data.
#pragma once

#include <cstddef>
#include <cstdint>

namespace hearth::guard_tables {

// NFKD of a code point, in order of keys: UTF-8 in the pool, up to its end there. Hangul is
// computed.
extern const uint32_t kDecomposedKeys[];
extern const uint16_t kDecomposedEnds[];
extern const char kDecomposedPool[];
extern const std::size_t kDecomposedCount;

// Canonical combining classes that are not 0: ranges, as first code point and (count - 1) << 8 |
// class.
extern const uint32_t kClassKeys[];
extern const uint16_t kClassRows[];
extern const std::size_t kClassCount;

// Triples first, second, composed; in order.
extern const uint32_t kComposed[];
extern const std::size_t kComposedCount;

// Behind NFKC: the ASCII character that a code point is read as, 0 where it is removed. (Those from
// U+E0000 on are removed too.)
extern const uint32_t kFoldedKeys[];
extern const uint8_t kFoldedValues[];
extern const std::size_t kFoldedCount;

// Bitmaps of code points, 256 a block: what is not left as it is; what may join what stands before.
extern const uint8_t kUnstableIndex[];
extern const uint8_t kUnstableBlocks[];
extern const uint8_t kExtendsIndex[];
extern const uint8_t kExtendsBlocks[];

}  // namespace hearth::guard_tables
