// SPDX-License-Identifier: Apache-2.0
#include "controller/route_metrics.h"

namespace hearth {

void RouteMetrics::count(const Decision& first) {
  for (const ExcludedTarget& one : first.excluded) {
    ++exclusions[static_cast<std::size_t>(one.why)];
    if (one.denial) ++denials[static_cast<std::size_t>(one.denial->denial)];
  }
}

void RouteMetrics::count(const AnswerReport& report) {
  ++outcomes[static_cast<std::size_t>(report.outcome)];
  const bool is_there =
      report.outcome == RouteOutcome::kAnswered || report.outcome == RouteOutcome::kFallback;
  if (is_there) ++(report.is_local() ? local : remote)[static_cast<std::size_t>(report.reason)];
  for (const OutputFault fault : report.faults) ++faults[static_cast<std::size_t>(fault)];
}

}  // namespace hearth
