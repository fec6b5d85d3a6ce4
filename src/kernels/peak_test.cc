// SPDX-License-Identifier: Apache-2.0
// What the machine's limits are measured with: the work is really done.
#include "kernels/peak.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace hearth {
namespace {

class PeakOfIsa : public testing::TestWithParam<Isa> {
 protected:
  const KernelTable& kernels() const { return kernels_for(GetParam()); }
};

// Codes are two lines of a panel after the other, [2][16 rows][4 columns].
int64_t plain_sum(const std::vector<std::byte>& codes, const std::vector<int8_t>& tokens,
                  int64_t rounds) {
  int64_t sum = 0;
  for (int64_t round = 0; round < rounds; ++round) {
    const auto block = static_cast<std::size_t>(round % kPeakBlocks) * kPanelRows * kPeakColumns;
    for (std::size_t row = 0; row < kPanelRows; ++row) {
      for (std::size_t column = 0; column < kPeakColumns; ++column) {
        const auto code =
            static_cast<int64_t>(codes[block + column / 4 * 64 + row * 4 + column % 4]);
        for (std::size_t token = 0; token < kPeakTokens; ++token)
          sum += code * tokens[token * kPeakColumns + column];
      }
    }
  }
  return sum;
}

TEST_P(PeakOfIsa, DotProductsAreAllDone) {
  std::mt19937 random(7);
  std::vector<std::byte> codes(kPeakBlocks * kPanelRows * kPeakColumns);
  for (std::byte& code : codes) code = static_cast<std::byte>(random() % 128);
  std::vector<int8_t> tokens(kPeakTokens * kPeakColumns);
  for (int8_t& byte : tokens) byte = static_cast<int8_t>(static_cast<int>(random() % 255) - 127);
  for (const int64_t rounds : {0, 1, 2, 7, 8, 9, 500}) {
    EXPECT_EQ(kernels().dot_peak(codes.data(), tokens.data(), rounds),
              plain_sum(codes, tokens, rounds))
        << rounds << " rounds";
  }
}

TEST_P(PeakOfIsa, TwoThreadsAreMeasuredTogether) {
  const auto pool = ThreadPool::create(2);
  ASSERT_TRUE(pool.ok());
  EXPECT_GT(measure_peak_gmac_per_s(kernels(), false, *pool.value()), 0.0);
  if (kernels().has_tiles()) {
    EXPECT_GT(measure_peak_gmac_per_s(kernels(), true, *pool.value()), 0.0);
  }
}

INSTANTIATE_TEST_SUITE_P(Isa, PeakOfIsa,
                         testing::ValuesIn(usable_isas().begin(), usable_isas().end()),
                         [](const auto& isa) { return std::string(isa_name(isa.param)); });

}  // namespace
}  // namespace hearth
