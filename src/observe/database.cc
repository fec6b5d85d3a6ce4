// SPDX-License-Identifier: Apache-2.0
#include "observe/database.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <system_error>

#include "base/check.h"
#include "base/files.h"
#include "base/strings.h"

namespace hearth {
namespace {

constexpr int kBusyMs = 5000;

Error database_error(const std::string& file, int code, const char* message) {
  const auto error = [&](ErrorCode kind, std::string_view remedy) {
    return Error(kind, concat(file, ": ", message, "; ", remedy));
  };
  switch (code & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return error(ErrorCode::kCorrupt, "move it away, and a new one is begun");
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return error(ErrorCode::kUnavailable, "another hearth writes to it; try again");
    case SQLITE_FULL:
      return error(ErrorCode::kUnavailable, "make room on the disk");
    default:
      return error(ErrorCode::kUnavailable, "see to it that it can be written");
  }
}

// An empty file for its owner only, in which SQLite begins a database; the files beside it take its
// mode.
Result<void> make_private(const std::filesystem::path& path) {
  HEARTH_TRY(make_folder(path.parent_path()));
  const OwnedFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR));
  if (fd.get() < 0) return file_error(errno, "cannot create", path);
  return {};
}

std::string shown(const std::filesystem::path& path) { return printable(path.string(), 300); }

}  // namespace

// ---- statements ----

Statement& Statement::bind(int parameter, int64_t value) {
  HEARTH_CHECK(sqlite3_bind_int64(statement_.get(), parameter, value) == SQLITE_OK);
  return *this;
}

Statement& Statement::bind(int parameter, std::string_view text) {
  const char* const data = text.empty() ? "" : text.data();  // not NULL
  HEARTH_CHECK(sqlite3_bind_text64(statement_.get(), parameter, data, text.size(), SQLITE_TRANSIENT,
                                   SQLITE_UTF8) == SQLITE_OK);
  return *this;
}

Statement& Statement::bind(int parameter, std::span<const std::byte> bytes) {
  const void* const data = bytes.empty() ? "" : static_cast<const void*>(bytes.data());  // not NULL
  HEARTH_CHECK(sqlite3_bind_blob64(statement_.get(), parameter, data, bytes.size(),
                                   SQLITE_TRANSIENT) == SQLITE_OK);
  return *this;
}

Result<bool> Statement::step() {
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return database_error(file_, code, sqlite3_errmsg(sqlite3_db_handle(statement_.get())));
}

Result<void> Statement::run() {
  const Result<bool> stepped = step();
  reset();
  if (!stepped.ok()) return stepped.error();
  return {};
}

void Statement::reset() { sqlite3_reset(statement_.get()); }

int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}

std::string_view Statement::text(int column) const {
  const auto* data = reinterpret_cast<const char*>(sqlite3_column_text(statement_.get(), column));
  if (data == nullptr) return {};
  return {data, static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

std::span<const std::byte> Statement::bytes(int column) const {
  const auto* data = static_cast<const std::byte*>(sqlite3_column_blob(statement_.get(), column));
  if (data == nullptr) return {};
  return {data, static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

// ---- databases ----

Result<Database> Database::open(const std::filesystem::path& path, Access access,
                                const char* schema) {
  std::error_code ignored;
  const bool is_new = !std::filesystem::exists(path, ignored);
  if (access == Access::kRead && is_new)
    return Error(ErrorCode::kNotFound, concat(shown(path), ": is not there; nothing was written"));
  if (is_new) HEARTH_TRY(make_private(path));
  sqlite3* opened = nullptr;
  const int flags =
      access == Access::kRead ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
  const int code = sqlite3_open_v2(path.c_str(), &opened, flags, nullptr);
  Database database(opened, shown(path));
  if (code != SQLITE_OK) return database_error(database.file_, code, sqlite3_errstr(code));
  sqlite3_busy_timeout(opened, kBusyMs);
  if (access == Access::kRead) return database;
  HEARTH_TRY(database.execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL"));
  HEARTH_TRY(database.execute(schema));
  return database;
}

Result<void> Database::execute(const char* sql) {
  const int code = sqlite3_exec(database_.get(), sql, nullptr, nullptr, nullptr);
  if (code == SQLITE_OK) return {};
  return database_error(file_, code, sqlite3_errmsg(database_.get()));
}

Result<Statement> Database::prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v2(database_.get(), sql.data(), static_cast<int>(sql.size()),
                                      &statement, nullptr);
  if (code == SQLITE_OK) return Statement(statement, file_);
  return database_error(file_, code, sqlite3_errmsg(database_.get()));
}

// ---- transactions ----

Result<Transaction> Transaction::begin(Database& database) {
  HEARTH_TRY(database.execute("BEGIN IMMEDIATE"));
  return Transaction(database);
}

Transaction::~Transaction() {
  if (database_ == nullptr) return;
  const Result<void> undone = database_->execute("ROLLBACK");
  static_cast<void>(undone);  // where it fails, SQLite has rolled back by itself
}

Result<void> Transaction::commit() {
  HEARTH_TRY(database_->execute("COMMIT"));
  database_ = nullptr;
  return {};
}

}  // namespace hearth
