// SPDX-License-Identifier: Apache-2.0
// The generated tables behind text/bert_words.h (tools/make_bert_tables.py). Constant data; share
// freely.
#pragma once

#include <cstddef>
#include <cstdint>

namespace hearth::bert_unicode_tables {

inline constexpr uint32_t kClassBits = 3;       // low bits of kRanges: BertClass
inline constexpr uint32_t kSeveral = 1u << 31;  // in a value: the rest is an index in the pool
inline constexpr uint32_t kOrderBits = 8;       // low bits of kOrdered

// Where the class changes: first code point << kClassBits | class, ascending from code point 0.
extern const uint32_t kRanges[];
extern const std::size_t kRangesCount;

// What a code point becomes: keys ascending; a value is a code point, or with kSeveral where in the
// pool several begin, ended by 0.
extern const uint32_t kStrippedKeys[];
extern const std::size_t kStrippedKeysCount;
extern const uint32_t kStrippedValues[];
extern const std::size_t kStrippedValuesCount;
extern const uint32_t kStrippedPool[];
extern const std::size_t kStrippedPoolCount;
extern const uint32_t kLowerKeys[];
extern const std::size_t kLowerKeysCount;
extern const uint32_t kLowerValues[];
extern const std::size_t kLowerValuesCount;
extern const uint32_t kLowerPool[];
extern const std::size_t kLowerPoolCount;

// Code point << kOrderBits | canonical combining class, ascending.
extern const uint32_t kOrdered[];
extern const std::size_t kOrderedCount;

}  // namespace hearth::bert_unicode_tables
