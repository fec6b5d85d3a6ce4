// SPDX-License-Identifier: Apache-2.0
// What a router keeps over restarts: the day's spending, and what is known of targets' latencies
// and failures. Breakers keep theirs too: a target that was down is not asked at once after a
// restart.
//
// Threading: pure functions.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "route/decision.h"

namespace hearth {

// As a small JSON document; targets by their names, so that they may come and go. There is no
// content of any request in it.
std::string route_memory_to_json(const Policy& policy, const RouteState& state);

// Fills the parts of `state` that are kept; what was reserved counts as spent
// (Spending::recover()), targets that the policy has not are left out. Errors: kCorrupt ("FILE:
// field: why; remedy"), and `state` is as it was. Who gets one must not start with nothing spent:
// refuse priced targets, or ask.
Result<void> route_memory_from_json(std::string_view text, std::string_view file,
                                    const Policy& policy, RouteState& state);

}  // namespace hearth
