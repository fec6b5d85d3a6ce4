// SPDX-License-Identifier: Apache-2.0
// What a router keeps over restarts: what was read predicts and decides, and is written and read
// again.
#include "route/route_memory.h"

#include "check_error.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  using namespace hearth;
  Policy policy;
  policy.targets.resize(2);
  policy.targets[0].name = "cloud";
  policy.targets[1].name = "edge";
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  RouteState state;
  const auto read = route_memory_from_json(text, "memory.json", policy, state);
  if (!read.ok()) {
    check_error(read.error());
    return 0;
  }
  HEARTH_CHECK(state.spending.spent_usd >= 0.0 && state.spending.reserved_usd == 0.0);
  for (const RemoteState& remote : state.remotes) {
    const auto predicted = remote.latency.predict(100, 100);
    HEARTH_CHECK(!predicted || predicted->total_ms >= 0.0);
    remote.breaker.admits(0);
  }
  const std::string written = route_memory_to_json(policy, state);
  RouteState again;
  HEARTH_CHECK(route_memory_from_json(written, "memory.json", policy, again).ok());
  HEARTH_CHECK(route_memory_to_json(policy, again) == written);
  return 0;
}
