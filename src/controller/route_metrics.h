// SPDX-License-Identifier: Apache-2.0
// What routing counts: by enums only, so that nothing of any text can become a label, not even the
// names in a policy.
//
// Threading: any thread.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string_view>

#include "base/histogram.h"
#include "controller/routed_request.h"
#include "egress/remote.h"
#include "route/decision.h"

namespace hearth {

template <std::size_t kCount>
using Counters = std::array<std::atomic<int64_t>, kCount>;

struct RouteMetrics {
  Counters<kRouteReasonNames.size()> local{};  // answers, by why the first one was chosen
  Counters<kRouteReasonNames.size()> remote{};
  Counters<kRouteOutcomeNames.size()> outcomes{};
  Counters<kRemoteFaultNames.size()> asks{};  // of remote targets, by how they ended
  Counters<kDenialNames.size()> denials{};    // of targets by the policy, at the first decision
  Counters<kExclusionNames.size()> exclusions{};
  Counters<kOutputFaultNames.size()> faults{};  // of answers
  Histogram decide;                             // without the guard
  Histogram guard;

  void count(const Decision& first);
  void count(const AnswerReport& report);
};

}  // namespace hearth
