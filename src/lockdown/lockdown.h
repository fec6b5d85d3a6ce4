// SPDX-License-Identifier: Apache-2.0
// Gives up, for the whole process and for good, the means to send anything anywhere: a seccomp filter refuses sockets
// and io_uring and what could reach into other processes; Landlock limits writes to named folders. Called before a
// prompt is read. See docs/decisions for the list of calls and why.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"

namespace hearth {

struct LockdownOptions {
  std::vector<std::filesystem::path> writable;  // folders (existing) below which files may still be written
};

struct LockdownReport {
  bool seccomp;         // always true on success: seccomp is the guarantee
  int landlock_abi;     // 0 where the kernel has none; writes are then not confined
  std::string summary;  // one line for people
};

// Closes inherited descriptors above 2 that are not needed, then installs both filters on all threads.
// Errors: kUnavailable (the kernel refused: names the call and the remedy). Nothing is half installed on success.
Result<LockdownReport> lockdown(const LockdownOptions& options);

}  // namespace hearth
