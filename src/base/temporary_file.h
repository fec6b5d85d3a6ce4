// SPDX-License-Identifier: Apache-2.0
// New files that appear whole or not at all: written under another name, flushed, renamed.
//
// Threading: one thread at a time.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <filesystem>
#include <span>
#include <string_view>
#include <utility>

#include "base/owned_fd.h"
#include "base/result.h"

namespace hearth {

// A new file in a folder, which only its owner may read, gone again at the end of its scope unless
// it was published.
class TemporaryFile {
 public:
  static constexpr std::string_view kPrefix = ".tmp-";

  // Errors: kUnavailable (permission, disk).
  static Result<TemporaryFile> create(const std::filesystem::path& folder);
  TemporaryFile(TemporaryFile&& other) noexcept
      : fd_(std::move(other.fd_)), path_(std::exchange(other.path_, {})) {}
  TemporaryFile& operator=(TemporaryFile&&) = delete;
  ~TemporaryFile();

  const std::filesystem::path& path() const { return path_; }

  // Errors: kUnavailable (disk full).
  Result<void> write(std::span<const std::byte> bytes);
  // Gives the file its mode, flushes it, puts it in the place of `path`, in the same folder, and
  // flushes that. Errors: kUnavailable (disk full, permission).
  Result<void> publish(const std::filesystem::path& path, mode_t mode);

 private:
  TemporaryFile(OwnedFd fd, std::filesystem::path path)
      : fd_(std::move(fd)), path_(std::move(path)) {}

  OwnedFd fd_;
  std::filesystem::path path_;  // empty once published
};

// Makes renames and removals in `folder` durable. Errors: kUnavailable.
Result<void> flush_folder(const std::filesystem::path& folder);

}  // namespace hearth
