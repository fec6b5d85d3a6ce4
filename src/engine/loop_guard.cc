// SPDX-License-Identifier: Apache-2.0
#include "engine/loop_guard.h"

#include <algorithm>

namespace hearth {

bool LoopGuard::push(std::span<const TokenId> ids) {
  if (limit_ == 0) return false;
  const std::size_t last = ids.size() - 1;
  bool looping = false;
  for (std::size_t period = 1; period <= std::min(kPeriodMax, last); ++period) {
    const bool repeats = ids[last] == ids[last - period];
    repeated_[period] = repeats ? repeated_[period] + 1 : 0;
    looping = looping || repeated_[period] >= limit_;
  }
  return looping;
}

}  // namespace hearth
