// SPDX-License-Identifier: Apache-2.0
#include "base/binomial.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/random.h"

namespace hearth {
namespace {

// The sum itself, term by term.
double summed_cdf(int64_t cases, int64_t count, double share) {
  double sum = 0.0;
  for (int64_t k = 0; k <= cases; ++k) {
    const auto n = static_cast<double>(count);
    const auto i = static_cast<double>(k);
    sum += std::exp(std::lgamma(n + 1.0) - std::lgamma(i + 1.0) - std::lgamma(n - i + 1.0) +
                    i * std::log(share) + (n - i) * std::log1p(-share));
  }
  return sum;
}

TEST(Binomial, IsTheSumOfItsTerms) {
  for (const int64_t count : {1, 2, 7, 40, 300}) {
    for (int64_t cases = 0; cases < count; cases += 1 + count / 9) {
      for (const double share : {0.001, 0.1, 0.5, 0.83, 0.999}) {
        EXPECT_NEAR(binomial_cdf(cases, count, share), summed_cdf(cases, count, share), 1e-11)
            << cases << " of " << count << " at " << share;
      }
    }
  }
  EXPECT_EQ(binomial_cdf(-1, 5, 0.5), 0.0);
  EXPECT_EQ(binomial_cdf(5, 5, 0.5), 1.0);
}

TEST(Binomial, BoundsAreThoseOfClopperAndPearson) {
  // No case among n: 1 - (1 - confidence)^(1/n).
  EXPECT_NEAR(share_upper_bound(0, 10, 0.95), 1.0 - std::pow(0.05, 0.1), 1e-12);
  EXPECT_NEAR(share_upper_bound(0, 299, 0.95), 1.0 - std::pow(0.05, 1.0 / 299.0), 1e-12);
  EXPECT_NEAR(share_lower_bound(10, 10, 0.95), std::pow(0.05, 0.1), 1e-12);
  // The defining equation.
  EXPECT_NEAR(summed_cdf(5, 50, share_upper_bound(5, 50, 0.975)), 0.025, 1e-10);
  EXPECT_NEAR(1.0 - summed_cdf(4, 50, share_lower_bound(5, 50, 0.975)), 0.025, 1e-10);
  EXPECT_EQ(share_upper_bound(0, 0, 0.95), 1.0);
  EXPECT_EQ(share_lower_bound(0, 0, 0.95), 0.0);
  EXPECT_EQ(share_upper_bound(3, 3, 0.95), 1.0);
  EXPECT_GT(share_upper_bound(1000000 / 2, 1000000, 0.95), 0.5);
  EXPECT_LT(share_upper_bound(1000000 / 2, 1000000, 0.95), 0.501);
}

// R: binom.test(k, n)$conf.int.
TEST(ClopperPearson, MatchesR) {
  const ShareInterval none = share_interval(0, 100, 0.95);
  EXPECT_EQ(none.low, 0.0);
  EXPECT_NEAR(none.high, 0.03621669, 1e-8);
  const ShareInterval some = share_interval(7, 50, 0.95);
  EXPECT_NEAR(some.low, 0.05819170, 1e-7);
  EXPECT_NEAR(some.high, 0.26739600, 1e-6);
  const ShareInterval all = share_interval(10, 10, 0.95);
  EXPECT_NEAR(all.low, 0.69150289, 1e-8);
  EXPECT_EQ(all.high, 1.0);
}

TEST(Binomial, BoundsHoldAsOftenAsPromised) {
  Random random(5);
  for (const double share : {0.02, 0.1, 0.4}) {
    int held = 0;
    for (int trial = 0; trial < 2000; ++trial) {
      int64_t cases = 0;
      for (int i = 0; i < 80; ++i) cases += random.share() < share ? 1 : 0;
      held += share_upper_bound(cases, 80, 0.9) >= share ? 1 : 0;
    }
    EXPECT_GE(held, 1780) << share;  // 1,800 expected at least, less three standard deviations
  }
}

}  // namespace
}  // namespace hearth
