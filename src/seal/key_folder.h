// SPDX-License-Identifier: Apache-2.0
// Keys of which each can be destroyed: what was sealed with it, wherever copies of that lie, is
// then lost to everybody. One small file a key, itself sealed with the user's key.
// docs/formats/sealed.md.
//
// Threading: any number of threads and processes may share the folder.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "seal/seal_key.h"

namespace hearth {

class KeyFolder {
 public:
  static constexpr std::string_view kEnding = ".key";

  // The folder need not exist. Names of keys are ours: letters, digits, '-', and never secret.
  KeyFolder(std::filesystem::path folder, SealKey master)
      : folder_(std::move(folder)), master_(std::move(master)) {}

  // Errors: kNotFound (no such key), kCorrupt (it was changed, or sealed with another master key),
  // kUnavailable.
  Result<SealKey> open(std::string_view name) const;
  // Of several processes that make it at once, all get the same. Errors: as open(), but kNotFound.
  Result<SealKey> open_or_create(std::string_view name) const;

  // Overwrites the file on the disk, then removes it; one that is not there is no error. Needs no
  // master key. Errors: kUnavailable (permission, disk).
  static Result<void> shred(const std::filesystem::path& folder, std::string_view name);
  // Sorted; empty where there is no folder.
  static std::vector<std::string> names(const std::filesystem::path& folder);

 private:
  std::filesystem::path path(std::string_view name) const;

  std::filesystem::path folder_;
  SealKey master_;
};

}  // namespace hearth
