// SPDX-License-Identifier: Apache-2.0
#include "cli/lock_in.h"

#include <utility>

#include "cli/interrupt.h"

namespace hearth {

// Closed, its number would be given to the next file that is opened, and clear() would read from
// that.
Result<void> lock_in(LockdownOptions options) {
  options.keep.push_back(InterruptScope::descriptor());
  HEARTH_TRY(lockdown(options));
  return {};
}

Result<void> close_inherited(std::vector<int> keep) {
  keep.push_back(InterruptScope::descriptor());
  return close_inherited_descriptors(std::move(keep));
}

}  // namespace hearth
