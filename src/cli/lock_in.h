// SPDX-License-Identifier: Apache-2.0
// The lockdown as commands call it: what Ctrl-C wakes them by stays open.
#pragma once

#include <vector>

#include "base/result.h"
#include "lockdown/lockdown.h"

namespace hearth {

// lockdown(), with its errors.
Result<void> lock_in(LockdownOptions options);

// close_inherited_descriptors(), with its errors.
Result<void> close_inherited(std::vector<int> keep);

}  // namespace hearth
