// SPDX-License-Identifier: Apache-2.0
// What left this machine: an entry for each message, written to the disk before the message is
// sent. Entries are chained by a keyed hash (BLAKE2b), and their number and the last hash are kept
// apart (anchor.h), so that whoever lacks the key can neither change, remove, add nor reorder any,
// nor cut the end off, unnoticed. No entry holds content, unless the user chose to keep it, sealed.
// docs/formats/ledger.md.
//
// Threading: one thread at a time; any number of processes may share the folder.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "observe/anchor.h"
#include "observe/database.h"
#include "seal/seal_key.h"

namespace hearth {

// A message that is about to leave.
struct EgressRecord {
  int64_t time_ms = 0;          // since 1970, UTC
  std::string request;          // its id
  std::string target;           // its name in the policy
  std::string host;             // with port
  std::string sensitivity;      // of what it was made of, by name
  std::string redactions;       // how many of each kind, as in "EMAIL=1,PERSON=2"; empty: none
  int64_t bytes = 0;            // of the message
  LedgerHash content = {};      // of its bytes: BLAKE2b-256
  std::vector<std::byte> kept;  // the bytes, sealed, if the user chose so
};

struct LedgerEntry {
  int64_t number = 0;  // from 1
  EgressRecord record;
};

// What is wrong with a ledger, where anything is.
struct LedgerFinding {
  int64_t number;  // of the entry, or of the one that is missing
  std::string what;
};

struct LedgerReport {
  int64_t entries = 0;
  std::optional<LedgerFinding> finding;
};

// BLAKE2b-256 of bytes, as EgressRecord::content.
LedgerHash content_hash(std::span<const std::byte> bytes);

class Ledger {
 public:
  // The ledger in `folder`, which is made where it is not there, unless it is only to be read.
  // Errors: those of Database::open().
  static Result<Ledger> open(const std::filesystem::path& folder, const SealKey& key,
                             Database::Access access);

  // Once it returns, the entry outlives whatever becomes of the process. Returns its number.
  // Errors: kUnavailable (disk full, locked), kCorrupt: then nothing may be sent.
  Result<int64_t> append(const EgressRecord& record);

  // The last `count` entries, the last one first. Errors: those of Database.
  Result<std::vector<LedgerEntry>> last(int64_t count);

  // One entry. Errors: kNotFound (no such one), and those of Database.
  Result<LedgerEntry> entry(int64_t number);

  // Reads all of it; `progress` is told how many entries were right so far, and returns false to
  // stop. Errors: kCorrupt (the database itself is damaged), kCancelled.
  Result<LedgerReport> verify(const std::function<bool(int64_t)>& progress);

 private:
  Ledger(Database database, LedgerAnchor anchor, std::filesystem::path lock_file,
         const SubKey& chain_key)
      : database_(std::move(database)),
        anchor_(std::move(anchor)),
        lock_file_(std::move(lock_file)),
        chain_key_(chain_key) {}

  Result<void> begin();
  LedgerHash chained(const LedgerHash& before, const LedgerEntry& entry) const;

  Database database_;
  LedgerAnchor anchor_;
  std::filesystem::path lock_file_;
  SubKey chain_key_;
};

}  // namespace hearth
