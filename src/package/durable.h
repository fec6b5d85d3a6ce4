// SPDX-License-Identifier: Apache-2.0
// The steps of which every write to the store is made. Internal to the folder.
#pragma once

#include <filesystem>
#include <utility>

#include "base/owned_fd.h"
#include "base/result.h"

namespace hearth {

// Held exclusively while it lives, among all processes that use the same store.
class StoreLock {
 public:
  // Waits for other writers. Errors: kUnavailable (permission, disk), kCancelled (a signal came
  // while waiting).
  static Result<StoreLock> acquire(const std::filesystem::path& store_folder);

 private:
  explicit StoreLock(OwnedFd fd) : fd_(std::move(fd)) {}
  OwnedFd fd_;
};

// mkdir -p, flushed to disk. Errors: kUnavailable (permission, disk full, a file is in the way).
Result<void> make_folders(const std::filesystem::path& folder);

}  // namespace hearth
