// SPDX-License-Identifier: Apache-2.0
// What hearth keeps of the user on the disk, and how it is forgotten: `hearth forget` and the page.
//
// Threading: pure functions over the state folder, which any number of processes share.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "seal/seal_key.h"

namespace hearth {

enum class Forgettable { kHistories, kSessions, kKeptMessages, kTelemetry };

struct KeptConversation {
  std::string id;
  std::string written_at;  // UTC; empty: unknown
};

struct KeptState {
  std::vector<KeptConversation> conversations;  // the oldest first
  bool has_plain_history = false;               // of an older hearth
  int session_keys = 0;                         // of folders that serve --sessions was given
  std::vector<std::string> kept_days;           // of which messages of the ledger can be read
  bool has_telemetry = false;
};
KeptState kept_state(const std::filesystem::path& state);

struct Erased {
  int conversations = 0;
  int session_keys = 0;
  int kept_days = 0;
  int telemetry_reports = 0;
};

// Shreds keys and removes what they sealed; needs no key. Errors: kUnavailable (permission, disk).
Result<Erased> forget(const std::filesystem::path& state, const std::vector<Forgettable>& what);
// Errors: kNotFound (no such conversation), kUnavailable.
Result<void> forget_conversation(const std::filesystem::path& state, std::string_view id);

// Begins anew where the key was lost: erases what no key here opens, moves a ledger that cannot be
// verified aside, and takes the key that is there, or a new one, for the right one. Errors:
// kUnavailable, and those of SealKey::load_or_create().
struct Lost {
  Erased erased;
  std::filesystem::path ledger_moved_to;  // empty: there was none
};
Result<Lost> forget_lost(const std::filesystem::path& state);

// The key of what is kept in `folder` from one start of a server to the next. Errors: those of
// open_state_key() and KeyFolder::open_or_create().
Result<SealKey> session_key(const std::filesystem::path& state,
                            const std::filesystem::path& folder);

// Where keys lie that sessions and kept messages are sealed with, each to be shredded by itself.
std::filesystem::path keys_folder(const std::filesystem::path& state);

}  // namespace hearth
