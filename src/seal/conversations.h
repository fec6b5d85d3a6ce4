// SPDX-License-Identifier: Apache-2.0
// What was written in conversations, kept sealed, each with a key of its own: to forget one is to
// shred its key.
//
// Threading: one thread at a time; any number of processes may share the folder.
#pragma once

#include <cstdint>
#include <ctime>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "seal/key_folder.h"
#include "seal/sealed_rows.h"

namespace hearth {

class Conversations {
 public:
  // The folder need not exist.
  Conversations(const std::filesystem::path& folder, SealKey key)
      : folder_(folder), keys_(folder, std::move(key)) {}

  // A new one and its id, which is the time of its beginning (milliseconds since 1970) and four
  // random digits. Errors: kUnavailable (permission, disk).
  struct Begun {
    std::string id;
    SealedRows rows;
  };
  Result<Begun> begin(int64_t now_ms) const;

  // Errors: kNotFound, kCorrupt (changed, or sealed with a key that is gone), kUnavailable.
  Result<std::vector<std::string>> read(std::string_view id) const;

  // All there are, the oldest first; needs no key.
  static std::vector<std::string> ids(const std::filesystem::path& folder);
  // When something was last written to it; nothing where it is not there.
  static std::optional<std::time_t> written_at(const std::filesystem::path& folder,
                                               std::string_view id);
  // Shreds its key and removes it; needs no key. Errors: kUnavailable (permission, disk).
  static Result<void> forget(const std::filesystem::path& folder, std::string_view id);

 private:
  std::filesystem::path folder_;
  KeyFolder keys_;
};

}  // namespace hearth
