// SPDX-License-Identifier: Apache-2.0
#include "engine/softmax.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <vector>

namespace hearth {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

std::vector<float> random_row(std::size_t size, double deviation, uint32_t seed) {
  std::mt19937 random(seed);
  std::normal_distribution<double> normal(1.0, deviation);
  std::vector<float> row(size);
  for (float& value : row) value = static_cast<float>(normal(random));
  return row;
}

double reference_log_sum_exp(const std::vector<float>& row) {
  double max = -INFINITY;
  for (const float x : row) max = std::max<double>(max, x);
  double sum = 0.0;
  for (const float x : row) sum += std::exp(x - max);
  return max + std::log(sum);
}

double log_sum_of(const std::vector<float>& row) { return log_sum_exp(row, max_logit(row)); }

TEST(Softmax, LogSumExpMatchesDoubleAtEveryTailLength) {
  for (std::size_t size = 1; size < 40; ++size) {
    const std::vector<float> row = random_row(size, 5.0, static_cast<uint32_t>(size));
    EXPECT_NEAR(log_sum_of(row), reference_log_sum_exp(row), 1e-6) << size;
  }
  for (const double deviation : {0.0, 0.1, 3.0, 30.0, 300.0}) {
    const std::vector<float> row = random_row(49152, deviation, 1);
    EXPECT_NEAR(log_sum_of(row), reference_log_sum_exp(row), 1e-6) << deviation;
  }
}

TEST(Softmax, WeightsAreExponentials) {
  std::vector<float> row;
  for (int i = 0; i < 4001; ++i) row.push_back(-0.025f * static_cast<float>(i));
  std::vector<float> weights(row.size());
  const double sum = exp_weights(row, 0.0f, 1.0f, weights);
  double expected_sum = 0.0;
  for (std::size_t i = 0; i < row.size(); ++i) {
    const double expected = std::exp(static_cast<double>(row[i]));
    EXPECT_NEAR(weights[i], expected, (2e-7 - 1e-7 * row[i]) * expected + 1e-37) << row[i];
    expected_sum += expected;
  }
  EXPECT_EQ(weights[0], 1.0f);
  EXPECT_NEAR(sum, expected_sum, 1e-6 * expected_sum);
}

TEST(Softmax, ExcludedTokensWeighNothingAndNanIsSeen) {
  const std::vector<float> row = {0.0f, -kInfinity, -1e30f, 0.0f, -kInfinity, 0.0f};
  std::vector<float> weights(row.size());
  EXPECT_EQ(exp_weights(row, 0.0f, 1e30f, weights), 3.0);
  EXPECT_EQ(weights, (std::vector<float>{1, 0, 0, 1, 0, 1}));
  EXPECT_TRUE(std::isnan(log_sum_of(std::vector<float>{1.0f, kNan, 2.0f, 3.0f, 4.0f})));
  EXPECT_TRUE(std::isnan(log_sum_of(std::vector<float>{1.0f, kInfinity})));
  EXPECT_TRUE(std::isnan(log_sum_of(std::vector<float>(5, -kInfinity))));
}

TEST(Softmax, ArgmaxTakesTheLowestOfEqualsAndIgnoresNan) {
  EXPECT_EQ(argmax_logit(std::vector<float>{1, 7, 3, 7, 7}), 1u);
  EXPECT_EQ(argmax_logit(std::vector<float>{kNan, 2, kNan}), 1u);
  EXPECT_EQ(argmax_logit(std::vector<float>{kNan}), 0u);
  for (std::size_t at = 0; at < 50; ++at) {
    std::vector<float> row(50, -3.0f);
    row[at] = -2.0f;
    EXPECT_EQ(argmax_logit(row), at);
  }
}

TEST(Softmax, FindsEveryValueAtLeastTheBound) {
  const std::vector<float> row = random_row(203, 1.0, 6);
  for (const float bound : {-10.0f, 0.0f, 1.0f, row[100], 3.0f, 10.0f}) {
    std::vector<std::size_t> expected;
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (row[i] >= bound) expected.push_back(i);
    }
    std::vector<std::size_t> found;
    for (std::size_t i = find_at_least(row, 0, bound); i < row.size();
         i = find_at_least(row, i + 1, bound)) {
      found.push_back(i);
    }
    EXPECT_EQ(found, expected) << bound;
  }
  EXPECT_EQ(find_at_least({}, 0, 1.0f), 0u);
}

TEST(Softmax, DivergenceMatchesDouble) {
  for (const double noise : {0.01, 0.5, 5.0}) {
    const std::vector<float> reference = random_row(30001, 3.0, 3);
    std::vector<float> model = random_row(30001, noise, 4);
    for (std::size_t i = 0; i < model.size(); ++i) model[i] += reference[i];
    const double reference_sum = reference_log_sum_exp(reference);
    const double model_sum = reference_log_sum_exp(model);
    double expected = 0.0;
    for (std::size_t i = 0; i < model.size(); ++i) {
      const double log_p = reference[i] - reference_sum;
      expected += std::exp(log_p) * (log_p - (model[i] - model_sum));
    }
    EXPECT_NEAR(kl_divergence(reference, model), expected, 1e-6 * expected + 1e-7) << noise;
  }
}

TEST(Softmax, DivergenceEdges) {
  const std::vector<float> row = random_row(1003, 4.0, 9);
  EXPECT_EQ(kl_divergence(row, row), 0.0);
  // Certain against even odds: ln 2.
  const std::vector<float> certain = {0.0f, -kInfinity};
  const std::vector<float> even = {5.0f, 5.0f};
  EXPECT_NEAR(kl_divergence(certain, even), std::log(2.0), 1e-7);
  EXPECT_EQ(kl_divergence(even, certain), INFINITY);
}

}  // namespace
}  // namespace hearth
