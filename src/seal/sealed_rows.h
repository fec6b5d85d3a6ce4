// SPDX-License-Identifier: Apache-2.0
// A file at rest that grows by a row at a time: each is encrypted by itself (XChaCha20-Poly1305)
// and bound to what the file is for and to its number in it, so that none can be changed, moved or
// taken from elsewhere. That rows are missing at the end cannot be seen. docs/formats/sealed.md.
//
// Threading: one thread at a time; one writer a file.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/owned_fd.h"
#include "base/result.h"
#include "seal/seal_key.h"

namespace hearth {

class SealedRows {
 public:
  static constexpr std::size_t kRowBytesMax = 1 << 20;
  static constexpr std::size_t kFileBytesMax = 64 << 20;

  // A new file, for its owner only. Errors: kUnavailable (it is there, permission, disk).
  static Result<SealedRows> create(const std::filesystem::path& path, SealKey key,
                                   std::string context);

  // Written in one call. Errors: kUsage (longer than kRowBytesMax), kUnavailable (disk full).
  Result<void> append(std::string_view text);
  // What was appended is on the disk. Errors: kUnavailable.
  Result<void> flush();

  // All rows; what a crash cut short at the end is none. Errors: kNotFound, kCorrupt (changed, or
  // sealed with another key or for something else), kUsage (longer than kFileBytesMax),
  // kUnavailable.
  static Result<std::vector<std::string>> read(const std::filesystem::path& path,
                                               const SealKey& key, std::string_view context);

 private:
  SealedRows(OwnedFd fd, std::filesystem::path path, SealKey key, std::string context)
      : fd_(std::move(fd)),
        path_(std::move(path)),
        key_(std::move(key)),
        context_(std::move(context)) {}

  OwnedFd fd_;
  std::filesystem::path path_;
  SealKey key_;
  std::string context_;
  uint64_t rows_ = 0;
};

}  // namespace hearth
