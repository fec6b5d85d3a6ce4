// SPDX-License-Identifier: Apache-2.0
// What was typed in chats, kept on disk for the arrow keys: sealed, each chat with a key of its own
// (seal/conversations.h), and bounded. What an older hearth kept as plain text is sealed once, and
// the plain file removed.
//
// Threading: one thread at a time; any number of chats may run at once.
#pragma once

#include <ctime>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "seal/conversations.h"

namespace hearth {

class ChatHistory {
 public:
  static constexpr std::size_t kEntriesMax = 1000;
  static constexpr std::size_t kEntryBytesMax = 16 << 10;  // longer ones are not kept

  // Keeps nothing.
  ChatHistory() = default;
  // In hearth's state folder. Chats with nothing among the last kEntriesMax entries are forgotten,
  // and those that nobody wrote to for `days_max` days (0: for ever). Errors: those of
  // open_state_key(); kUnavailable (permission, disk full).
  static Result<ChatHistory> open(const std::filesystem::path& state, int32_t days_max,
                                  std::time_t now);

  // The last kEntriesMax entries, oldest first.
  const std::vector<std::string>& entries() const { return entries_; }
  // What the user should know, a line each.
  const std::vector<std::string>& notes() const { return notes_; }

  // Errors of both: kUnavailable (permission, disk full).
  Result<void> append(std::string_view entry);
  // Forgets all chats.
  Result<void> forget();

  // Where they are; empty where nothing is kept.
  const std::filesystem::path& folder() const { return folder_; }

 private:
  Result<void> seal_plain_file(const std::filesystem::path& state, std::time_t now);
  Result<void> read_all(int32_t days_max, std::time_t now);

  std::filesystem::path folder_;
  std::optional<Conversations> conversations_;
  std::optional<SealedRows> rows_;  // of this chat, once there is something in it
  std::vector<std::string> entries_;
  std::vector<std::string> notes_;
};

// Overwrites and removes what an older hearth kept as plain text; whether there was any. Errors:
// kUnavailable (permission, disk).
Result<bool> remove_plain_history(const std::filesystem::path& state);

// Where chats are kept, in the state folder.
std::filesystem::path conversations_folder(const std::filesystem::path& state);

}  // namespace hearth
