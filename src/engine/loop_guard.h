// SPDX-License-Identifier: Apache-2.0
// Notices an answer that goes round in a circle, which small models fall into when nothing ends
// them (Holtzman et al. 2020, section 4.2): then every further token repeats what stood one period
// before it.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "text/tokenizer_vocabulary.h"

namespace hearth {

class LoopGuard {
 public:
  // `limit`: how many tokens in a row must repeat; 0: never.
  explicit LoopGuard(int32_t limit) : limit_(limit) {}

  // To be told of each token, `ids` being the answer up to it. True once it is going in a circle.
  bool push(std::span<const TokenId> ids);

 private:
  static constexpr std::size_t kPeriodMax = 64;  // tokens: two or three sentences

  int32_t limit_;
  std::array<int32_t, kPeriodMax + 1> repeated_{};  // by period: tokens in a row that repeated
};

}  // namespace hearth
