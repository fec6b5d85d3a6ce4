// SPDX-License-Identifier: Apache-2.0
// Levenshtein's edit distance (1966) over code points: insertions, deletions and replacements cost
// 1 each.
//
// Threading: pure functions. Cost: the product of the lengths, memory of one of them.
#pragma once

#include <cstddef>
#include <string_view>

namespace hearth {

std::size_t edit_distance(std::string_view a, std::string_view b);

// 1 - distance / length of the longer one, in 0..1; 1 for two empty texts.
double edit_similarity(std::string_view a, std::string_view b);

}  // namespace hearth
