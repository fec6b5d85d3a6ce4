// SPDX-License-Identifier: Apache-2.0
// A linear score of how doubtful an answer is, learnt from graded answers: logistic regression over
// the features of confidence, with an offset for each task, and weights of its own as far as its
// answers speak for them. Its order counts; what it means as a probability, calibration.h learns.
//
// Threading: pure functions over values.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "route/confidence.h"
#include "route/facts.h"

namespace hearth {

// One answer that was graded: a line of what `hearth route calibrate` reads.
struct GradedAnswer {
  RequestTask task = RequestTask::kChat;
  std::string
      domain;  // where the question comes from: what is held out to see how far this carries
  ConfidenceFeatures features;
  bool local_is_right = false;
  bool remote_is_right = false;
  double cost_usd = 0.0;  // of the remote answer
};

struct ErrorScore {
  std::array<double, kConfidenceFeatureNames.size()>
      mean{};  // of each feature, where it was learnt
  std::array<double, kConfidenceFeatureNames.size()>
      scale{};  // standard deviation; 1 where it is 0
  std::array<double, kConfidenceFeatureNames.size()> weight{};
  // What each task adds to `weight`: 0 for one without answers.
  std::array<std::array<double, kConfidenceFeatureNames.size()>, kRequestTaskNames.size()>
      task_weight{};
  std::array<double, kRequestTaskNames.size()> task_offset{};
  double offset = 0.0;

  // Higher is more doubtful; the logit of P(error) as far as the regression goes.
  double of(RequestTask task, const ConfidenceFeatures& features) const;
};

// By Newton's method with a ridge, so that it always ends, with classes that a line can tell apart
// too. `answers` holds pointers into what the caller keeps; not empty.
ErrorScore fit_error_score(std::span<const GradedAnswer* const> answers);

}  // namespace hearth
