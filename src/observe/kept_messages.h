// SPDX-License-Identifier: Apache-2.0
// The bytes of messages that left, where the user chose to keep them: what EgressRecord::kept
// holds. Sealed with a key a day (UTC), so that a day is forgotten by shredding its key, while the
// ledger's entries, which are chained over the sealed bytes, stay as they were written.
//
// Threading: pure functions, but for the folder of keys, which any number may share.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "observe/ledger.h"
#include "seal/key_folder.h"

namespace hearth {

// What `record.kept` is to be: `message` sealed, bound to the record's request and content. Errors:
// those of KeyFolder::open_or_create().
Result<std::vector<std::byte>> seal_kept_message(const KeyFolder& keys, const EgressRecord& record,
                                                 std::span<const std::byte> message);

// The message of an entry. Errors: kNotFound (it was not kept, or is forgotten), kCorrupt (changed,
// or the key is another one), kUnavailable.
Result<std::vector<std::byte>> open_kept_message(const KeyFolder& keys, const EgressRecord& record);

// The days in `folder` whose messages can be read, as 2026-11-27, sorted.
std::vector<std::string> kept_days(const std::filesystem::path& folder);

// Shreds the keys of days before `first_day`, or all where it is empty: how many. Errors:
// kUnavailable (permission, disk).
Result<int> forget_kept_messages(const std::filesystem::path& folder, const std::string& first_day);

// The day of a time since 1970, as kept_days() names them.
std::string day_of(int64_t time_ms);

}  // namespace hearth
