// SPDX-License-Identifier: Apache-2.0
// One writer at a time among all processes: a file that is locked (flock). The lock goes with the
// process, however that ends.
#pragma once

#include <filesystem>
#include <utility>

#include "base/owned_fd.h"
#include "base/result.h"

namespace hearth {

// Held exclusively while it lives.
class FileLock {
 public:
  // Waits for others that hold it; the file is made where it is not there. Errors: kUnavailable
  // (permission, disk), kCancelled (a signal came while waiting).
  static Result<FileLock> acquire(const std::filesystem::path& path);
  // Does not wait. Errors: kUnavailable (another process holds it; permission, disk).
  static Result<FileLock> try_acquire(const std::filesystem::path& path);

 private:
  explicit FileLock(OwnedFd fd) : fd_(std::move(fd)) {}
  static Result<OwnedFd> open(const std::filesystem::path& path);

  OwnedFd fd_;
};

}  // namespace hearth
