// SPDX-License-Identifier: Apache-2.0
// Keeps requests away from a target that fails: closed until failures in a row reach a limit, then
// open for a while that doubles each time, then half-open, when one request probes it.
//
// Time is handed in, in milliseconds of any clock that the caller keeps to. A clock that was set
// back ends the waiting at once: a probe does no harm. Threading: a value; the caller serialises
// changes.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

namespace hearth {

enum class BreakerState { kClosed, kOpen, kHalfOpen };
inline constexpr std::array<std::string_view, 3> kBreakerStateNames = {"closed", "open",
                                                                       "half_open"};

inline constexpr int32_t kBreakerFailures = 3;
inline constexpr int64_t kBreakerOpenMs = 5000;
inline constexpr int64_t kBreakerOpenMsMax = 300000;

struct Breaker {
  int32_t failures = 0;  // in a row
  int64_t open_ms = 0;   // how long it stays open; 0 while closed
  int64_t opened_at_ms = 0;
  int64_t probe_at_ms = -1;  // when the probe under way began; -1 for none

  BreakerState state(int64_t now_ms) const {
    if (open_ms == 0) return BreakerState::kClosed;
    return has_passed(opened_at_ms, open_ms, now_ms) ? BreakerState::kHalfOpen
                                                     : BreakerState::kOpen;
  }

  // Whether a request may go now. A probe that never came back counts no longer than a wait.
  bool admits(int64_t now_ms) const {
    switch (state(now_ms)) {
      case BreakerState::kClosed:
        return true;
      case BreakerState::kOpen:
        return false;
      case BreakerState::kHalfOpen:
        break;
    }
    return probe_at_ms < 0 || has_passed(probe_at_ms, open_ms, now_ms);
  }

  // A request goes; admits() said yes.
  void started(int64_t now_ms) {
    if (open_ms > 0) probe_at_ms = now_ms;
  }
  void succeeded() { *this = Breaker{}; }
  void failed(int64_t now_ms) {
    failures = std::min(failures + 1, kBreakerFailures);
    probe_at_ms = -1;
    if (failures < kBreakerFailures) return;
    // What was under way when it opened says nothing new.
    if (state(now_ms) == BreakerState::kOpen) return;
    open_ms = open_ms == 0 ? kBreakerOpenMs : std::min(2 * open_ms, kBreakerOpenMsMax);
    opened_at_ms = now_ms;
  }
  // The request was cancelled: neither a success nor a failure.
  void abandoned() { probe_at_ms = -1; }

  friend bool operator==(const Breaker&, const Breaker&) = default;

 private:
  static bool has_passed(int64_t since_ms, int64_t wait_ms, int64_t now_ms) {
    return now_ms < since_ms || now_ms - since_ms >= wait_ms;
  }
};

}  // namespace hearth
