// SPDX-License-Identifier: Apache-2.0
// Metrics and statistics against the packages that define them (tests/golden: text_metrics.json,
// statistics.json).
#include <gtest/gtest.h>

#include <cmath>

#include "base/resampling.h"
#include "evaluate/answer_match.h"
#include "evaluate/edit_distance.h"
#include "evaluate/rouge.h"
#include "real_model.h"

namespace hearth {
namespace {

TEST(TextMetrics, AreThoseOfTheReferences) {
  const nlohmann::json cases = golden_json("text_metrics.json");
  ASSERT_GT(cases.size(), 100u);
  for (const auto& one : cases) {
    const std::string answer = one["answer"];
    const std::string expected = one["expected"];
    SCOPED_TRACE("\"" + answer + "\" for \"" + expected + "\"");
    EXPECT_EQ(exact_match(answer, expected), one["exact"] == 1.0);
    EXPECT_NEAR(word_f1(answer, expected), one["f1"].get<double>(), 1e-12);
    EXPECT_NEAR(rouge_n(answer, expected, 1).f, one["rouge1"].get<double>(), 1e-12);
    EXPECT_NEAR(rouge_n(answer, expected, 2).f, one["rouge2"].get<double>(), 1e-12);
    EXPECT_NEAR(rouge_l(answer, expected).f, one["rougeL"].get<double>(), 1e-12);
    EXPECT_NEAR(edit_similarity(answer, expected), one["edit"].get<double>(), 1e-12);
  }
}

void expect_near(const Interval& interval, const nlohmann::json& expected, double tolerance) {
  EXPECT_NEAR(interval.low, expected[0].get<double>(), tolerance);
  EXPECT_NEAR(interval.high, expected[1].get<double>(), tolerance);
}

TEST(Statistics, IntervalsAreThoseOfScipy) {
  const nlohmann::json golden = golden_json("statistics.json");
  ASSERT_EQ(golden["samples"].size(), 5u);
  for (const auto& sample : golden["samples"]) {
    const std::vector<double> values = sample["values"];
    double mean = 0.0;
    for (const double value : values) mean += value / static_cast<double>(values.size());
    double squares = 0.0;
    for (const double value : values) squares += (value - mean) * (value - mean);
    const double error = std::sqrt(squares) / static_cast<double>(values.size());
    // Chance moves an end by a few hundredths of the standard error; values on a grid (of 0 and 1)
    // make it jump by one step.
    const bool on_grid = values.front() == std::floor(values.front());
    const double step = on_grid ? 1.0 / static_cast<double>(values.size()) : 0.0;
    const double tolerance = 0.06 * error + 1.01 * step;
    expect_near(bootstrap_interval(values, IntervalMethod::kPercentile, 0.95, 50000),
                sample["percentile"], tolerance);
    expect_near(bootstrap_interval(values, IntervalMethod::kBca, 0.95, 50000), sample["bca"],
                tolerance);
  }
}

TEST(Statistics, TestsAreThoseOfScipy) {
  const nlohmann::json golden = golden_json("statistics.json");
  for (const auto& one : golden["mcnemar"]) {
    EXPECT_NEAR(mcnemar_exact(one["only_a"], one["only_b"]), one["p"].get<double>(), 1e-10);
  }
  for (const auto& one : golden["permutation"]) {
    const std::vector<double> differences = one["differences"];
    EXPECT_NEAR(permutation_p(differences, 1000, 1), one["p"].get<double>(), 1e-12);
  }
  for (const auto& one : golden["normal"]) {
    const double z = one["z"];
    const double cdf = one["cdf"];
    EXPECT_NEAR(normal_cdf(z), cdf, 1e-14 + 1e-12 * cdf);
    EXPECT_NEAR(normal_quantile(cdf), z, 1e-6);
  }
}

}  // namespace
}  // namespace hearth
