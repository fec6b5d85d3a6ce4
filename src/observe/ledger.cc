// SPDX-License-Identifier: Apache-2.0
#include "observe/ledger.h"

#include <sodium.h>

#include <algorithm>

#include "base/file_lock.h"
#include "base/strings.h"

namespace hearth {
namespace {

constexpr const char* kSchema =
    "CREATE TABLE IF NOT EXISTS egress ("
    "number INTEGER PRIMARY KEY, time_ms INTEGER NOT NULL, request TEXT NOT NULL,"
    "target TEXT NOT NULL, host TEXT NOT NULL, sensitivity TEXT NOT NULL,"
    "redactions TEXT NOT NULL, bytes INTEGER NOT NULL, content BLOB NOT NULL,"
    "kept BLOB NOT NULL, chain BLOB NOT NULL) STRICT";
constexpr std::string_view kColumns =
    "number, time_ms, request, target, host, sensitivity, redactions, bytes, content, kept, chain";
constexpr int kChainColumn = 10;
constexpr int64_t kProgressEntries = 10'000;

std::span<const std::byte> bytes_of(const LedgerHash& hash) {
  return std::as_bytes(std::span(hash));
}

// The hash in a column; nothing where it has another size.
std::optional<LedgerHash> hash_in(const Statement& row, int column) {
  const auto bytes = row.bytes(column);
  LedgerHash hash;
  if (bytes.size() != hash.size()) return std::nullopt;
  std::ranges::copy(bytes, std::as_writable_bytes(std::span(hash)).begin());
  return hash;
}

LedgerEntry entry_in(const Statement& row) {
  LedgerEntry entry;
  EgressRecord& record = entry.record;
  entry.number = row.integer(0);
  record.time_ms = row.integer(1);
  record.request = row.text(2);
  record.target = row.text(3);
  record.host = row.text(4);
  record.sensitivity = row.text(5);
  record.redactions = row.text(6);
  record.bytes = row.integer(7);
  record.content = hash_in(row, 8).value_or(LedgerHash{});
  const auto kept = row.bytes(9);
  record.kept.assign(kept.begin(), kept.end());
  return entry;
}

// Each field with its length in front, so that no two entries are hashed alike.
class ChainHash {
 public:
  explicit ChainHash(const SubKey& key) {
    crypto_generichash_init(&state_, key.data(), key.size(), LedgerHash().size());
  }
  void add(std::span<const std::byte> bytes) {
    const uint64_t size = bytes.size();
    update(std::as_bytes(std::span(&size, 1)));
    update(bytes);
  }
  void add(std::string_view text) { add(std::as_bytes(std::span(text))); }
  void add(int64_t number) { add(std::as_bytes(std::span(&number, 1))); }
  LedgerHash finish() {
    LedgerHash hash;
    crypto_generichash_final(&state_, hash.data(), hash.size());
    return hash;
  }

 private:
  void update(std::span<const std::byte> bytes) {
    crypto_generichash_update(&state_, reinterpret_cast<const unsigned char*>(bytes.data()),
                              bytes.size());
  }
  crypto_generichash_state state_;
};

}  // namespace

LedgerHash content_hash(std::span<const std::byte> bytes) {
  LedgerHash hash;
  crypto_generichash(hash.data(), hash.size(), reinterpret_cast<const unsigned char*>(bytes.data()),
                     bytes.size(), nullptr, 0);
  return hash;
}

Result<Ledger> Ledger::open(const std::filesystem::path& folder, const SealKey& key,
                            Database::Access access) {
  HEARTH_ASSIGN(Database database, Database::open(folder / "ledger.db", access, kSchema));
  LedgerAnchor anchor(folder / "ledger.anchor", key.derive("hearth ledger anchor"));
  Ledger ledger(std::move(database), std::move(anchor), folder / "ledger.lock",
                key.derive("hearth ledger chain"));
  // So that there is an anchor whenever there are entries.
  if (access == Database::Access::kWrite) HEARTH_TRY(ledger.begin());
  return ledger;
}

Result<void> Ledger::begin() {
  HEARTH_ASSIGN(const FileLock lock, FileLock::acquire(lock_file_));
  HEARTH_ASSIGN(const auto entries, last(1));
  return entries.empty() && !anchor_.load() ? anchor_.store({}) : Result<void>();
}

LedgerHash Ledger::chained(const LedgerHash& before, const LedgerEntry& entry) const {
  const EgressRecord& record = entry.record;
  ChainHash hash(chain_key_);
  hash.add(bytes_of(before));
  hash.add(entry.number);
  hash.add(record.time_ms);
  for (const std::string& text :
       {record.request, record.target, record.host, record.sensitivity, record.redactions})
    hash.add(text);
  hash.add(record.bytes);
  hash.add(bytes_of(record.content));
  hash.add(record.kept);
  return hash.finish();
}

Result<int64_t> Ledger::append(const EgressRecord& record) {
  // Over entry and anchor, so that no anchor is stored over a later one.
  HEARTH_ASSIGN(const FileLock lock, FileLock::acquire(lock_file_));
  HEARTH_ASSIGN(Transaction transaction, Transaction::begin(database_));
  HEARTH_ASSIGN(Statement end,
                database_.prepare("SELECT number, chain FROM egress ORDER BY number DESC LIMIT 1"));
  HEARTH_ASSIGN(const bool has_entries, end.step());
  const LedgerHash before = has_entries ? hash_in(end, 1).value_or(LedgerHash{}) : LedgerHash{};
  const LedgerEntry entry = {has_entries ? end.integer(0) + 1 : 1, record};
  end.reset();
  const LedgerHash chain = chained(before, entry);
  HEARTH_ASSIGN(Statement insert,
                database_.prepare(concat("INSERT INTO egress (", kColumns,
                                         ") VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11)")));
  insert.bind(1, entry.number).bind(2, record.time_ms).bind(3, std::string_view(record.request));
  insert.bind(4, std::string_view(record.target)).bind(5, std::string_view(record.host));
  insert.bind(6, std::string_view(record.sensitivity));
  insert.bind(7, std::string_view(record.redactions)).bind(8, record.bytes);
  insert.bind(9, bytes_of(record.content)).bind(10, std::span<const std::byte>(record.kept));
  insert.bind(11, bytes_of(chain));
  HEARTH_TRY(insert.run());
  HEARTH_TRY(transaction.commit());
  HEARTH_TRY(anchor_.store({entry.number, chain}));
  return entry.number;
}

Result<std::vector<LedgerEntry>> Ledger::last(int64_t count) {
  HEARTH_ASSIGN(Statement rows, database_.prepare(concat("SELECT ", kColumns,
                                                         " FROM egress ORDER BY number DESC "
                                                         "LIMIT ?1")));
  rows.bind(1, count);
  std::vector<LedgerEntry> entries;
  for (;;) {
    HEARTH_ASSIGN(const bool has_row, rows.step());
    if (!has_row) return entries;
    entries.push_back(entry_in(rows));
  }
}

Result<LedgerEntry> Ledger::entry(int64_t number) {
  HEARTH_ASSIGN(Statement rows,
                database_.prepare(concat("SELECT ", kColumns, " FROM egress WHERE number = ?1")));
  rows.bind(1, number);
  HEARTH_ASSIGN(const bool has_row, rows.step());
  if (has_row) return entry_in(rows);
  return Error(ErrorCode::kNotFound,
               concat("ledger: has no entry ", number, "; hearth ledger show lists the last ones"));
}

Result<LedgerReport> Ledger::verify(const std::function<bool(int64_t)>& progress) {
  // Before the entries: one that is added meanwhile is no more than a later anchor would say.
  const std::optional<LedgerHead> anchor = anchor_.load();
  HEARTH_ASSIGN(Statement rows,
                database_.prepare(concat("SELECT ", kColumns, " FROM egress ORDER BY number")));
  LedgerReport report;
  LedgerHead head;
  bool met_anchor = anchor && anchor->entries == 0;
  const auto found = [&](int64_t number, std::string what) {
    report.finding = {number, std::move(what)};
    return report;
  };
  for (;;) {
    HEARTH_ASSIGN(const bool has_row, rows.step());
    if (!has_row) break;
    const LedgerEntry entry = entry_in(rows);
    const int64_t expected = head.entries + 1;
    if (entry.number != expected) return found(expected, "is missing");
    const LedgerHash chain = chained(head.hash, entry);
    if (hash_in(rows, kChainColumn) != chain)
      return found(expected, "was changed, moved or added by somebody without the key");
    head = {expected, chain};
    report.entries = expected;
    met_anchor = met_anchor || (anchor && *anchor == head);
    if (expected % kProgressEntries == 0 && !progress(expected))
      return Error(ErrorCode::kCancelled, "ledger: stopped before its end");
  }
  if (!anchor && head.entries > 0)
    return found(head.entries, "may not be the last one: the anchor is gone, or not ours");
  if (anchor && !met_anchor) {
    if (anchor->entries > head.entries)
      return found(head.entries + 1, "was cut off, with all behind it");
    return found(anchor->entries, "is another one than was written");
  }
  return report;
}

}  // namespace hearth
