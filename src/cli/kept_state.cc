// SPDX-License-Identifier: Apache-2.0
#include "cli/kept_state.h"

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <span>

#include "base/clock.h"
#include "base/files.h"
#include "base/strings.h"
#include "base/xxh64.h"
#include "cli/history.h"
#include "cli/telemetry_use.h"
#include "observe/kept_messages.h"
#include "observe/ledger.h"
#include "seal/conversations.h"
#include "seal/key_folder.h"
#include "seal/state_key.h"

namespace hearth {
namespace {

constexpr std::string_view kSessionPrefix = "sessions-";

std::vector<std::string> session_keys(const std::filesystem::path& state) {
  std::vector<std::string> names = KeyFolder::names(keys_folder(state));
  std::erase_if(names, [](const std::string& name) { return !name.starts_with(kSessionPrefix); });
  return names;
}

Result<int> forget_histories(const std::filesystem::path& state) {
  const std::filesystem::path folder = conversations_folder(state);
  int count = 0;
  for (const std::string& id : Conversations::ids(folder)) {
    HEARTH_TRY(Conversations::forget(folder, id));
    ++count;
  }
  HEARTH_ASSIGN(const bool had_plain_history, remove_plain_history(state));
  return count + (had_plain_history ? 1 : 0);
}

Result<int> forget_sessions(const std::filesystem::path& state) {
  int count = 0;
  for (const std::string& name : session_keys(state)) {
    HEARTH_TRY(KeyFolder::shred(keys_folder(state), name));
    ++count;
  }
  return count;
}

// Where there is one that the key cannot verify: what it holds is no content, and stays readable.
Result<std::filesystem::path> move_ledger(const std::filesystem::path& state, const SealKey& key) {
  auto ledger = Ledger::open(state, key, Database::Access::kRead);
  if (!ledger.ok() && ledger.error().code() == ErrorCode::kNotFound) return std::filesystem::path();
  if (ledger.ok()) {
    const auto report = ledger->verify([](int64_t) { return true; });
    if (report.ok() && !report->finding) return std::filesystem::path();
  }
  const std::filesystem::path aside =
      state / concat("ledger-of-a-lost-key-", static_cast<int64_t>(std::time(nullptr)));
  HEARTH_TRY(make_folder(aside));
  for (const char* name : {"ledger.db", "ledger.db-wal", "ledger.db-shm", "ledger.anchor"}) {
    std::error_code error;
    std::filesystem::rename(state / name, aside / name, error);
    if (error && error.value() != ENOENT)
      return file_error(error.value(), "cannot move", state / name);
  }
  return aside;
}

// Names of keys in `folder` that the master key does not open.
std::vector<std::string> lost_keys(const std::filesystem::path& folder, const SealKey& master) {
  const KeyFolder keys(folder, master);
  std::vector<std::string> names = KeyFolder::names(folder);
  std::erase_if(names, [&](const std::string& name) { return keys.open(name).ok(); });
  return names;
}

}  // namespace

std::filesystem::path keys_folder(const std::filesystem::path& state) { return state / "keys"; }

Result<SealKey> session_key(const std::filesystem::path& state,
                            const std::filesystem::path& folder) {
  HEARTH_ASSIGN(SealKey master, open_state_key(state));
  const std::string path = std::filesystem::absolute(folder).lexically_normal().string();
  const uint64_t hash = xxh64(std::as_bytes(std::span(path)));
  const KeyFolder keys(keys_folder(state), std::move(master));
  return keys.open_or_create(concat(kSessionPrefix, hash));
}

KeptState kept_state(const std::filesystem::path& state) {
  KeptState kept;
  const std::filesystem::path folder = conversations_folder(state);
  for (std::string& id : Conversations::ids(folder)) {
    const auto written = Conversations::written_at(folder, id);
    kept.conversations.push_back({std::move(id), written ? utc_text(*written) : ""});
  }
  std::error_code ignored;
  kept.has_plain_history = std::filesystem::is_regular_file(state / "history", ignored);
  kept.session_keys = static_cast<int>(session_keys(state).size());
  kept.kept_days = kept_days(keys_folder(state));
  kept.has_telemetry = std::filesystem::exists(state / "telemetry", ignored);
  return kept;
}

Result<Erased> forget(const std::filesystem::path& state, const std::vector<Forgettable>& what) {
  Erased erased;
  for (const Forgettable one : what) {
    switch (one) {
      case Forgettable::kHistories: {
        HEARTH_ASSIGN(erased.conversations, forget_histories(state));
        break;
      }
      case Forgettable::kSessions: {
        HEARTH_ASSIGN(erased.session_keys, forget_sessions(state));
        break;
      }
      case Forgettable::kKeptMessages: {
        HEARTH_ASSIGN(erased.kept_days, forget_kept_messages(keys_folder(state), ""));
        break;
      }
      case Forgettable::kTelemetry: {
        HEARTH_ASSIGN(erased.telemetry_reports, telemetry_in(state).withdraw());
        break;
      }
    }
  }
  return erased;
}

Result<void> forget_conversation(const std::filesystem::path& state, std::string_view id) {
  const std::filesystem::path folder = conversations_folder(state);
  const auto ids = Conversations::ids(folder);
  if (std::ranges::find(ids, id) == ids.end()) {
    return Error(ErrorCode::kNotFound, concat("conversation \"", printable(id),
                                              "\": is not here; hearth forget lists them"));
  }
  return Conversations::forget(folder, id);
}

Result<Lost> forget_lost(const std::filesystem::path& state) {
  HEARTH_ASSIGN(const SealKey key, accept_state_key(state));
  Lost lost;
  const std::filesystem::path folder = conversations_folder(state);
  const Conversations conversations(folder, key);
  for (const std::string& id : Conversations::ids(folder)) {
    if (conversations.read(id).ok()) continue;
    HEARTH_TRY(Conversations::forget(folder, id));
    ++lost.erased.conversations;
  }
  for (const std::string& name : lost_keys(keys_folder(state), key)) {
    HEARTH_TRY(KeyFolder::shred(keys_folder(state), name));
    ++(name.starts_with(kSessionPrefix) ? lost.erased.session_keys : lost.erased.kept_days);
  }
  HEARTH_ASSIGN(lost.ledger_moved_to, move_ledger(state, key));
  return lost;
}

}  // namespace hearth
