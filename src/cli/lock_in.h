// SPDX-License-Identifier: Apache-2.0
// The lockdown as commands call it: what Ctrl-C wakes them by stays open.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"
#include "lockdown/lockdown.h"

namespace hearth {

// lockdown(), with its errors.
Result<void> lock_in(LockdownOptions options);

// The folder in which a command may write its output file, for LockdownOptions::writable; none for
// no file. Errors: kNotFound (there is no such folder).
Result<std::vector<std::filesystem::path>> folder_to_write(const std::string& file);

// close_inherited_descriptors(), with its errors.
Result<void> close_inherited(std::vector<int> keep);

}  // namespace hearth
