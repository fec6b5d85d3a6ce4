// SPDX-License-Identifier: Apache-2.0
// The ledger's entries as `hearth ledger show --json` and the page tell them.
#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <optional>

#include "cli/environment.h"
#include "observe/ledger.h"

namespace hearth {

// To be read. Nothing: no message ever left. Errors: those of open_state_key() and Ledger::open().
Result<std::optional<Ledger>> open_ledger(const std::filesystem::path& state);
// The same, with those of Environment::state_folder().
Result<std::optional<Ledger>> open_ledger(const Environment& environment);

nlohmann::ordered_json ledger_entry_json(const LedgerEntry& entry);

}  // namespace hearth
