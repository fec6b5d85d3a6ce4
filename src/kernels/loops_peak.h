// SPDX-License-Identifier: Apache-2.0
// Integer dot products and next to nothing else: what an instruction set could do at most in a
// matmul. See loops.h for how it is included.
#pragma once

#include "kernels/kernels.h"
#include "kernels/loops_formats.h"

namespace hearth {
namespace {

// For each line as many sums as the matmul has for its tile of tokens: enough of them that none
// waits for the one before.
using PeakSums = VecI[2][kTokenTile];

// Both lines of codes times token `kToken`, and times those after it.
template <int kToken = 0>
HEARTH_INLINE void multiply_lines(VecB first, VecB second, const int8_t* tokens, PeakSums& sums) {
  constexpr int kSum = kToken % kTokenTile;
  sums[0][kSum] = i_dot_unsigned<2 * kToken>(sums[0][kSum], first, tokens);
  sums[1][kSum] = i_dot_unsigned<2 * kToken + 1>(sums[1][kSum], second, tokens);
  if constexpr (kToken + 1 < kPeakTokens) multiply_lines<kToken + 1>(first, second, tokens, sums);
}

// The same where there are products of byte matrices.
template <typename Pairs>
HEARTH_INLINE void multiply_line_pairs(VecB first, VecB second, const int8_t* tokens,
                                       PeakSums& sums) {
  const VecB lower_rows = Pairs::lower_rows(first, second);
  const VecB upper_rows = Pairs::upper_rows(first, second);
  for (int pair = 0; pair < kPeakTokens / 2; ++pair) {
    const VecB two_tokens = Pairs::load(tokens + pair * 2 * kPeakColumns);
    sums[0][pair] = Pairs::multiply(sums[0][pair], lower_rows, two_tokens);
    sums[1][pair] = Pairs::multiply(sums[1][pair], upper_rows, two_tokens);
  }
}

int64_t dot_peak(const std::byte* codes, const int8_t* tokens, int64_t rounds) {
  PeakSums sums;
  for (auto& line_sums : sums) {
    for (VecI& sum : line_sums) sum = i_set1(0);
  }
  for (int64_t round = 0; round < rounds; ++round) {
    // Codes change from round to round, or the compiler would multiply once and then only add.
    const std::byte* block = codes + round % kPeakBlocks * (kPanelRows * kPeakColumns);
    for (int part = 0; part < kParts; ++part) {
      const VecB first = b_load(block + part * (kLanes * 4));
      const VecB second = b_load(block + kPanelRows * 4 + part * (kLanes * 4));
      if constexpr (TokenPairs::kHave) {
        multiply_line_pairs<TokenPairs>(first, second, tokens, sums);
      } else {
        multiply_lines(first, second, tokens, sums);
      }
    }
  }
  int64_t total = 0;
  for (const auto& line_sums : sums) {
    for (const VecI& sum : line_sums) {
      int32_t lanes[kLanes];
      i_store(lanes, sum);
      for (const int32_t lane : lanes) total += lane;
    }
  }
  return total;
}

}  // namespace
}  // namespace hearth
