// SPDX-License-Identifier: Apache-2.0
// What was typed in chats, kept on disk for the arrow keys: one entry a line, a line end inside an
// entry as \n and a backslash as \\. The file is the user's only (0600) and bounded. Entries are
// appended as they are made, so that several chats can share the file.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace hearth {

class HistoryFile {
 public:
  static constexpr std::size_t kEntriesMax = 1000;
  static constexpr std::size_t kEntryBytesMax = 16 << 10;  // longer ones are not kept

  // Keeps nothing.
  HistoryFile() = default;
  // Makes the folder where it is missing and cuts a file that has grown to twice kEntriesMax.
  // Errors: kUnavailable (permission, disk full).
  static Result<HistoryFile> open(const std::filesystem::path& folder);

  // The last kEntriesMax entries, oldest first.
  const std::vector<std::string>& entries() const { return entries_; }

  // Errors of both: kUnavailable (permission, disk full).
  Result<void> append(std::string_view entry) const;
  // Empties the file.
  Result<void> forget();

  // Where the file is; empty where nothing is kept.
  const std::filesystem::path& folder() const { return folder_; }

 private:
  std::filesystem::path path() const { return folder_ / "history"; }
  Result<void> rewrite(std::string_view content) const;

  std::filesystem::path folder_;
  std::vector<std::string> entries_;
};

}  // namespace hearth
