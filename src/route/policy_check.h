// SPDX-License-Identifier: Apache-2.0
// What a policy's rules mean together: nothing in it contradicts itself, and nothing is there for
// nothing.
#pragma once

#include "base/result.h"
#include "route/policy.h"

namespace hearth {

// Errors: kCorrupt ("FILE:LINE: rule: why; what to do").
Result<void> check_policy(const Policy& policy);

}  // namespace hearth
