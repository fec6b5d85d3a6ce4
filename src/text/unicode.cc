// SPDX-License-Identifier: Apache-2.0
#include "text/unicode.h"

#include <algorithm>

namespace hearth {

CharTraits find_char_traits(char32_t code_point) {
  using namespace unicode_tables;
  if (code_point > 0x10ffff) return 0;
  const uint32_t block = static_cast<uint32_t>(code_point) >> kBlockBits;
  // The range sought begins at or before the code point: it is the one that the block opens in or a
  // later one.
  const uint32_t* first = kRanges + kBlocks[block];
  const uint32_t* last = kRanges + kBlocks[block + 1] + 1;
  const uint32_t key = static_cast<uint32_t>(code_point) << kTraitBits | ((1u << kTraitBits) - 1);
  return static_cast<CharTraits>(*(std::upper_bound(first, last, key) - 1) &
                                 ((1u << kTraitBits) - 1));
}

}  // namespace hearth
