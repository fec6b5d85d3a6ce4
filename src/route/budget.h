// SPDX-License-Identifier: Apache-2.0
// Money and retries: what may still be used of either.
//
// The caller persists Spending before a request leaves and after its answer has come, so that
// neither a restart nor requests side by side exceed a budget. Threading: values; the caller
// serialises changes.
#pragma once

#include <algorithm>
#include <cstdint>

#include "route/policy.h"

namespace hearth {

// What requests have cost on one day. A day is a number that grows, as of days since 1970.
struct Spending {
  int64_t day = 0;
  double spent_usd = 0.0;
  double reserved_usd = 0.0;  // of requests under way, at the most that they can cost

  double used_usd() const { return spent_usd + reserved_usd; }

  // A new day begins with nothing spent. A clock that was set back does not begin one.
  void advance_to(int64_t today) {
    if (today <= day) return;
    day = today;
    spent_usd = 0.0;
  }
  void reserve(double usd) { reserved_usd += usd; }
  // The request is over; `reserved` is what was reserved for it.
  void settle(double reserved, double cost_usd) {
    reserved_usd = std::max(0.0, reserved_usd - reserved);
    spent_usd += cost_usd;
  }
  // What was under way when the process ended counts as spent.
  void recover() {
    spent_usd += reserved_usd;
    reserved_usd = 0.0;
  }

  friend bool operator==(const Spending&, const Spending&) = default;
};

// Of a request in US dollars.
inline double cost_usd(const RemoteTarget& target, int64_t prompt_tokens, int64_t answer_tokens) {
  return (static_cast<double>(prompt_tokens) * target.input_usd_per_mtok +
          static_cast<double>(answer_tokens) * target.output_usd_per_mtok) /
         1e6;
}

// Keeps retries to a tenth of the requests, and ten in a row: when everything fails, trying
// everything again makes it worse.
struct RetryBudget {
  static constexpr double kMax = 10.0;
  static constexpr double kEarned = 0.1;  // by a request

  double left = kMax;

  void earn() { left = std::min(kMax, left + kEarned); }
  int32_t retries() const { return static_cast<int32_t>(left + 1e-9); }
  void take() { left = std::max(0.0, left - 1.0); }
};

}  // namespace hearth
