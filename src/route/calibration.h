// SPDX-License-Identifier: Apache-2.0
// From the features of an answer to the probability that it is wrong, and to the threshold above
// which it goes on: learnt from answers of one local model and one remote target that were graded.
//
// Threading: values.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "route/error_score.h"
#include "route/isotonic.h"
#include "route/promise.h"

namespace hearth {

inline constexpr std::size_t kGradedAnswersMin = 100;
inline constexpr std::size_t kTaskAnswersMin =
    150;  // beside the taught ones, for a threshold of a task's own
inline constexpr std::size_t kPriorAnswersMin = 20;  // to say how often a task goes wrong

template <typename Value>
using PerTask = std::array<Value, kRequestTaskNames.size()>;

struct ConfidenceCalibration {
  int64_t answers = 0;  // that it was learnt from
  ErrorPromise promise;
  ErrorScore score;
  IsotonicLine line;                              // from score to P(error)
  PerTask<std::optional<double>> task_threshold;  // 0 where no promise can be made for the task
  std::optional<double> threshold;  // of all other tasks together; nothing: no promise can be made
  PerTask<std::optional<double>> local_p_error;  // before an answer
  PerTask<std::optional<double>> remote_p_error;
  PerTask<std::optional<double>> stay_share;  // of local answers, as far as thresholds go

  double p_error(RequestTask task, const ConfidenceFeatures& features) const;
  // The highest P(error) with which an answer may stay; 0, which none has, where nothing can be
  // promised.
  double threshold_of(RequestTask task) const;
};

// Part of the answers teaches the score and the line, by turns, so that the line sees scores of
// answers that the score was not taught; the rest sets the thresholds. `seed` divides them. Errors:
// kUsage (fewer than kGradedAnswersMin; only right or only wrong ones; an impossible promise).
Result<ConfidenceCalibration> calibrate(std::span<const GradedAnswer> answers,
                                        const ErrorPromise& promise, uint64_t seed = 1);

// As a small JSON document, and back; what is read was written by this version. Errors: kCorrupt
// ("FILE: field: why; remedy").
std::string calibration_to_json(const ConfidenceCalibration& calibration);
Result<ConfidenceCalibration> calibration_from_json(std::string_view text, std::string_view file);

}  // namespace hearth
