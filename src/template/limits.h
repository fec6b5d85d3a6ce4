// SPDX-License-Identifier: Apache-2.0
// The bounds that make a hostile chat template end: each is named by the error that reports it. The
// templates of published models stay below a hundredth of every one of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "base/strings.h"

namespace hearth::jinja {

inline constexpr std::size_t kSourceBytesMax = std::size_t{1} << 20;
inline constexpr std::size_t kTokensMax = 250'000;
// Parentheses, brackets and blocks inside each other: what the parser recurses on.
inline constexpr int kNestingMax = 100;
// Height of one expression's tree; a chain a + b + c ... grows it by one a term.
inline constexpr int kExpressionHeightMax = 200;
// Expressions, statements and macro calls in progress at once: what the interpreter recurses on.
inline constexpr int kEvaluationDepthMax = 600;
// Lists in lists in lists.
inline constexpr int kVariableDepthMax = 100;
inline constexpr int kValueDepthMax = 250;
inline constexpr int64_t kStepsMax = 10'000'000;
inline constexpr std::size_t kTextBytesMax = std::size_t{16}
                                             << 20;  // of the output and of any string
inline constexpr std::size_t kItemsMax = 1'000'000;  // of a list or dict
inline constexpr int64_t kRangeMax = 100'000;        // as Jinja's sandbox

inline Error limit_error(std::string_view what, int64_t limit) {
  return Error(ErrorCode::kCorrupt, concat(what, " exceeds the limit of ", limit));
}

// The work that one rendering may do. Handling 16 bytes costs as much as evaluating one node, so
// that the steps also bound what is copied and allocated.
class Budget {
 public:
  // Errors: kCorrupt (the steps are used up).
  Result<void> spend(std::size_t steps) {
    left_ -= static_cast<int64_t>(steps);
    if (left_ < 0) return limit_error("the number of evaluation steps", kStepsMax);
    return {};
  }
  Result<void> spend_bytes(std::size_t bytes) { return spend(1 + bytes / 16); }

 private:
  int64_t left_ = kStepsMax;
};

}  // namespace hearth::jinja
