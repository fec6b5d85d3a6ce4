// SPDX-License-Identifier: Apache-2.0
#include "cli/lock_in.h"

#include <utility>

#include "base/strings.h"
#include "cli/interrupt.h"

namespace hearth {

// Closed, its number would be given to the next file that is opened, and clear() would read from
// that.
Result<void> lock_in(LockdownOptions options) {
  options.keep.push_back(InterruptScope::descriptor());
  HEARTH_TRY(lockdown(options));
  return {};
}

Result<std::vector<std::filesystem::path>> folder_to_write(const std::string& file) {
  std::vector<std::filesystem::path> folders;
  if (file.empty()) return folders;
  const std::filesystem::path parent = std::filesystem::path(file).parent_path();
  folders.push_back(parent.empty() ? std::filesystem::path(".") : parent);
  std::error_code error;
  if (std::filesystem::is_directory(folders.front(), error)) return folders;
  return Error(ErrorCode::kNotFound, concat(printable(folders.front().string(), 300),
                                            ": there is no such folder; make it first"));
}

Result<void> close_inherited(std::vector<int> keep) {
  keep.push_back(InterruptScope::descriptor());
  return close_inherited_descriptors(std::move(keep));
}

}  // namespace hearth
