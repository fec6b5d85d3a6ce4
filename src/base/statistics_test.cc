// SPDX-License-Identifier: Apache-2.0
#include "base/statistics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace hearth {
namespace {

TEST(RunningMoments, MatchesTheTextbookFormulas) {
  RunningMoments moments;
  for (const double value : {2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0}) moments.add(value);
  EXPECT_EQ(moments.count(), 8);
  EXPECT_DOUBLE_EQ(moments.mean(), 5.0);
  EXPECT_DOUBLE_EQ(moments.mean_error(), std::sqrt(32.0 / 7.0 / 8.0));
}

TEST(RunningMoments, KeepsSmallDifferencesOfLargeValues) {
  RunningMoments moments;
  for (int i = 0; i < 1000; ++i) moments.add(1e9 + i % 2);
  EXPECT_NEAR(moments.mean_error(), 0.5 / std::sqrt(999.0), 1e-9);
}

TEST(RunningMoments, HasNoErrorBelowTwoValues) {
  RunningMoments moments;
  EXPECT_EQ(moments.mean_error(), 0.0);
  moments.add(3.0);
  EXPECT_EQ(moments.mean(), 3.0);
  EXPECT_EQ(moments.mean_error(), 0.0);
}

TEST(Percentile, InterpolatesBetweenNeighbours) {
  std::vector<double> values = {30.0, 10.0, 20.0, 40.0, 50.0};
  EXPECT_DOUBLE_EQ(percentile(values, 0.0), 10.0);
  EXPECT_DOUBLE_EQ(percentile(values, 0.5), 30.0);
  EXPECT_DOUBLE_EQ(percentile(values, 0.99), 49.6);
  EXPECT_DOUBLE_EQ(percentile(values, 1.0), 50.0);
  std::vector<double> single = {7.0};
  EXPECT_DOUBLE_EQ(percentile(single, 0.99), 7.0);
}

TEST(CalibrationError, WeighsTheGapsOfBins) {
  // Two bins: 0.25 said and 0.5 seen, twice; 1.0 said and 1.0 seen, once.
  const std::vector<double> said = {0.25, 0.25, 1.0};
  const std::vector<double> seen = {0.0, 1.0, 1.0};
  EXPECT_DOUBLE_EQ(calibration_error(said, seen), 0.5 / 3.0);
}

}  // namespace
}  // namespace hearth
