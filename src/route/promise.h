// SPDX-License-Identifier: Apache-2.0
// Thresholds that keep a promise: of the answers that stay here, at most so many are wrong, with
// stated confidence. Learn then Test (Angelopoulos et al. 2021) with exact binomial tests.
//
// The promise is about new requests like those that the threshold was learnt from; it says nothing
// about others. Threading: pure functions.
#pragma once

#include <optional>
#include <span>

namespace hearth {

struct ErrorPromise {
  double error_max = 0.1;    // of answers that stay, the share that may be wrong
  double confidence = 0.99;  // that this holds of requests without end; any hundred vary besides
};

struct PredictedError {
  double p_error;
  bool is_wrong;
};

// The highest p_error with which answers may stay; nothing where no threshold can be promised, for
// too few answers or too many wrong ones. `answers` must not be those that p_error was learnt from.
std::optional<double> promised_threshold(std::span<const PredictedError> answers,
                                         const ErrorPromise& promise);

}  // namespace hearth
