// SPDX-License-Identifier: Apache-2.0
// ROUGE-1, ROUGE-2 and ROUGE-L between two texts (Lin 2004), as the package rouge-score computes
// them without stemming: lower case, words are runs of a-z and 0-9, and all else separates.
//
// Threading: pure functions. Cost: ROUGE-L takes words times words.
#pragma once

#include <cstddef>
#include <string_view>

namespace hearth {

struct RougeScore {
  double precision = 0.0;
  double recall = 0.0;
  double f = 0.0;  // their harmonic mean; 0 where there is nothing in common
};

// Common n-grams, each counted as often as both have it; `n` >= 1.
RougeScore rouge_n(std::string_view answer, std::string_view expected, std::size_t n);
// Longest common subsequence of words.
RougeScore rouge_l(std::string_view answer, std::string_view expected);

}  // namespace hearth
