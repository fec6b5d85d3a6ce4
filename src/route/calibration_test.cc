// SPDX-License-Identifier: Apache-2.0
#include "route/calibration.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "base/random.h"
#include "route/router_metrics.h"

namespace hearth {
namespace {

double logistic(double z) { return 1.0 / (1.0 + std::exp(-z)); }

// Answers whose features say how likely they are wrong; `slope` is how much.
std::vector<GradedAnswer> some_answers(std::size_t count, uint64_t seed, double slope = 2.2) {
  Random random(seed);
  std::vector<GradedAnswer> answers;
  for (std::size_t i = 0; i < count; ++i) {
    GradedAnswer answer;
    const std::size_t task = random.below(6);
    answer.task = static_cast<RequestTask>(task);
    answer.domain = "d" + std::to_string(random.below(4));
    const double doubt = 4.0 * random.share() - 2.0;
    answer.features = {.mean_logprob = -0.5 - 0.2 * doubt + 0.05 * random.share(),
                       .q05_logprob = -3.0 - doubt + 0.3 * random.share(),
                       .q10_logprob = -2.0 - 0.7 * doubt + 0.3 * random.share(),
                       .q25_logprob = -1.0 - 0.4 * doubt,
                       .margin = 0.6 - 0.15 * doubt,
                       .schema_failures = random.below(8) == 0 ? 1.0 : 0.0};
    const double z = slope * doubt + 0.3 * static_cast<double>(task) - 1.0;
    answer.local_is_right = random.share() >= logistic(z);
    answer.remote_is_right = random.share() < 0.95;
    answers.push_back(answer);
  }
  return answers;
}

TEST(Isotonic, PoolsViolators) {
  const IsotonicLine line = fit_isotonic({{1, 0}, {2, 1}, {3, 0}, {4, 0}, {5, 1}, {6, 1}, {6, 1}});
  // 1 | 2 3 4 | 5 6 6: means 0, 1/3, 1.
  ASSERT_EQ(line.y.size(), 3u);
  EXPECT_DOUBLE_EQ(line.y[1], 1.0 / 3.0);
  EXPECT_DOUBLE_EQ(line.at(-9), 0.0);
  EXPECT_DOUBLE_EQ(line.at(3), 1.0 / 3.0);
  EXPECT_DOUBLE_EQ(line.at(2), 1.0 / 6.0);
  EXPECT_DOUBLE_EQ(line.at(99), 1.0);
  const IsotonicLine flat = fit_isotonic({{1, 1}, {2, 0}});
  EXPECT_EQ(flat.y, std::vector<double>{0.5});
  EXPECT_DOUBLE_EQ(fit_isotonic({{5, 1}}).at(0), 1.0);
}

TEST(ErrorScore, FindsTheLine) {
  const auto answers = some_answers(4000, 1);
  std::vector<const GradedAnswer*> pointers;
  for (const GradedAnswer& answer : answers) pointers.push_back(&answer);
  const ErrorScore score = fit_error_score(pointers);
  std::vector<RoutedAnswer> routed;
  for (const GradedAnswer& answer : answers) {
    routed.push_back({score.of(answer.task, answer.features), answer.local_is_right, true});
  }
  EXPECT_GT(*router_metrics(std::vector(routed)).auroc, 0.85);
  // The later tasks are harder by 0.3 each.
  EXPECT_NEAR(score.task_offset[5] - score.task_offset[0], 1.5, 0.5);
}

TEST(ErrorScore, EndsWhereALineTellsAllApart) {
  std::vector<GradedAnswer> answers(200);
  for (std::size_t i = 0; i < answers.size(); ++i) {
    answers[i].features.margin = i < 100 ? 0.1 : 0.9;
    answers[i].local_is_right = i >= 100;
  }
  std::vector<const GradedAnswer*> pointers;
  for (const GradedAnswer& answer : answers) pointers.push_back(&answer);
  const ErrorScore score = fit_error_score(pointers);
  EXPECT_LT(score.weight[4], -1.0);
  EXPECT_TRUE(std::isfinite(score.of(RequestTask::kChat, answers[0].features)));
  ConfidenceFeatures wild{.mean_logprob = -1e300, .margin = 1e300};
  EXPECT_TRUE(std::isfinite(score.of(RequestTask::kChat, wild)));
}

// What speaks for an answer in one task may speak against it in another.
TEST(ErrorScore, TasksHaveWeightsOfTheirOwn) {
  Random random(5);
  std::vector<GradedAnswer> answers(1200);
  for (std::size_t i = 0; i < answers.size(); ++i) {
    GradedAnswer& answer = answers[i];
    answer.task = i % 2 == 0 ? RequestTask::kCode : RequestTask::kFacts;
    answer.features.margin = random.share();
    const double doubt = i % 2 == 0 ? 0.5 - answer.features.margin : answer.features.margin - 0.5;
    answer.local_is_right = random.share() >= logistic(8.0 * doubt);
  }
  std::vector<const GradedAnswer*> pointers;
  for (const GradedAnswer& answer : answers) pointers.push_back(&answer);
  const ErrorScore score = fit_error_score(pointers);
  const ConfidenceFeatures low{.margin = 0.1};
  const ConfidenceFeatures high{.margin = 0.9};
  EXPECT_GT(score.of(RequestTask::kCode, low), score.of(RequestTask::kCode, high) + 3.0);
  EXPECT_LT(score.of(RequestTask::kFacts, low), score.of(RequestTask::kFacts, high) - 3.0);
  // One that nobody graded goes by the weights of all, which cancel here.
  EXPECT_NEAR(score.of(RequestTask::kChat, low), score.of(RequestTask::kChat, high), 1.0);
}

TEST(Promise, IsTheHighestThresholdThatHolds) {
  // 400 answers: of those up to p_error 0.25, none is wrong; above, half.
  std::vector<PredictedError> answers;
  for (int i = 0; i < 400; ++i) {
    answers.push_back({i / 400.0, i >= 100 && i % 2 == 0});
  }
  const auto threshold = promised_threshold(answers, {.error_max = 0.1, .confidence = 0.95});
  ASSERT_TRUE(threshold.has_value());
  EXPECT_GT(*threshold, 0.2);
  EXPECT_LT(*threshold, 0.3);
  EXPECT_FALSE(promised_threshold(answers, {.error_max = 0.001, .confidence = 0.95}).has_value());
  EXPECT_FALSE(promised_threshold({}, {}).has_value());
  const std::vector<PredictedError> few(10, {0.1, false});
  EXPECT_FALSE(promised_threshold(few, {.error_max = 0.1, .confidence = 0.95}).has_value());
  const std::vector<PredictedError> ties(300, {0.2, false});
  EXPECT_EQ(promised_threshold(ties, {}), 0.2);
}

// What passes behind a test that failed has passed by looking twice.
TEST(Promise, EndsAtTheFirstTestThatFails) {
  std::vector<PredictedError> answers;
  for (int i = 0; i < 1000; ++i) {
    const bool is_wrong = i >= 100 && i < 130;
    answers.push_back({(i < 100 ? 0.001 : 0.5) + 1e-6 * i, is_wrong});
  }
  const auto threshold = promised_threshold(answers, {.error_max = 0.1, .confidence = 0.95});
  ASSERT_TRUE(threshold.has_value());
  EXPECT_LT(*threshold, 0.51);
  EXPECT_LT(*threshold, answers[110].p_error);
}

TEST(Calibration, GivesProbabilities) {
  const auto taught = some_answers(2000, 3);
  const auto fresh = some_answers(8000, 4);
  const auto calibration = calibrate(taught, {.error_max = 0.1, .confidence = 0.95});
  ASSERT_TRUE(calibration.ok()) << calibration.error().message();
  std::vector<RoutedAnswer> routed;
  for (const GradedAnswer& answer : fresh) {
    routed.push_back({calibration->p_error(answer.task, answer.features), answer.local_is_right,
                      answer.remote_is_right});
  }
  const RouterMetrics metrics = router_metrics(routed);
  EXPECT_GT(*metrics.auroc, 0.8);
  EXPECT_LT(metrics.calibration_error, 0.04);
  EXPECT_GT(*metrics.apgr, 0.7);
  EXPECT_NEAR(*calibration->remote_p_error[0], 0.05, 0.03);
  EXPECT_FALSE(calibration->remote_p_error[8].has_value());
  EXPECT_GT(*calibration->stay_share[0], *calibration->stay_share[5]);  // the harder task
}

// What is promised holds: against the truth in 10,000 other answers, in 95 of 100 trials at least.
TEST(Calibration, KeepsItsPromise) {
  const ErrorPromise promise{.error_max = 0.1, .confidence = 0.95};
  const auto population = some_answers(10000, 99);
  int held = 0;
  double kept_share = 0.0;
  for (uint64_t trial = 0; trial < 100; ++trial) {
    const auto calibration = calibrate(some_answers(1000, 1000 + trial), promise, trial);
    ASSERT_TRUE(calibration.ok());
    double kept = 0.0;
    double wrong = 0.0;
    for (const GradedAnswer& answer : population) {
      const double p_error = calibration->p_error(answer.task, answer.features);
      if (p_error > calibration->threshold_of(answer.task)) continue;
      kept += 1.0;
      wrong += answer.local_is_right ? 0.0 : 1.0;
    }
    held += wrong <= promise.error_max * kept ? 1 : 0;
    kept_share += kept / static_cast<double>(population.size()) / 100.0;
  }
  EXPECT_GE(held, 95);
  EXPECT_GT(kept_share, 0.1) << "a promise that keeps nothing is worth nothing";
  RecordProperty("held", held);
  RecordProperty("kept_percent", static_cast<int>(100 * kept_share));
}

TEST(Calibration, PromisesNothingWhereFeaturesSayNothing) {
  auto answers = some_answers(1000, 5);
  Random random(6);
  for (GradedAnswer& answer : answers) answer.local_is_right = random.share() < 0.4;
  const auto calibration = calibrate(answers, {.error_max = 0.05, .confidence = 0.95});
  ASSERT_TRUE(calibration.ok());
  EXPECT_FALSE(calibration->threshold.has_value());
  EXPECT_EQ(calibration->threshold_of(RequestTask::kChat), 0.0);
}

TEST(Calibration, RefusesWhatSaysNothing) {
  auto answers = some_answers(kGradedAnswersMin, 1);
  EXPECT_TRUE(calibrate(answers, {}).ok());
  EXPECT_FALSE(calibrate(std::span(answers).first(kGradedAnswersMin - 1), {}).ok());
  EXPECT_FALSE(calibrate(answers, {.error_max = 0.0, .confidence = 0.9}).ok());
  EXPECT_FALSE(calibrate(answers, {.error_max = 0.1, .confidence = 1.0}).ok());
  for (GradedAnswer& answer : answers) answer.local_is_right = true;
  EXPECT_FALSE(calibrate(answers, {}).ok());
}

TEST(CalibrationJson, ComesBackWhole) {
  const auto calibration = calibrate(some_answers(1500, 8), {.error_max = 0.15, .confidence = 0.9});
  ASSERT_TRUE(calibration.ok());
  const std::string text = calibration_to_json(*calibration);
  EXPECT_LT(text.size(), 32000u);
  const auto again = calibration_from_json(text, "c.json");
  ASSERT_TRUE(again.ok()) << again.error().message();
  EXPECT_EQ(calibration_to_json(*again), text);
  EXPECT_EQ(again->threshold, calibration->threshold);
  const GradedAnswer answer = some_answers(1, 77).front();
  EXPECT_EQ(again->p_error(answer.task, answer.features),
            calibration->p_error(answer.task, answer.features));
}

TEST(CalibrationJson, RefusesWhatItDidNotWrite) {
  const auto calibration = calibrate(some_answers(500, 8), {});
  ASSERT_TRUE(calibration.ok());
  const std::string text = calibration_to_json(*calibration);
  const auto refuse = [](const std::string& wrong, std::string_view fragment) {
    const auto read = calibration_from_json(wrong, "c.json");
    ASSERT_FALSE(read.ok()) << wrong.substr(0, 200);
    EXPECT_EQ(read.error().code(), ErrorCode::kCorrupt);
    EXPECT_TRUE(read.error().message().starts_with("c.json: ")) << read.error().message();
    EXPECT_NE(read.error().message().find(fragment), std::string::npos) << read.error().message();
    EXPECT_NE(read.error().message().find("; "), std::string::npos);
  };
  const auto replaced = [&](const std::string& from, const std::string& to) {
    std::string changed = text;
    const std::size_t at = changed.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return at == std::string::npos ? changed : changed.replace(at, from.size(), to);
  };
  refuse("", "is no calibration");
  refuse("[]", "is no calibration");
  refuse(text.substr(0, text.size() / 2), "is no calibration");
  refuse("{}", "version");
  refuse(replaced("\"version\": 1", "\"version\": 2"), "version: is another than 1");
  refuse(replaced("\"margin\"", "\"margins\""), "features");
  refuse(replaced("\"offset\"", "\"off\""), "offset");
  refuse(replaced("\"error_max\": 0.1", "\"error_max\": 7"), "error_max");
  refuse(replaced("\"local_p_error\": {", "\"local_p_error\": { \"poetry\": 0.5,"),
         "local_p_error");
  refuse(replaced("\"x\": [", "\"x\": [ 1e8,"), "line");
}

TEST(RouterMetrics, CountsByHand) {
  // p_error orders: wrong, right, wrong, right. Remote is always right.
  const std::vector<RoutedAnswer> answers = {
      {0.9, false, true}, {0.7, true, true}, {0.4, false, true}, {0.2, true, true}};
  const RouterMetrics metrics = router_metrics(answers);
  EXPECT_DOUBLE_EQ(*metrics.auroc, 0.75);
  EXPECT_DOUBLE_EQ(metrics.local_quality, 0.5);
  EXPECT_DOUBLE_EQ(metrics.remote_quality, 1.0);
  // Quality after 0 to 4: 0.5, 0.75, 0.75, 1, 1. Recovered: 0, 0.5, 0.5, 1, 1; trapezoids: 0.625.
  EXPECT_DOUBLE_EQ(*metrics.apgr, 0.625);
  // The oracle: 0, 0.5, 1, 1, 1: 0.75.
  EXPECT_DOUBLE_EQ(*metrics.oracle_apgr, 0.75);
  EXPECT_DOUBLE_EQ(*metrics.cpt50, 0.25);
  EXPECT_DOUBLE_EQ(*metrics.cpt80, 0.75);
  EXPECT_DOUBLE_EQ(metrics.quality[0], 0.6);
  EXPECT_DOUBLE_EQ(metrics.random_quality[0], 0.55);
  EXPECT_DOUBLE_EQ(metrics.oracle_quality[2], 0.8);
}

TEST(RouterMetrics, TiesAreChance) {
  std::vector<RoutedAnswer> answers;
  for (int i = 0; i < 100; ++i) answers.push_back({0.5, i % 2 == 0, true});
  const RouterMetrics metrics = router_metrics(answers);
  EXPECT_DOUBLE_EQ(*metrics.auroc, 0.5);
  EXPECT_NEAR(*metrics.apgr, 0.5, 1e-9);
  EXPECT_NEAR(metrics.calibration_error, 0.0, 1e-12);
  const std::vector<RoutedAnswer> worse = {{0.5, true, false}};
  EXPECT_FALSE(router_metrics(worse).auroc.has_value());
  EXPECT_FALSE(router_metrics(worse).apgr.has_value());
}

TEST(EvaluateRouter, SeparatesDomains) {
  const auto report =
      evaluate_router(some_answers(1200, 21), {.error_max = 0.2, .confidence = 0.99},
                      /*trials=*/40);
  ASSERT_TRUE(report.ok()) << report.error().message();
  EXPECT_EQ(report->in_domain.answers, 1200);
  EXPECT_EQ(report->by_domain.size(), 4u);
  EXPECT_GT(*report->in_domain.auroc, 0.8);
  EXPECT_LT(report->in_domain.calibration_error, 0.06);
  EXPECT_GT(*report->out_of_domain->auroc, 0.8);
  EXPECT_EQ(report->promise.trials, 40);
  EXPECT_GE(report->promise.held, 38);
  RecordProperty("trials_held", report->promise.held);
  RecordProperty("trials_kept_percent", static_cast<int>(100 * report->promise.kept_share));
  RecordProperty("ece_permille", static_cast<int>(1000 * report->in_domain.calibration_error));
  EXPECT_GT(report->promise.kept_share, 0.1);
}

TEST(ConfidenceFeatures, AreTheQuantiles) {
  std::vector<float> logprobs;
  for (int i = 0; i <= 100; ++i) logprobs.push_back(-0.1F * static_cast<float>(i));
  const std::vector<float> margins = {0.5F, 0.25F};
  const ConfidenceFeatures features = confidence_features({.question = "Is 12 + 34 more than 9?",
                                                           .answer = "More, 46.",
                                                           .logprobs = logprobs,
                                                           .margins = margins,
                                                           .schema_failures = 2});
  EXPECT_NEAR(features.mean_logprob, -5.0, 1e-5);
  EXPECT_NEAR(features.q05_logprob, -9.5, 1e-5);
  EXPECT_NEAR(features.q10_logprob, -9.0, 1e-5);
  EXPECT_NEAR(features.q25_logprob, -7.5, 1e-5);
  EXPECT_NEAR(features.margin, 0.375, 1e-6);
  EXPECT_EQ(features.schema_failures, 2.0);
  EXPECT_EQ(features.sum_logprob, -60.0);
  EXPECT_NEAR(features.least_margin, 0.25, 1e-6);
  EXPECT_NEAR(features.answer_tokens, std::log(102.0), 1e-9);
  EXPECT_NEAR(features.question_bytes, std::log(24.0), 1e-9);
  EXPECT_NEAR(features.question_digits, std::log(6.0), 1e-9);
  EXPECT_EQ(features.copied_share, 0.5);  // "more" is in the question, 46 is not
  const std::vector<float> impossible = {-INFINITY, NAN};
  EXPECT_TRUE(std::isfinite(confidence_features({.logprobs = impossible}).mean_logprob));
  EXPECT_LT(confidence_features({}).mean_logprob, -20.0);
}

}  // namespace
}  // namespace hearth
