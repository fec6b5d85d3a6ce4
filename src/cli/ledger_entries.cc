// SPDX-License-Identifier: Apache-2.0
#include "cli/ledger_entries.h"

#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "base/strings.h"
#include "seal/state_key.h"

namespace hearth {

Result<std::optional<Ledger>> open_ledger(const std::filesystem::path& state) {
  HEARTH_ASSIGN(const SealKey key, open_state_key(state));
  auto ledger = Ledger::open(state, key, Database::Access::kRead);
  if (ledger.ok()) return std::optional<Ledger>(std::move(ledger).value());
  if (ledger.error().code() == ErrorCode::kNotFound) return std::optional<Ledger>();
  return ledger.error();
}

Result<std::optional<Ledger>> open_ledger(const Environment& environment) {
  HEARTH_ASSIGN(const auto folder, environment.state_folder());
  return open_ledger(folder);
}

nlohmann::ordered_json ledger_entry_json(const LedgerEntry& entry) {
  const EgressRecord& record = entry.record;
  return {{"number", entry.number},
          {"time", utc_text(static_cast<std::time_t>(record.time_ms / 1000))},
          {"request", record.request},
          {"target", record.target},
          {"host", record.host},
          {"bytes", record.bytes},
          {"blake2b", hexadecimal(record.content)},
          {"sensitivity", record.sensitivity},
          {"redactions", record.redactions},
          {"kept", !record.kept.empty()}};
}

}  // namespace hearth
