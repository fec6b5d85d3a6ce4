// SPDX-License-Identifier: Apache-2.0
// A row of logits by blocks of kLogitBlock: the largest one, and the sum of exponentials, without
// going through all of the row again.
//
// Ownership: a copy of the blocks; the logits stay the caller's. Threading: one user at a time.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "kernels/kernels.h"
#include "text/tokenizer.h"

namespace hearth {

class LogitBlocks {
 public:
  // Of `logits`, of whose first blocks `known` says what it says (KernelTable::summarise_logits);
  // the others are gone through here.
  void take(std::span<const float> logits, std::span<const LogitBlock> known);

  // The natural logarithm of the sum of exp(logits), as they were taken. Not finite where one of
  // them is NaN or +infinity, or all are -infinity.
  double log_sum() const;

  // logits[id] was changed; to be called before the following, which look at `logits` again.
  void changed(TokenId id);
  void look_again(std::span<const float> logits);

  // The largest logit, the lowest id of equals; -1 where all are -infinity.
  TokenId best(std::span<const float> logits) const;

  // A number that `count` logits at least come to, near the greatest such one; -infinity where the
  // blocks do not say.
  float reached_by(std::size_t count);
  // Calls found(id) of each logit that is `bound` or more, in order.
  template <typename Found>
  void each_at_least(std::span<const float> logits, float bound, Found found) const {
    for (std::size_t block = 0; block < blocks_.size(); ++block) {
      if (blocks_[block].max < bound) continue;
      const std::size_t end = std::min(logits.size(), (block + 1) * kLogitBlock);
      for (std::size_t id = block * kLogitBlock; id < end; ++id) {
        if (logits[id] >= bound) found(static_cast<TokenId>(id));
      }
    }
  }

 private:
  std::vector<LogitBlock> blocks_;  // the last one may have fewer logits
  std::vector<bool> changed_;       // [blocks]
  std::vector<float> maxima_;       // scratch
};

}  // namespace hearth
