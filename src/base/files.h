// SPDX-License-Identifier: Apache-2.0
// Files: mapping for models, whole reads with a cap, atomic writes. Errors name the path, the cause
// and the remedy.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace hearth {

// A file mapped read-only. Move-only owner of the mapping; concurrent reads are safe.
class MappedFile {
 public:
  // Errors: kNotFound (no such file), kUsage (a folder or not a regular file), kCorrupt (empty),
  // kUnavailable (permission, mapping failed).
  static Result<MappedFile> open(const std::filesystem::path& path);

  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  ~MappedFile();

  // Valid while this object lives and has not been moved from.
  std::span<const std::byte> bytes() const { return {data_, size_}; }

  // Asks the kernel to start reading the range ahead of use.
  void prefetch(std::span<const std::byte> range) const;
  // Gives the range's pages back (they can be read again from the file): used once weights have
  // been packed.
  void drop(std::span<const std::byte> range) const;

 private:
  MappedFile(const std::byte* data, std::size_t size) : data_(data), size_(size) {}

  const std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

// The whole file. Errors: as MappedFile::open, but an empty file is an empty string; kUsage where
// it is longer than `bytes_max`.
Result<std::string> read_file(const std::filesystem::path& path, std::size_t bytes_max);

// Replaces `path` by `content` so that a crash leaves the old or the new file whole: temporary file
// beside it, fsync, rename, fsync of the folder. Errors: kUnavailable (disk full, permission).
Result<void> write_file(const std::filesystem::path& path, std::string_view content);

// An Error for a failed system call on `path`, saying strerror(error_number) and a remedy.
Error file_error(int error_number, std::string_view action, const std::filesystem::path& path);

}  // namespace hearth
