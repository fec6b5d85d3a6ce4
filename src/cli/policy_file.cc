// SPDX-License-Identifier: Apache-2.0
#include "cli/policy_file.h"

#include "base/files.h"

namespace hearth {

Result<Policy> read_policy_file(const std::string& path) {
  HEARTH_ASSIGN(const std::string text, read_file(path, kPolicyBytesMax + 1));
  return parse_policy(text, printable(path, 300));
}

std::string target_list(const Policy& policy, BitSet targets, std::string_view none) {
  std::string names;
  for (std::size_t i = 0; i < policy.targets.size(); ++i) {
    if (has_bit(targets, i)) names += concat(names.empty() ? "" : ", ", policy.targets[i].name);
  }
  return names.empty() ? std::string(none) : names;
}

}  // namespace hearth
