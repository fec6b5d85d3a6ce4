// SPDX-License-Identifier: Apache-2.0
// What commands share that read a policy or say who answers: the file, and words for enums.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/strings.h"
#include "route/policy.h"

namespace hearth {

// Errors: those of read_file() and parse_policy().
Result<Policy> read_policy_file(const std::string& path);

// "edge, cloud"; `none` where the set is empty.
std::string target_list(const Policy& policy, BitSet targets, std::string_view none);

// The value that `text` names. Errors: kUsage (names the flag and lists the values).
template <typename Value>
Result<Value> choose_value(std::string_view flag, std::string_view text,
                           std::span<const std::string_view> names) {
  std::string known;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i] == text) return static_cast<Value>(i);
    known += concat(i == 0 ? "" : ", ", names[i]);
  }
  return Error(ErrorCode::kUsage,
               concat(flag, ": \"", printable(text), "\" is not known; choose among ", known));
}

}  // namespace hearth
