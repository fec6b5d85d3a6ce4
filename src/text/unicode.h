// SPDX-License-Identifier: Apache-2.0
// Which of the classes that pre-tokenizers distinguish a code point belongs to. The truth is what
// the reference tokenizers answer (tests/golden/unicode_classes.json), not the newest Unicode.
// Constant data; share freely.
#pragma once

#include <cstdint>

#include "text/unicode_tables.h"

namespace hearth {

// A set of these bits.
using CharTraits = uint16_t;
inline constexpr CharTraits kTraitLetter = 1;   // \p{L}
inline constexpr CharTraits kTraitNumber = 2;   // \p{N}
inline constexpr CharTraits kTraitSpace = 4;    // \s
inline constexpr CharTraits kTraitNumeric = 8;  // Rust's char::is_numeric: \p{N} of a newer Unicode
inline constexpr CharTraits kTraitMark = 16;    // \p{M}
inline constexpr CharTraits kTraitPunctuation = 32;  // \p{P}
inline constexpr CharTraits kTraitSymbol = 64;       // \p{S}
inline constexpr CharTraits kTraitUpper = 128;       // [\p{Lu}\p{Lt}]
inline constexpr CharTraits kTraitLower = 256;       // \p{Ll}
// What the Punctuation pre-tokenizer takes: ASCII's and Rust's.
inline constexpr CharTraits kTraitAnyPunctuation = 512;

// The same for any code point, by search; 0 above U+10FFFF.
CharTraits find_char_traits(char32_t code_point);

inline CharTraits char_traits(char32_t code_point) {
  return code_point < 0x80 ? unicode_tables::kAscii[code_point] : find_char_traits(code_point);
}

}  // namespace hearth
