// SPDX-License-Identifier: Apache-2.0
#include "route/calibration.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/random.h"
#include "base/strings.h"

namespace hearth {
namespace {

constexpr std::size_t kFolds = 5;
constexpr double kTeachingShare = 0.5;
constexpr double kProbabilityMin = 1e-3;  // no answer is certain

using Answers = std::vector<const GradedAnswer*>;

// Scores of answers by scores that were not taught them, and whether they are wrong. The logistic
// curve counts as some answers more near each knot, which steadies the line where answers are few
// and vanishes where they are many.
std::vector<IsotonicPoint> held_out_scores(const Answers& answers) {
  const double curve_weight = 15.0 * std::pow(static_cast<double>(answers.size()), -2.0 / 3.0);
  std::vector<IsotonicPoint> points;
  for (std::size_t fold = 0; fold < kFolds; ++fold) {
    Answers others;
    for (std::size_t i = 0; i < answers.size(); ++i) {
      if (i % kFolds != fold) others.push_back(answers[i]);
    }
    const ErrorScore score = fit_error_score(others);
    for (std::size_t i = fold; i < answers.size(); i += kFolds) {
      const double z = score.of(answers[i]->task, answers[i]->features);
      const double seen = answers[i]->local_is_right ? 0.0 : 1.0;
      const double curve = 1.0 / (1.0 + std::exp(-z));
      points.push_back({z, (seen + curve_weight * curve) / (1.0 + curve_weight)});
    }
  }
  return points;
}

void learn_priors(std::span<const GradedAnswer> answers, ConfidenceCalibration& calibration) {
  for (std::size_t task = 0; task < kRequestTaskNames.size(); ++task) {
    double count = 0.0;
    double local_wrong = 0.0;
    double remote_wrong = 0.0;
    for (const GradedAnswer& answer : answers) {
      if (answer.task != static_cast<RequestTask>(task)) continue;
      count += 1.0;
      local_wrong += answer.local_is_right ? 0.0 : 1.0;
      remote_wrong += answer.remote_is_right ? 0.0 : 1.0;
    }
    if (count < static_cast<double>(kPriorAnswersMin)) continue;
    calibration.local_p_error[task] = local_wrong / count;
    calibration.remote_p_error[task] = remote_wrong / count;
  }
}

// A threshold for each task that has answers enough, and one for all others together; the risk is
// shared out, so that all hold at once with the confidence promised.
void learn_thresholds(const Answers& answers, ConfidenceCalibration& calibration) {
  PerTask<std::vector<PredictedError>> by_task;
  for (const GradedAnswer* answer : answers) {
    by_task[static_cast<std::size_t>(answer->task)].push_back(
        {calibration.p_error(answer->task, answer->features), !answer->local_is_right});
  }
  std::vector<PredictedError> others;
  double groups = 0.0;
  for (const auto& group : by_task) {
    if (group.size() >= kTaskAnswersMin) {
      groups += 1.0;
    } else {
      others.insert(others.end(), group.begin(), group.end());
    }
  }
  if (!others.empty()) groups += 1.0;
  ErrorPromise promise = calibration.promise;
  promise.confidence = 1.0 - (1.0 - promise.confidence) / groups;
  calibration.threshold = promised_threshold(others, promise);
  for (std::size_t task = 0; task < by_task.size(); ++task) {
    if (by_task[task].size() < kTaskAnswersMin) continue;
    calibration.task_threshold[task] = promised_threshold(by_task[task], promise).value_or(0.0);
  }
  for (std::size_t task = 0; task < by_task.size(); ++task) {
    if (by_task[task].size() < kPriorAnswersMin) continue;
    const double threshold = calibration.threshold_of(static_cast<RequestTask>(task));
    const auto staying =
        std::count_if(by_task[task].begin(), by_task[task].end(),
                      [&](const PredictedError& answer) { return answer.p_error <= threshold; });
    calibration.stay_share[task] =
        static_cast<double>(staying) / static_cast<double>(by_task[task].size());
  }
}

Result<void> check_answers(std::span<const GradedAnswer> answers, const ErrorPromise& promise) {
  if (answers.size() < kGradedAnswersMin) {
    return Error(ErrorCode::kUsage, concat("there are ", answers.size(),
                                           " graded answers, which say too little; give ",
                                           kGradedAnswersMin, " at least"));
  }
  const auto right = std::count_if(answers.begin(), answers.end(), [](const GradedAnswer& answer) {
    return answer.local_is_right;
  });
  if (right == 0 || right == static_cast<std::ptrdiff_t>(answers.size())) {
    return Error(ErrorCode::kUsage, concat("all local answers are ", right == 0 ? "wrong" : "right",
                                           ", so there is nothing to tell apart; give both kinds"));
  }
  const bool is_possible = promise.error_max > 0.0 && promise.error_max < 1.0 &&
                           promise.confidence > 0.0 && promise.confidence < 1.0;
  if (is_possible) return {};
  return Error(ErrorCode::kUsage,
               "a promise needs a share of errors and a confidence between 0 and 1; give such");
}

}  // namespace

double ConfidenceCalibration::p_error(RequestTask task, const ConfidenceFeatures& features) const {
  return std::clamp(line.at(score.of(task, features)), kProbabilityMin, 1.0 - kProbabilityMin);
}

double ConfidenceCalibration::threshold_of(RequestTask task) const {
  return task_threshold[static_cast<std::size_t>(task)].value_or(threshold.value_or(0.0));
}

Result<ConfidenceCalibration> calibrate(std::span<const GradedAnswer> answers,
                                        const ErrorPromise& promise, uint64_t seed) {
  HEARTH_TRY(check_answers(answers, promise));
  Answers shuffled;
  for (const GradedAnswer& answer : answers) shuffled.push_back(&answer);
  Random random(seed);
  random.shuffle(std::span(shuffled));
  const auto teaching =
      static_cast<std::size_t>(kTeachingShare * static_cast<double>(shuffled.size()));
  const Answers taught(shuffled.begin(), shuffled.begin() + static_cast<std::ptrdiff_t>(teaching));
  const Answers rest(shuffled.begin() + static_cast<std::ptrdiff_t>(teaching), shuffled.end());
  ConfidenceCalibration calibration;
  calibration.answers = static_cast<int64_t>(answers.size());
  calibration.promise = promise;
  calibration.score = fit_error_score(taught);
  calibration.line = fit_isotonic(held_out_scores(taught));
  learn_priors(answers, calibration);
  learn_thresholds(rest, calibration);
  return calibration;
}

}  // namespace hearth
