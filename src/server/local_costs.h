// SPDX-License-Identifier: Apache-2.0
// What a model on this machine tells the router: how long it will take. Pure.
#pragma once

#include <cstdint>

#include "engine/cost_model.h"
#include "route/latency.h"

namespace hearth {

// Of a prompt of which `cached` tokens need not be read.
LocalCosts local_costs(const CostModel& costs, int32_t cached, int32_t prompt_tokens);

}  // namespace hearth
