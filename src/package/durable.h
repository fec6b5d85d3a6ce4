// SPDX-License-Identifier: Apache-2.0
// The steps of which every write to the store is made. Internal to the folder.
#pragma once

#include <filesystem>
#include <utility>

#include "base/result.h"

namespace hearth {

// Owns a file descriptor.
class OwnedFd {
 public:
  explicit OwnedFd(int fd = -1) : fd_(fd) {}
  OwnedFd(OwnedFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  OwnedFd& operator=(OwnedFd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~OwnedFd();

  int get() const { return fd_; }

 private:
  int fd_;
};

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

// A new file in `folder`, gone again at the end of its scope unless it was published.
class TemporaryFile {
 public:
  static constexpr std::string_view kPrefix = ".tmp-";

  // Errors: kUnavailable (permission, disk).
  static Result<TemporaryFile> create(const std::filesystem::path& folder);
  TemporaryFile(TemporaryFile&& other) noexcept
      : fd_(std::move(other.fd_)), path_(std::exchange(other.path_, {})) {}
  TemporaryFile& operator=(TemporaryFile&&) = delete;
  ~TemporaryFile();

  int fd() const { return fd_.get(); }
  const std::filesystem::path& path() const { return path_; }

  // Makes the file read-only, flushes it, gives it its final name and flushes the folder.
  // Errors: kUnavailable (disk full, permission).
  Result<void> publish(const std::filesystem::path& path);

 private:
  TemporaryFile(OwnedFd fd, std::filesystem::path path)
      : fd_(std::move(fd)), path_(std::move(path)) {}

  OwnedFd fd_;
  std::filesystem::path path_;  // empty once published
};

// mkdir -p, flushed to disk. Errors: kUnavailable (permission, disk full, a file is in the way).
Result<void> make_folders(const std::filesystem::path& folder);

// Makes renames and removals in `folder` durable. Errors: kUnavailable.
Result<void> flush_folder(const std::filesystem::path& folder);

}  // namespace hearth
