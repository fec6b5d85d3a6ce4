// SPDX-License-Identifier: Apache-2.0
// What ends work before it is done: a deadline, or somebody who no longer wants it.
//
// Threading: reason() is for the thread that works; `cancelled` may be set by any thread or signal
// handler.
#pragma once

#include <atomic>
#include <optional>

#include "base/clock.h"
#include "base/result.h"

namespace hearth {

// Borrows both flags. By default nothing ends the work.
struct Interruption {
  Deadline deadline = {};
  const std::atomic<bool>* cancelled = nullptr;
  // The same for the thread that works itself: what a callback of its sets.
  const bool* stopped = nullptr;

  // kCancelled or kDeadline once there is one of them.
  std::optional<ErrorCode> reason() const {
    if (cancelled != nullptr && cancelled->load(std::memory_order_relaxed))
      return ErrorCode::kCancelled;
    if (stopped != nullptr && *stopped) return ErrorCode::kCancelled;
    if (deadline.passed()) return ErrorCode::kDeadline;
    return std::nullopt;
  }

  // What is told of work that ended for `reason`.
  static Error error(ErrorCode reason) {
    return reason == ErrorCode::kDeadline
               ? Error(reason, "deadline: passed before the work was done; allow more time")
               : Error(reason, "work: was cancelled; ask again");
  }
};

}  // namespace hearth
